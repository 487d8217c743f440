"""Harmonize: speed and numbers beside neuroCombat and neuroHarmonize, and what is left of 23 real sites.

    python benchmarks/harmonize.py [--peers PYTHON] [--data ../shared/data] [--gam-features 12]

The peers need numpy 1, so they run in their own environment, named by its interpreter; without it their columns say so:
    python -m venv peers && peers/bin/pip install "numpy<2" "pandas<2.3" neuroHarmonize==2.5.2 neuroCombat==0.2.12 \\
        neurocombat-sklearn==0.1.3 "scikit-learn<1.4" "scipy<1.14" "setuptools<81"
Both sides are timed on the same data, each in a process with one thread, as the least CPU time of several runs (one for
the smooth fit, which takes the peer seconds a feature).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from commissure.harmonize.combat import ComBat
from commissure.harmonize.covbat import CovBat
from commissure.harmonize.diagnose import diagnose
from commissure.harmonize.floor import diagnose_made
from commissure.harmonize.moments import SiteMoments

PEERS = """
import contextlib, io, sys, time, warnings
from importlib.metadata import version
import numpy as np, pandas as pd
warnings.simplefilter("ignore")
from neuroCombat import neuroCombat
from neuroHarmonize import harmonizationLearn
data = np.load(sys.argv[1]); X = data["X"]; smooth = int(sys.argv[3]); repeats = int(sys.argv[4])
covars = pd.DataFrame(dict(SITE=data["sites"], age=data["age"], sex=data["sex"]))
def best(call):
    times = []
    for _ in range(repeats):
        with contextlib.redirect_stdout(io.StringIO()):
            before = time.process_time(); out = call(); times.append(time.process_time() - before)
    return min(times), out
found = {"versions": np.array([version("neuroCombat"), version("neuroHarmonize"), np.__version__])}
if smooth:
    for seed in (1, 2):
        found[f"s{seed}"], (_, found[f"smooth{seed}"]) = best(lambda: harmonizationLearn(X, covars, smooth_terms=["age"], seed=seed))
else:
    kw = dict(batch_col="SITE", continuous_cols=["age"], categorical_cols=["sex"])
    found["t_combat"], out = best(lambda: neuroCombat(dat=X.T, covars=covars, **kw)); found["combat"] = out["data"].T
    found["t_harmonize"], (_, found["harmonize"]) = best(lambda: harmonizationLearn(X, covars))
np.savez(sys.argv[2], **found)
"""


APPLY = """
import contextlib, io, sys, warnings
import numpy as np, pandas as pd
warnings.simplefilter("ignore")
which, source, target = sys.argv[1:]
with np.load(source, allow_pickle=False) as data: data = dict(data)
def covars(half, names): return pd.DataFrame({n: data[f"{half}.{k}"] for n, k in zip(names, ("sites", "age", "sex"))})
train, test = data["train.X"], data["test.X"]
with contextlib.redirect_stdout(io.StringIO()):
    if which == "neuroHarmonize":
        from neuroHarmonize import harmonizationApply, harmonizationLearn
        names = ("SITE", "age", "sex")
        model, _ = harmonizationLearn(train, covars("train", names)); out = harmonizationApply(test, covars("test", names), model)
    elif which == "neuroCombat":
        from neuroCombat import neuroCombat, neuroCombatFromTraining
        names = ("SITE", "age", "sex")
        for half in ("train", "test"): data[f"{half}.sites"] = np.array([f"s{n:02d}" for n in data[f"{half}.sites"]])
        found = neuroCombat(dat=train.T, covars=covars("train", names), batch_col="SITE", continuous_cols=["age"], categorical_cols=["sex"])
        out = neuroCombatFromTraining(dat=test.T, batch=data["test.sites"], estimates=found["estimates"])["data"].T
    else:
        from neurocombat_sklearn import CombatModel
        two = lambda k, half: data[f"{half}.{k}"][:, None]
        model = CombatModel(); model.fit(train, two("sites", "train"), two("sex", "train"), two("age", "train"))
        out = model.transform(test, two("sites", "test"), two("sex", "test"), two("age", "test"))
np.savez(target, out=np.asarray(out, float))
"""


class Peer:
    """A peer, fitted on one half and applied to the other in its own environment, as a harmonizer that can be diagnosed."""

    def __init__(self, python: str, which: str) -> None:
        self.python, self.which = python, which

    def fit(self, X, y=None, *, sites=None, covariates=None):  # noqa: ANN001, ANN201
        self.train = {"X": X, "sites": sites, **covariates}
        return self

    def transform(self, X, *, sites=None, covariates=None):  # noqa: ANN001, ANN201
        halves = {"train": self.train, "test": {"X": X, "sites": sites, **covariates}}
        known = {name: number for number, name in enumerate(np.unique(self.train["sites"]))}
        with tempfile.TemporaryDirectory() as folder:
            source, target = f"{folder}/in.npz", f"{folder}/out.npz"
            flat = {
                f"{half}.{k}": np.array([known[s] for s in v]) if k == "sites" else v
                for half, rows in halves.items()
                for k, v in rows.items()
            }
            np.savez(source, **flat)
            done = subprocess.run(
                [self.python, "-c", APPLY, self.which, source, target],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(done.stderr.strip().splitlines()[-1])
            with np.load(target) as found:
                return found["out"]


def make(features: int, *, rows: int = 1078, sites: int = 23) -> dict[str, np.ndarray]:
    """Subjects with an age effect that bends, and sites that shift and scale."""
    rng = np.random.default_rng(0)
    at, age, sex = rng.integers(0, sites, rows), rng.uniform(18, 80, rows), rng.integers(0, 2, rows)
    curve = (
        np.sin(age / 12)[:, None] * np.linspace(0, 1.5, features)
        + np.outer(age, rng.normal(size=features)) * 0.02
    )
    noise = 2 * rng.normal(size=(rows, features)) * rng.uniform(0.7, 1.4, (sites, features))[at]
    return {
        "X": 10 + curve + noise + rng.normal(size=(sites, features))[at],
        "sites": at,
        "age": age,
        "sex": sex,
    }


def best(call: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    """The least CPU time of ``call``, seconds, and what it gave."""
    times = []
    for _ in range(repeats):
        before = time.process_time()
        out = call()
        times.append(time.process_time() - before)
    return min(times), out


def peers(
    python: str | None, data: dict[str, np.ndarray], *, smooth: bool, repeats: int
) -> dict[str, np.ndarray]:
    """What the peers took and gave, or nothing."""
    if python is None or not Path(python).exists():
        return {}
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        source, out = f"{folder}/in.npz", f"{folder}/out.npz"
        np.savez(source, **data)
        subprocess.run(
            [python, "-c", PEERS, source, out, str(int(smooth)), str(repeats)], check=True, env=env
        )
        with np.load(out) as found:
            return dict(found)


def linear(python: str | None) -> None:
    for features, repeats in ((150, 15), (20_000, 2)):
        data = make(features)
        covariates = {"age": data["age"], "sex": data["sex"]}
        run = partial(ComBat().fit_transform, data["X"], sites=data["sites"], covariates=covariates)
        seconds, out = best(run, repeats)
        print(f"ComBat, 1,078 × {features:,}: commissure {seconds * 1e3:8.1f} ms")
        theirs = peers(python, data, smooth=False, repeats=repeats)
        if not theirs:
            print("    peers: not measured, give --peers PYTHON")
            continue
        names = dict(zip(("combat", "harmonize"), ("neuroCombat", "neuroHarmonize"), strict=True))
        for number, (key, name) in enumerate(names.items()):
            took, apart = float(theirs[f"t_{key}"]), np.abs(theirs[key] - out).max()
            print(
                f"    {name} {theirs['versions'][number]:7s} {took * 1e3:8.1f} ms  ({took / seconds:.1f} × ours); "
                f"largest difference {apart:.1e}"
            )


def smooth(python: str | None, count: int) -> None:
    data = make(150)
    covariates = {"age": data["age"], "sex": data["sex"]}
    seconds, _ = best(
        lambda: ComBat(smooth=("age",)).fit_transform(data["X"], sites=data["sites"], covariates=covariates),
        5,
    )
    print(f"ComBat-GAM, 1,078 × 150: commissure {seconds:.3f} CPU-s")
    few = {**data, "X": data["X"][:, :: max(1, 150 // count)][:, :count]}
    theirs = peers(python, few, smooth=True, repeats=1)
    if not theirs:
        print("    peers: not measured, give --peers PYTHON")
        return
    ours = ComBat(smooth=("age",)).fit_transform(few["X"], sites=few["sites"], covariates=covariates)
    line = ComBat().fit_transform(few["X"], sites=few["sites"], covariates=covariates)
    spread = few["X"].std(axis=0)
    a, b, c, d = (
        float((np.sqrt(((left - right) ** 2).mean(axis=0)) / spread).max())
        for left, right in (
            (ours, theirs["smooth1"]),
            (ours, theirs["smooth2"]),
            (theirs["smooth1"], theirs["smooth2"]),
            (line, theirs["smooth1"]),
        )
    )
    took = float(theirs["s1"])
    n = few["X"].shape[1]
    print(
        f"    neuroHarmonize {theirs['versions'][1]}: {took:.1f} CPU-s for {n} features, {took / n:.2f} a feature"
    )
    print(
        f"    rms difference, largest of {n} features, in SDs: ours to its seed 1 {a:.4f}, to its seed 2 {b:.4f};"
    )
    print(
        f"    its seeds to each other {c:.4f} (it draws folds to choose its penalty); a straight line to it {d:.4f}"
    )


def federated() -> None:
    for features in (150, 20_000):
        data = make(features)
        covariates = {"age": data["age"], "sex": data["sex"]}
        pooled = ComBat().fit(data["X"], sites=data["sites"], covariates=covariates)
        want = pooled.transform(data["X"], sites=data["sites"], covariates=covariates)
        rows = [np.flatnonzero(data["sites"] == site) for site in pooled.sites_]
        own = []
        for at in rows:
            columns = pooled.design_.columns({"age": data["age"][at], "sex": data["sex"][at]}, rows=len(at))
            own.append(SiteMoments.of(data["X"][at], columns))
        sums = own[-1].sums()
        for part in own[-2::-1]:
            sums = sums + part.sums()
        worst = 0.0
        for site, at, part in zip(pooled.sites_, rows, own, strict=True):
            model = ComBat().fit_sums(sums, own=part, names=[site], design=pooled.design_)
            here = {"age": data["age"][at], "sex": data["sex"][at]}
            got = model.transform(data["X"][at], sites=data["sites"][at], covariates=here)
            worst = max(worst, float(np.abs(got - want[at]).max()))
        print(
            f"federated ComBat, 23 sites × {features:,}: largest difference to pooled {worst:.1e}   (to reach 1e-10)"
        )


def real(folder: Path, python: str | None) -> None:
    path = folder / "tables" / "fcon1000.csv"
    if not path.exists():
        print("fcon1000: not measured, the table is not there")
        return
    import pandas as pd

    table = pd.read_csv(path)
    X = table[[name for name in table.columns if "hickness" in name]].to_numpy(float)
    covariates = {"age": table["age"].to_numpy(float), "sex": table["sex"].to_numpy(float)}
    sites = table["site"].to_numpy()
    print(
        f"fcon1000, 150 thicknesses, fitted on one half, judged on the other; mean of 5 halves (chance {1 / 16:.3f}, 16 sites of 20 or more)"
    )
    models = {
        "ComBat": ComBat, "ComBat, mean only": lambda: ComBat(mean_only=True), "no shrinking": lambda: ComBat(shrinkage="none"),
        "ComBat-GAM": lambda: ComBat(smooth=("age",)), "CovBat": CovBat,
    }  # fmt: skip
    if python is not None and Path(python).exists():
        names = ("neuroHarmonize", "neuroCombat", "neurocombat-sklearn")
        models |= {name: partial(Peer, python, name) for name in names}
    for name, new in models.items():
        try:
            tell(
                name,
                [
                    diagnose(
                        X, sites, harmonizer=new(), covariates=covariates, rng=np.random.default_rng(seed)
                    )
                    for seed in range(5)
                ],
            )
        except RuntimeError as error:
            print(f"    {name:22s} failed: {error}")
    print(
        "    made like these rows, so that ComBat's model holds (normal, the same covariances, ages and site sizes):"
    )
    for name, shifted in (("no site effects", False), ("site effects", True)):
        tell(name, [
            diagnose_made(X, sites, harmonizer=ComBat(), covariates=covariates, rng=np.random.default_rng(seed), shifted=shifted)
            for seed in range(5)
        ])  # fmt: skip
    print("    real rows, the larger sites alone (their halves have more rows):")
    for least in (40, 80):
        tell(f"{least} rows or more", [
            diagnose(X, sites, harmonizer=ComBat(), covariates=covariates, rng=np.random.default_rng(seed), least=least) for seed in range(5)
        ])  # fmt: skip


def tell(name: str, found: list) -> None:
    before, after, alone, chance = (
        np.mean([getattr(f, k) for f in found]) for k in ("before", "after", "covariates_alone", "chance")
    )
    ages = np.mean([f.covariate_errors["age"] for f in found], axis=0)
    left = [np.mean([np.median(getattr(f, f"variance_{k}")) for f in found]) for k in ("before", "after")]
    print(
        f"    {name:22s} site told {before:.3f} → {after:.3f} (age and sex alone {alone:.3f}, chance {chance:.3f}); age error "
        f"{ages[0]:.2f} → {ages[1]:.2f} years; site's share of variance {left[0]:.3f} → {left[1]:.3f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python in which neuroCombat and neuroHarmonize are installed")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--gam-features", type=int, default=12, help="how many features the slow peer fits")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        linear(asked.peers)
        smooth(asked.peers, asked.gam_features)
        federated()
        real(asked.data, asked.peers)


if __name__ == "__main__":
    sys.exit(main())
