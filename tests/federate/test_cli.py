"""The commands: a network, a plan, its approval, what is refused, and the demonstration."""

import json
from pathlib import Path

import pytest

from commissure.errors import BadInput
from commissure.faces.cli import main
from commissure.workflows.plan_study import plan_study

KEYS = [f"s{n}=" + f"{n:02d}" * 32 for n in range(5)]
SAID = {"features": ["a"], "outcome": "y"}


def test_a_plan_is_made_shown_and_approved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, keys = str(tmp_path / "plan.json"), str(tmp_path / "keys")
    assert main(["federate", "network", keys, "--site", "a", "--site", "b", "--site", "c", "--json"]) == 0
    sites = [
        word
        for name, key in json.loads(capsys.readouterr().out).items()
        for word in ("--site", f"{name}={key}")
    ]
    made = [
        "federate",
        "study",
        "new",
        plan,
        "--title",
        "T",
        "--analysis",
        "training",
        "--column",
        "a",
        "--column",
        "y",
    ]
    noise = json.dumps({**SAID, "noise": 4.0, "rounds": 10})
    assert main([*made, "--parameters", noise, *sites, "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert main(["federate", "study", "show", plan, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["digest"] == digest and shown["parameters"]["minimum"] == 3
    assert "epsilon 3.6" in " ".join(shown["leaves"])
    assert main(["federate", "study", "approve", plan, "--site", f"{keys}/a", "--json"]) == 0
    assert (tmp_path / "keys" / "a" / "approvals" / digest).exists()
    # a site's key stays when the network is made again
    assert main(["federate", "network", keys, "--site", "a", "--json"]) == 0
    assert main(["federate", "study", "new", plan, "--title", "T", "--analysis", "none", "--column", "a", "--parameters", "{}", *sites]) == 2  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"parameters": {**SAID, "robust": "krum"}}, "choose one"),
        ({"parameters": {**SAID, "noise": 1.0, "strategy": "scaffold"}}, "SCAFFOLD"),
        ({"parameters": {"feature": 1}}, "do not fit"),
        ({"columns": ["a:b:c"]}, "NAME:UNIT:LOW:HIGH"),
        ({"sites": ["s0"]}, "NAME=KEY"),
        ({"sites": ["s0=12", "s1=34"]}, "64 hexadecimal"),
        ({"minimum": 2}, "more than half"),
    ],
)
def test_a_plan_that_cannot_hold_is_refused(changed: dict[str, object], what: str) -> None:
    said = {"sites": KEYS, "columns": ["a", "y"], "analysis": "training", "parameters": SAID, **changed}
    with pytest.raises(BadInput, match=what):
        plan_study("T", **said)  # type: ignore[arg-type]


def test_the_demonstration_loses_a_site_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["federate", "demo", str(tmp_path / "out"), "--rounds", "8", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    scores = {score["name"]: score["value"] for score in shown["scores"]}
    assert len(scores) >= 9 and shown["noticed_s"] < 5
    assert abs(scores["federated"] - scores["pooled"]) < 0.03 and scores["federated"] > 0.9
    assert "Federation" in shown["verdict"]
    assert len(shown["losses"]) == 8 and shown["losses"][-1] < shown["losses"][0]
    assert (tmp_path / "out" / "scores.svg").read_text().startswith("<svg")
    report = (tmp_path / "out" / "report.html").read_text()
    assert report.count("<svg") == 2 and shown["verdict"].split(":")[0] in report and "http" not in report.replace("http://www.w3.org", "")  # fmt: skip
