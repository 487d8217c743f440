"""Synthetic signals are attacked as they are made: figures, Findings where they tell who was in, refusals with numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.faces.cli import main
from commissure.model import Severity
from commissure.protect.private.membership import Attack
from commissure.protect.synthetic.judge import Judgement
from commissure.workflows import attack_signals as attacks
from commissure.workflows import synthesize_signals as signals
from commissure.workflows.attack_signals import attack_signals
from commissure.workflows.synthesize import synthesize
from commissure.workflows.synthesize_signals import read_signals


def archive(tmp_path: Path, kind: str, size: int) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / f"{kind}.npz"
    if kind == "scans":
        mix = np.eye(6) + 0.5
        np.savez(path, **{f"s{i:02d}": rng.normal(size=(80, 6)) @ (mix + 0.1 * rng.normal(size=(6, 6))) for i in range(size)})  # fmt: skip
    elif kind == "eeg":
        loud = np.exp(0.3 * rng.normal(size=(size, 1, 1, 3)))
        np.savez(path, volts=loud * rng.normal(size=(size, 8, 64, 3)) * 1e-5, rate_hz=128.0)
    else:
        count = rng.poisson(6, size=(size, 2))
        trial, unit = (np.repeat(each.ravel(), count.ravel()) for each in np.indices((size, 2)))
        np.savez(path, times_s=rng.uniform(0, 0.4, count.sum()), trial=trial, unit=unit, stimulus=np.arange(size) % 2, duration_s=0.4)  # fmt: skip
    return path


@pytest.mark.parametrize(("kind", "size"), [("scans", 40), ("eeg", 40), ("spikes", 80)])
def test_signals_are_attacked_and_the_side_file_says_so(
    kind: str, size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = archive(tmp_path, kind, size)
    assert main(["protect", "synthesize", str(source), "--out", str(tmp_path / "o"), "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    beside = json.loads(Path(found["files"][1]).read_text())
    assert beside["Measured"] == found["figures"]
    assert set(found["figures"]) == {"two_sample", "mmd", "precision", "recall", "neighbour_ratio", "copies", "membership_auc"}  # fmt: skip
    assert 0.4 < found["figures"]["membership_auc"] < 0.66
    assert found["figures"]["copies"] == 0 and found["figures"]["neighbour_ratio"] > 0.85
    assert "attack: 9 of 9" in said.err
    told = {row["check"] for row in found["findings"]}
    assert bool(told & {"privacy.synthetic_membership", "privacy.synthetic_leaks"}) == (found["figures"]["membership_auc"] > 0.55)  # fmt: skip


class _Again:
    """Real scans drawn again: what must be caught."""

    def fit(self, cohort: Any) -> "_Again":
        self.cohort = cohort
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Any:
        return [self.cohort[i] for i in rng.integers(0, len(self.cohort), n)]


def test_scans_drawn_again_are_an_error_and_fewer_of_them_tell_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "RegionalSeries", _Again)
    source = archive(tmp_path, "scans", 120)
    made = synthesize(source, tmp_path / "o")
    assert made.findings[0].check == "privacy.synthetic_leaks"
    assert made.findings[0].severity is Severity.ERROR and "fit more people" in made.findings[0].remedy
    fewer = synthesize(source, tmp_path / "few", subjects=40)
    assert fewer.figures["membership_auc"] < made.figures["membership_auc"] - 0.05


@pytest.mark.parametrize(("auc", "checks"), [(0.54, []), (0.57, ["privacy.synthetic_membership"]), (0.7, ["privacy.synthetic_leaks"])])  # fmt: skip
def test_the_warning_has_the_figures_and_says_what_to_do(
    auc: float, checks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Judgement(0.6, 0.0, 0.9, 0.9, 0.97, 0.0), Attack(auc, auc, 0.1, 0.01, 8)
    monkeypatch.setattr(attacks, "attack_generator", lambda *_, **__: found)
    cohort = read_signals(archive(tmp_path, "eeg", 24).read_bytes())
    _, findings = attack_signals(cohort, count=24, took_s=1.0, rng=np.random.default_rng(0))
    assert [each.check for each in findings] == checks
    if auc == 0.57:
        assert "0.570" in findings[0].message and "halves of 24 people" in findings[0].message
        assert findings[0].severity is Severity.WARNING and "dp release" in findings[0].remedy


def test_too_few_are_refused_and_too_slow_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match=r"takes 12 people.*has 9.*--no-attack"):
        synthesize(archive(tmp_path, "scans", 9), tmp_path / "o")
    with pytest.raises(BadInput, match="takes 40 trials.*has 30"):
        synthesize(archive(tmp_path, "spikes", 30), tmp_path / "o")
    assert not (tmp_path / "o").exists()
    cohort = read_signals(archive(tmp_path, "eeg", 24).read_bytes())
    figures, findings = attack_signals(cohort, count=24, took_s=200.0, rng=rng)
    assert not figures and findings[0].check == "privacy.synthetic_unattacked"
    assert "some 30 minutes, and 10 is the most" in findings[0].message
    asked, _ = attack_signals(cohort, count=24, took_s=200.0, rng=rng, shadows=8)
    assert "membership_auc" in asked
    np.savez(tmp_path / "flat.npz", volts=np.zeros((3, 4)), rate_hz=128.0)
    with pytest.raises(BadInput, match=r"got \(3, 4\)"):
        read_signals((tmp_path / "flat.npz").read_bytes())


def test_a_half_that_cannot_be_learned_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = archive(tmp_path, "spikes", 80)
    with np.load(path) as whole:
        arrays = dict(whole)
    rare = (arrays["unit"] == 1) & (np.cumsum(arrays["unit"] == 1) > 11)
    np.savez(path, **{key: value[~rare] if value.shape == rare.shape else value for key, value in arrays.items()})  # fmt: skip
    with pytest.raises(BadInput, match=r"A half of the 80 trials.*1 units have under 10 spikes.*--no-attack"):
        synthesize(path, tmp_path / "o")
