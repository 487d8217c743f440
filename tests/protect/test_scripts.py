"""Scripts and notebooks: what tells who somebody is goes, what runs stays."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.model import About, Identifier, Subject
from commissure.protect.files.notebooks import clean_notebook
from commissure.protect.files.scripts import clean_script, code_words, pieces
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

KNOWN = (Identifier("name", "Quilter^Zephyrine"),)


@pytest.fixture
def cleaner(hub: Pseudonyms) -> Cleaner:
    return Cleaner.of(About("eeg", Subject("S1"), identifiers=KNOWN), pseudonyms=hub, policy=Policy())


PYTHON = '''#!/usr/bin/env python
# Author: Jane Okonkwo, Wekesa asked for it
"""Analysis of Broca's area, by Ochieng Wekesa.

See "Morlet" wavelets; data in C:\\\\Users\\\\quilter\\\\x.
"""
import numpy as np
from datetime import date

HOME = "/home/zquilter/study/run1"
RUN = r'C:\\Users\\nquilter\\run1.dat'
odd = "\\d+ by Okonkwo"
RAW = r"C:\\Users\\zquilter\\data"
mrn = 7311234
n_trials = 10000
born = date(1961, 3, 4)
epoch = date(1970, 1, 1)
note = f"Okonkwo came late {np.pi:.2f}\\n" + "Morlet wavelets\\nOkonkwo sneezed" + 'it\\'s Okonkwo now'
hidden = "M\\u00fcller-L\\x79er and \\x51uilter"
raw = b"Quilter \\xff"
units = {"Fz": 1, 'Cz': 2}["Fz"]  # a DataFrame of Wekesa
class DataFrame: pass
'''


def test_python_is_the_same_program_without_persons(cleaner: Cleaner) -> None:
    clean = clean_script(PYTHON, suffix=".py", cleaner=cleaner)
    for gone in ("Okonkwo", "Wekesa", "uilter", "7311234", "1961", "Users", "/home"):
        assert gone not in clean
    told: dict[str, object] = {}
    exec(compile(clean, "clean", "exec"), told)
    assert told["note"] == "[name] came late 3.14\nMorlet wavelets\n[name] sneezed" + "it's [name] now"
    assert told["hidden"] == "Müller-Lyer and [name]" and told["raw"] == b"[name] \xff"
    assert (told["mrn"], told["n_trials"], told["units"], str(told["epoch"])) == (0, 10000, 1, "1970-01-01")
    assert (told["HOME"], told["RAW"]) == ("[path]", "[path]") and told["born"] != "1961-03-04"
    assert "a DataFrame of [name]" in clean and 'See "Morlet" wavelets' in clean and "Broca's area" in clean
    assert (
        len(clean.splitlines()) == len(PYTHON.splitlines())
        and "".join(part for _, part in pieces(PYTHON, ".py")) == PYTHON
    )


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("quilter_trials = 3\n", "bears the name"), ("import zephyrine\n", "bears the name"), ("x = scores['Okonkwo']\n", "looks something up"),
        ("okonkwo = 3  # Okonkwo came late\n", "what may be somebody's name"),
        ("x = (1,\n", "cannot be"), ("x = 'C:\\Users\\nquilter'\n", "cannot be parsed"), ("print 'old'\n", "cannot be parsed"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_be_made_safe_stays_back(code: str, why: str, cleaner: Cleaner) -> None:
    with pytest.raises(Unreadable, match=why):
        clean_script(code, suffix=".py", cleaner=cleaner)


@pytest.mark.parametrize(
    ("suffix", "code", "clean"),
    [
        (".m", "x = y'; n = 'Okonkwo came late'; % Wekesa asked\n", "x = y'; n = '[name] came late'; % [name] asked\n"),
        (".m", "s = sprintf('%d of it''s\\n', 3); z = a.' * b(1)';\n", "s = sprintf('%d of it''s\\n', 3); z = a.' * b(1)';\n"),
        (".m", "%{\nby Jane Okonkwo\n%}\nx = 1 ... Wekesa said\n;\n", "%{\nby [name]\n%}\nx = 1 ... [name] said\n;\n"),
        (".m", 't = datetime(1970, 1, 1); w = "C:\\Users\\zq\\x";\n', 't = datetime(1970, 1, 1); w = "[path]";\n'),
        (".r", "x <- read.csv('/home/zq/a.csv'); mrn <- 7311234 # 'Okonkwo came'\n", "x <- read.csv('[path]'); mrn <- 0 # '[name] came'\n"),
        (".sh", "cd /home/zq/study && echo ${run#0} 'a \"# b' \"$1\" # by Jane Okonkwo\n", "cd [path] && echo ${run#0} 'a \"# b' \"$1\" # by [name]\n"),
        (".jl", "x = y'  # Okonkwo sneezed\nz = \"Wekesa came late\"\n", "x = y'  # [name] sneezed\nz = \"[name] came late\"\n"),
    ],
)  # fmt: skip
def test_other_languages(suffix: str, code: str, clean: str, cleaner: Cleaner) -> None:
    assert clean_script(code, suffix=suffix, cleaner=cleaner) == clean
    assert "".join(part for _, part in pieces(code, suffix)) == code


def test_words_of_the_code_are_no_names() -> None:
    assert {"spike", "train", "spiketrain", "rate"} <= code_words(
        "class SpikeTrain:\n    rate_hz = 'Okonkwo'\n", ".py"
    )
    assert "okonkwo" not in code_words("x = 'Okonkwo' # Okonkwo\n", ".py")


def test_code_of_the_field_stays(cleaner: Cleaner) -> None:
    """Of numpy's own sources, full of eponyms, fewer than one line in 125 changes; those are authors of papers, places and dates."""
    root = Path(np.__file__).parent
    sources = [root / "lib" / "_polynomial_impl.py"]
    lines = changed = 0
    for path in [*sources, root / "fft" / "_pocketfft.py"]:
        text = path.read_text("utf-8")
        clean = clean_script(text, suffix=".py", cleaner=cleaner)
        assert ast.parse(clean) and len(clean.splitlines()) == len(text.splitlines())
        lines += len(text.splitlines())
        changed += sum(old != new for old, new in zip(text.splitlines(), clean.splitlines(), strict=True))
    assert lines > 2500 and changed / lines < 0.008


def book(*cells: dict[str, object], **metadata: object) -> str:
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebook_keeps_its_code_and_loses_persons_and_pictures(cleaner: Cleaner) -> None:
    table = "   full_name         dob   iq\n0  Jane Okonkwo 1961-03-04 104"
    code = {
        "cell_type": "code", "id": "b", "execution_count": 3, "metadata": {"executionInfo": {"user": {"displayName": "Jane"}}, "tags": ["x"]},
        "source": ["%matplotlib inline\n", "!ls /home/zq/x\n", "if True:\n", "    %time x = 1 # Okonkwo sneezed\n", "y = 'Fz'"],
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["Okonkwo ready\n", "r = 0.31, p = 0.002\n"]},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": "aaaa", "text/plain": "<Figure size 640x480>"}},
            {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {"text/plain": table, "text/html": "<td>Okonkwo</td>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no Okonkwo here", "traceback": ["/home/zq/a.py"]},
        ],
    }  # fmt: skip
    words = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Broca's area\n", "by Jane Okonkwo"],
             "attachments": {"face.png": {"image/png": "aaaa"}}}  # fmt: skip
    kernel = {"name": "okonkwo-env", "display_name": "Okonkwo's", "language": "python"}
    clean = clean_notebook(book(words, code, kernelspec=kernel, authors=[{"name": "Jane"}]), cleaner=cleaner)
    for gone in ("Okonkwo", "Jane", "/home", "aaaa", "1961", "okonkwo", "authors", "face.png"):
        assert gone not in clean
    made = json.loads(clean)
    assert made["cells"][0] == {
        "cell_type": "markdown",
        "id": "a",
        "metadata": {},
        "source": "# Broca's area\nby [name]",
    }
    cell = made["cells"][1]
    assert cell["source"].splitlines() == [
        "%matplotlib inline",
        "!ls [path]",
        "if True:",
        "    %time x = 1 # [name] sneezed",
        "y = 'Fz'",
    ]
    assert cell["metadata"] == {"tags": ["x"]} and cell["execution_count"] == 3
    stream, figure, result, error = cell["outputs"]
    assert stream["text"] == "[name] ready\nr = 0.31, p = 0.002\n"
    assert figure["data"] == {"text/plain": "<Figure size 640x480>"}
    assert (
        result["data"] == {"text/plain": "[removed: a table of persons]\n"} and result["execution_count"] == 3
    )
    assert (error["evalue"], error["traceback"]) == ("no [name] here", [])
    assert made["metadata"]["kernelspec"] == {
        "name": "python3",
        "display_name": "python3",
        "language": "python",
    }
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)


@pytest.mark.parametrize("text", ["{", "[]", '{"worksheets": []}', '{"cells": 3, "metadata": []}'])
def test_what_is_no_notebook_stays_back(text: str, cleaner: Cleaner) -> None:
    with pytest.raises(Unreadable, match="notebook"):
        clean_notebook(text, cleaner=cleaner)


def test_cells_of_other_languages_are_cleaned_by_theirs(cleaner: Cleaner) -> None:
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [{**cell, "source": f"%%bash\ncd /home/zq # {n}"} for n in range(1)]
    cells += [{**cell, "source": "%%time\nx = 'Okonkwo came late'"}]
    made = json.loads(clean_notebook(book(*cells), cleaner=cleaner))
    assert [one["source"] for one in made["cells"]] == [
        "%%bash\ncd [path] # 0",
        "%%time\nx = '[name] came late'",
    ]
    julia = clean_notebook(book({**cell, "source": "x = 1 # Okonkwo came"}, language_info={"name": "julia"}, kernelspec={"language": "julia"}), cleaner=cleaner)  # fmt: skip
    assert "x = 1 # [name] came" in julia
