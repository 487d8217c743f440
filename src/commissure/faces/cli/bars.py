"""Progress on a terminal: one bar a stage, on standard error, and nothing where nobody watches."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["Bars"]


class Bars:
    """A :class:`commissure.model.Progress` that draws; use it as a context manager.

    Parameters
    ----------
    quiet : bool
        Draw nothing (``--json``, or standard error is no terminal).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        columns = (
            SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description:<14}"), BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        )  # fmt: skip
        self._drawing = Progress(*columns, console=Console(stderr=True), disable=self._quiet)
        self._task: int | None = None

    def __enter__(self) -> "Bars":
        self._drawing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._close()
        self._drawing.stop()

    def _close(self) -> None:
        if self._task is not None:
            task = next(task for task in self._drawing.tasks if task.id == self._task)
            total = task.total if task.total else 1
            self._drawing.update(task.id, total=total, completed=total)

    def stage(self, name: str, total: float | None = None) -> None:
        """Finish the bar before and begin one called ``name``."""
        self._close()
        self._task = self._drawing.add_task(name, total=total)

    def advance(self, amount: float = 1.0) -> None:
        """Move the bar of the stage."""
        if self._task is not None:
            self._drawing.advance(self._drawing.task_ids[-1], amount)
