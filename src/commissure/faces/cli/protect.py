"""``commissure protect``: clean folders, take faces off heads, and see what a folder still tells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from commissure.faces.cli import privacy, synthetic
from commissure.faces.cli.bars import Bars
from commissure.faces.cli.show import facts, findings_list, show
from commissure.faces.cli.words import AsJson, HubAt, opened
from commissure.protect.text.policy import Policy
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.deface import deface_file
from commissure.workflows.deface_head import DefaceSettings
from commissure.workflows.scan_folder import scan_folder

__all__ = ["app"]

app = typer.Typer(
    help="De-identify, deface, synthesize, measure the risk.",
    epilog="Start with: commissure protect scan FOLDER. Nothing here changes its source. Exit codes: 0 done, 2 wrong use, "
    "3 something stayed back, 5 not found.",
    no_args_is_help=True,
)
_NOT_RELEASED = 3
_LABELS = {"faces_defaced": "faces taken off", "removed": "identifiers removed"}


@app.command()
def scan(
    folder: Annotated[
        Path, typer.Argument(help="Any BIDS, NWB or DICOM tree.", exists=True, file_okay=False)
    ],
    k: Annotated[
        int, typer.Option("--k", min=1, help="Participants who must agree in age, sex and the like.")
    ] = 5,
    l_values: Annotated[
        int, typer.Option("--l", min=1, help="Values of a diagnosis that each such group must show.")
    ] = 2,
    json: AsJson = False,
) -> None:
    """Say what the files of a folder still tell of who somebody is; nothing is changed."""
    with Bars(quiet=json) as bars:
        bars.stage("scan")
        found = scan_folder(folder, k=k, l_values=l_values)
    _told({}, found, as_json=json)


@app.command()
def deface(
    file: Annotated[
        Path, typer.Argument(help="A NIfTI head, T1-weighted, or a CT whose name ends with _ct.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A new file; it is written only if every check passes.")
    ],
    t1: Annotated[
        Path | None,
        typer.Option(help="The T1-weighted head of the same person, for a T2w, FLAIR, CT or PET."),
    ] = None,
    margin_mm: Annotated[
        float, typer.Option(help="How far the cut stays from the brain; wider ones are tried too.")
    ] = 5.0,
    with_ears: Annotated[bool, typer.Option(help="Take the ears off too.")] = False,
    with_neck: Annotated[bool, typer.Option(help="Take the neck off too.")] = False,
    reface: Annotated[bool, typer.Option(help="Put a face in place that is nobody's.")] = False,
    by: Annotated[
        str, typer.Option(help="planes around the brain, or the template face of an average head.")
    ] = "planes",
    json: AsJson = False,
) -> None:
    """Take the face off a head, attack the result, and write it if the attack fails."""
    settings = DefaceSettings(margin_mm, ears=with_ears, neck=with_neck, reface=reface, by=by)
    with Bars(quiet=json) as bars:
        bars.stage("deface")
        report = deface_file(file, out, settings=settings, t1=t1)
    told = {"written": report.written, "figures": report.figures}
    shown = [("written", out.name if report.written else "nothing; the file stays as it was")]
    _told(told, report.findings, as_json=json, shown=shown)
    if not report.written:
        raise typer.Exit(_NOT_RELEASED)


@app.command()
def clean(
    folder: Annotated[
        Path, typer.Argument(help="Any BIDS, NWB, DICOM or mixed folder.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder for the clean copy.")],
    species: Annotated[str, typer.Option(help="Of the subjects, if they are animals: Mus musculus …")] = "",
    keep_labels: Annotated[bool, typer.Option(help="Subject labels are pseudonyms already.")] = False,
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Write a de-identified copy of a folder, which itself is never changed; what cannot be made safe stays back."""
    secret = opened(hub).secret if hub else None
    policy = Policy(keep_labels=keep_labels)
    with Bars(quiet=json) as bars:
        bars.stage("clean")
        report = clean_folder(folder, out, secret=secret, species=species, policy=policy)
    told = {
        "written": report.written,
        "kept_back": report.kept_back,
        "faces_defaced": report.faces_defaced,
        "removed": report.removed,
    }
    _told(told, report.findings, as_json=json)
    if report.kept_back:
        raise typer.Exit(_NOT_RELEASED)


app.command("synthesize")(synthetic.synthesize)
app.add_typer(privacy.app, name="dp")


def _told(
    value: dict[str, Any], findings: Any, *, as_json: bool, shown: Sequence[tuple[str, object]] | None = None
) -> None:
    rows = [finding.to_dict() for finding in findings]
    pairs = [(_LABELS.get(key, key.replace("_", " ")), _said(item)) for key, item in value.items()]
    drawn = (facts(shown or pairs), findings_list(rows)) if value else (findings_list(rows),)
    show({**value, "findings": rows}, as_json=as_json, draw=lambda console: console.print(*drawn))


def _said(item: object) -> object:
    if not isinstance(item, dict):
        return item
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(item.items())) or "none"
