"""Hubs that are none, or bad ones: each path is a peer with a fault of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

WHOLE = {"id": "commissure:ds-1", "source": "commissure", "source_id": "ds-1", "title": "EEG of memory", "score": 0.5,
         "met": [], "missed": [], "highlight": "", "record": {"modality": ["eeg"]}}  # fmt: skip
#: results that are none, each wrong in its own way
BROKEN: list[Any] = [
    7, None, [], {}, {**WHOLE, "title": None}, {**WHOLE, "score": "high"}, {**WHOLE, "score": True}, {**WHOLE, "score": 1e9},
    {**WHOLE, "source_id": ""}, {**WHOLE, "record": [1]}, {**WHOLE, "met": "all"}, {**WHOLE, "title": "x" * 20_000},
]  # fmt: skip
ODD = {**WHOLE, "id": "commissure:ds-odd", "source_id": "ds-odd", "title": "EEG \x00\u202e<script>alert(1)</script>",
       "met": [7, {"asked": "EEG"}], "highlight": None,
       "record": {"n_subjects": "many", "url": "javascript:alert(1)", "doi": ["10.1/x"], "modality": {"a": 1}, "ages": -3,
                  "digest": 7, "date": "yesterday", "keywords": [None, {"b": []}]}}  # fmt: skip


def make() -> FastAPI:
    """The application; every fault answers its health like a hub."""
    app = FastAPI()

    @app.get("/{fault}/api/v1/health")
    def health(fault: str) -> Any:
        return HTMLResponse("<html>A wiki</html>") if fault == "wiki" else {"status": "ok"}

    @app.get("/{fault}/api/v1/search")
    async def search(request: Request, fault: str) -> Any:
        if fault == "html":
            return HTMLResponse("<html><h1>Maintenance</h1></html>")
        if fault == "busy":
            return Response(status_code=429, headers={"Retry-After": "30"})
        if fault == "away":
            return RedirectResponse(str(request.url).replace("127.0.0.1", "localhost"))
        if fault == "silent":
            for _ in range(300):
                if await request.is_disconnected():
                    break
                await asyncio.sleep(0.1)
        if fault == "drip":
            return StreamingResponse(_drip(), media_type="application/json")
        if fault == "deep":
            return Response("[" * 100_000, media_type="application/json")
        if fault == "list":
            return JSONResponse([1, 2])
        if fault == "null":
            return {"results": None}
        if fault == "broken":
            return Response(json.dumps({"results": [*BROKEN, WHOLE]}), media_type="application/json")
        if fault == "odd":
            return {"results": [ODD]}
        if fault == "boast":
            rows = [{**WHOLE, "id": f"commissure:b{n}", "source_id": f"b{n}", "score": 1.0, "title": f"Prices of grain {n}"}
                    for n in range(50)]  # fmt: skip
            return {"results": [{**row, "record": {}} for row in rows]}
        if fault == "same":
            return {"results": [WHOLE] * 60}
        return {"results": [WHOLE]}

    return app


async def _drip() -> AsyncIterator[bytes]:
    yield b'{"results": ['
    for _ in range(300):
        await asyncio.sleep(0.1)
        yield b" "
