"""Trained models: how well members are told from others by their weights, without privacy and at epsilon 1, 2 and 3.

Three attacks on each: the likelihood ratio of each person's own log odds (LiRA, black box), that of the weights along each
person's influence, whitened by what the shadow models' weights do among themselves (white box), and both together; each
also by the raw score. The best of the six is chosen on one half of the models and scored on the other, and the other way
round, for the best of several on the same models is above chance by luck alone. The worst case is a canary: the row that the
clip cannot shorten further, in or out, all others fixed. It is told by one score, chosen before. Its area has a 95 % interval
over models, and the area that no attack passes stands beside it: an area above that is luck unless its interval is above it.
What is attacked: a logistic regression on real rows (UCI heart disease, half of them in) and a network on the 136
connectivities of 17 networks of 100 simulated people, who are learnt by heart where nothing protects them.

Run: python benchmarks/protect_models.py [--seeds 3] [--runs 40] [--canaries 200] [folder of tables]
"""

import argparse
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from commissure.protect.private.budget import ceiling_auc
from commissure.protect.private.membership import attack_scores, auc
from commissure.protect.private.network import PrivateNetwork, TrainingPlan, plan_training, train_network
from commissure.protect.private.noise import RehearsalNoise
from commissure.protect.private.statistic import Bounds
from commissure.testing.populations import Population

DELTA = 1e-5
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"


@dataclass(frozen=True)
class Task:
    """Rows that the attacker knows, of which half are in a training; others to score it on."""

    name: str
    table: np.ndarray
    labels: np.ndarray
    unseen: tuple[np.ndarray, np.ndarray]
    bounds: Bounds
    hidden: int


class Plain:
    """A model of scikit-learn as if it had been trained here: log odds, and its weights in one row."""

    def __init__(self, model: Any, task: Task) -> None:
        self._model, self._task = model, task
        parts = (
            [model.coef_, model.intercept_]
            if hasattr(model, "coef_")
            else [*model.coefs_, *model.intercepts_]
        )
        self.flat = np.concatenate([np.asarray(p).ravel() for p in parts])

    def logit(self, table: np.ndarray) -> np.ndarray:
        p = np.clip(self._model.predict_proba(features(table, self._task))[:, 1], 1e-12, 1 - 1e-12)
        return np.log(p / (1 - p))


def features(table: np.ndarray, task: Task) -> np.ndarray:
    return task.bounds.scaled(table)


def heart(folder: Path, seed: int) -> Task:
    rows = []
    for place in ("cleveland", "hungarian", "switzerland", "va"):
        for line in (folder / "uci_heart" / f"processed.{place}.data").read_text().splitlines():
            rows.append(
                [math.nan if cell in {"?", "-9", "-9.0"} else float(cell) for cell in line.split(",")]
            )
    whole = np.array(rows)[:, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13]]
    lower, upper = (25, 0, 1, 80, 0, 0, 0, 60, 0, -3), (85, 1, 4, 210, 600, 1, 2, 210, 1, 6)
    middle = np.add(lower, upper) / 2
    table = np.where(np.isnan(whole[:, :10]), middle, whole[:, :10])
    order = np.random.default_rng(seed).permutation(len(table))
    known, rest = order[:600], order[600:]
    labels = (whole[:, 10] > 0).astype(float)
    return Task("heart disease, 10 columns, 300 of 600 in, logistic", table[known], labels[known],
                (table[rest], labels[rest]), Bounds(lower, upper), 0)  # fmt: skip


def networks(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    world = Population(17, rng)
    upper = np.triu_indices(17, 1)
    table = world.cohort(1200)[:, upper[0], upper[1]]
    direction = rng.normal(size=table.shape[1])
    odds = (table - table.mean(axis=0)) @ direction
    labels = (odds + 0.5 * odds.std() * rng.normal(size=len(odds)) > 0).astype(float)
    return Task("connectivity, 136 columns, 100 of 200 in, 8 hidden units", table[:200], labels[:200],
                (table[200:], labels[200:]), Bounds((-1.0,) * 136, (1.0,) * 136), 8)  # fmt: skip


def trained(task: Task, who: np.ndarray, plan: TrainingPlan | None, seed: int) -> Any:
    x, y = task.table[who], task.labels[who]
    if plan is not None:
        return train_network(
            x, y, bounds=task.bounds, plan=plan, seed=0, noise=RehearsalNoise(np.random.default_rng(seed))
        )
    if not task.hidden:
        return Plain(LogisticRegression(C=1e3, max_iter=2000).fit(features(x, task), y), task)
    model = MLPClassifier(
        (task.hidden,), activation="tanh", alpha=1e-4, max_iter=1500, solver="lbfgs", random_state=0
    )
    return Plain(model.fit(features(x, task), y), task)


def flat(model: Any) -> np.ndarray:
    return (
        np.concatenate([w.ravel() for w in model.weights.values()])
        if isinstance(model, PrivateNetwork)
        else model.flat
    )


def gradients(task: Task, weights: np.ndarray, model: Any) -> np.ndarray:
    """Each known person's gradient of the loss at the shadow models' mean weights."""
    rows = features(task.table, task) / (
        task.table.shape[1] ** 0.5 if isinstance(model, PrivateNetwork) else 1.0
    )
    private, h, d = isinstance(model, PrivateNetwork), task.hidden, rows.shape[1]
    if not h:
        w, b = (weights[:d], weights[d])
        error = 1 / (1 + np.exp(-(rows @ w + b))) - task.labels
        return error[:, None] * np.column_stack([rows, np.ones(len(rows))])
    if private:  # hidden.weight (h, d), hidden.bias, out.weight (1, h), out.bias
        w1, b1, w2, b2 = (
            weights[: h * d].reshape(h, d),
            weights[h * d : h * d + h],
            weights[h * d + h : -1],
            weights[-1],
        )
        act = np.tanh(rows @ w1.T + b1)
    else:  # coefs (d, h), (h, 1), intercepts (h), (1)
        w1, w2, b1, b2 = (
            weights[: h * d].reshape(d, h),
            weights[h * d : h * d + h],
            weights[-h - 1 : -1],
            weights[-1],
        )
        act = np.tanh(rows @ w1 + b1)
    error = 1 / (1 + np.exp(-(act @ w2 + b2))) - task.labels
    back = error[:, None] * w2 * (1 - act**2)
    outer = back[:, :, None] * rows[:, None, :] if private else rows[:, :, None] * back[:, None, :]
    first, top = outer.reshape(len(rows), -1), error[:, None] * act
    return np.hstack([first, back, top, error[:, None]] if private else [first, top, back, error[:, None]])


def influence(task: Task, models: list[Any]) -> np.ndarray:
    """Scores (run, person): the weights' deviation along each person's influence, whitened by the weights' own spread."""
    w = np.stack([flat(m) for m in models])
    centre = w.mean(axis=0)
    away, g = w - centre, -gradients(task, centre, models[0])
    # whitening in the span of the shadow models: ridge at the mean variance keeps unseen directions tame
    _, s, rows = np.linalg.svd(away, full_matrices=False)
    variance = s**2 / len(w)
    ridge = 0.1 * variance.mean()
    inner, gin = away @ rows.T, g @ rows.T
    return (inner / (variance + ridge)) @ gin.T + (away @ g.T - inner @ gin.T) / (variance.mean() + ridge)


def attacked(
    task: Task, plan: TrainingPlan | None, *, runs: int, rng: np.random.Generator
) -> dict[str, float]:
    people = len(task.table)
    member, models = np.zeros((runs, people), bool), []
    for run in range(runs):
        who = np.sort(rng.permutation(people)[: people // 2])
        member[run, who] = True
        models.append(trained(task, who, plan, int(rng.integers(1 << 31))))
    sign = 2 * task.labels - 1
    odds = np.stack([m.logit(task.table) * sign for m in models])
    white = influence(task, models)
    both = odds / odds.std() + white / white.std()
    found = {"black box": odds, "white box": white, "both": both}
    right = np.mean([((m.logit(task.unseen[0]) > 0) == task.unseen[1]).mean() for m in models])
    halves = np.arange(runs) % 2 == 0, np.arange(runs) % 2 == 1
    best, low = np.mean([chosen(found, member, choose=a, score=b) for a, b in (halves, halves[::-1])], axis=0)
    alone = {name: attack_scores(score, member=member).auc for name, score in found.items()}
    return {"best": float(best), **alone, "at 1 %": float(low), "right": float(right)}


def chosen(
    found: dict[str, np.ndarray], member: np.ndarray, *, choose: np.ndarray, score: np.ndarray
) -> tuple[float, float]:
    """The area, and the true positives at 1 %, of the attack that is best on some models, on others."""
    taught = {name: attack_scores(s[choose], member=member[choose]) for name, s in found.items()}
    name = max(taught, key=lambda n: max(taught[n].auc, taught[n].plain_auc))
    ratio = taught[name].auc >= taught[name].plain_auc
    made = attack_scores(found[name][score], member=member[score])
    return (made.auc if ratio else made.plain_auc), made.at_low_false


def canary(
    task: Task, plan: TrainingPlan | None, *, runs: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The AUC of telling runs with an extreme, wrongly labelled row from runs without it, by its log odds (nothing is learnt).

    And its standard error over models (DeLong et al. 1988, doi:10.2307/2531595).
    """
    n = len(task.table) // 2
    x, y = task.table[:n], task.labels[:n]
    direction = (x - np.mean([task.bounds.lower, task.bounds.upper], axis=0)).T @ (2 * y - 1)
    row = np.where(
        direction > 0, task.bounds.upper, task.bounds.lower
    )  # says class 1 in every column, is labelled 0
    whole = Task("", np.vstack([x, row]), np.append(y, 0.0), task.unseen, task.bounds, task.hidden)
    inside = np.arange(2 * runs) % 2 == 0
    models = [trained(whole, np.arange(n + int(i)), plan, int(rng.integers(1 << 31))) for i in inside]
    odds = -np.array([m.logit(row[None])[0] for m in models])
    into, out = odds[inside], odds[~inside]
    above = (into[:, None] > out).astype(float) + 0.5 * (into[:, None] == out)
    error = math.sqrt((above.mean(axis=1).var(ddof=1) + above.mean(axis=0).var(ddof=1)) / runs)
    return auc(into, out), error


def told(worst: list[tuple[float, float]], top: float) -> str:
    """The mean area of the canaries with its interval, beside what no attack passes."""
    mean = float(np.mean([area for area, _ in worst]))
    half = 1.96 * math.sqrt(sum(error**2 for _, error in worst)) / len(worst)
    verdict = (
        "LEAK: above the ceiling" if mean - half > top else "within it" if mean <= top else "above by luck"
    )
    return f"{mean:.3f}±{half:.3f}  ceiling {top:.3f} ({verdict})"


def table(tasks: list[Task], *, runs: int, canaries: int) -> None:
    plans: dict[str, TrainingPlan | None] = {"none": None}
    n = len(tasks[0].table) // 2
    for epsilon in (1.0, 2.0, 3.0):
        plans[f"{epsilon:g}"] = plan_training(
            epsilon, delta=DELTA, planned_n=n, hidden=tasks[0].hidden, steps=60
        )
    print(
        f"\n{tasks[0].name}; mean of {len(tasks)} seeds, {runs} shadow models each (in brackets: worst seed)"
    )
    print(
        "  epsilon  accuracy  AUC black box  white box  both    best, chosen on other models  TPR at 1 %  "
        f"AUC of {len(tasks)} x 2 x {canaries} canaries, 95 %"
    )
    for name, plan in plans.items():
        found = [attacked(t, plan, runs=runs, rng=np.random.default_rng(i)) for i, t in enumerate(tasks)]
        worst = [
            canary(t, plan, runs=canaries if plan else 10, rng=np.random.default_rng(99 + i))
            for i, t in enumerate(tasks)
        ]
        mean = {key: float(np.mean([f[key] for f in found])) for key in found[0]}
        top = ceiling_auc([plan.spend]) if plan else 1.0
        print(f"  {name:7s}  {mean['right']:.3f}     {mean['black box']:.3f}          {mean['white box']:.3f}      {mean['both']:.3f}"
              f"   {mean['best']:.3f} ({max(f['best'] for f in found):.3f})                {mean['at 1 %']:.3f}       {told(worst, top)}",
              flush=True)  # fmt: skip
    print("  target: AUC <= .55 at epsilon <= 3 with shadow models (known: .817 without privacy)")


def main() -> None:
    warnings.simplefilter("ignore")
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", nargs="?", type=Path, default=SHARED)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--runs", type=int, default=40)
    asked.add_argument("--canaries", type=int, default=200)
    asked.add_argument("--quick", action="store_true")
    said = asked.parse_args()
    if said.quick:
        said.seeds, said.runs, said.canaries = 1, 16, 40
    if said.folder.is_dir():
        table(
            [heart(said.folder, seed) for seed in range(said.seeds)], runs=said.runs, canaries=said.canaries
        )
    table([networks(seed) for seed in range(said.seeds)], runs=said.runs, canaries=said.canaries)


if __name__ == "__main__":
    main()
