"""A server on a free port of loopback, and the real `dandi` command to ask it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """An ASGI application on a free port of loopback."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


def dandi(*arguments: str, folder: Path, key: str = "", port: str = "", check: bool = True) -> str:
    """Run the real ``dandi`` command in an empty home."""
    environment = {
        **os.environ, "DANDI_NO_ET": "1", "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
        "DANDI_CACHE": "ignore", "NO_COLOR": "1", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        **({f"127.0.0.1:{port}_API_KEY": key} if key else {}),
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "dandi"), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + ("" if check else done.stderr)
