# ruff: noqa: E402, RET503, RET502
"""What a federation costs and gives: real processes, simulated networks, and real multi-site data against pooled rows.

Run: python benchmarks/federate.py [wire] [simulate] [flower] [bytes] [combat] [fcon]      (all by default)
Needs for flower: the environment of the Flower engine (make flower); for fcon: ../shared/data/tables/fcon1000.csv. The load of the machine
is printed with the figures: they were taken with others at work on it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

from commissure.federate.analysis import flatten, run_locally
from commissure.federate.compression import Compressed
from commissure.federate.encrypted import run_encrypted
from commissure.federate.evaluation import auc_scores, judge, mean_error_scores
from commissure.federate.networks import Network
from commissure.federate.regression import Regression
from commissure.federate.scaled import Scaled
from commissure.federate.training import Training
from commissure.workflows.harmonize_federated import CombatSums, site_combat
from commissure.workflows.join_study import SiteFolder
from commissure.workflows.make_network import make_network
from commissure.workflows.plan_study import plan_study
from commissure.workflows.simulate_round import simulate_round
from commissure.workflows.train_federated import write_rows

TABLES = Path(__file__).parents[1].parent / "shared" / "data" / "tables"


def report(what: str, value: str, target: str) -> None:
    print(f"{what:<62} {value:>22}   target {target:<18} load {os.getloadavg()[0]:.1f}", flush=True)


def wire(sites: int = 40, inputs: int = 98, hidden: int = 1000) -> None:
    """Seconds a round, memory an agent, and seconds to notice, with real processes and three of them killed."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = [f"site{n:02d}" for n in range(sites)]
        columns = [f"x{n}" for n in range(inputs)]
        keys = make_network(folder / "keys", sites=names, now=datetime.now(UTC), entropy=os.urandom)
        said = {
            "features": columns,
            "outcome": "y",
            "hidden": hidden,
            "rounds": 400,
            "steps": 1,
            "rate": 0.05,
        }
        plan = plan_study("Wire", sites=[f"{n}={k}" for n, k in keys.items()], columns=[*columns, "y"], analysis="training", parameters=said)  # fmt: skip
        (folder / "study").mkdir()
        (folder / "study" / "plan.json").write_text(plan.to_json())
        for name in names:
            SiteFolder(folder / "keys" / name).approve(plan)
            x = rng.normal(size=(20, inputs))
            write_rows(
                folder / f"{name}.csv", {**dict(zip(columns, x.T, strict=True)), "y": np.arange(20) % 2.0}
            )
        measure(folder, names)


def start(words: list[str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *words], stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )


def index_of(folder: Path) -> int:
    path = folder / "study" / "state"
    if not path.exists():
        return 0
    with path.open("rb") as file:  # the head alone: the poll is not to cost what it measures
        size = int.from_bytes(file.read(8)[:4], "big")
        return int(json.loads(file.read(size))["index"])


def wait_for(found: object, seconds: float = 240) -> float:
    begun = time.monotonic()
    while not found():  # type: ignore[operator]
        if time.monotonic() - begun > seconds:
            raise SystemExit("The study did not go on.")
        time.sleep(0.02)
    return time.monotonic() - begun


def rounds_timed(folder: Path, count: int) -> float:
    """Median seconds between saves over ``count`` rounds."""
    at, stamps = index_of(folder), [time.monotonic()]
    while len(stamps) <= count:
        wait_for(lambda at=at: index_of(folder) > at)
        at = index_of(folder)
        stamps.append(time.monotonic())
    return float(np.median(np.diff(stamps)))


def cpu_seconds(process: "subprocess.Popen[bytes]") -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, names: list[str]) -> None:
    log = folder / "coordinator.log"
    lead = [
        "commissure",
        "federate",
        "coordinate",
        str(folder / "study"),
        "--tls",
        str(folder / "keys" / "coordinator"),
    ]
    hub = start([*lead, "--port", "0", "--gather", "120"], log)
    agents = {}
    try:
        wait_for(lambda: "https://" in log.read_text())
        url = next(line for line in log.read_text().splitlines() if line.startswith("https://"))
        for name in names:
            words = ["commissure.faces.site_agent", url, "--site", str(folder / "keys" / name), "--table", str(folder / f"{name}.csv")]  # fmt: skip
            agents[name] = start(words, folder / f"{name}.log")
        wait_for(lambda: index_of(folder) >= 5)
        everyone = [hub, *agents.values()]
        before, at = sum(map(cpu_seconds, everyone)), index_of(folder)
        whole = rounds_timed(folder, 10)
        cpu = (sum(map(cpu_seconds, everyone)) - before) / max(index_of(folder) - at, 1)
        for name in names[-3:]:
            agents[name].kill()
        noticed = wait_for(lambda: all(f"{name} is lost" in log.read_text() for name in names[-3:]))
        less = rounds_timed(folder, 10)
        memory = [int(Path(f"/proc/{agents[n].pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024 for n in names[:-3]]  # fmt: skip
        report("40 site processes, 100,001 weights, secure: seconds a round", f"{whole:.2f}", "<= 1.0")
        report("  after three were killed: seconds a round", f"{less:.2f}", "<= 1.0")
        report("  of which processor time, all 41 processes: seconds a round", f"{cpu:.2f}", "")
        report("  seconds until the coordinator had noticed all three", f"{noticed:.2f}", "<= 5")
        report("  megabytes a site agent (largest)", f"{max(memory):.0f}", "<= 60")
    finally:
        for process in [hub, *agents.values()]:
            process.kill()
            process.wait()


def simulate() -> None:
    # the peak of the process, so the same round again and again before the large one
    peaks = [simulate_round(500, 100_000, entropy=os.urandom)["peak_megabytes"] for _ in range(4)]
    report(
        "500 simulated sites, 100,000 weights: peak megabytes after rounds 1 to 4",
        ", ".join(map(str, peaks)),
        "flat",
    )
    found = simulate_round(500, 1_000_000, entropy=os.urandom)
    report("500 simulated sites, 1,000,000 weights: seconds a round", f"{found['seconds']}", "<= 30")
    report("  of which processor time", f"{found['processor_seconds']}", "")
    report("  peak megabytes", f"{found['peak_megabytes']}", "")
    report(
        "  bytes a site sends, beside those of the plain weights", f"{found['bytes_beyond_plain']}", "<= 1.05"
    )


def flower() -> None:
    """Flower's SecAgg+ workflow and ours, each with 40 clients of 100,000 weights in one process."""
    ours = simulate_round(40, 100_000, lost=0.0, entropy=os.urandom)
    report("40 sites, 100,000 weights in one process: seconds a round", f"{ours['seconds']}", "<= 1.0")
    report("  of which processor time", f"{ours['processor_seconds']}", "")
    report(
        "  bytes a site sends, beside those of the plain weights", f"{ours['bytes_beyond_plain']}", "<= 1.05"
    )
    python = Path(__file__).parents[1] / ".venv-flower" / "bin" / "python"
    if not python.exists():
        report("  Flower is not here: make flower", "", "")
        return
    script = Path(__file__).with_name("federate_flower.py")
    done = subprocess.run([python, script, "40", "100000", "3"], capture_output=True, text=True, check=True)
    peer = json.loads(done.stdout.strip().splitlines()[-1])
    report("  Flower 1.41 SecAgg+ without its engine: seconds a round", f"{peer['seconds']}", "peer")
    report("    of which processor time", f"{peer['processor_seconds']}", "peer")
    report("    bytes a client sends, beside those of the plain weights", f"{peer['bytes_beyond_plain']}", "peer")  # fmt: skip


def bytes_and_accuracy() -> None:
    """What compression and CKKS cost and keep: eight sites, a network of 100 hidden units, rows held out."""
    rng = np.random.default_rng(0)
    names, inside = [f"x{n}" for n in range(60)], rng.normal(size=(60, 8))

    def rows(count: int) -> dict[str, np.ndarray]:
        x = rng.normal(size=(count, 60))
        signal = np.tanh(x @ inside / 4).sum(axis=1)
        return {
            **dict(zip(names, x.T, strict=True)),
            "y": (rng.uniform(size=count) < 1 / (1 + np.exp(-2 * signal))) * 1.0,
        }

    tables, held = {f"s{n}": rows(250) for n in range(8)}, rows(4000)
    x = np.column_stack([held[name] for name in names])
    size = Network(60, 100).size
    for what, said in (("plain words of 32 bits", {}), ("words of 16 bits", {"bits": 16}), ("words of 16 bits, a tenth a round", {"bits": 16, "keep": 0.1})):  # fmt: skip
        training = Training(names, "y", hidden=100, rounds=120, steps=5, rate=0.3, clip=3.0)
        analysis = Compressed(training, 3.0, **said) if said else training
        found = run_locally(analysis, tables)
        prediction = Network(60, 100).output(found["weights"], x)
        (score,), _ = auc_scores(held["y"], {"federated": prediction})
        state = analysis.first()
        answer = flatten(analysis.answer(state, tables["s0"], {})[0], analysis.shapes(state))
        ratio = analysis.code(state, sites=8).encode(answer).nbytes / (4 * size)
        report(f"{what}: AUC, and bytes beside plain weights", f"{score.value:.3f}, {ratio:.3f}", "")
    before = time.process_time()
    _, ratio = run_encrypted(Training(names, "y", hidden=100, rounds=2, clip=3.0), tables)
    cost = (time.process_time() - before) / 2
    report("CKKS: bytes beside plain weights, cpu seconds a round", f"{ratio:.1f}, {cost:.2f}", "15 known")


def fcon() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]] | None:
    """Features, age, sex, site of fcon1000; rows and columns that are complete and vary."""
    path = TABLES / "fcon1000.csv"
    if not path.exists():
        return None
    lines = [line.split(",") for line in path.read_text().splitlines()]
    head, rows = lines[0], lines[1:]
    sites = np.array([row[-1] for row in rows])
    numbers = np.array([[float(cell) for cell in row[1:-1]] for row in rows])
    names, age, sex, x = head[3:-1], numbers[:, 0], numbers[:, 1], numbers[:, 2:]
    keep = x.std(axis=0) > 0
    return x[:, keep], age, sex, sites, [name for name, kept in zip(names, keep, strict=True) if kept]


def tables_of(
    x: np.ndarray, sites: np.ndarray, names: list[str], **more: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    return {
        str(site): {
            **{name: x[sites == site, n] for n, name in enumerate(names)},
            **{name: values[sites == site] for name, values in more.items()},
        }
        for site in np.unique(sites)
    }  # fmt: skip


def combat() -> None:
    from commissure.harmonize.combat import ComBat

    data = fcon()
    if data is None:
        report("fcon1000.csv is not here", "", "")
        return
    x, age, sex, sites, names = data
    tables = tables_of(x, sites, names, age=age, sex=sex)
    sums = CombatSums(names, ("age", "sex"))
    found = run_locally(sums, tables)
    truth = ComBat().fit_transform(x, sites=sites, covariates=np.column_stack([age, sex]))
    worst = 0.0
    for site, table in tables.items():
        own, columns = sums.rows(table)
        got = site_combat(sums, found, table=table, site=site).transform(
            own, sites=np.full(len(own), site), covariates=columns
        )
        worst = max(worst, float(np.abs((got - truth[sites == site]) / np.abs(truth).max(axis=0)).max()))
    report("federated ComBat beside pooled, 23 sites: largest difference", f"{worst:.1e}", "<= 1e-10")


def _model(names: list[str]) -> Scaled:
    return Scaled(names, Regression(names, "y", "linear", 150.0))  # the same penalty for all models


def _predict(found: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    beta = found["coefficients"]
    return beta[0] + (x - found["centre"]) / found["scale"] @ beta[1:]


def cross_validate(x: np.ndarray, y: np.ndarray, sites: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:  # fmt: skip
    """Held-out predictions of pooled, federated and each site's model; the same ten folds, within sites, for all."""
    folds = np.zeros(len(y), int)
    for site in np.unique(sites):
        rows = np.flatnonzero(sites == site)
        folds[rows] = np.random.default_rng(len(rows)).permutation(len(rows)) % 10
    out: dict[str, np.ndarray] = {}
    for fold in range(10):
        train, test = folds != fold, folds == fold
        tables = tables_of(x[train], sites[train], names, y=y[train])
        pooled = {"all": {**{n: x[train, k] for k, n in enumerate(names)}, "y": y[train]}}
        fits = {"pooled": pooled, "federated": tables} | {
            site: {site: table} for site, table in tables.items()
        }
        for name, rows in fits.items():
            if name in tables and len(rows[name]["y"]) < 10:
                continue
            found = run_locally(_model(names), rows)
            out.setdefault(name, np.zeros(len(y)))[test] = _predict(dict(found), x[test])
    return out


def brain_age() -> None:
    data = fcon()
    if data is None:
        report("fcon1000.csv is not here", "", "")
        return
    x, age, sex, sites, names = data
    x, names = np.column_stack([x, sex]), [*names, "sex"]
    found = cross_validate(x, np.log(age), sites, names)
    scores, covariance = mean_error_scores(
        age, {name: np.exp(np.clip(p, 1.5, 4.6)) for name, p in found.items()}
    )
    told = {score.name: score for score in scores}
    report("fcon1000, 23 sites, age: mean error, years, federated", f"{told['federated'].value:.2f} [{told['federated'].low:.2f}, {told['federated'].high:.2f}]", "< 6.36")  # fmt: skip
    report("  pooled", f"{told['pooled'].value:.2f}", "federated <= +1 %")
    best = min((s for s in scores if s.name not in ("pooled", "federated")), key=lambda s: s.value)
    report(f"  best single site ({best.name})", f"{best.value:.2f}", "")
    print("  " + judge(scores, covariance, higher_is_better=False))


if __name__ == "__main__":
    parts = {
        "combat": combat,
        "fcon": brain_age,
        "wire": wire,
        "simulate": simulate,
        "flower": flower,
        "bytes": bytes_and_accuracy,
    }
    for name in sys.argv[1:] or parts:
        parts[name]()
