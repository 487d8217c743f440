"""The API: who may see what, problems, tags, ranges, uploads, jobs, and our own OpenAPI turned against us."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi.testclient import TestClient

from commissure.errors import BadInput, Unreadable
from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.faces.http.upload import Limits, unpack
from commissure.hub import Hub, open_hub
from commissure.settings import Settings

FULL = "/api/v1/datasets/ds-full/releases/0.1.0"
EDF = "sub-01/eeg/sub-01_task-memory_eeg.edf"


@pytest.fixture(scope="module")
def api(hub: Hub) -> Iterator[TestClient]:
    with TestClient(create_app(hub), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def owner(hub: Hub, token: str) -> Iterator[TestClient]:
    with TestClient(create_app(hub), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def test_anybody_sees_what_is_public_and_its_owner_all(api: TestClient, owner: TestClient) -> None:
    assert api.get("/api/v1/datasets").json()["total"] == 57
    assert owner.get("/api/v1/datasets").json()["total"] == 63
    assert api.get("/api/v1/datasets/ds-private").status_code == 404
    assert owner.get("/api/v1/datasets/ds-private").json()["title"] == "Not for everybody"
    assert api.get("/api/v1/datasets/ds-private/releases/0.1.0/files/README").status_code == 404


def test_a_grant_opens_and_its_end_closes(
    samples: SimpleNamespace, hub: Hub, owner: TestClient, api: TestClient
) -> None:
    friend = {"Authorization": f"Bearer {issue(hub, 'friend')}"}
    path = "/api/v1/datasets/ds-private/releases/0.1.0/files/README"
    assert api.get(path, headers=friend).status_code == 404
    assert (
        api.post("/api/v1/datasets/ds-private/grants", json={"person": "x"}, headers=friend).status_code
        == 403
    )
    made = owner.post("/api/v1/datasets/ds-private/grants", json={"person": "friend", "days": 2})
    assert made.status_code == 201 and made.json()["person"] == "friend"
    assert api.get(path, headers=friend).content.startswith(samples.files["README"])
    assert owner.delete("/api/v1/datasets/ds-private/grants/friend").json()["revoked"] >= 1
    assert api.get(path, headers=friend).status_code == 404


@pytest.mark.parametrize("header", ["Bearer nobody", "Basic abc", "Bearer ", "x"])
def test_a_wrong_token_is_refused_and_not_taken_for_nobody(api: TestClient, header: str) -> None:
    answer = api.get("/api/v1/datasets", headers={"Authorization": header})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_takes_no_cookie(api: TestClient, token: str) -> None:
    api.cookies.set("commissure", token)
    assert api.get("/api/v1/datasets/ds-private").status_code == 404
    assert api.post("/api/v1/share", json={"folder": "/etc"}).status_code == 401
    api.cookies.clear()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/datasets?limit=0", 422), ("/api/v1/datasets?cursor=nonsense", 422), ("/api/v1/datasets?facet=x", 422),
     ("/api/v1/nothing", 404), ("/api/v1/datasets/ds-none", 404), ("/api/v1/jobs", 401)],
)  # fmt: skip
def test_problems_have_one_form(api: TestClient, path: str, status: int) -> None:
    answer = api.get(path)
    told = answer.json()
    assert answer.status_code == status == told["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail", "instance"} <= set(told)


def test_paging_gives_each_dataset_once(api: TestClient) -> None:
    seen, cursor = [], ""
    while True:
        page = api.get(
            "/api/v1/datasets", params={"limit": 7, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += [item["id"] for item in page["datasets"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page["total"]


def test_facets_narrow_and_several_values_widen(api: TestClient) -> None:
    one = api.get("/api/v1/datasets", params={"facet": ["modality=meg"]}).json()
    two = api.get("/api/v1/datasets", params={"facet": ["modality=meg", "modality=anat"]}).json()
    both = api.get("/api/v1/datasets", params={"facet": ["modality=meg", "species=Mus musculus"]}).json()
    assert one["total"] < two["total"] and both["total"] == 0
    assert one["facets"]["species"] == {"Homo sapiens": one["total"]}


def test_what_the_client_holds_is_not_sent_again(api: TestClient) -> None:
    first = api.get(FULL)
    again = api.get(FULL, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    assert (
        api.get("/api/v1/datasets/ds-hostile", headers={"If-None-Match": first.headers["etag"]}).status_code
        == 200
    )


def test_json_ld_by_content_negotiation(api: TestClient) -> None:
    answer = api.get(FULL, headers={"Accept": "application/ld+json"})
    assert (
        answer.headers["content-type"].startswith("application/ld+json")
        and answer.json()["@type"] == "Dataset"
    )
    assert api.get(f"{FULL}?format=jsonld").json() == answer.json()
    assert "Accept" in answer.headers["vary"]


def test_the_parts_of_a_release(samples: SimpleNamespace, api: TestClient) -> None:
    assert [file["path"] for file in api.get(f"{FULL}/manifest").json()["files"]] == sorted(samples.files)
    assert api.get(f"{FULL}/findings").json()["findings"][0]["remedy"]
    assert [step["kind"] for step in api.get(f"{FULL}/provenance").json()["activities"]][0] == "read"


@pytest.mark.parametrize(
    ("header", "status", "piece"),
    [("", 200, slice(None)), ("bytes=0-9", 206, slice(0, 10)), ("bytes=300-", 206, slice(300, None)),
     ("bytes=-7", 206, slice(-7, None)), ("bytes=5-1000000", 206, slice(5, None)), ("bytes=x", 200, slice(None))],
)  # fmt: skip
def test_bytes_come_whole_or_by_range(
    samples: SimpleNamespace, api: TestClient, header: str, status: int, piece: slice
) -> None:
    answer = api.get(f"{FULL}/files/{EDF}", headers={"Range": header} if header else {})
    assert (answer.status_code, answer.content) == (status, samples.files[EDF][piece])
    assert (
        answer.headers["accept-ranges"] == "bytes" and "sandbox" in answer.headers["content-security-policy"]
    )


def test_a_head_tells_the_size_and_sends_nothing(api: TestClient, samples: SimpleNamespace) -> None:
    answer = api.head(f"{FULL}/files/{EDF}")
    assert answer.headers["content-length"] == str(len(samples.files[EDF])) and answer.content == b""


def test_a_range_beyond_the_end_is_refused(samples: SimpleNamespace, api: TestClient) -> None:
    answer = api.get(f"{FULL}/files/{EDF}", headers={"Range": "bytes=999999999-"})
    assert (
        answer.status_code == 416 and answer.headers["content-range"] == f"bytes */{len(samples.files[EDF])}"
    )


def test_no_path_leaves_the_release(api: TestClient) -> None:
    for path in ("../../hub.sqlite", "%2e%2e/%2e%2e/hub.sqlite", "/etc/passwd", "sub-01"):
        assert api.get(f"{FULL}/files/{path}").status_code == 404


def test_the_audit_is_whole(api: TestClient) -> None:
    told = api.get("/api/v1/audit").json()
    assert told["whole"] and told["lines"] > 0 and len(told["head"]) == 64


def _zip(entries: dict[str, bytes], *, link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if link else 0o100644) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("packed", "error"),
    [(_zip({"../out": b"x"}), BadInput), (_zip({"/abs": b"x"}), BadInput), (_zip({"c:\\x": b"x"}), BadInput),
     (_zip({"link": b"/etc/passwd"}, link=True), BadInput), (_zip({"A": b"1", "a": b"2"}), BadInput), (_zip({}), BadInput),
     (_zip({"bomb": bytes(40 * 2**20)}), BadInput), (b"no zip", Unreadable), (_zip({"a": b"x" * 999})[:60], Unreadable)],
    ids=["parent", "absolute", "drive", "link", "twins", "empty", "bomb", "no zip", "truncated"],
)  # fmt: skip
def test_a_bad_upload_is_refused_whole(packed: bytes, error: type[Exception], tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(packed)
    with pytest.raises(error):
        unpack(tmp_path / "in.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists() and {path.name for path in tmp_path.iterdir()} == {"in.zip"}


def test_an_upload_is_counted_as_it_comes_out(tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(_zip({f"f{i}": bytes([i]) * 1000 for i in range(5)}))
    assert unpack(tmp_path / "in.zip", tmp_path / "out") == (5, 5000)
    with pytest.raises(BadInput, match="at most 4"):
        unpack(tmp_path / "in.zip", tmp_path / "more", limits=Limits(files=4))


def test_an_upload_is_kept_once_and_only_its_sender_may_share_it(
    hub: Hub, owner: TestClient, api: TestClient
) -> None:
    packed = _zip({"notes.txt": b"nothing that can be read"})
    first = owner.post("/api/v1/uploads", content=packed)
    assert first.status_code == 201 and first.json() == owner.post("/api/v1/uploads", content=packed).json()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (hub.work_folder / "uploads").iterdir())
    other = {"Authorization": f"Bearer {issue(hub, 'other')}"}
    asked = {"upload": first.json()["upload"]}
    assert api.post("/api/v1/share", json=asked, headers=other).status_code == 404
    assert api.post("/api/v1/share", json={"folder": "/etc"}, headers=other).status_code == 403
    assert owner.post("/api/v1/share", json={**asked, "options": {"no_such": True}}).status_code == 422
    assert (
        api.get(owner.post("/api/v1/share", json=asked).headers["location"], headers=other).status_code == 404
    )
    assert not [path for path in (hub.work_folder / "uploads").rglob("*") if path.is_file()], (
        "raw files are left"
    )


def test_a_share_is_a_job_that_only_its_owner_sees(
    owner: TestClient, api: TestClient, tmp_path: Path
) -> None:
    (tmp_path / "thing.bin").write_bytes(bytes(range(256)))
    begun = owner.post("/api/v1/share", json={"folder": str(tmp_path), "options": {"title": "T"}})
    assert begun.status_code == 202
    address = begun.headers["location"]
    told = owner.get(address).json()
    assert told["state"] == "done" and told["result"]["release"] is None and told["result"]["findings"]
    assert api.get(address).status_code == 401
    events = owner.get(f"{address}/events").text
    assert (
        events.startswith("event: job\ndata: ") and json.loads(events.split("data: ")[1])["id"] == told["id"]
    )
    assert str(tmp_path) not in owner.get(address).text


def test_openapi_is_served_here_and_complete(api: TestClient) -> None:
    document = api.get("/api/v1/openapi.json").json()
    assert "Problem" in document["components"]["schemas"] and len(document["paths"]) >= 15


def test_our_own_openapi_turned_against_us(samples: SimpleNamespace, tmp_path: Path) -> None:
    """Schemathesis asks every route what the document says it takes, and checks the answers against it."""
    import schemathesis

    hub = samples.made(tmp_path / "hub", 5)
    app = create_app(hub)
    headers = {"Authorization": f"Bearer {issue(hub, 'stranger')}"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.exclude(operation_id="upload").get_all_operations()]
    assert len(operations) >= 15
    for operation in operations:
        _ask(operation.as_strategy(), headers)


def _ask(strategy, headers: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    from hypothesis import HealthCheck, Phase, given, settings

    @settings(max_examples=12, deadline=None, phases=[Phase.generate], derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=strategy)
    def probe(case) -> None:  # type: ignore[no-untyped-def]
        response = case.call(headers=headers)
        assert response.status_code < 500 or response.status_code == 501, response.text
        if response.status_code >= 400:
            assert response.headers["content-type"][0].startswith("application/problem+json")

    probe()


def test_lists_and_facets_are_quick_at_ten_thousand(samples: SimpleNamespace, tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "hub", settings=Settings(hub=str(tmp_path / "hub"), jobs="inline"))
    samples.fill(hub, 10_000, pages=False)
    with TestClient(create_app(hub)) as client:
        for path in ("/datasets", "/datasets?modality=eeg", "/datasets?modality=eeg&species=Homo+sapiens", "/api/v1/datasets",
                     "/datasets?sort=title", "/api/v1/datasets?facet=modality%3Dmeg", "/"):  # fmt: skip
            spent_s = min(_cpu_s(client, path) for _ in range(7))
            print(f"{path}: {spent_s * 1000:.1f} ms")
            assert spent_s < 0.05, path
    hub.close()


def _cpu_s(client: httpx.Client, path: str) -> float:
    """CPU time of all threads: what else the machine does is not counted."""
    start = time.process_time()
    assert client.get(path).status_code == 200
    return time.process_time() - start
