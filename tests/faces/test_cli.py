"""The command line: exit codes, one JSON object, light start, lazy groups."""

import io
import json
import os
import resource
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from rich.console import Console

from commissure.errors import (
    Ambiguous,
    BadInput,
    CommissureError,
    Conflict,
    Fault,
    MissingExtra,
    NotFound,
    NotPermitted,
)
from commissure.faces import cli
from commissure.faces.cli.show import findings_list
from commissure.faces.problems import kind_of, problem_of
from commissure.hub import Hub

SCRIPT = str(Path(sys.executable).parent / "commissure")


def run(*words: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *words], capture_output=True, text=True, check=False, timeout=60, **kwargs)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("error", "exit_code", "status"),
    [(BadInput, 2, 422), (Ambiguous, 2, 422), (NotPermitted, 4, 403), (NotFound, 5, 404), (MissingExtra, 6, 501),
     (Conflict, 2, 409), (Fault, 1, 500), (CommissureError, 1, 500), (ZeroDivisionError, 1, 500)],
)  # fmt: skip
def test_errors_are_mapped_once(error: type[Exception], exit_code: int, status: int) -> None:
    found = error("what is wrong")
    assert (kind_of(found).exit_code, problem_of(found)["status"]) == (exit_code, status)


def test_an_unexpected_error_tells_its_kind_and_never_its_text() -> None:
    assert "sub-Jane" not in str(problem_of(KeyError("/home/sub-Jane")))


def test_json_is_the_only_thing_on_standard_output(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["list"], ["show", "ds-full", "--files"], ["hub", "info"], ["audit", "verify"], ["jobs"]):
        assert cli.main([*words, "--hub", str(hub.root), "--json"]) == 0
        assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_a_refusal_is_one_line_or_one_problem_object(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "ds-none", "--hub", str(hub.root)]) == 5
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "ds-none" in said.err
    assert cli.main(["show", "ds-none", "--hub", str(hub.root), "--json"]) == 5
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["status"] == 404 and said.err == ""
    assert cli.main(["list", "--limit", "many", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["status"] == 422


def test_a_traceback_only_when_asked(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--debug", "show", "ds-none", "--hub", str(hub.root)]) == 5
    assert "Traceback" in capsys.readouterr().err


def test_a_misspelt_command_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["shaer"]) == 2
    assert "share" in capsys.readouterr().err


def test_show_tells_what_the_hub_knows(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "ds-full@0.1.0", "--hub", str(hub.root)]) == 0
    said = capsys.readouterr().out
    assert "EEG of visual memory" in said and "! warning" in said and "Mark it bad" in said


def test_get_writes_the_release(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["get", "ds-full", str(tmp_path / "here"), "--hub", str(hub.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == 5
    assert (tmp_path / "here/participants.tsv").read_text().startswith("participant_id")


def test_a_hostile_title_is_shown_as_it_is(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "ds-hostile", "--hub", str(hub.root)]) == 0
    assert "<script>" in capsys.readouterr().out


def test_findings_have_a_word_beside_their_colour() -> None:
    row = {"check": "a.b", "severity": "error", "message": "[bold]wrong[/]", "where": "x", "remedy": "y"}
    console = Console(file=io.StringIO(), width=100)
    console.print(findings_list([row, row | {"where": "z"}]))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert said.count("✗ error") == 1 and "[bold]wrong[/]  x and 1 more" in said and "→ y" in said


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from commissure.faces.cli import main; main(['--help']);"
        "heavy={'sqlalchemy','fastapi','numpy','pydantic','commissure.hub','mne','commissure.faces.cli.share',"
        "'commissure.faces.cli.translate'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "share" in done.stdout and "hub" in done.stdout


def _cpu_s(command: list[str]) -> float:
    """The least CPU time of five runs: what else the machine does is not counted."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


def test_starting_is_quick() -> None:
    bare = _cpu_s([sys.executable, "-c", "pass"])
    assert _cpu_s([sys.executable, "-c", "import commissure"]) - bare < 0.05
    assert _cpu_s([SCRIPT, "--help"]) < 0.3


def test_completion_knows_the_commands() -> None:
    environment = os.environ | {
        "_COMMISSURE_COMPLETE": "complete_bash", "COMP_WORDS": "commissure sh", "COMP_CWORD": "1",
    }  # fmt: skip
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert {"share", "show"} <= set(done.stdout.split())


def test_version() -> None:
    assert run("--version").stdout.startswith("commissure ")


def test_an_interruption_says_that_rerunning_resumes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("commissure.faces.cli.catalogue.opened", interrupted)
    assert cli.main(["show", "x"]) == 130
    assert "goes on" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_serve_says_where_it_is_and_ends_cleanly(how: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [SCRIPT, "serve", "--hub", str(tmp_path / "hub"), "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        address = process.stderr.readline().split()[-1]
        with urllib.request.urlopen(f"{address}/api/v1/health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
    finally:
        process.send_signal(how)
        code = process.wait(15)
    assert code == 0
