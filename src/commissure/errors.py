"""Every error that commissure raises on purpose.

::

    CommissureError
    ├── BadInput (ValueError)        what was given cannot be used; the message says what would be
    │   ├── Ambiguous                two readings are possible; the message lists them
    │   └── Unreadable               a file's bytes are not what they should be
    ├── NotFound (LookupError)       no such dataset, release, term, job …
    ├── NotPermitted                 no Grant covers this use
    ├── Conflict                     the thing exists already, or was changed by somebody else meanwhile
    ├── MissingExtra (ImportError)   an optional dependency is not installed; the message has the pip line
    └── Fault                        a fault of ours, or of a tool that we run

A message is one line: what is wrong, what was got, what would be right. It never holds a subject's
identifier, nor a path that may hold one.
"""

__all__ = [
    "Ambiguous",
    "BadInput",
    "CommissureError",
    "Conflict",
    "Fault",
    "MissingExtra",
    "NotFound",
    "NotPermitted",
    "Unreadable",
]


class CommissureError(Exception):
    """The root: ``except CommissureError`` catches all that is raised on purpose."""


class BadInput(CommissureError, ValueError):
    """What was given cannot be used."""


class Ambiguous(BadInput):
    """What was given can be read in two ways; the message lists them and asks for a choice."""


class Unreadable(BadInput):
    """A file's bytes are not what its format demands (truncated, corrupt, empty)."""


class NotFound(CommissureError, LookupError):
    """Nothing is known under that name or id."""


class NotPermitted(CommissureError):
    """No Grant covers this use of the data."""


class Conflict(CommissureError):
    """The thing exists already with other content, or was changed meanwhile."""


class MissingExtra(CommissureError, ImportError):
    """An optional dependency is not installed."""


class Fault(CommissureError):
    """A fault of ours, or of an outside tool that we run; input is not to blame."""
