"""Our hub speaks the archives' dialects: clients from PyPI work on it unchanged, over loopback."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from commissure.translate.archive_dandi import dandi_etag, part_sizes


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


def test_dandi_lists_a_dandiset_and_its_files(served: SimpleNamespace, tmp_path: Path) -> None:
    said = dandi("ls", "-r", "-f", "json", f"{served.address}/dandiset/000001/0.1.0", folder=tmp_path)
    rows = json.loads(said[said.index("[") :])
    assert rows[0]["metadata"]["name"] == "EEG of visual memory"
    assert rows[0]["version"] == "0.1.0"
    assert {row["path"]: row["size"] for row in rows[1:]} == {
        path: len(b) for path, b in served.files.items()
    }


def test_dandi_downloads_every_byte_and_checks_it(served: SimpleNamespace, tmp_path: Path) -> None:
    dandi("download", "-f", "debug", f"{served.address}/dandiset/000001/draft", folder=tmp_path)
    got = tmp_path / "000001"
    found = {p.relative_to(got).as_posix(): p.read_bytes() for p in got.rglob("*") if p.is_file()}
    assert "name: EEG of visual memory" in found.pop("dandiset.yaml").decode()
    assert found == served.files


def test_dandi_downloads_what_is_private_by_a_token_only(served: SimpleNamespace, tmp_path: Path) -> None:
    url, port = f"{served.address}/dandiset/000002/draft", served.address.rpartition(":")[2]
    dandi("download", "-f", "debug", url, folder=tmp_path, check=False)
    assert not (tmp_path / "000002" / "README").exists()
    dandi("download", "-f", "debug", url, folder=tmp_path, key=served.token, port=port)
    assert (tmp_path / "000002" / "README").read_bytes() == b"Not for everybody.\n"


def test_records_are_valid_by_dandis_own_models(served: SimpleNamespace) -> None:
    from dandischema.models import Asset, Dandiset

    api = f"{served.address}/api"
    told = httpx.get(f"{api}/dandisets/000001/versions/0.1.0/").json()
    # a person's address is not told to the world; it is all that DANDI's model misses
    with pytest.raises(ValueError, match="1 validation error(.|\\n)*must have an email"):
        Dandiset.model_validate(told)
    told["contributor"][-1]["email"] = "lab@example.org"
    Dandiset.model_validate(told)
    page = httpx.get(f"{api}/dandisets/000001/versions/0.1.0/assets/", params={"glob": "*.edf"}).json()
    (row,) = page["results"]
    record = httpx.get(f"{api}/assets/{row['asset_id']}/").json()
    Asset.model_validate(record)
    data = served.files[row["path"]]
    assert record["digest"]["dandi:sha2-256"] == hashlib.sha256(data).hexdigest()


def test_pages_of_files_are_whole(served: SimpleNamespace) -> None:
    url: str | None = f"{served.address}/api/dandisets/000001/versions/draft/assets/?page_size=4"
    found = []
    while url:
        page = httpx.get(url).json()
        assert page["count"] == len(served.files)
        found += [row["path"] for row in page["results"]]
        url = page["next"]
    assert found == sorted(served.files)


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-4000-8000-000000000000", "000009", "zero"])
def test_an_unknown_id_is_not_found(served: SimpleNamespace, id: str) -> None:
    assert httpx.get(f"{served.address}/api/assets/{id}/").status_code == 404
    assert httpx.get(f"{served.address}/api/dandisets/{id}/").status_code == 404


def test_a_private_files_bytes_need_a_grant(served: SimpleNamespace) -> None:
    api = f"{served.address}/api"
    keyed = {"Authorization": f"token {served.token}"}
    page = httpx.get(f"{api}/dandisets/000002/versions/draft/assets/", headers=keyed).json()
    url = f"{api}/assets/{page['results'][0]['asset_id']}/download/"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": "token wrong"}).status_code == 401
    assert httpx.get(url, headers=keyed).content == b"Not for everybody.\n"
    assert "000002" not in {d["identifier"] for d in httpx.get(f"{api}/dandisets/").json()["results"]}


def test_the_checksum_is_dandis_own(tmp_path: Path) -> None:
    from dandischema.digests.dandietag import DandiETag, PartGenerator

    for size in (0, 5, 64 * 2**20 - 1, 64 * 2**20 + 7):
        path = tmp_path / "blob"
        with path.open("wb") as file:
            file.truncate(size)
        with path.open("rb") as file:
            assert dandi_etag(file, size) == DandiETag.from_file(path).as_str()
    for size in (0, 1, 64 * 2**20, 10_000 * 64 * 2**20, 2**42):
        assert part_sizes(size)[:2] == [p.size for p in PartGenerator.for_file_size(size)][:2]
        assert len(part_sizes(size)) == len(PartGenerator.for_file_size(size))


def test_pynwb_streams_from_a_release_with_remfile(served: SimpleNamespace) -> None:
    import h5py
    import remfile
    from pynwb import NWBHDF5IO

    api = f"{served.address}/api/dandisets/000001/versions/draft/assets/"
    (row,) = httpx.get(api, params={"path": "sub-01/sub-01_ramp"}).json()["results"]
    url = f"{served.address}/api/assets/{row['asset_id']}/download/"
    with h5py.File(remfile.File(url), "r") as file, NWBHDF5IO(file=file) as source:
        ramp = source.read().acquisition["ramp"]
        assert (ramp.data[500:600] == served.signal[500:600]).all()
