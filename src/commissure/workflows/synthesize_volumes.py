"""Synthesize brains: a folder of T1-weighted images and participants.tsv becomes a synthetic one, attacked beside it."""

import csv
import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.model import Finding
from commissure.protect.private.membership import attack_membership, auc
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.place import check_affine, place_brain
from commissure.protect.synthetic.port import GENERATORS, Provenance
from commissure.protect.synthetic.private_diffusion import PrivateDiffusion
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volume_judge import check_volumes, image_scores, judge_volumes
from commissure.protect.synthetic.volumes import Volumes, grid_affine
from commissure.workflows.attack_signals import AttackProgress
from commissure.workflows.private_release import Account
from commissure.workflows.synthesis import Synthesis
from commissure.workflows.synthesis_table import read_table, write_table

__all__ = ["SynthesisOptions", "read_cohort", "synthesize_volumes", "write_cohort"]

_KINDS = ("diffusion", "gan", "components", "volume-bootstrap")
_NETS = ("diffusion", "gan")
_COVARIATES = ("age", "sex", "diagnosis", "group")
_SHADOWS = 8
_FEWEST_JUDGED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisOptions:
    """How synthetic subjects are made and attacked; training and privacy are of brains alone.

    Parameters
    ----------
    generator : str
        ``"diffusion"``, ``"gan"``, ``"components"`` (no net), or ``"volume-bootstrap"`` (a foil that leaks).
    subjects : int
        How many; 0 for as many as there are.
    size : int
        Voxels a side: 16, 32 or 64.
    attack : bool
        Whether to judge and attack what was made; a net is then trained once more, on a half.
    shadows : int
        Shadow models for the attack, 8 at least, each trained anew; 0 for a plain attack where a net is trained.
    attacked : callable or None
        Of signals: told how the attack stands.
    training : Training
        Steps, device, checkpoints, progress.
    seed : int
        Decides what is drawn.
    epsilon, delta : float
        Formal privacy of diffusion, for one subject; 0 for none.
    public : Path or None
        A folder like the source, of brains that may be used freely: what private diffusion learns first.
    account : Account or None
        The budget of the dataset that the source is a copy of: private diffusion is charged to it.
    """

    generator: str = "diffusion"
    subjects: int = 0
    size: int = 32
    attack: bool = True
    shadows: int = 0
    attacked: AttackProgress | None = None
    training: Training = Training()
    seed: int = 0
    epsilon: float = 0.0
    delta: float = 1e-5
    public: Path | None = None
    account: Account | None = None

    def model(self, training: Training | None = None) -> Any:
        """The generator, unfitted."""
        kind: Any = GENERATORS.get(self.generator)
        if self.epsilon:
            if self.public is None or self.generator != "diffusion":
                raise BadInput("Formal privacy takes the generator diffusion and a folder of public brains; give both.")  # fmt: skip
            known, _ = read_cohort(self.public, size=self.size)
            return PrivateDiffusion(public=known, epsilon=self.epsilon, delta=self.delta, training=training or self.training)  # fmt: skip
        return kind(training=training or self.training) if self.generator in _NETS else kind()


def synthesize_volumes(source: Path, into: Path, *, options: SynthesisOptions) -> Synthesis:
    """Make synthetic brains that are like those of a folder.

    Parameters
    ----------
    source : Path
        A folder with ``participants.tsv`` (``participant_id``, age, sex, diagnosis or group) and a T1-weighted NIfTI image
        a subject, anywhere below, ``sub-…_T1w.nii.gz``.
    into : Path
        The folder for the result; it must be new or empty.
    options : SynthesisOptions
        Generator, how many, size, training.

    Raises
    ------
    BadInput
        If images or participants cannot be learned from; the message has the numbers.
    """
    if options.generator not in _KINDS:
        raise BadInput(f"A generator of brains is one of {', '.join(_KINDS)}; got {options.generator!r}.")
    if into.exists() and any(into.iterdir()):
        raise BadInput("The folder for the result is not empty; name another.")
    cohort, digest = read_cohort(source, size=options.size)
    rng = np.random.default_rng(options.seed)
    count = options.subjects or len(cohort.voxels)
    model = _fitted(options, cohort)
    made: Volumes = model.sample(count, rng)
    figures, findings = _attacked(cohort, options, rng) if options.attack else ({}, ())
    if isinstance(model, PrivateDiffusion):
        findings = (*findings, *model.findings())
    formal = (options.epsilon, options.delta) if options.epsilon else (None, None)
    provenance = Provenance(options.generator, f"sha256:{digest}", count, *formal)
    files = write_cohort(made, into, provenance=provenance, figures=figures)
    named = tuple(path.relative_to(into).as_posix() for path in files)
    return Synthesis(files, figures, findings, provenance.activity(made=named))


def _fitted(options: SynthesisOptions, cohort: Volumes) -> Any:
    """The generator, fitted and paid for; what cannot be paid is refused before the work."""
    model = options.model()
    if options.account is None:
        return model.fit(cohort)
    if not isinstance(model, PrivateDiffusion):
        raise BadInput("Nothing can be charged to a dataset's budget for a generator without formal privacy; give epsilon and public brains.")  # fmt: skip
    if options.attack:
        raise BadInput("The attack's figures are measured on the real brains, without noise, and would not be covered by the budget; turn the attack off.")  # fmt: skip
    options.account.check(model.spends())
    fitted = model.fit(cohort)
    options.account.charge(model.spends_)
    return fitted


def read_cohort(source: Path, *, size: int) -> tuple[Volumes, str]:
    """The brains of a folder on the standard grid with their covariates, and a hash of all bytes read.

    Raises
    ------
    BadInput
        If a subject has several images or none, or an image or a covariate cannot be used; with the numbers, and nobody's
        name.
    """
    listed = source / "participants.tsv"
    if not listed.is_file():
        raise BadInput("The folder must hold participants.tsv with age, sex and diagnosis.")
    text = listed.read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    if not rows or "participant_id" not in rows[0]:
        raise BadInput("participants.tsv must have a column participant_id and a row a subject.")
    images = sorted(p for p in source.rglob("*_T1w.nii*") if p.name.endswith((".nii", ".nii.gz")))
    owned = Counter(path.name.split("_")[0] for path in images)
    several = sum(number > 1 for number in owned.values())
    if several:
        raise BadInput(f"{len(images)} images are of {len(owned)} subjects, {several} of whom have several; keep one each: what is protected is a subject.")  # fmt: skip
    place = {path.name.split("_")[0]: path for path in images}
    lacking = sum(row["participant_id"] not in place for row in rows)
    beyond = len(set(place) - {row["participant_id"] for row in rows})
    if lacking or beyond:
        raise BadInput(f"{lacking} of {len(rows)} participants have no T1w image, and {beyond} images no participant; make them match.")  # fmt: skip
    table = _covariates(text)
    said = hashlib.sha256(text.encode())
    voxels = np.empty((len(rows), size, size, size), dtype=np.float32)
    for number, row in enumerate(rows):
        path = place[row["participant_id"]]
        said.update(path.read_bytes())
        try:
            voxels[number] = _read_brain(path, size=size)
        except BadInput as error:
            raise BadInput(f"Image {number + 1} of {len(rows)}, in the order of participants.tsv: {error}") from error  # fmt: skip
    return Volumes(voxels, table), said.hexdigest()


def write_cohort(
    made: Volumes, into: Path, *, provenance: Provenance, figures: dict[str, float] | None = None
) -> tuple[Path, ...]:
    """Write synthetic brains as a BIDS derivative in which every name, header and side file says synthetic."""
    nibabel = need("nibabel", purpose="Writing NIfTI images")
    into.mkdir(parents=True, exist_ok=True)
    sidecar = {**provenance.sidecar(), "Measured": dict(figures or {})}
    written = [into / "desc-synthetic_participants.tsv"]
    written[0].write_text(write_table(made.covariates, delimiter="\t", digits=5), encoding="utf-8")
    about = {"Name": "SYNTHETIC brains: no scan of anybody", "BIDSVersion": "1.10.0", "DatasetType": "derivative",
             "GeneratedBy": sidecar["GeneratedBy"], "Synthetic": True}  # fmt: skip
    for name, value in (("desc-synthetic_participants.json", sidecar), ("dataset_description.json", about)):
        written.append(_json(into / name, value))
    affine = grid_affine(made.size)
    for number, brain in enumerate(made.voxels):
        subject = f"sub-synthetic{number + 1:05d}"
        folder = into / subject / "anat"
        folder.mkdir(parents=True)
        image = nibabel.Nifti1Image(brain, affine)
        image.header["descrip"] = f"SYNTHETIC, generator {provenance.generator}".encode()[:79]
        image.header.set_xyzt_units("mm")
        image.set_sform(affine, code=4)
        path = folder / f"{subject}_space-MNI152_desc-synthetic_T1w.nii.gz"
        nibabel.save(image, path)
        written += [path, _json(folder / f"{subject}_space-MNI152_desc-synthetic_T1w.json", sidecar)]
    return tuple(written)


def _json(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _covariates(text: str) -> Table:
    found, _ = read_table(text, delimiter="\t", only=_COVARIATES)
    if not found.names:
        head = text.partition("\n")[0].split("\t")
        raise BadInput(f"participants.tsv has none of the columns {', '.join(_COVARIATES)}; got {head}.")
    return found


def _read_brain(path: Path, *, size: int) -> Any:
    nibabel = need("nibabel", purpose="Reading NIfTI images")
    try:
        native = nibabel.load(path)
        values = np.asarray(native.dataobj, dtype=np.float32)
    except (OSError, EOFError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise Unreadable("An image is no NIfTI file, or is cut short.") from error
    form, turned = native.get_sform(coded=True), native.get_qform(coded=True)
    if not form[1] and not turned[1]:
        raise BadInput("The file says nowhere how it lies in space (sform and qform codes are 0).")
    check_affine(native.affine, other_mm=turned[0] if form[1] and turned[1] else None)
    return place_brain(values, np.asarray(native.affine, dtype=float), size=size)


def _attacked(
    cohort: Volumes, options: SynthesisOptions, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[Finding, ...]]:
    """Fit to a half, judge against the other, and tell the halves apart; with shadows, in each random half anew."""
    people = len(cohort.voxels)
    if people < _FEWEST_JUDGED:
        raise BadInput(f"Judging takes {_FEWEST_JUDGED} subjects, to fit a half; got {people}. Turn the attack off, or add some.")  # fmt: skip
    order = rng.permutation(people)
    fitted, unseen = cohort.take(order[: people // 2]), cohort.take(order[people // 2 :])
    folder = options.training.checkpoints
    half = replace(options.training, checkpoints=None if folder is None else folder / "half")
    made = options.model(half).fit(fitted).sample(len(unseen.voxels), rng)
    found = judge_volumes(made, fitted=fitted, unseen=unseen)
    shadows = options.shadows or (0 if options.generator in _NETS else _SHADOWS)

    def scores(who: Any) -> Any:
        shadow = options.model(replace(options.training, checkpoints=None)).fit(cohort.take(who))
        return image_scores(cohort, shadow.sample(len(who), rng))

    if shadows:
        attacked = attack_membership(scores, people=people, runs=shadows, rng=rng).auc
    else:
        attacked = auc(image_scores(fitted, made), image_scores(unseen, made))
    figures = {f"regions_{key}": value for key, value in asdict(found.regions).items()}
    figures |= {f"images_{key}": value for key, value in asdict(found.images).items()}
    figures |= {"roi_mean": found.mean, "roi_variance": found.variance, "roi_correlation": found.correlation,
                "roi_wasserstein": found.wasserstein, "attribute_gain": found.attribute, "membership_auc": attacked}  # fmt: skip
    figures |= {f"share_{name}": made_score / real for name, (made_score, real) in found.trained.items() if real > 0}  # fmt: skip
    return figures, check_volumes(found, membership=attacked)
