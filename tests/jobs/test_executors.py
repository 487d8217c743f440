"""Both executors keep the contract; the local queue survives kill -9."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from commissure.hub import Hub, open_hub
from commissure.jobs.local import TRIES, LocalExecutor
from commissure.jobs.port import Executor
from commissure.model import JobState
from commissure.settings import Settings
from commissure.testing.executor import ExecutorContract, work_called


class TestInline(ExecutorContract):
    """The contract, run at once."""

    @pytest.fixture
    def executor(self, tmp_path: Path) -> Executor:
        return open_hub(tmp_path / "hub", settings=Settings(jobs="inline")).jobs

    @pytest.fixture
    def settle(self) -> Callable[[], object]:
        return lambda: None


class TestLocal(ExecutorContract):
    """The contract, run by a worker."""

    @pytest.fixture
    def executor(self, tmp_path: Path) -> Executor:
        return open_hub(tmp_path / "hub").jobs

    @pytest.fixture
    def settle(self, executor: LocalExecutor) -> Callable[[], object]:
        return lambda: executor.work(idle_s=0.1)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return open_hub(tmp_path / "hub")


#: work of five steps of which each is done once, however often it is begun: what a workflow promises
WORKER = """
import os, sys, time
from pathlib import Path
from commissure.hub import open_hub
from commissure.jobs.port import WORK
hub = open_hub(sys.argv[1])
def steps(hub, parameters, progress):
    progress.stage("step", 5)
    for number in range(5):
        try:
            os.close(os.open(hub.root / f"step-{number}", os.O_CREAT | os.O_EXCL))
            with (hub.root / "steps").open("a") as file:
                file.write(f"{number}\\n")
        except FileExistsError:
            pass
        progress.advance()
        time.sleep(0.05)
    return {"steps": 5}
def kill(hub, parameters, progress):
    os.kill(os.getpid(), 9)
WORK.add("steps", steps); WORK.add("kill", kill)
print("ready", flush=True)
hub.jobs.work(idle_s=float(sys.argv[2]))
"""


def _worker(hub: Hub, idle_s: float = 1.0) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(hub.root), str(idle_s)], stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    return worker


def _nothing(*_: object, **__: object) -> dict[str, object]:
    return {}


@pytest.mark.parametrize("delay_s", [0.0, 0.08, 0.2])
def test_a_killed_worker_loses_no_job_and_does_none_twice(delay_s: float, hub: Hub) -> None:
    with work_called("steps", _nothing):
        ids = [hub.jobs.submit("steps", {}, by="ada").id for _ in range(2)]
    worker = _worker(hub, 30)
    time.sleep(delay_s)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    assert any(hub.jobs.get(id).state != JobState.DONE for id in ids)
    assert _worker(hub).wait(30) == 0
    jobs = [hub.jobs.get(id) for id in ids]
    assert [(job.state, job.result, job.progress) for job in jobs] == [(JobState.DONE, {"steps": 5}, 1.0)] * 2
    assert (hub.root / "steps").read_text().split() == ["0", "1", "2", "3", "4"]


def test_a_job_that_kills_its_worker_fails_in_the_end(hub: Hub) -> None:
    with work_called("kill", _nothing):
        id = hub.jobs.submit("kill", {}, by="ada").id
    for _ in range(TRIES):
        assert _worker(hub).wait(30) == -signal.SIGKILL
    assert _worker(hub, 0.1).wait(30) == 0
    job = hub.jobs.get(id)
    assert (job.state, f"begun {TRIES} times" in job.error) == (JobState.FAILED, True)


def test_two_workers_share_the_queue(hub: Hub) -> None:
    with work_called("steps", _nothing):
        ids = [hub.jobs.submit("steps", {}, by="ada").id for _ in range(6)]
    workers = [_worker(hub, 0.5) for _ in range(2)]
    assert [worker.wait(30) for worker in workers] == [0, 0]
    assert {hub.jobs.get(id).state for id in ids} == {JobState.DONE}


def test_a_waiting_job_is_cancelled_at_once(hub: Hub) -> None:
    with work_called("steps", _nothing):
        id = hub.jobs.submit("steps", {}, by="ada").id
        assert hub.jobs.cancel(id).state == JobState.CANCELLED
        hub.jobs.work(idle_s=0.1)
    assert hub.jobs.get(id).state == JobState.CANCELLED


def test_a_running_job_is_cancelled_at_its_next_step(hub: Hub) -> None:
    running, ended = threading.Event(), threading.Event()

    def endless(_: object, parameters: object, *, progress: object) -> dict[str, object]:
        while True:
            progress.stage("turn", 10)  # type: ignore[attr-defined]
            running.set()
            time.sleep(0.01)

    def work() -> None:
        hub.jobs.work(idle_s=0.1)
        ended.set()

    with work_called("endless", endless):
        id = hub.jobs.submit("endless", {}, by="ada").id
        threading.Thread(target=work).start()
        assert running.wait(10)
        assert hub.jobs.get(id).state == JobState.RUNNING
        hub.jobs.cancel(id)
        assert ended.wait(10)
    assert (hub.jobs.get(id).state, hub.jobs.get(id).stage) == (JobState.CANCELLED, "turn")


def test_what_may_pass_is_tried_again(hub: Hub) -> None:
    tries = []

    def flaky(*_: object, **__: object) -> dict[str, object]:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("a disk that sulks")
        return {"tries": len(tries)}

    with work_called("flaky", flaky):
        id = hub.jobs.submit("flaky", {}, by="ada").id
        hub.jobs.work(idle_s=0.1)
    assert (hub.jobs.get(id).state, hub.jobs.get(id).result) == (JobState.DONE, {"tries": 3})


def test_a_worker_that_finds_a_full_queue_knows_what_to_do(hub: Hub) -> None:
    with work_called("count", lambda *_, **__: {"n": 1}):
        ids = [hub.jobs.submit("count", {}, by="ada").id for _ in range(3)]
        other = open_hub(hub.root)
        assert other.jobs.work(idle_s=0.1) == 3  # type: ignore[attr-defined]
    assert {hub.jobs.get(id).state for id in ids} == {JobState.DONE}
