"""Stage ``validate``: the field's own validators and the search for leaks, on the tree as it would be released."""

from collections.abc import Iterable
from dataclasses import replace

from commissure.model import Finding, Recording, Severity
from commissure.protect.scan import scan_tree
from commissure.standardize.bids_validate import validate_bids
from commissure.standardize.hed import HED_VERSION, check_hed, has_hed
from commissure.standardize.nwb_validate import validate_nwb
from commissure.standardize.validation import Validation
from commissure.workflows.sharing.describing import describe
from commissure.workflows.sharing.work import Item, Work

__all__ = ["judge"]

_ROUNDS = 3
#: what BIDS would like to know and de-identification takes out
_NEVER_GIVEN = frozenset({"DeviceSerialNumber", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName",
                          "StationName"})  # fmt: skip


def judge(work: Work) -> bool:
    """Describe, validate and scan until nothing more must be taken out; True if what remains may be released.

    A recording whose files a validator calls wrong, or in which an identifier is found, is quarantined and the
    rest judged again. Errors that belong to no recording stop the release.
    """
    for _ in range(_ROUNDS):
        if not work.standing:
            return False
        with work.stage("describe"):
            describe(work)
        with work.stage("validate"):
            findings = _validate(work)
        with work.stage("deidentify"):
            leaks, files = scan_tree(work.staging.tree, work.identifiers, kept=_credited(work))
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        guilty = _owners(work, [finding.where for finding in errors] + list(files))
        work.findings.extend(leaks)
        if not errors and not files:
            work.findings = [_as_released(finding, work) for finding in (*work.findings, *findings)]
            return True
        if not guilty:
            work.findings.extend(findings)
            return False
        for item in guilty:
            work.findings.extend(_quarantine(work, item, errors))
    return False


def _credited(work: Work) -> frozenset[str]:
    """What may stay: who is credited, and labels that were to be kept; never a name that a subject bears too."""
    names = {name for author in work.options.authors for name in (author, *author.replace(",", " ").split())}
    borne = " ".join(each.value.casefold() for each in work.identifiers if each.category in {"name", "id"})
    kept = {name for name in names if name.casefold() not in borne}
    if work.options.keep_labels:
        kept |= {item.noun.about.subject.label for item in work.items}
    kept |= {item.noun.about.subject.label for item in work.standing if item.source.format == "bids"}
    return frozenset(kept)


def _validate(work: Work) -> list[Finding]:
    verdicts: list[tuple[str, Validation]] = []
    if "bids" in work.standards:
        verdicts.append(("bids", validate_bids(work.staging.tree / "bids")))
    if "nwb" in work.standards:
        verdicts.extend(("nwb", verdict) for verdict in validate_nwb(work.staging.tree / "nwb"))
    if tagged := [
        item.noun for item in work.standing if isinstance(item.noun, Recording) and has_hed(item.noun)
    ]:
        verdicts.append(("bids", Validation("hed", HED_VERSION, check_hed(tagged))))
    work.validators = {
        verdict.validator: {"errors": verdict.errors, "warnings": verdict.warnings} for _, verdict in verdicts
    }
    placed = [_placed(finding, standard) for standard, verdict in verdicts for finding in verdict.findings]
    return _folded(placed)


def _folded(findings: list[Finding]) -> list[Finding]:
    """The fields that BIDS would like to have, as one remark a file, not one a field."""
    wishes: dict[tuple[str, str], list[str]] = {}
    kept = []
    for finding in findings:
        code, _, field = finding.check.removeprefix("bids.").partition(".")
        if code.endswith("_KEY_RECOMMENDED") and field:
            if field not in _NEVER_GIVEN:
                wishes.setdefault((code, finding.where), []).append(field)
        else:
            kept.append(finding)
    for (code, where), fields in wishes.items():
        names = sorted(set(fields))
        message = f"Not given, but recommended ({len(names)}): {', '.join(names)}."
        remedy = "Give those that are known in commissure.yaml (sidecar: {…})."
        kept.append(Finding(f"bids.{code}", Severity.INFO, message, where, remedy))
    return kept


def _as_released(finding: Finding, work: Work) -> Finding:
    """Where a release has one standard its paths have no folder in front."""
    if len(work.standards) > 1:
        return finding
    return replace(finding, where=finding.where.removeprefix(f"{work.standards[0]}/"))


def _placed(finding: Finding, standard: str) -> Finding:
    where = f"{standard}/{finding.where}" if finding.where else ""
    return Finding(finding.check, finding.severity, finding.message, where, finding.remedy)


def _owners(work: Work, places: Iterable[str]) -> list[Item]:
    wanted = {place.strip("/") for place in places if place}
    found = []
    for item in work.standing:
        files = item.written.files if item.written else ()
        names = {f"{item.standard}/{name}" for name in files}
        if names & wanted or any(name.startswith(f"{place}/") for place in wanted for name in names):
            found.append(item)
    return found


def _quarantine(work: Work, item: Item, errors: list[Finding]) -> list[Finding]:
    item.quarantined = True
    files = item.written.files if item.written else ()
    work.staging.drop(item.standard, files)
    names = {f"{item.standard}/{name}" for name in files}
    return [finding for finding in errors if finding.where in names]
