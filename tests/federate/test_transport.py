"""Coordinator and sites as real processes with mutual TLS: killed, brought back, and refused."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import CommissureError, NotPermitted
from commissure.faces.cli import main
from commissure.federate.analyses import build
from commissure.federate.analysis import run_locally
from commissure.federate.certificates import Authority, Credentials
from commissure.federate.plan import Plan
from commissure.federate.wire import unpack
from commissure.testing.federation import make_sites
from commissure.workflows.join_study import SiteFolder, join_study, read_columns
from commissure.workflows.make_network import make_network
from commissure.workflows.plan_study import plan_study
from commissure.workflows.run_study import study_status
from commissure.workflows.train_federated import write_rows

NOW = datetime.now(UTC)
QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@contextmanager
def process(*words: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as file:
        running = subprocess.Popen([sys.executable, "-m", *words], stdout=file, stderr=file, env=QUIET)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def until(found: Callable[[], object], what: str, seconds: float = 60) -> float:
    begun = time.monotonic()
    while not found():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.02)
    return time.monotonic() - begun


class Deployment:
    """Keys, tables, an approved plan, and the commands that each host would run."""

    def __init__(self, folder: Path, *, count: int = 5, **parameters: object) -> None:
        self.folder = folder
        self.tables = make_sites(count)
        keys = make_network(folder / "keys", sites=list(self.tables), now=NOW, entropy=os.urandom)
        said = {"features": ["a", "b"], "outcome": "case", "rounds": 60, **parameters}
        self.plan: Plan = plan_study(
            "Test", sites=[f"{n}={k}" for n, k in keys.items()], columns=["a", "b", "case"], analysis="training", parameters=said
        )  # fmt: skip
        (folder / "study").mkdir()
        (folder / "study" / "plan.json").write_text(self.plan.to_json())
        for name, rows in self.tables.items():
            SiteFolder(folder / "keys" / name).approve(self.plan)
            write_rows(folder / f"{name}.csv", rows)

    def coordinator(self, port: int) -> "contextmanager[subprocess.Popen[bytes]]":
        study, tls = str(self.folder / "study"), str(self.folder / "keys" / "coordinator")
        words = [
            "commissure",
            "federate",
            "coordinate",
            study,
            "--tls",
            tls,
            "--port",
            str(port),
            "--gather",
            "20",
        ]
        return process(*words, log=self.folder / "log")

    def site(self, name: str, port: int) -> "contextmanager[subprocess.Popen[bytes]]":
        table, keys = str(self.folder / f"{name}.csv"), str(self.folder / "keys" / name)
        words = ["commissure.faces.site_agent", f"https://127.0.0.1:{port}", "--site", keys, "--table", table]
        return process(*words, log=self.folder / f"{name}.log")

    @property
    def index(self) -> int:
        path = self.folder / "study" / "state"
        return int(unpack(path.read_bytes())[0]["index"]) if path.exists() else 0

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_study_survives_kill_9_of_site_and_coordinator(tmp_path: Path) -> None:
    from contextlib import ExitStack

    made, port = Deployment(tmp_path), free_port()
    with ExitStack() as stack:
        sites = {name: stack.enter_context(made.site(name, port)) for name in made.plan.sites}
        with made.coordinator(port) as hub:
            until(lambda: made.index >= 5, "five rounds")
            sites["s004"].send_signal(signal.SIGKILL)
            noticed = until(lambda: "s004 is lost" in made.log, "the notice of a killed site")
            assert noticed < 5.0
            at = made.index
            until(lambda: made.index > at + 1, "rounds without the killed site")
            back = stack.enter_context(made.site("s004", port))
            until(lambda: made.log.count("s004 joined") == 2, "the site's return")
            hub.send_signal(signal.SIGKILL)
            hub.wait()
        at = made.index
        assert 5 < at < 60
        with made.coordinator(port) as hub:
            assert hub.wait(90) == 0
            for agent in [*list(sites.values())[:4], back]:
                assert agent.wait(30) == 0
    assert f"goes on after round {at}" in made.log
    got = json.loads((tmp_path / "study" / "result.json").read_text())
    truth = run_locally(build(made.plan), made.tables)
    np.testing.assert_allclose(got["weights"], truth["weights"], atol=0.05)


def test_a_site_agent_reads_only_the_plans_columns(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("name,age,case\nJane,63,1\nJohn,?,0\n")
    table = read_columns(tmp_path / "rows.csv", ["age", "case"])
    assert set(table) == {"age", "case"} and np.isnan(table["age"][1])
    with pytest.raises(Exception, match="no number") as caught:
        read_columns(tmp_path / "rows.csv", ["name"])
    assert "Jane" not in str(caught.value)


def test_expired_and_foreign_certificates_are_refused(tmp_path: Path) -> None:
    made, port = Deployment(tmp_path, count=3), free_port()
    known = tmp_path / "keys" / "authority"
    authority = Authority(
        Credentials((known / "key.pem").read_bytes(), (known / "certificate.pem").read_bytes())
    )
    old = authority.issue("s000", now=NOW - timedelta(days=30), days=10, entropy=os.urandom)
    stranger = Authority.make("elsewhere", now=NOW, days=10, entropy=os.urandom)
    other = stranger.issue("s000", now=NOW, days=10, entropy=os.urandom)
    unnamed = authority.issue("s999", now=NOW, days=10, entropy=os.urandom)
    with made.coordinator(port):
        until(lambda: "https://" in made.log if (tmp_path / "log").exists() else False, "the coordinator")
        for name, credentials in (("old", old), ("other", other), ("unnamed", unnamed)):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "key.pem").write_bytes(credentials.key)
            (folder / "certificate.pem").write_bytes(credentials.certificate)
            (folder / "authority.pem").write_bytes((known / "certificate.pem").read_bytes())
            site, url = SiteFolder(folder), f"https://127.0.0.1:{port}"
            # the agent's own clock says that the old one is expired; a clock that lies meets the coordinator's refusal
            for now in (NOW, NOW - timedelta(days=25)) if name == "old" else (NOW,):
                with pytest.raises(CommissureError, match="expired|not of a site of the study"):
                    join_study(url, site, table=lambda _: {}, now=now, entropy=os.urandom, patience_s=2)
        # without any certificate not even the plan is shown
        bare = ssl.create_default_context(cafile=str(known / "certificate.pem"))
        import http.client

        with pytest.raises(OSError):
            line = http.client.HTTPSConnection("127.0.0.1", port, context=bare, timeout=5)
            line.request("GET", "/plan")
            line.getresponse()


def test_a_site_without_approval_or_with_another_table_stays_out(tmp_path: Path) -> None:
    made, port = Deployment(tmp_path, count=3), free_port()
    with made.coordinator(port):
        until(lambda: "https://" in made.log if (tmp_path / "log").exists() else False, "the coordinator")
        url, site = f"https://127.0.0.1:{port}", SiteFolder(tmp_path / "keys" / "s000")
        with pytest.raises(ValueError, match="'case' is not in this site's table"):
            join_study(
                url, site, table=lambda _: {"a": np.ones(2), "b": np.ones(2)}, now=NOW, entropy=os.urandom
            )
        (site.path / "approvals" / made.plan.digest).unlink()
        with pytest.raises(NotPermitted, match="No steward has approved"):
            join_study(url, site, table=lambda _: {}, now=NOW, entropy=os.urandom)


class Proxy:
    """A proxy as hospitals have them: it opens a line when asked to CONNECT, and carries what it cannot read."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(4096)
        self.asked.append(head.split(b" ")[1].decode())
        host, _, port = self.asked[-1].rpartition(":")
        other = socket.create_connection((host, int(port)))
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self._carry, args=(other, line), daemon=True).start()
        self._carry(line, other)

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listening.close()


def test_a_site_goes_out_through_a_proxy_and_with_a_renewed_certificate(tmp_path: Path) -> None:
    made, port, proxy = Deployment(tmp_path, count=3, rounds=3), free_port(), Proxy()
    before = (tmp_path / "keys" / "s000" / "certificate.pem").read_bytes()
    words = ["federate", "renew", str(tmp_path / "keys"), "--site", "s000", "--site", "coordinator", "--days", "30"]  # fmt: skip
    assert main(words) == 0
    assert (tmp_path / "keys" / "s000" / "certificate.pem").read_bytes() != before
    now = datetime.now(UTC)  # not NOW: the renewed certificates are younger than this module
    with ThreadPoolExecutor(3) as pool, made.coordinator(port):
        until(lambda: "https://" in made.log if (tmp_path / "log").exists() else False, "the coordinator")

        def join(name: str) -> dict[str, np.ndarray]:
            site = SiteFolder(tmp_path / "keys" / name, f"http://127.0.0.1:{proxy.port}")
            return join_study(
                f"https://127.0.0.1:{port}", site, table=lambda _: made.tables[name], now=now, entropy=os.urandom
            )  # fmt: skip

        joining = [pool.submit(join, name) for name in made.tables]
        for one in as_completed(
            joining, timeout=120
        ):  # whoever fails ends the coordinator, and so the others
            one.result()
        results = [one.result() for one in joining]
    proxy.close()
    assert set(proxy.asked) == {f"127.0.0.1:{port}"} and len(proxy.asked) >= 6
    np.testing.assert_allclose(results[0]["weights"], run_locally(build(made.plan), made.tables)["weights"], atol=1e-4)  # fmt: skip
    status = study_status(tmp_path / "study", now=datetime.now(UTC))
    assert status["rounds"] == 5 and status["starts"] == 1 and status["seconds_since"] < 60
    with pytest.raises(ValueError, match="A proxy's address"):
        join_study(f"https://127.0.0.1:{port}", SiteFolder(tmp_path / "keys" / "s000", "proxy:1"), table=lambda _: {}, now=now, entropy=os.urandom)  # fmt: skip
    elsewhere = Authority.make("elsewhere", now=now, days=9, entropy=os.urandom)
    with pytest.raises(NotPermitted, match="not of this network"):
        elsewhere.renew(SiteFolder(tmp_path / "keys" / "s000").credentials, now=now, days=9, entropy=os.urandom)  # fmt: skip


def test_a_site_agent_loads_nothing_heavy() -> None:
    """Sixty megabytes are asked for: not even NumPy's random numbers are loaded before a study needs them."""
    heavy = (
        "numpy.random",
        "scipy",
        "sklearn",
        "torch",
        "pandas",
        "httpx",
        "fastapi",
        "sqlalchemy",
        "tenseal",
        "typer",
    )
    code = (
        f"import sys, commissure.faces.site_agent; print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=QUIET)
    assert done.stdout.strip() == "[]"
