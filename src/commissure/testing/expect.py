"""How a contract says what it expects: plainly, under any test runner."""

from collections.abc import Callable

__all__ = ["expect", "expect_equal", "expect_error"]


def expect(holds: object, what: str) -> None:
    """Raise AssertionError, saying ``what`` should hold, unless it does.

    >>> expect(1 + 1 == 2, "one and one is two")
    """
    if not holds:
        raise AssertionError(f"The contract says: {what}.")


def expect_equal(got: object, wanted: object, *, what: str) -> None:
    """Raise AssertionError, with both values, unless they are equal."""
    if got != wanted:
        raise AssertionError(f"The contract says: {what}; got {got!r}, wanted {wanted!r}.")


def expect_error(kind: type[Exception], call: Callable[[], object], *, what: str) -> Exception:
    """The error of ``kind`` that ``call`` raises; AssertionError if it raises none."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"The contract says: {what}; no {kind.__name__} was raised.")
