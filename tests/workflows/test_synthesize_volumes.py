"""A folder of brains becomes a synthetic one whose every file says so; what cannot be used is refused with the numbers."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.extras import has
from commissure.faces.cli import main
from commissure.hub import Hub, open_hub
from commissure.model import Dataset, Person, Release
from commissure.protect.synthetic.port import Provenance
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volumes import Volumes, grid_affine
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.testing.brains import made_brains
from commissure.workflows.private_release import Account, budget_state, set_budget
from commissure.workflows.synthesize import synthesize
from commissure.workflows.synthesize_volumes import SynthesisOptions, read_cohort, write_cohort

deep = pytest.mark.skipif(not (has("torch") and has("monai")), reason="needs the extra deep")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
SMALL = SynthesisOptions(generator="components", size=16)


@pytest.fixture(scope="module")
def people() -> Volumes:
    return made_brains(110, rng=np.random.default_rng(0), size=16)[0]


@pytest.fixture(scope="module")
def study(people: Volumes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's folder: 110 made brains and participants.tsv."""
    folder = tmp_path_factory.mktemp("study")
    lines = ["participant_id\tage\tsex\tgroup\tsite"]
    for number, (brain, row) in enumerate(zip(people.voxels, people.covariates.values, strict=True)):
        name = f"sub-{number:03d}"
        (folder / name / "anat").mkdir(parents=True)
        nibabel.save(nibabel.Nifti1Image(brain, grid_affine(16)), folder / name / "anat" / f"{name}_T1w.nii.gz")  # fmt: skip
        lines.append(f"{name}\t{row[0]}\t{'FM'[int(row[1])]}\t{('control', 'dementia')[int(row[2])]}\there")
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_every_file_says_that_it_is_synthetic(study: Path, tmp_path: Path) -> None:
    made = synthesize(study, tmp_path / "out", subjects=6, attack=False, options=SMALL)
    images = [path for path in made.files if path.name.endswith(".nii.gz")]
    assert len(images) == 6 and all("desc-synthetic" in p.name and "sub-synthetic" in p.name for p in images)
    for path in made.files:
        if path.suffix == ".json":
            assert json.loads(path.read_text())["Synthetic"] is True
        if path.name.endswith(".nii.gz"):
            image = nibabel.load(path)
            assert image.header["descrip"].tobytes().startswith(b"SYNTHETIC")
            assert np.allclose(image.affine, grid_affine(16)) and image.shape == (16, 16, 16)
    table = (tmp_path / "out" / "desc-synthetic_participants.tsv").read_text().splitlines()
    assert table[0] == "participant_id\tage\tsex\tgroup" and table[1].startswith("sub-synthetic00001\t")
    assert made.activity.kind == "synthesize" and made.activity.used[0].startswith("sha256:")
    assert sorted(made.activity.made) == sorted(p.relative_to(tmp_path / "out").as_posix() for p in made.files)  # fmt: skip
    with pytest.raises(BadInput, match="not empty"):
        synthesize(study, tmp_path / "out", attack=False, options=SMALL)


def test_what_was_written_is_read_again_as_it_was(people: Volumes, tmp_path: Path) -> None:
    note = Provenance("components", "sha256:0", 110)
    write_cohort(people, tmp_path, provenance=note)
    (tmp_path / "desc-synthetic_participants.tsv").rename(tmp_path / "participants.tsv")
    again, _ = read_cohort(tmp_path, size=16)
    assert np.array_equal(again.voxels, people.voxels)
    assert np.allclose(again.covariates.values, people.covariates.values)


def test_the_attack_is_in_the_report_and_the_bootstrap_is_a_finding(study: Path, tmp_path: Path) -> None:
    made = synthesize(study, tmp_path / "a", subjects=4, options=SMALL)
    # 55 brains teach a generator their own mean: an attack sees it, and the Finding says so
    assert made.figures["images_copies"] == 0 and made.figures["images_neighbour_ratio"] > 0.8
    assert ("privacy.synthetic_leaks" in {f.check for f in made.findings}) == (made.figures["membership_auc"] > 0.6)  # fmt: skip
    beside = json.loads((tmp_path / "a" / "desc-synthetic_participants.json").read_text())
    assert beside["Measured"] == pytest.approx(made.figures)
    leak = synthesize(study, tmp_path / "b", subjects=4, generator="volume-bootstrap", options=SMALL)
    assert leak.findings[0].check == "privacy.synthetic_leaks" and leak.figures["membership_auc"] > max(
        0.75, made.figures["membership_auc"] + 0.02
    )
    assert leak.figures["images_copies"] == 1.0


@deep
@pytest.mark.parametrize("kind", ["diffusion", "gan"])
def test_nets_from_the_command_line(kind: str, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    where = ["protect", "synthesize", str(study), "--out", str(tmp_path / "o"), "--generator", kind]
    small = ["--subjects", "2", "--size", "16", "--steps", "6", "--width", "8", "--no-attack"]  # fmt: skip
    assert main([*where, *small, "--checkpoints", str(tmp_path / "keep"), "--json"]) == 0
    said = capsys.readouterr()
    assert "step 6 of 6" in said.err and len(json.loads(said.out)["files"]) == 7
    assert (tmp_path / "keep" / f"{kind}.pt").is_file()


@deep
def test_formal_privacy_from_the_command_line(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    where = ["protect", "synthesize", str(study), "--out", str(tmp_path / "o"), "--subjects", "1", "--size", "16", "--no-attack"]  # fmt: skip
    small = ["--steps", "2", "--width", "8", "--epsilon", "0.2"]
    assert main([*where, *small]) == 2
    assert "a folder of public brains" in " ".join(capsys.readouterr().err.split())
    assert main([*where, *small, "--public", str(study)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "110 subjects are too few for epsilon 0.2" in said and "subjects, or a larger epsilon" in said
    assert not (tmp_path / "o").exists()


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub of ada's with one dataset, of which the study is a copy."""
    here = open_hub(tmp_path / "hub", actor=Person("ada"), settings=Settings(hub=str(tmp_path / "hub"), jobs="inline"))  # fmt: skip
    asset = here.vault.put(io.BytesIO(b"participant_id\n"), path="participants.tsv", dataset="ds-1")
    release = Release(
        "ds-1", "0.1.0", release_digest((asset,)), (asset,), "bids", True, created=NOW.isoformat()
    )
    here.records.releases.add(Dataset("ds-1", "T", "ada", public=True), release, by="ada")
    return here


@deep
def test_private_brains_are_paid_for_from_the_datasets_budget(hub: Hub, study: Path, tmp_path: Path) -> None:
    tiny = Training(steps=2, width=8, batch=8)
    account = Account(hub, "ds-1", NOW)
    asked = SynthesisOptions(size=16, epsilon=8.0, public=study, training=tiny, account=account)
    with pytest.raises(NotFound, match="no privacy budget"):
        synthesize(study, tmp_path / "o", subjects=1, attack=False, options=asked)
    set_budget(hub, "ds-1", epsilon=9.0, delta=1e-5, now=NOW)
    with pytest.raises(BadInput, match="turn the attack off"):
        synthesize(study, tmp_path / "o", subjects=1, options=asked)
    with pytest.raises(BadInput, match="without formal privacy"):
        synthesize(study, tmp_path / "o", subjects=1, attack=False, options=replace(SMALL, account=account))
    with pytest.raises(NotPermitted, match="Only the owner"):
        stranger = Account(hub.acting_as(Person("eve")), "ds-1", NOW)
        synthesize(study, tmp_path / "o", subjects=1, attack=False, options=replace(asked, account=stranger))
    assert budget_state(hub, "ds-1").spends == () and not (tmp_path / "o").exists()
    made = synthesize(study, tmp_path / "o", subjects=1, attack=False, options=asked)
    state = budget_state(hub, "ds-1")
    assert [spend.kind for spend in state.spends] == ["gaussian", "gaussian"] and made.files
    assert state.totals[-1] == pytest.approx(8.0)
    set_budget(hub, "ds-1", epsilon=state.totals[-1] + 0.05, delta=1e-5, now=NOW)
    with pytest.raises(NotPermitted, match="is spent over"):
        synthesize(study, tmp_path / "again", subjects=1, attack=False, options=asked)
    assert len(budget_state(hub, "ds-1").spends) == 2 and not (tmp_path / "again").exists()


def test_torch_is_not_imported_by_default() -> None:
    code = "import sys, commissure.workflows.synthesize, commissure.faces.cli.synthetic; sys.exit('torch' in sys.modules or 'monai' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _turned(folder: Path, change: Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]) -> Path:
    path = folder / "sub-004" / "anat" / "sub-004_T1w.nii.gz"
    image = nibabel.load(path)
    changed = change(nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header))
    path.unlink()
    nibabel.save(changed, path)
    return folder


def _moved(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    image.set_qform(np.diag([12.0, 12.0, 12.0, 1.0]), code=1)
    image.set_sform(grid_affine(16), code=2)
    return image


BAD_IMAGES = {
    "an affine of a mouse": (
        lambda i: nibabel.Nifti1Image(i.dataobj, np.diag([0.7, 0.7, 0.7, 1.0])), r"Image 5 of 110.*the brain has \d+ ml",
    ),
    "a sheared affine": (
        lambda i: nibabel.Nifti1Image(i.dataobj, np.array([[6, 6, 0, 0], [6, 5, 0, 0], [0, 0, 6, 0], [0, 0, 0, 1.0]])),
        "Image 5 of 110.*sheared or flat",
    ),
    "two affines": (_moved, r"two affines \(sform, qform\) differ by up to \d+"),
    "a CT": (lambda i: nibabel.Nifti1Image(np.asarray(i.dataobj) * 2000 - 1000, i.affine), "Hounsfield units: this is a CT, not a T1w"),
    "a series": (lambda i: nibabel.Nifti1Image(np.stack([np.asarray(i.dataobj)] * 3, axis=-1), i.affine), r"three dimensions; got the shape \(16, 16, 16, 3\)"),
    "nothing": (lambda i: nibabel.Nifti1Image(np.zeros((16, 16, 16), np.float32), i.affine), "All 4096 voxels are 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_IMAGES)
def test_bad_images_are_refused_with_the_numbers(what: str, study: Path, tmp_path: Path) -> None:
    change, message = BAD_IMAGES[what]
    folder = _turned(shutil.copytree(study, tmp_path / "study"), change)
    with pytest.raises(BadInput, match=message) as error:
        read_cohort(folder, size=16)
    assert "sub-0" not in str(error.value)


def test_bad_folders_are_refused_with_the_numbers(study: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(study, tmp_path / "study")
    image = folder / "sub-004" / "anat" / "sub-004_T1w.nii.gz"
    shutil.copyfile(image, image.with_name("sub-004_run-2_T1w.nii.gz"))
    with pytest.raises(BadInput, match="111 images are of 110 subjects, 1 of whom have several"):
        read_cohort(folder, size=16)
    (folder / "sub-004" / "anat" / "sub-004_run-2_T1w.nii.gz").unlink()
    image.unlink()
    with pytest.raises(
        BadInput, match="1 of 110 participants have no T1w image, and 0 images no participant"
    ):
        read_cohort(folder, size=16)
    (folder / "participants.tsv").write_text("participant_id\tsite\nsub-001\there\nsub-002\tthere\n")
    with pytest.raises(BadInput, match="none of the columns|have no T1w image"):
        read_cohort(folder, size=16)
    with pytest.raises(BadInput, match=r"must hold participants\.tsv"):
        synthesize(tmp_path, tmp_path / "o")


@pytest.mark.realdata
@pytest.mark.skipif(not has("deepbet"), reason="needs the extra deep")
def test_a_real_head_is_stripped_and_laid_on_the_grid(shared: Path) -> None:
    from commissure.protect.synthetic.place import place_brain
    from commissure.protect.synthetic.rois import measure_rois
    from commissure.testing.brains import template_brain

    image = nibabel.load(shared / "data" / "nii_chris_t1_face" / "chris_t1.nii.gz")
    brain = place_brain(np.asarray(image.dataobj, dtype=np.float32), image.affine, size=32)
    assert np.corrcoef(brain.ravel(), template_brain(32).ravel())[0, 1] > 0.8
    assert 1000 < measure_rois(brain[None])[0, 0] < 2200
