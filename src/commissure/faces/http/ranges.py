"""Bytes of a file, whole or a range of them (RFC 9110), streamed."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from commissure.model import Asset

__all__ = ["send", "wanted"]

_BLOCK = 2**20
_FORM = re.compile(r"bytes=(\d*)-(\d*)")


def wanted(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; None for the whole, as for a header of another form.

    >>> wanted("bytes=-5", 100), wanted("bytes=10-", 100), wanted("", 100)
    ((95, 99), (10, 99), None)
    """
    match = _FORM.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size - 1
    else:
        start, stop = int(first), min(int(last), size - 1) if last else size - 1
    if start > stop or start >= size:
        raise HTTPException(416, f"The file has {size} bytes.", {"Content-Range": f"bytes */{size}"})
    return start, stop


def send(request: Request, file: BinaryIO, *, asset: Asset) -> Response:
    """The bytes of ``asset`` from the open ``file``, as the request wants them; the file is closed at the end."""
    tag = f'"{asset.sha256}"'
    name = asset.path.rpartition("/")[2]
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if tag in request.headers.get("if-none-match", ""):
        file.close()
        return Response(status_code=304, headers=headers)
    whole = request.headers.get("if-range", tag) != tag
    try:
        span = None if whole else wanted(request.headers.get("range", ""), asset.bytes)
    except HTTPException:
        file.close()
        raise
    start, stop = span or (0, asset.bytes - 1)
    headers["Content-Length"] = str(stop - start + 1)
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop}/{asset.bytes}"
    status = 206 if span else 200
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers)
    kind = asset.media_type or "application/octet-stream"
    return StreamingResponse(_blocks(file, start, stop), status, headers, media_type=kind)


def _blocks(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = stop - start + 1
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
