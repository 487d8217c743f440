"""Silence: what outside libraries warn, log and print is kept out of our output."""

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator

__all__ = ["quietly"]

#: how the process was before the first thread asked for silence, then one entry a thread that still wants it
_quiet: list[contextlib.ExitStack | None] = []
_LOCK = threading.Lock()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """The libraries' warnings, log lines and prints are kept to themselves: they may hold paths and ids.

    All three are switches of the whole process, so several threads share one: the last to leave sets them back.
    """
    with _LOCK:
        if not _quiet:
            _quiet.append(_hush())
        _quiet.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _quiet.pop()
            if len(_quiet) == 1 and (first := _quiet.pop()) is not None:
                first.close()


def _hush() -> contextlib.ExitStack:
    stack = contextlib.ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    stack.callback(logging.disable, logging.root.manager.disable)
    logging.disable(logging.ERROR)
    stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
    return stack
