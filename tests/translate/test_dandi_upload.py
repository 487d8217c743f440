"""``dandi upload`` and publication against our hub, by the real client; and what the routes refuse."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from loopback import dandi

from commissure.faces.http.auth import issue
from commissure.translate.archive_dandi import dandi_etag

METADATA = {"name": "Spikes of one mouse", "description": "A planted ramp.", "license": ["spdx:CC-BY-4.0"],
            "contributor": [{"name": "Hodgkin, Alan", "roleName": ["dcite:Author"]}]}  # fmt: skip


def write_nwb(path: Path) -> None:
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.file import Subject

    start = datetime(2025, 1, 2, tzinfo=UTC)
    file = NWBFile("a ramp", "ramp-2", start, experimenter=["Hodgkin, Alan"], institution="A lab")
    file.subject = Subject(subject_id="mouse1", species="Mus musculus", sex="F", age="P90D")
    file.add_acquisition(TimeSeries(name="ramp", data=np.arange(2000.0) * 1e-6, unit="V", rate=200.0))
    path.parent.mkdir(parents=True)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def api(served: SimpleNamespace, token: str = "") -> httpx.Client:
    keyed = {"Authorization": f"token {token}"} if token else {}
    return httpx.Client(base_url=f"{served.address}/api", headers=keyed, follow_redirects=True, timeout=60)


def test_dandi_uploads_and_a_release_comes_of_it(served: SimpleNamespace, tmp_path: Path) -> None:
    with api(served, served.token) as client:
        made = client.post("/dandisets/", json={"name": METADATA["name"], "metadata": METADATA}).json()
        number = made["identifier"]
        assert number.startswith("9")
        local = tmp_path / number
        write_nwb(local / "sub-mouse1" / "sub-mouse1_ramp.nwb")
        (local / "dandiset.yaml").write_text(f"identifier: DANDI:{number}\nname: Spikes of one mouse\n")
        port = served.address.rpartition(":")[2]
        for _ in range(2):
            dandi(
                "upload",
                "-i",
                served.address,
                "--validation",
                "skip",
                folder=local,
                key=served.token,
                port=port,
            )
        path = f"/dandisets/{number}/versions/draft"
        (row,) = client.get(f"{path}/assets/").json()["results"]
        sent = (local / "sub-mouse1" / "sub-mouse1_ramp.nwb").read_bytes()
        assert (row["path"], row["size"]) == ("sub-mouse1/sub-mouse1_ramp.nwb", len(sent))
        assert row["metadata"]["digest"]["dandi:sha2-256"] == hashlib.sha256(sent).hexdigest()
        client.post(f"{path}/publish/").raise_for_status()
        assert client.get(f"{path}/info/").json()["status"] == "Published"
        became = client.get(f"/dandisets/{number}/").json()
        assert became["identifier"] < "900000"
        assert became["most_recent_published_version"]["name"] == METADATA["name"]
        assert client.get(f"/dandisets/{number}/versions/0.1.0/").json()["license"] == ["spdx:CC-BY-4.0"]
        assert client.put(path + "/", json={"metadata": {}}).status_code == 409
    with api(served) as nobody:
        assert nobody.get(f"/dandisets/{became['identifier']}/").status_code == 401
    assert not any((served.hub.work_folder / "uploads").rglob("*.nwb"))


@pytest.fixture
def draft(served: SimpleNamespace) -> str:
    with api(served, served.token) as client:
        return str(client.post("/dandisets/", json={"name": "Draft"}).json()["identifier"])


def send(client: httpx.Client, number: str, data: bytes, *, etag: str = "") -> httpx.Response:
    """Upload ``data`` as a client does, up to its validation."""
    import io

    body = {"contentSize": len(data), "dandiset": number,
            "digest": {"algorithm": "dandi:dandi-etag", "value": etag or dandi_etag(io.BytesIO(data), len(data))}}  # fmt: skip
    begun = client.post("/uploads/initialize/", json=body)
    begun.raise_for_status()
    for part in begun.json()["parts"]:
        httpx.put(part["upload_url"], content=data[: part["size"]]).raise_for_status()
    return client.post(f"/uploads/{begun.json()['upload_id']}/validate/")


def test_a_draft_is_seen_by_its_owner_alone(served: SimpleNamespace, draft: str) -> None:
    with api(served, issue(served.hub, "eve")) as other, api(served) as nobody:
        assert other.get(f"/dandisets/{draft}/").status_code == 404
        assert nobody.get(f"/dandisets/{draft}/").status_code == 401
        assert nobody.post("/dandisets/", json={"name": "x"}).status_code == 401
        body = {"contentSize": 1, "dandiset": draft, "digest": {"value": "0" * 32 + "-1"}}
        assert other.post("/uploads/initialize/", json=body).status_code == 404


def test_what_is_not_what_it_claims_to_be_is_refused(served: SimpleNamespace, draft: str) -> None:
    with api(served, served.token) as client:
        assert send(client, draft, b"data", etag="0" * 32 + "-1").status_code == 422
        assert client.post("/uploads/no-such/validate/").status_code == 404
        assert httpx.put(f"{served.address}/api/uploads/no-such/parts/1/", content=b"x").status_code == 404
        blob = send(client, draft, b"data").json()["blob_id"]
        path = f"/dandisets/{draft}/versions/draft"
        for wrong in ("../x", "/etc/passwd", "a/../../b", "a\\b", "", "a/./b", "x" * 2000):
            assert (
                client.post(
                    f"{path}/assets/", json={"metadata": {"path": wrong}, "blob_id": blob}
                ).status_code
                == 422
            )
        assert (
            client.post(f"{path}/assets/", json={"metadata": {"path": "a"}, "blob_id": "none"}).status_code
            == 404
        )
        row = client.post(f"{path}/assets/", json={"metadata": {"path": "a.txt"}, "blob_id": blob}).json()
        assert (
            client.post(f"{path}/assets/", json={"metadata": {"path": "b"}, "blob_id": blob}).status_code
            == 404
        )
        assert client.delete(f"{path}/assets/{row['asset_id']}/").status_code == 204
        assert client.post(f"{path}/publish/").status_code == 422
        assert json.loads(client.get(f"{path}/assets/").text)["count"] == 0
