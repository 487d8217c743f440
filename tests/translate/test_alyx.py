"""The Alyx connector against what the International Brain Laboratory recorded of it (see ``recorded/alyx``)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from jsonschema import Draft202012Validator
from loopback import serving

from commissure.store.archives.paging import follow_next, rows_of
from commissure.store.archives.rest import alyx
from commissure.store.archives.web import Web
from commissure.translate.archive_records import mapping_of, to_common, to_query

RECORDED = Path(__file__).parent / "recorded" / "alyx"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


API = recorded("openapi_sessions")


def schema(name: str) -> dict[str, Any]:
    """A schema of the API, its ``nullable`` written as JSON Schema has it."""

    def plain(part: Any) -> Any:
        if isinstance(part, list):
            return [plain(one) for one in part]
        if not isinstance(part, dict):
            return part
        made = {key: plain(value) for key, value in part.items() if key != "nullable"}
        if part.get("nullable") and "type" in made:
            made["type"] = [made["type"], "null"]
        return made

    return {"$ref": f"#/components/schemas/{name}", "components": plain(API["components"])}


def session() -> dict[str, Any]:
    """The session that the recorded insertion belongs to, as the list of sessions tells it."""
    return dict(recorded("insertion")["session_info"])


@pytest.fixture(scope="module")
def asked() -> list[dict[str, str]]:
    return []


@pytest.fixture(scope="module")
def web(asked: list[dict[str, str]]) -> Iterator[Web]:
    """A server that answers with the recordings, page by page as Alyx pages (``limit`` and ``offset``)."""
    app = FastAPI()

    @app.get("/sessions")
    def sessions(request: Request, limit: int = 250, offset: int = 0) -> Any:
        asked.append(dict(request.query_params))
        rows = [
            {**session(), "number": n} | ({"id": f"{n:08d}-2a57-4165-9763-905413e7e341"} if n else {})
            for n in range(5)
        ]
        size = min(limit, 2)
        page = {"count": 5, "next": None, "previous": None, "results": rows[offset : offset + size]}
        if offset + size < 5:
            page["next"] = str(request.url.include_query_params(limit=limit, offset=offset + size))
        Draft202012Validator(schema("PaginatedSessionListList")).validate(page)
        return page

    @app.get("/{name}")
    def other(name: str) -> Any:
        return recorded(name)

    with serving(app) as address:
        yield Web(address, name="Alyx", tries=1, sleep=lambda _: None)


def test_recorded_lists_are_read(web: Web) -> None:
    for name, count in (("datasets", 5), ("dataset_types", 7)):
        reply = recorded(name)
        assert len(rows_of(reply, "results", name="Alyx")) == reply["count"] == count
        pages = list(follow_next(web.get, name, parameters={}, name="Alyx"))
        assert [len(page) for page in pages] == [count]


def test_sessions_are_asked_in_words_that_alyx_knows(web: Web, asked: list[dict[str, str]]) -> None:
    asked.clear()
    sent, left = to_query({"words": "ephysChoiceWorld"}, archive="alyx")
    assert left == ()
    found = list(alyx.search(sent, web=web, limit=4))
    assert len({row["id"] for row in found}) == 4
    known = {p["name"] for p in API["paths"]["/sessions"]["get"]["parameters"]}
    assert asked and all(set(one) <= known for one in asked)
    assert asked[0]["task_protocol"] == "ephysChoiceWorld"


def test_a_recorded_session_in_common_fields() -> None:
    record = to_common(session(), archive="alyx")
    assert record == {
        "id": "fc737f3c-2a57-4165-9763-905413e7e341", "title": "_iblrig_tasks_ephysChoiceWorld6.4.2", "date": "2021-05-10",
        "keywords": ["ibl_neuropixel_brainwide_01"], "authors": ["cortexlab"], "source": "alyx",
    }  # fmt: skip
    # the animal's name stays where it is
    assert session()["subject"] not in json.dumps(record)


def test_every_path_of_the_table_is_a_field_of_alyx() -> None:
    known = set()
    for name in ("SessionList", "SessionDetail"):
        known |= set(API["components"]["schemas"][name]["properties"])
    assert {
        rule["path"].partition("[")[0].partition(".")[0] for rule in mapping_of("alyx")["fields"]
    } <= known
