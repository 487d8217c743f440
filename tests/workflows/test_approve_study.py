"""A study is charged to a dataset's budget before a steward's signature is given, once, and refused when it costs too much."""

import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissure.errors import NotPermitted
from commissure.faces.cli import main
from commissure.federate.plan import Plan, check_approval
from commissure.hub import Hub, open_hub
from commissure.model import Dataset, Person, Release
from commissure.protect.private.budget import gaussian_epsilon
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.workflows.approve_study import approve_study
from commissure.workflows.join_study import SiteFolder
from commissure.workflows.make_network import make_network
from commissure.workflows.plan_study import plan_study
from commissure.workflows.private_release import budget_state, set_budget

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    folder = tmp_path / "hub"
    hub = open_hub(folder, actor=Person("ada"), settings=Settings(hub=str(folder), jobs="inline"), clock=lambda: NOW)  # fmt: skip
    asset = hub.vault.put(io.BytesIO(b"participant_id\tage\n"), path="participants.tsv", dataset="ds-1")
    release = Release(
        "ds-1", "0.1.0", release_digest((asset,)), (asset,), "bids", True, created=NOW.isoformat()
    )
    hub.records.releases.add(Dataset("ds-1", "T", "ada", public=True), release, by="ada")
    return hub


def study(folder: Path, *, analysis: str = "training", **parameters: object) -> tuple[Plan, SiteFolder]:
    keys = make_network(folder / "keys", sites=["a", "b", "c"], now=NOW, entropy=os.urandom)
    plan = plan_study(
        "Memory", sites=[f"{n}={k}" for n, k in keys.items()], columns=["age", "y"], analysis=analysis,
        parameters={"features": ["age"], "outcome": "y", "rounds": 4, **parameters},
    )  # fmt: skip
    return plan, SiteFolder(folder / "keys" / "a")


def test_a_study_is_in_the_ledger_before_it_is_approved(hub: Hub, tmp_path: Path) -> None:
    set_budget(hub, "ds-1", epsilon=5.0, delta=1e-5, now=NOW)
    plan, site = study(tmp_path, noise=8.0)
    for _ in range(2):  # approving again costs nothing
        check_approval(plan, approve_study(hub, "ds-1", plan=plan, site=site, now=NOW))
    state = budget_state(hub, "ds-1")
    (spend,) = state.spends
    # four rounds at noise 8: a subject moves each sum by two clipping norms at most
    assert spend.mu == pytest.approx(0.5) and plan.digest[:16] in spend.what
    assert state.totals[-1] == pytest.approx(gaussian_epsilon(0.5, 1e-5), rel=1e-6)
    lines = [line for line in hub.ledger.lines() if line.kind == "privacy spend"]
    assert [line.body["what"] for line in lines] == [spend.what] and lines[0].by == "ada"
    # where each row is clipped a subject moves a sum by half as much
    rows, _ = study(tmp_path, analysis="private_training", noise=8.0, rows=100)
    approve_study(hub, "ds-1", plan=rows, site=site, now=NOW)
    assert budget_state(hub, "ds-1").spends[1].mu == pytest.approx(0.25)
    # what has been changed is another plan, and costs again
    approve_study(hub, "ds-1", plan=replace(plan, title="Changed"), site=site, now=NOW)
    assert len(budget_state(hub, "ds-1").spends) == 3


def test_what_the_budget_does_not_allow_is_not_signed(hub: Hub, tmp_path: Path) -> None:
    set_budget(hub, "ds-1", epsilon=1.0, delta=1e-5, now=NOW)
    dear, site = study(tmp_path, noise=1.0)
    plain, _ = study(tmp_path)
    for plan, what in ((dear, "budget"), (plain, "adds no noise")):
        with pytest.raises(NotPermitted, match=what):
            approve_study(hub, "ds-1", plan=plan, site=site, now=NOW)
    with pytest.raises(NotPermitted, match="owner"):
        approve_study(hub.acting_as(Person("eve")), "ds-1", plan=study(tmp_path, noise=90.0)[0], site=site, now=NOW)  # fmt: skip
    assert not budget_state(hub, "ds-1").spends and not (site.path / "approvals").exists()


def test_a_dataset_without_a_budget_is_approved_as_before(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, site = study(tmp_path)
    approve_study(hub, "ds-1", plan=plan, site=site, now=NOW)
    (tmp_path / "plan.json").write_text(plan.to_json())
    words = ["federate", "study", "approve", str(tmp_path / "plan.json"), "--site", str(site.path)]
    asked = [*words, "--hub", str(tmp_path / "hub"), "--json"]
    assert main([*asked, "--dataset", "ds-9"]) == 5  # a slip of the pen is not a way around a budget
    capsys.readouterr()
    monkeypatch.setenv("COMMISSURE_ACTOR", "ada")
    assert main([*words, "--dataset", "ds-1", "--hub", str(tmp_path / "hub"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == plan.digest
