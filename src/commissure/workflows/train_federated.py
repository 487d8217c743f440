"""Train over sites as real processes on this machine: a coordinator, mutual TLS, one site killed, an honest table."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Fault
from commissure.federate.analyses import build
from commissure.federate.analysis import Array, run_locally
from commissure.federate.evaluation import Score, auc_scores, judge
from commissure.federate.networks import Network
from commissure.federate.plan import Plan
from commissure.federate.wire import unpack
from commissure.workflows.join_study import SiteFolder
from commissure.workflows.make_network import make_network
from commissure.workflows.plan_study import plan_study

__all__ = ["Demonstration", "demonstrate", "write_rows"]

Rows = dict[str, Array]
_WAIT_S, _HELD_OUT = 240.0, 0.4


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a demonstration has shown.

    Parameters
    ----------
    data : str
        What the rows are.
    scores : tuple of Score
        Pooled, federated, each site alone; area under the ROC curve on the rows held out of all sites.
    verdict : str
    log : tuple of str
        What the coordinator said.
    noticed_s : float
        From the kill to the coordinator's notice.
    losses : tuple of float
        The mean loss over sites before each round.
    killed_after : int
        After how many rounds of training the site was killed.
    """

    data: str
    scores: tuple[Score, ...]
    verdict: str
    log: tuple[str, ...]
    noticed_s: float
    losses: tuple[float, ...] = ()
    killed_after: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "data": self.data, "scores": [score.to_dict() for score in self.scores], "verdict": self.verdict,
            "noticed_s": self.noticed_s, "log": list(self.log), "losses": list(self.losses),
            "killed_after": self.killed_after,
        }  # fmt: skip


def demonstrate(
    folder: Path,
    tables: Mapping[str, Rows],
    *,
    data: str,
    outcome: str,
    now: datetime,
    entropy: Callable[[int], bytes],
    parameters: Mapping[str, Any],
) -> Demonstration:
    """Train on ``tables`` over real processes, kill one site on the way, and compare.

    Parameters
    ----------
    folder : Path
        Where keys, tables and the study come to lie.
    tables : mapping of str to mapping of str to array
        Each site's rows; all columns but ``outcome`` are features.
    data : str
        What the rows are, in words.
    outcome : str
        A column of 0 and 1.
    now : datetime
    entropy : callable
        Gives so many random bytes.
    parameters : mapping
        Of the training (``rounds``, ``strategy`` …).

    Raises
    ------
    Fault
        If a process fails or the study does not end.
    """
    train, held_out = _split(tables)
    features = [name for name in next(iter(tables.values())) if name != outcome]
    keys = make_network(folder / "keys", sites=list(tables), now=now, entropy=entropy)
    plan = plan_study(
        "Demonstration", sites=[f"{n}={k}" for n, k in keys.items()], columns=[*features, outcome], analysis="training",
        parameters={"features": features, "outcome": outcome, **parameters},
    )  # fmt: skip
    (folder / "study").mkdir(parents=True, exist_ok=True)
    (folder / "study" / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    for name, rows in train.items():
        SiteFolder(folder / "keys" / name).approve(plan)
        write_rows(folder / f"{name}.csv", rows)
    log, noticed, index = _run(folder, plan)
    state = _result(folder)
    scores, covariance = _scores(plan, train, held_out, state)
    losses = tuple(float(loss) for loss in state["loss"])
    # two rounds for means and spreads come before those of training
    after = max(index - 2, 0)
    return Demonstration(data, tuple(scores), judge(scores, covariance), tuple(log), noticed, losses, after)


def _split(tables: Mapping[str, Rows]) -> tuple[dict[str, Rows], dict[str, Rows]]:
    train, held_out = {}, {}
    for number, (name, rows) in enumerate(tables.items()):
        count = len(next(iter(rows.values())))
        chosen = np.random.default_rng(number).uniform(size=count) < _HELD_OUT
        train[name] = {column: values[~chosen] for column, values in rows.items()}
        held_out[name] = {column: values[chosen] for column, values in rows.items()}
    return train, held_out


def write_rows(path: Path, rows: Rows) -> None:
    """Write columns as a CSV file that a site agent reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows)
        writer.writerows(zip(*(values.tolist() for values in rows.values()), strict=True))


def _run(folder: Path, plan: Plan) -> tuple[list[str], float, int]:
    """All processes from start to end; the last site is killed once some rounds are done."""
    said = folder / "coordinator.log"
    cli = [sys.executable, "-m", "commissure", "federate"]
    lead = [
        *cli,
        "coordinate",
        str(folder / "study"),
        "--tls",
        str(folder / "keys" / "coordinator"),
        "--port",
        "0",
    ]
    with _process(lead, said) as coordinator:
        url = _until(
            lambda: next((line for line in _lines(said) if line.startswith("https://")), ""), coordinator
        )
        agents = {}
        with suppress(KeyboardInterrupt):
            for name in plan.sites:
                site = ["--site", str(folder / "keys" / name), "--table", str(folder / f"{name}.csv")]
                words = [sys.executable, "-m", "commissure.faces.site_agent", url, *site]
                log = (folder / f"{name}.log").open("wb")
                agents[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            victim = list(agents)[-1]
            _until(lambda: "yes" if _rounds(folder) >= 4 else "", coordinator)
            agents[victim].kill()
            killed, index = time.monotonic(), _rounds(folder)
            _until(
                lambda: "yes" if any(line.startswith(f"{victim} is lost") for line in _lines(said)) else "",
                coordinator,
            )
            noticed = time.monotonic() - killed
            if coordinator.wait(_WAIT_S) != 0:
                raise Fault(f"The coordinator ended with {coordinator.returncode}: {_lines(said)[-1:]}.")
        finally:
            for agent in agents.values():
                agent.kill()
                agent.wait()
    return _lines(said), noticed, index


@contextmanager
def _process(words: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _until(found: Callable[[], str], process: "subprocess.Popen[bytes]") -> str:
    ends = time.monotonic() + _WAIT_S
    while not (what := found()):
        if process.poll() not in (None, 0) or time.monotonic() > ends:
            raise Fault("The coordinator stopped, or a study of the demonstration did not go on.")
        time.sleep(0.02)
    return what


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _rounds(folder: Path) -> int:
    path = folder / "study" / "state"
    return int(unpack(path.read_bytes())[0]["index"]) if path.exists() else 0


def _result(folder: Path) -> Mapping[str, Array]:
    found = json.loads((folder / "study" / "result.json").read_text(encoding="utf-8"))
    return {name: np.asarray(value, float) for name, value in found.items()}


def _scores(
    plan: Plan, train: Mapping[str, Rows], held_out: Mapping[str, Rows], federated: Mapping[str, Array]
) -> tuple[list[Score], Array]:
    features, outcome = list(plan.parameters["features"]), str(plan.parameters["outcome"])
    analysis = build(plan)
    everyone = {
        name: np.concatenate([rows[name] for rows in train.values()]) for name in [*features, outcome]
    }
    models = {"pooled": run_locally(analysis, {"all": everyone}), "federated": federated}
    for name, rows in train.items():
        if len(np.unique(rows[outcome])) == 2:
            models[name] = run_locally(analysis, {name: {column: rows[column] for column in rows}})
    test = {name: np.concatenate([rows[name] for rows in held_out.values()]) for name in [*features, outcome]}
    network = Network(len(features), int(plan.parameters.get("hidden", 0)), "logistic")
    x = np.column_stack([test[name] for name in features])
    predictions = {
        name: network.output(model["weights"], np.nan_to_num((x - model["centre"]) / model["scale"]))
        for name, model in models.items()
    }
    return auc_scores(test[outcome], predictions)
