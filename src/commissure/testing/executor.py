"""The contract of an executor: subclass :class:`ExecutorContract`, give fixtures ``executor`` and ``settle``."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from commissure.errors import BadInput, NotFound
from commissure.jobs.port import WORK, Executor, Work
from commissure.model import JobState, Progress
from commissure.testing.expect import expect, expect_equal, expect_error

__all__ = ["ExecutorContract", "work_called"]


@contextmanager
def work_called(name: str, work: Work) -> Iterator[None]:
    """A kind of work that is known for a while."""
    WORK.add(name, work)
    try:
        yield
    finally:
        WORK.drop(name)


class ExecutorContract:
    """What every Executor must do. ``settle()`` returns when nothing is left to run."""

    def test_a_job_ends_with_its_result(self, executor: Executor, settle: Callable[[], object]) -> None:
        with work_called("double", _double):
            id = executor.submit("double", {"number": 21}, by="ada").id
            settle()
        job = executor.get(id)
        expect_equal(
            (job.state, job.result), (JobState.DONE, {"number": 42, "by": "ada"}), what="the result is kept"
        )
        expect_equal((job.progress, job.stage), (1.0, "double"), what="progress is kept")

    def test_what_is_wrong_with_the_input_is_told(
        self, executor: Executor, settle: Callable[[], object]
    ) -> None:
        with work_called("refuse", _refuse):
            id = executor.submit("refuse", {}, by="ada").id
            settle()
        job = executor.get(id)
        expect_equal(
            (job.state, job.error),
            (JobState.FAILED, "number must be given."),
            what="the error's line is kept",
        )

    def test_a_fault_tells_its_kind_and_not_its_text(
        self, executor: Executor, settle: Callable[[], object]
    ) -> None:
        with work_called("break", _break):
            id = executor.submit("break", {}, by="ada").id
            settle()
        job = executor.get(id)
        expect_equal(job.state, JobState.FAILED, what="a job that always breaks fails in the end")
        expect(
            "ZeroDivisionError" in job.error and "Jane" not in job.error,
            "the text of a fault may hold a name",
        )

    def test_what_is_unknown_is_refused(self, executor: Executor) -> None:
        expect_error(NotFound, lambda: executor.submit("nonsense", {}, by="ada"), what="a kind must be known")
        expect_error(NotFound, lambda: executor.get("nonsense"), what="a job must be known")
        expect_error(NotFound, lambda: executor.cancel("nonsense"), what="a job must be known")

    def test_a_job_that_has_ended_stays_as_it_is(
        self, executor: Executor, settle: Callable[[], object]
    ) -> None:
        with work_called("double", _double):
            id = executor.submit("double", {"number": 1}, by="ada").id
            settle()
        expect_equal(executor.cancel(id).state, JobState.DONE, what="what is done cannot be cancelled")


def _double(hub: Any, parameters: Mapping[str, Any], *, progress: Progress) -> Mapping[str, object]:
    progress.stage("double", 1)
    progress.advance(1)
    return {"number": 2 * parameters["number"], "by": hub.actor.id}


def _refuse(*_: object, **__: object) -> Mapping[str, object]:
    raise BadInput("number must be given.")


def _break(*_: object, **__: object) -> Mapping[str, object]:
    raise ZeroDivisionError("Jane Doe")
