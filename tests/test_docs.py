"""Every block of Python and every console session in README.md and docs/ runs, page by page, in an empty folder."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commissure.testing.samples import write_sample_session

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: what a page calls "anything": an ellipsis
ANYTHING = re.compile(r"…|\.\.\.")
BLOCK = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?P<language>[\w{}-]*)[^\n]*\n(?P<code>.*?)^(?P=fence)\s*$",
    re.MULTILINE | re.DOTALL,
)
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "100",
    "NO_COLOR": "1",
}


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page, as (language, code)."""
    return [(found["language"], found["code"]) for found in BLOCK.finditer(text)]


def run_python(code: str, names: dict[str, object], where: str) -> None:
    """Run a block; one that holds prompts is compared as a doctest."""
    if ">>> " in code:
        import doctest

        test = doctest.DocTestParser().get_doctest(code, names, where, where, 0)
        said = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=said.write, clear_globs=False)
        names.update(test.globs)
        assert runner.failures == 0, said.getvalue()
        return
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, where, "exec"), names)


def sessions(code: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and line.strip():
            found[-1][1].append(line)
    return found


def run_console(code: str, folder: Path) -> None:
    """Run each command; the lines shown must come in that order, blanks and ellipses aside."""
    for command, shown in sessions(code):
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300
        )  # fmt: skip
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        pieces = [" ".join(piece.split()) for line in shown for piece in ANYTHING.split(line)]
        at = 0
        for piece in filter(None, pieces):
            at = said.find(piece, at)
            assert at >= 0, f"$ {command}\ndoes not say {piece!r}:\n{done.stdout}{done.stderr}"
            at += len(piece)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__page__"}
    text = page.read_text(encoding="utf-8")
    if "commissure share raw" in text and 'Path("raw").mkdir()' not in text:
        write_sample_session(
            tmp_path / "raw"
        )  # what `make demo` shares, where a page makes no folder of its own
    for language, code in blocks(text):
        if language == "python":
            run_python(code, names, page.name)
        elif language == "console":
            run_console(code, tmp_path)


def test_a_wrong_page_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="does not say"):
        run_console("$ echo one\ntwo\n", tmp_path)
    with pytest.raises(AssertionError):
        run_console("$ commissure no-such-command\n", tmp_path)
    with pytest.raises(AssertionError, match="Expected"):
        run_python(">>> 1 + 1\n3\n", {}, "page")


def test_every_room_has_its_chapter() -> None:
    rooms = {"standardize", "annotate", "protect", "translate", "discover", "harmonize", "federate", "collaborate", "certify", "govern", "stream"}  # fmt: skip
    assert {page.stem for page in (ROOT / "docs" / "rooms").glob("*.md")} == rooms
    assert rooms <= {path.name for path in (ROOT / "src" / "commissure").iterdir()}
