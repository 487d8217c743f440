"""A private release is charged before it is shown, refused when spent, and for the owner alone."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.faces.cli import main
from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.hub import Hub, open_hub
from commissure.model import Dataset, Person, Release
from commissure.settings import Settings
from commissure.store.releases import release_digest
from commissure.testing.populations import Population
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
    share_files(hub, {"participants.tsv": text.encode()}, version=version)


def share_files(
    hub: Hub, files: dict[str, bytes], *, dataset: str = "ds-1", version: str = "0.1.0", public: bool = True
) -> None:
    assets = tuple(hub.vault.put(io.BytesIO(b), path=p, dataset=dataset) for p, b in files.items())
    release = Release(
        dataset, version, release_digest(assets), assets, "bids", public, created=NOW.isoformat()
    )
    hub.records.releases.add(Dataset(dataset, "T", "ada", public=public), release, by="ada")


def ask(epsilon: float = 0.5, **more: object) -> Ask:
    return Ask(
        **{
            "statistic": "mean",
            "columns": ("age",),
            "lower": (20.0,),
            "upper": (80.0,),
            "epsilon": epsilon,
            "planned_n": 600,
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
        ask(columns=("weight",)), ask(columns=("sex",)), ask(lower=(90.0,)), ask(planned_n=10),
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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\tn/a\t", "\t51,5\t", "1 of 600 rows do not. Decimals take a point"),
        ("\tn/a\t", "\tinf\t", "must hold finite numbers only, n/a where missing; 1 of 600"),
        ("volume", "age", "age are there twice"),
        ("\tF\t", "\t\xe4\t", "no UTF-8 text"),
        ("sub-0001\t", " sub-0000\t", "One subject has 2 rows"),
    ],
)
def test_bad_tables_are_refused_with_numbers_and_cost_nothing(
    hub: Hub, old: str, new: str, said: str
) -> None:
    set_budget(hub, "ds-1", epsilon=1.0, delta=1e-5, now=NOW)
    share_files(hub, {"participants.tsv": ages().replace(old, new).encode("latin-1")}, version="0.2.0")
    with pytest.raises(BadInput, match=said):
        private_release(hub, "ds-1", ask=ask(), now=NOW)
    assert budget_state(hub, "ds-1").spends == ()


def test_a_table_parted_by_semicolons_is_counted_by_its_subjects(hub: Hub) -> None:
    set_budget(hub, "ds-1", epsilon=2.0, delta=1e-5, now=NOW)
    text = (ages() + "sub-0001\t44\tF\t200\n").replace("\t", ";")
    share_table(hub, text, version="0.2.0")
    with pytest.raises(BadInput, match="One subject has 2 rows"):
        private_release(hub, "ds-1", ask=Ask(statistic="count", epsilon=0.5), now=NOW)


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
        "--planned-n",
        "600",
    ]
    assert main([*command, "--json", *where]) == 0
    counts = json.loads(capsys.readouterr().out.split("}\n{", 1)[1].join(["{", ""]))["values"]["count"]
    assert sum(counts) == pytest.approx(600, abs=60)
    assert main([*command, *where]) == 4
    assert "is spent over 1 releases" in capsys.readouterr().err
    assert main(["protect", "dp", "ledger", "ds-1", *where]) == 0
    assert "0.800" in capsys.readouterr().out
    assert main(["protect", "dp", "budget", "ds-1", "--epsilon", "3", *where]) == 0
    assert main([*command[:5], "--epsilon", "3", *command[7:], "--most-auc", "0.55", *where]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "epsilon 0.638 at delta 1e-05; no attack on it passes an AUC of 0.550. Asked was 3" in said
    assert "--most-auc 1 lifts it" in said
    assert main(["protect", "dp", "ledger", "ds-1", *where]) == 0
    assert "asked: 3" in " ".join(capsys.readouterr().out.split())


def test_a_limit_in_an_attackers_terms_is_kept(hub: Hub) -> None:
    set_budget(hub, "ds-1", epsilon=3.0, delta=1e-5, most_auc=0.55, now=NOW)
    with pytest.raises(
        NotPermitted, match=r"under the curve of 0\.575, allowed is 0\.55;.* up to epsilon 0\.638 in all"
    ):
        private_release(hub, "ds-1", ask=ask(1.0), now=NOW)
    private_release(hub, "ds-1", ask=ask(0.5), now=NOW)
    state = budget_state(hub, "ds-1")
    assert 0.53 < state.attack_auc < 0.55
    with pytest.raises(BadInput, match=r"above 0\.5"):
        set_budget(hub, "ds-1", epsilon=3.0, delta=1e-5, most_auc=0.4, now=NOW)


def test_what_says_no_more_than_what_is_public_is_refused_before_it_is_paid(hub: Hub) -> None:
    set_budget(hub, "ds-1", epsilon=3.0, delta=1e-5, now=NOW)
    made = private_release(hub, "ds-1", ask=ask(), now=NOW)
    assert made.notes[0].startswith(
        "publishing only the middle of the public limits has an expected error of 0.577"
    )
    with pytest.raises(BadInput, match="Say how many subjects were announced"):
        ask(planned_n=0)
    with pytest.raises(
        BadInput, match=r"20 subjects are too few for a mean of 1 columns.*it takes \d+ subjects"
    ):
        private_release(hub, "ds-1", ask=ask(planned_n=20), now=NOW)
    with pytest.raises(BadInput, match="A statistic is one of count"):
        ask(statistic="magic")
    assert len(budget_state(hub, "ds-1").spends) == 1


def test_any_release_can_be_held_to_a_limit_on_attacks(hub: Hub) -> None:
    set_budget(hub, "ds-1", epsilon=3.0, delta=1e-5, now=NOW)
    made = private_release(hub, "ds-1", ask=ask(2.0, most_auc=0.55), now=NOW)
    assert (made.cost["asked_epsilon"], made.cost["attack_auc"]) == (2.0, pytest.approx(0.55))
    (spent,) = budget_state(hub, "ds-1").spends
    assert made.spend == spent and spent.asked_mu > spent.mu
    unlimited = private_release(hub, "ds-1", ask=ask(0.5), now=NOW)
    assert unlimited.cost["epsilon"] == pytest.approx(0.5) and unlimited.spend.asked_mu == 0.0
    with pytest.raises(BadInput, match=r"above 0\.5, and 1 for no limit; got 0\.3"):
        ask(most_auc=0.3)
    with pytest.raises(
        NotPermitted, match=r"On a network of this price an attack could pass an AUC of 0\.51"
    ):
        wanted = ask(3.0, statistic="network", columns=("age", "sex"), most_auc=0.51, hidden=0)
        private_release(hub, "ds-1", ask=wanted, now=NOW)


def test_one_subject_with_many_rows_is_refused_or_averaged(hub: Hub) -> None:
    rows = ["participant_id\tage\tsex\tvolume"]
    rows += [f"sub-{i:03d}\t50\tF\t200" for i in range(300)] + ["sub-000\t80\tF\t200"] * 2000
    share_table(hub, "\n".join(rows) + "\n", version="0.2.0")
    set_budget(hub, "ds-1", epsilon=100.0, delta=1e-5, now=NOW)
    with pytest.raises(BadInput, match=r"One subject has 2001 rows \(1 subjects have several\)"):
        private_release(hub, "ds-1", ask=ask(planned_n=300), now=NOW)
    made = private_release(hub, "ds-1", ask=ask(5.0, planned_n=300, several="mean"), now=NOW)
    assert made.values["mean"][0] == pytest.approx(50.1, abs=2.0)  # not 76: each subject counts once
    counted = private_release(
        hub, "ds-1", ask=ask(5.0, statistic="count", columns=(), several="mean"), now=NOW
    )
    assert counted.values["count"] == pytest.approx(300, abs=10)


def test_models_are_released_from_a_table(hub: Hub) -> None:
    pytest.importorskip("opacus")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(800, 2))
    y = (x[:, 0] - x[:, 1] + 0.3 * rng.normal(size=800) > 0).astype(int)
    lines = [f"sub-{i}\t{a:.3f}\t{b:.3f}\t{c}" for i, ((a, b), c) in enumerate(zip(x, y, strict=True))]
    share_table(hub, "participant_id\ta\tb\tpatient\n" + "\n".join(lines) + "\n", version="0.2.0")
    set_budget(hub, "ds-1", epsilon=3.0, delta=1e-5, now=NOW)
    wanted = ask(1.0, columns=("a", "b", "patient"), lower=(-3.0, -3.0), upper=(3.0, 3.0), planned_n=800)
    for statistic in ("classifier", "network"):
        made = private_release(hub, "ds-1", ask=replace(wanted, statistic=statistic, hidden=0), now=NOW)
        weight = np.ravel(made.values.get("weight", made.values.get("out.weight")))[-2:]
        assert weight[0] > 0 > weight[1]
        assert "a coin" in made.notes[0]
    kinds = [spend.kind for spend in budget_state(hub, "ds-1").spends]
    assert kinds == ["gaussian", "sampled-gaussian"]
    assert budget_state(hub, "ds-1").totals[1] < 2.0


def relmats(matrices: np.ndarray, names: list[str], *, sessions: int = 1) -> dict[str, bytes]:
    def text(matrix: np.ndarray) -> bytes:
        return (
            "\t".join(names) + "\n" + "\n".join("\t".join(f"{v:.9f}" for v in row) for row in matrix)
        ).encode()

    return {
        f"sub-{i:03d}/func/sub-{i:03d}_ses-{s}_relmat.tsv": text(matrix)
        for i, matrix in enumerate(matrices)
        for s in range(sessions)
    }


def test_group_connectivity_is_told_from_a_public_dataset(hub: Hub) -> None:
    world = Population(14, np.random.default_rng(0))
    names = [f"7Networks_{side}_{net}_1" for net in ("Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default")
             for side in ("LH", "RH")]  # fmt: skip
    for index in range(2):
        share_files(hub, relmats(world.cohort(14), names), dataset=f"ds-public{index}")
    share_files(hub, relmats(world.cohort(24), names), dataset="ds-fc")
    set_budget(hub, "ds-fc", epsilon=3.0, delta=1e-5, now=NOW)
    wanted = Ask(
        statistic="connectivity",
        epsilon=1.0,
        planned_n=200,
        public=("ds-public0", "ds-public1"),
    )
    made = private_release(hub, "ds-fc", ask=wanted, now=NOW)
    assert made.values["correlation"].shape == (7, 7)  # networks unless regions are asked for
    assert "publishing only the public reference" in made.notes[0]
    assert made.cost == pytest.approx(
        {"asked_epsilon": 1.0, "epsilon": 0.638, "delta": 1e-5, "most_auc": 0.55, "attack_auc": 0.55},
        abs=1e-3,
    )
    lifted = private_release(hub, "ds-fc", ask=replace(wanted, most_auc=1.0), now=NOW)
    assert lifted.cost["epsilon"] == pytest.approx(1.0) and lifted.cost["attack_auc"] > 0.57
    first, second = budget_state(hub, "ds-fc").spends
    assert first.asked_mu == second.mu > first.mu and second.asked_mu == 0.0
    with pytest.raises(NotPermitted, match="publish the reference"):
        private_release(hub, "ds-fc", ask=replace(wanted, planned_n=8, epsilon=0.1), now=NOW)
    with pytest.raises(BadInput, match="name public datasets"):
        private_release(hub, "ds-fc", ask=replace(wanted, public=()), now=NOW)
    share_files(hub, relmats(world.cohort(2), names), dataset="ds-secret", public=False)
    with pytest.raises(BadInput, match="is not"):
        private_release(hub, "ds-fc", ask=replace(wanted, public=("ds-secret",)), now=NOW)
    share_files(hub, relmats(world.cohort(6), names, sessions=2), dataset="ds-twice")
    set_budget(hub, "ds-twice", epsilon=3.0, delta=1e-5, now=NOW)
    with pytest.raises(BadInput, match=r"One subject has 2 matrices \(6 subjects have several\)"):
        private_release(hub, "ds-twice", ask=wanted, now=NOW)
    assert private_release(hub, "ds-twice", ask=replace(wanted, several="mean"), now=NOW).values[
        "correlation"
    ].shape == (7, 7)


def test_an_erp_is_averaged_over_subjects(hub: Hub) -> None:
    rng = np.random.default_rng(0)
    rate, files = 100.0, {}
    for index in range(12):
        wave = 8e-6 * np.exp(-((np.arange(100) / rate - 0.3) ** 2) / 0.004)
        signal = rng.normal(0, 1e-6, (3000, 2))
        onsets = np.arange(1, 28) * 1.0
        for onset in onsets:
            signal[int(onset * rate) : int(onset * rate) + 100, 0] += wave
        write_edf(index, signal, rate, files)
        lines = [f"{onset:.2f}\t0\t{'target' if n % 2 else 'standard'}" for n, onset in enumerate(onsets)]
        files[f"sub-{index:02d}/eeg/sub-{index:02d}_task-p3_events.tsv"] = (
            "onset\tduration\ttrial_type\n" + "\n".join(lines) + "\n"
        ).encode()
    share_files(hub, files, dataset="ds-erp")
    set_budget(hub, "ds-erp", epsilon=200.0, delta=1e-5, now=NOW)
    wanted = Ask(
        statistic="erp",
        epsilon=90.0,
        columns=("Pz",),
        points=(-0.1, 0.6),
        event="target",
        clip_v=5e-6,
        planned_n=12,
    )
    made = private_release(hub, "ds-erp", ask=wanted, now=NOW)
    erp = made.values["erp_v"][:, 0]
    assert erp.argmax() / rate - 0.1 == pytest.approx(0.3, abs=0.05)
    with pytest.raises(BadInput, match="too few for a erp"):
        private_release(hub, "ds-erp", ask=replace(wanted, epsilon=1.0), now=NOW)
    with pytest.raises(BadInput, match="No recording has an event 'nothing'"):
        private_release(hub, "ds-erp", ask=replace(wanted, event="nothing"), now=NOW)


def write_edf(index: int, signal: np.ndarray, rate: float, files: dict[str, bytes]) -> None:
    edfio = pytest.importorskip("edfio")
    buffer = io.BytesIO()
    labels = ("Pz", "Cz")
    signals = [
        edfio.EdfSignal(signal[:, k] * 1e6, rate, label=labels[k], physical_dimension="uV") for k in range(2)
    ]
    edfio.Edf(signals).write(buffer)
    files[f"sub-{index:02d}/eeg/sub-{index:02d}_task-p3_eeg.edf"] = buffer.getvalue()


def test_the_api_sets_releases_shows_and_draws(hub: Hub) -> None:
    owner = TestClient(create_app(hub), headers={"Authorization": f"Bearer {issue(hub, 'ada')}"})
    anybody, base = TestClient(create_app(hub)), "/api/v1/datasets/ds-1/privacy"
    assert anybody.put(base, json={"epsilon": 1.0}).status_code == 401
    assert owner.put(base, json={"epsilon": 1.0}).json()["neighbours"] == "add-or-remove-one-subject"
    body = {
        "statistic": "mean",
        "columns": ["age"],
        "lower": [20],
        "upper": [80],
        "epsilon": 0.6,
        "planned_n": 600,
    }
    made = owner.post(f"{base}/releases", json=body)
    assert made.status_code == 201 and made.json()["values"]["mean"][0] == pytest.approx(50, abs=8)
    assert owner.post(f"{base}/releases", json=body).status_code == 201
    refused = owner.post(f"{base}/releases", json=body)
    assert refused.status_code == 403 and "is spent over 2 releases" in refused.json()["detail"]
    assert owner.post(f"{base}/releases", json={**body, "planned_n": 0}).status_code == 422
    page = anybody.get("/datasets/ds-1").text
    assert (
        "Private statistics" in page
        and "of epsilon 1 is spent over 2 releases" in page
        and "privacy.svg" in page
    )
    shown = anybody.get(base).json()
    assert [s["what"] for s in shown["spends"]] == ["mean of age"] * 2 and shown["attack_auc"] < 0.58
    assert anybody.get(f"{base}.svg").text.startswith("<svg")
    assert made.json()["cost"]["asked_epsilon"] == 0.6 == pytest.approx(made.json()["cost"]["epsilon"])
    owner.put(base, json={"epsilon": 9.0})
    limited = owner.post(f"{base}/releases", json={**body, "epsilon": 3.0, "most_auc": 0.53}).json()
    assert limited["cost"]["attack_auc"] == pytest.approx(0.53) and limited["cost"]["epsilon"] < 1
    assert owner.post(f"{base}/releases", json={**body, "most_auc": 0.2}).status_code == 422
    assert [s["asked_epsilon"] for s in anybody.get(base).json()["spends"]] == [
        None,
        None,
        pytest.approx(3.0),
    ]
