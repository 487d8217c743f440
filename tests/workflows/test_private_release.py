"""A private release is charged before it is shown, refused when spent, and for the owner alone."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.faces.cli import main
from commissure.hub import Hub, open_hub
from commissure.model import Dataset, Person, Release
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.workflows.private_release import Ask, budget_state, private_release, set_budget

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    hub = open_hub(
        tmp_path / "hub",
        actor=Person("ada"),
        settings=Settings(hub=str(tmp_path / "hub"), jobs="inline"),
        clock=lambda: NOW,
    )
    share_table(hub, ages())
    return hub


def ages(count: int = 600) -> str:
    rng = np.random.default_rng(0)
    age = np.clip(rng.normal(50, 10, count), 20, 80).round(1)
    sex = rng.choice(["F", "M"], count)
    lines = [
        f"sub-{i:04d}\t{a}\t{s}\t{300 - 2 * a + rng.normal(0, 5):.1f}"
        for i, (a, s) in enumerate(zip(age, sex, strict=True))
    ]
    lines[7] = "sub-0007\tn/a\tF\t200.0"
    return "participant_id\tage\tsex\tvolume\n" + "\n".join(lines) + "\n"


def share_table(hub: Hub, text: str, *, version: str = "0.1.0") -> None:
    asset = hub.vault.put(io.BytesIO(text.encode()), path="participants.tsv", dataset="ds-1")
    release = Release(
        "ds-1", version, release_digest((asset,)), (asset,), "bids", True, created=NOW.isoformat()
    )
    hub.records.releases.add(Dataset("ds-1", "T", "ada", public=True), release, by="ada")


def ask(epsilon: float = 0.5, **more: object) -> Ask:
    return Ask(
        **{
            "statistic": "mean",
            "columns": ("age",),
            "lower": (20.0,),
            "upper": (80.0,),
            "epsilon": epsilon,
            **more,
        }
    )  # type: ignore[arg-type]


def test_releases_are_near_the_truth_and_refused_when_the_budget_is_spent(hub: Hub) -> None:
    with pytest.raises(NotFound, match="no privacy budget"):
        private_release(hub, "ds-1", ask=ask(), now=NOW)
    set_budget(hub, "ds-1", epsilon=1.0, delta=1e-5, now=NOW)
    made = private_release(hub, "ds-1", ask=ask(), now=NOW)
    assert made.values["mean"][0] == pytest.approx(50, abs=8)
    private_release(
        hub,
        "ds-1",
        ask=ask(statistic="regression", columns=("age", "volume"), lower=(20, 100), upper=(80, 300)),
        now=NOW,
    )
    state = budget_state(hub, "ds-1")
    assert state.totals[0] == pytest.approx(0.5, rel=1e-6)
    assert 0.70 < state.totals[1] < 0.78  # in quadrature, not 1.0
    private_release(hub, "ds-1", ask=ask(), now=NOW)
    with pytest.raises(NotPermitted, match="is spent over 3 releases"):
        private_release(hub, "ds-1", ask=ask(), now=NOW)
    kinds = [line.kind for line in hub.ledger.lines(limit=1000)]
    assert kinds.count("privacy spend") == 3 == len(budget_state(hub, "ds-1").spends)


def test_what_is_refused_costs_nothing(hub: Hub) -> None:
    set_budget(hub, "ds-1", epsilon=1.0, delta=1e-5, now=NOW)
    wrong = (
        ask(statistic="magic"), ask(columns=("weight",)), ask(columns=("sex",)), ask(lower=(90.0,)), ask(planned_n=10),
        ask(statistic="survival"), ask(statistic="histogram", columns=("sex",)),
    )  # fmt: skip
    for each in wrong:
        with pytest.raises(BadInput):
            private_release(hub, "ds-1", ask=each, now=NOW)
    with pytest.raises(NotFound):
        private_release(hub, "ds-1", ask=ask(), now=NOW, table="scores.tsv")
    with pytest.raises(NotPermitted, match="Only the owner"):
        private_release(hub.acting_as(Person("eve")), "ds-1", ask=ask(), now=NOW)
    with pytest.raises(NotPermitted, match="Only the owner"):
        set_budget(hub.acting_as(Person("eve")), "ds-1", epsilon=9.0, delta=1e-5, now=NOW)
    share_table(hub, ages() + "sub-0001\t44\tF\t200\n", version="0.2.0")
    with pytest.raises(BadInput, match="One subject has 2 rows"):
        private_release(hub, "ds-1", ask=ask(), now=NOW)
    assert budget_state(hub, "ds-1").spends == ()


def test_the_command_line_sets_releases_and_shows(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMMISSURE_ACTOR", "ada")
    where = ["--hub", str(hub.root)]
    assert main(["protect", "dp", "budget", "ds-1", "--epsilon", "1", "--json", *where]) == 0
    command = [
        "protect",
        "dp",
        "release",
        "ds-1",
        "histogram",
        "--epsilon",
        "0.8",
        "--column",
        "sex",
        "--category",
        "F",
        "--category",
        "M",
    ]
    assert main([*command, "--json", *where]) == 0
    counts = json.loads(capsys.readouterr().out.split("}\n{", 1)[1].join(["{", ""]))["values"]["count"]
    assert sum(counts) == pytest.approx(600, abs=60)
    assert main([*command, *where]) == 4
    assert "is spent over 1 releases" in capsys.readouterr().err
    assert main(["protect", "dp", "ledger", "ds-1", *where]) == 0
    assert "0.800" in capsys.readouterr().out
