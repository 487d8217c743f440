"""Programs that people already have, from PyPI and npm, run unchanged on our hub over loopback.

`openneuro-py` is GPL-3: it is installed into a folder of its own and run as a program; nothing of ours imports it.
Its address is a constant with no option, so its process sets that one constant before its command begins.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import graphql
import httpx
import pytest

from commissure.translate.archive_openneuro import schema_text

pytestmark = pytest.mark.slow
OPENNEURO_PY = "openneuro-py==2026.9.1"
NPM = ("@openneuro/client@4.30.2", "@openneuro/cli@4.30.2")
_LAUNCH = "import sys, openneuro._download as d, openneuro._cli as c; d.gql_url = sys.argv.pop(1); c.app()"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and all it needs."""
    folder = tmp_path_factory.mktemp("outside")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), OPENNEURO_PY]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip("openneuro-py cannot be installed: no package index is reached")
    return folder


def openneuro_py(
    outside: Path, served: SimpleNamespace, *words: str, home: Path
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(outside), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    command = [sys.executable, "-c", _LAUNCH, f"{served.address}/crn/graphql", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("tag", ["", "0.1.0"])
def test_openneuro_py_downloads_every_byte(
    served: SimpleNamespace, outside: Path, tmp_path: Path, tag: str
) -> None:
    words = [
        "download",
        "--dataset",
        "ds000001",
        "--target-dir",
        str(tmp_path / "out"),
        *(["--tag", tag] if tag else []),
    ]
    done = openneuro_py(outside, served, *words, home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    top = tmp_path / "out"
    found = {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}
    assert {path: found.get(path) for path in served.files} == served.files


def test_openneuro_py_takes_a_part_and_is_told_what_is_not_there(
    served: SimpleNamespace, outside: Path, tmp_path: Path
) -> None:
    into = ["--target-dir", str(tmp_path / "out")]
    done = openneuro_py(
        outside, served, "download", "--dataset", "ds000001", "--include", "sub-01/eeg", *into, home=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out/sub-01/eeg/sub-01_task-memory_eeg.edf").is_file()
    assert not (tmp_path / "out/sub-01/sub-01_ramp.nwb").exists()
    for words in (("--dataset", "ds000001", "--tag", "9.9.9"), ("--dataset", "ds999999")):
        refused = openneuro_py(outside, served, "download", *words, *into, home=tmp_path)
        assert refused.returncode != 0
    # a private dataset is not there for anybody
    assert (
        openneuro_py(outside, served, "download", "--dataset", "ds000002", *into, home=tmp_path).returncode
        != 0
    )


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every query that OpenNeuro's own client and command line send, by file and name."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run(
        [npm, "pack", "--silent", *NPM], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        pytest.skip("OpenNeuro's clients cannot be fetched: no package index is reached")
    found = {}
    for packed in folder.glob("*.tgz"):
        with tarfile.open(packed) as tar:
            tar.extractall(folder / packed.stem, filter="data")
        for script in sorted((folder / packed.stem / "package/dist").glob("*.js")):
            for place, text in enumerate(
                re.findall(r"gql\)? ?`([^`]*)`", script.read_text(encoding="utf-8"))
            ):
                document = graphql.parse(text)
                if document.definitions[0].operation is graphql.OperationType.QUERY:  # type: ignore[union-attr]
                    found[f"{script.name}#{place}"] = text
    return found


def test_the_queries_of_openneuros_own_clients_are_valid(queries: dict[str, str]) -> None:
    schema = graphql.build_schema(schema_text(typed=True))
    assert len(queries) >= 9
    wrong = {
        name: [error.message for error in graphql.validate(schema, graphql.parse(text))]
        for name, text in queries.items()
    }
    # the list of all users is its administrators' alone
    assert {name: said for name, said in wrong.items() if said} == {
        "users.js#0": ["Cannot query field 'users' on type 'Query'."]
    }


def test_the_queries_of_openneuros_own_clients_run(queries: dict[str, str], served: SimpleNamespace) -> None:
    told = {}
    for name, text in queries.items():
        if name.startswith("users"):
            continue
        variables = {"id": "ds000001", "datasetId": "ds000001", "tag": "0.1.0", "tree": None}
        asked = {v.variable.name.value for v in graphql.parse(text).definitions[0].variable_definitions}  # type: ignore[union-attr]
        sent = {key: value for key, value in variables.items() if key in asked}
        answer = httpx.post(f"{served.address}/crn/graphql", json={"query": text, "variables": sent})
        assert answer.status_code == 200, (name, answer.text)
        assert "errors" not in answer.json(), (name, answer.text)
        told[name] = answer.json()["data"]
    assert all(any(value for value in data.values()) for data in told.values()), told
