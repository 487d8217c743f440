"""Progress: how far a long piece of work is, told to whoever watches."""

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Whoever wants to know how far work is: a bar in a terminal, a row of a Job, a test."""

    def stage(self, name: str, total: float | None = None) -> None:
        """A stage begins: its verb (``"read"``, ``"standardize"``) and how much there is to do, if known."""
        ...

    def advance(self, amount: float = 1.0) -> None:
        """So much more of the stage's total is done (files, bytes: whatever ``total`` counted)."""
        ...


class Silent:
    """The Progress that nobody watches.

    >>> Silent().stage("read", 10)
    """

    def stage(self, name: str, total: float | None = None) -> None:
        """Say nothing."""

    def advance(self, amount: float = 1.0) -> None:
        """Say nothing."""
