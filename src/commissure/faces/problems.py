"""Errors, mapped once for every face: exit code, HTTP status and an RFC 9457 problem object.

>>> from commissure.errors import NotFound
>>> kind_of(NotFound("No dataset has the id 'x'.")).exit_code
5
>>> problem_of(NotFound("No dataset has the id 'x'."))["status"]
404
"""

from dataclasses import dataclass

from commissure.errors import (
    Ambiguous,
    BadInput,
    CommissureError,
    Conflict,
    Fault,
    MissingExtra,
    NotFound,
    NotPermitted,
)

__all__ = ["Kind", "kind_of", "message_of", "problem_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one branch of the error tree looks from outside."""

    error: type[Exception]
    slug: str
    title: str
    status: int
    exit_code: int


_KINDS = (
    Kind(Ambiguous, "ambiguous", "This can be read in two ways", 422, 2),
    Kind(BadInput, "bad-input", "This input cannot be used", 422, 2),
    Kind(NotPermitted, "not-permitted", "No Grant covers this use", 403, 4),
    Kind(NotFound, "not-found", "Nothing is known under that name", 404, 5),
    Kind(Conflict, "conflict", "It exists already with other content", 409, 2),
    Kind(MissingExtra, "missing-extra", "An optional part is not installed", 501, 6),
    Kind(Fault, "fault", "A fault of ours", 500, 1),
)
_UNKNOWN = Kind(Exception, "fault", "A fault of ours", 500, 1)


def kind_of(error: BaseException) -> Kind:
    """The row of the table that ``error`` falls under."""
    return next((kind for kind in _KINDS if isinstance(error, kind.error)), _UNKNOWN)


def message_of(error: BaseException) -> str:
    """What may be shown: our own message, or only the type of an error that was not raised on purpose."""
    if isinstance(error, CommissureError):
        return " ".join(str(error).split())
    return f"Unexpected {type(error).__name__}; run again with --debug to see where, and tell us."


def problem_of(error: BaseException, *, instance: str = "") -> dict[str, object]:
    """The RFC 9457 problem object of ``error``; ``instance`` is the address that was asked."""
    kind = kind_of(error)
    problem: dict[str, object] = {
        "type": f"urn:commissure:problem:{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": message_of(error),
    }
    if instance:
        problem["instance"] = instance
    return problem
