"""Flower as the engine: the same letters over a grid that is slow, loses nodes, and over a real SuperLink."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from commissure.errors import Conflict, Fault, NotFound
from commissure.faces.flower.client_app import answer
from commissure.faces.flower.server_app import Lead
from commissure.federate.analyses import build
from commissure.federate.analysis import run_locally
from commissure.federate.plan import Plan
from commissure.federate.wire import unpack
from commissure.testing.federation import make_sites
from commissure.workflows.join_study import SiteFolder
from commissure.workflows.make_network import make_network
from commissure.workflows.plan_study import plan_study
from commissure.workflows.run_study import open_study
from commissure.workflows.train_federated import write_rows
from commissure.workflows.write_flower_app import write_flower_app

ROOT = Path(__file__).parents[2]
FLOWER = ROOT / ".venv-flower" / "bin"
# too little noise to be seen: with it no rounds for means come first, and Flower takes seconds a message
PARAMETERS = {"features": ["a", "b"], "outcome": "case", "rounds": 2, "strategy": "fedadam", "noise": 1e-6}


class Network:
    """Keys, tables, an approved plan, and nodes as their configuration would have them."""

    def __init__(self, folder: Path, *, count: int = 5, approved: bool = True) -> None:
        self.folder, self.tables = folder, make_sites(count)
        keys = make_network(
            folder / "keys", sites=list(self.tables), now=datetime.now(UTC), entropy=os.urandom
        )
        self.plan: Plan = plan_study(
            "Flower", sites=[f"{n}={k}" for n, k in keys.items()], columns=["a", "b", "case"], analysis="training",
            parameters=PARAMETERS,
        )  # fmt: skip
        (folder / "study").mkdir()
        (folder / "study" / "plan.json").write_text(self.plan.to_json())
        for name, rows in self.tables.items():
            if approved:
                SiteFolder(folder / "keys" / name).approve(self.plan)
            write_rows(folder / f"{name}.csv", rows)

    def node(self, name: str) -> dict[str, str]:
        return {"site": str(self.folder / "keys" / name), "table": str(self.folder / f"{name}.csv")}

    @property
    def truth(self) -> Any:
        tables = {name: {**rows, "noise.seed": np.zeros(4)} for name, rows in self.tables.items()}
        return run_locally(build(self.plan), tables)["weights"]


class Grid:
    """Flower's grid without Flower: messages take a while, nodes go and come, one answers with an error."""

    def __init__(self, made: Network) -> None:
        self.names = dict(enumerate(made.tables, start=1))
        self.made, self.now, self.gone = made, 0.0, set[int]()
        self.state: dict[int, dict[str, Any]] = {node: {} for node in self.names}
        self.box: dict[str, tuple[int, bytes, float]] = {}
        self.wrong: set[int] = set()
        self.at: dict[float, Callable[[], None]] = {}

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for when in [when for when in self.at if when <= self.now]:
            self.at.pop(when)()

    def nodes(self) -> set[int]:
        return set(self.names) - self.gone

    def send(self, node: int, body: bytes, *, kind: str) -> str:
        assert kind in ("query", "train")
        name = f"m{len(self.box)}-{self.now}-{node}"
        self.box[name] = (node, body, self.now + 3.0)
        return name

    def pull(self, sent: list[str]) -> dict[str, bytes | None]:
        out: dict[str, bytes | None] = {}
        for name in sent:
            node, body, due = self.box[name]
            if self.now < due or node in self.gone:
                continue
            if node in self.wrong:
                self.wrong.discard(node)
                out[name] = None
                continue
            out[name], self.state[node] = answer(
                body, node=self.made.node(self.names[node]), state=self.state[node]
            )
        return out


def lead(made: Network, grid: Grid, **said: float) -> tuple[Any, list[str]]:
    log: list[str] = []
    study = open_study(made.folder / "study", say=log.append)
    patience = {"gather_s": 30.0, "deadline_s": 20.0, **said}
    Lead(study, grid, **patience, clock=grid.clock, sleep=grid.sleep).run()
    return study, log


def test_a_study_over_a_grid_gives_what_it_gives_elsewhere(tmp_path: Path) -> None:
    made = Network(tmp_path)
    study, _ = lead(made, Grid(made))
    np.testing.assert_allclose(study.result["weights"], made.truth, atol=1e-3)
    for name in made.tables:  # each site has the result too
        (kept,) = (tmp_path / "keys" / name).glob("result-*.json")
        np.testing.assert_allclose(json.loads(kept.read_text())["weights"], study.result["weights"])


def test_nodes_are_lost_and_come_back(tmp_path: Path) -> None:
    made = Network(tmp_path)
    grid = Grid(made)
    grid.at = {
        5.0: lambda: grid.wrong.add(2),
        8.0: lambda: grid.gone.add(5),
        30.0: lambda: grid.gone.discard(5),
    }
    study, log = lead(made, grid)
    said = " ".join(log)
    assert "s004 is lost" in said and "s001 is lost" in said
    assert said.count("s001 joined") == 2
    assert study.conductor.index == 2 and np.isfinite(study.result["weights"]).all()


def test_a_node_without_approval_stays_out_and_too_few_end_it(tmp_path: Path) -> None:
    made = Network(tmp_path, approved=False)
    with pytest.raises(Fault, match="0 sites have joined; the plan asks for 4"):
        lead(made, Grid(made), gather_s=2.0)
    body, _ = answer(b"\0\0\0\x0b\0\0\0\0" + b'{"":[]}    ', node={}, state={})
    assert "node-config" in unpack(body)[0]["refused"]


def test_an_app_is_written_once_and_for_a_plan_only(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no plan.json"):
        write_flower_app(tmp_path / "app", study=tmp_path / "study")
    made = Network(tmp_path)
    write_flower_app(tmp_path / "app", study=made.folder / "study")
    with pytest.raises(Conflict, match="not empty"):
        write_flower_app(tmp_path / "app", study=made.folder / "study")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Flower:
    """A SuperLink with TLS and registered keys, and its nodes, all on loopback and in one process group each."""

    def __init__(self, made: Network, stack: ExitStack) -> None:
        self.made, self.folder, self._stack, self.port = made, made.folder, stack, free_port()
        home = self.folder / "home"
        home.mkdir()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLWR")},
            "PYTHONPATH": str(ROOT / "src"), "PATH": f"{FLOWER}:{os.environ['PATH']}", "FLWR_HOME": str(home),
            "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        tls = self.folder / "keys" / "coordinator"
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "study"\n\n[superlink.study]\naddress = "127.0.0.1:{self.port}"\n'
            f'root-certificates = "{tls / "authority.pem"}"\n'
        )
        self.start(
            "flower-superlink", "--ssl-certfile", str(tls / "certificate.pem"), "--ssl-keyfile", str(tls / "key.pem"),
            "--ssl-ca-certfile", str(tls / "authority.pem"), "--enable-supernode-auth",
            "--disable-runtime-dependency-installation", "--port", str(self.port), log="link.log",
        )  # fmt: skip
        self.until(lambda: "Uvicorn running" in (self.folder / "link.log").read_text(), "the SuperLink")

    def start(self, *words: str, log: str) -> "subprocess.Popen[bytes]":
        with (self.folder / log).open("wb") as file:
            started = subprocess.Popen(
                [str(FLOWER / words[0]), *words[1:]], env=self.env, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip
        self._stack.callback(self._end, started)
        return started

    @staticmethod
    def _end(started: "subprocess.Popen[bytes]") -> None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()

    def node(self, name: str, *, registered: bool = True) -> "subprocess.Popen[bytes]":
        key, files = ec.generate_private_key(ec.SECP384R1()), name if registered else "stranger"
        secret, public = self.folder / f"{files}.key", self.folder / f"{files}.pub"
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
        if registered:
            self.flwr("supernode", "register", str(public), "study")
        config = " ".join(f'{key}="{value}"' for key, value in self.made.node(name).items())
        authority = self.folder / "keys" / name / "authority.pem"
        return self.start(
            "flower-supernode", "--superlink", f"127.0.0.1:{self.port}", "--root-certificates", str(authority),
            "--auth-supernode-private-key", str(secret), "--port", str(free_port()), "--node-config", config,
            "--max-retries", "3", log=f"{files}.log",
        )  # fmt: skip

    def flwr(self, *words: str) -> Any:
        done = subprocess.run(
            [str(FLOWER / "flwr"), *words, "--format", "json"], env=self.env, capture_output=True, text=True, check=False, timeout=120
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def until(self, found: Callable[[], object], what: str, seconds: float = 600) -> None:
        ends = time.monotonic() + seconds
        while not found():
            logs = {path.name: path.read_text()[-1500:] for path in self.folder.glob("*.log")}
            assert time.monotonic() < ends, f"{what}: {logs}"
            time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.skipif(
    not (FLOWER / "flower-superlink").exists() and os.environ.get("CI") != "true",
    reason="Flower has an environment of its own: make flower",
)
@pytest.mark.skipif(sys.platform == "win32", reason="Flower's SuperLink runs on POSIX")
def test_a_study_over_a_real_superlink_and_five_supernodes(tmp_path: Path) -> None:
    made = Network(tmp_path)
    with ExitStack() as stack:
        flower = Flower(made, stack)
        flower.node("s000", registered=False)
        for name in made.tables:
            flower.node(name)
        app = write_flower_app(tmp_path / "app", study=made.folder / "study", gather_s=300, deadline_s=300)
        run = flower.flwr("run", str(app), "study")
        assert run["success"]
        result = made.folder / "study" / "result.json"
        flower.until(result.exists, "the result")
        # a node whose key is not registered does not get in
        assert "SuperNode ID" not in (tmp_path / "stranger.log").read_text()
        assert "SuperNode ID" in (tmp_path / "s000.log").read_text()
        print((tmp_path / "stranger.log").read_text()[-1500:])
    np.testing.assert_allclose(json.loads(result.read_text())["weights"], made.truth, atol=1e-3)
    for name in made.tables:
        assert list((tmp_path / "keys" / name).glob("result-*.json"))
