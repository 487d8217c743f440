"""Drafts: what a DANDI client sends, file by file, until it is published; then it is shared as any upload is.

A draft is the raw folder of one person, private to them, with a number from 900000 on. Publishing hands it to
``share``: it is de-identified and validated like all else, and no raw copy is kept.
"""

import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock

from commissure.errors import BadInput, Conflict, NotFound, NotPermitted
from commissure.hub import Hub
from commissure.model import Job
from commissure.store import files
from commissure.translate.archive_dandi import dandi_etag, part_sizes
from commissure.workflows.upload import uploads_of

__all__ = ["FIRST", "Draft", "begin_upload", "change_draft", "create_draft", "finish_upload", "get_draft",
           "place_file", "publish_draft", "put_part", "remove_file"]  # fmt: skip

#: the numbers of drafts start here
FIRST = 900_000
_LAST = 999_999
_LARGEST = 200 * 2**30
_MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What was sent so far.

    Parameters
    ----------
    number : int
        Its number.
    owner, name : str
        Who sends it, and what it is called.
    metadata : mapping
        As ``dandiset.yaml`` says.
    created : str
        ISO 8601 instant.
    files : mapping of str to mapping
        By path: ``id``, ``size``, ``etag``, ``sha256``, ``created``.
    job : str
        The job that publishes it, once it was asked for.
    """

    number: int
    owner: str
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    job: str = ""


def _top(hub: Hub) -> Path:
    folder = hub.work_folder / "drafts"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _save(hub: Hub, draft: Draft) -> Draft:
    files.replace(_top(hub) / f"{draft.number}.json", json.dumps(asdict(draft)).encode())
    return draft


def _locked(hub: Hub) -> FileLock:
    return FileLock(str(hub.root / "locks" / "drafts.lock"))


def create_draft(hub: Hub, *, name: str, metadata: Mapping[str, Any], now: datetime) -> Draft:
    """A new draft of the hub's actor."""
    with _locked(hub):
        taken = [int(path.stem) for path in _top(hub).glob("*.json") if path.stem.isdigit()]
        number = max(taken, default=FIRST) + 1
        if number > _LAST:
            raise Conflict("The hub has as many drafts as it has numbers; publish with `commissure share`.")
        return _save(hub, Draft(number, hub.actor.id, name[:300], dict(metadata), now.isoformat()))


def get_draft(hub: Hub, number: int) -> Draft:
    """The draft with this number, for its owner; :class:`NotFound` for anybody else."""
    path = _top(hub) / f"{number}.json"
    if not path.is_file():
        raise NotFound(f"No draft has the number {number}.")
    found = Draft(**json.loads(path.read_bytes()))
    if found.owner != hub.actor.id:
        raise NotFound(f"No draft has the number {number}.")
    return found


def change_draft(hub: Hub, number: int, *, metadata: Mapping[str, Any], name: str = "") -> Draft:
    """The draft with other metadata; :class:`Conflict` once it was published."""
    with _locked(hub):
        draft = _open(hub, number)
        return _save(hub, replace(draft, metadata=dict(metadata), name=name[:300] or draft.name))


def _open(hub: Hub, number: int) -> Draft:
    draft = get_draft(hub, number)
    if draft.job:
        raise Conflict(f"Draft {number} was published; its files are a release now. Make a new dandiset.")
    return draft


def begin_upload(hub: Hub, *, number: int, size: int, etag: str) -> tuple[str, list[int]]:
    """The secret name of a new upload, and the sizes of the parts in which it is to come.

    Raises
    ------
    BadInput
        If the size is out of range or the checksum is none of DANDI's.
    """
    _open(hub, number)
    digest, _, parts = etag.partition("-")
    if not 0 <= size <= _LARGEST or len(digest) != 32 or not parts.isdigit():
        raise BadInput(
            f"An upload has a size up to {_LARGEST} bytes and a dandi-etag; got {size!r} and {etag!r}."
        )
    name = secrets.token_hex(24)
    told = {"owner": hub.actor.id, "number": number, "size": size, "etag": etag}
    files.replace(_upload(hub, name, ".json"), json.dumps(told).encode())
    with _upload(hub, name, ".part").open("xb"):
        return name, part_sizes(size)


def _upload(hub: Hub, name: str, suffix: str) -> Path:
    folder = _top(hub) / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{hashlib.sha256(name.encode()).hexdigest()[:40]}{suffix}"


def put_part(hub: Hub, name: str, *, part: int, data: bytes) -> str:
    """Take one part of an upload; its MD5.

    Raises
    ------
    NotFound
        If no upload has this secret name.
    BadInput
        If the part is not one of those that were asked for, or has another size.
    """
    sizes = part_sizes(_told(hub, name)["size"])
    if not 1 <= part <= min(len(sizes), _MOST_PARTS) or len(data) != sizes[part - 1]:
        raise BadInput(
            f"Part {part} is not one of the {len(sizes)} that were asked for, or has another size."
        )
    with _upload(hub, name, ".part").open("r+b") as file:
        file.seek(sum(sizes[: part - 1]))
        file.write(data)
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _told(hub: Hub, name: str) -> dict[str, Any]:
    path = _upload(hub, name, ".json")
    if not path.is_file():
        raise NotFound("There is no such upload; begin it anew.")
    return dict(json.loads(path.read_bytes()))


def finish_upload(hub: Hub, name: str) -> dict[str, Any]:
    """Check that an upload is whole; gives ``blob_id``, ``etag``, ``size``, ``sha256``.

    Raises
    ------
    NotPermitted
        If it is another person's.
    BadInput
        If bytes are missing or are not those that the checksum promised.
    """
    told, part = _told(hub, name), _upload(hub, name, ".part")
    if told["owner"] != hub.actor.id:
        raise NotPermitted("Only who began an upload may finish it.")
    with part.open("rb") as file:
        whole = (
            os.fstat(file.fileno()).st_size == told["size"] and dandi_etag(file, told["size"]) == told["etag"]
        )
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not whole:
        raise BadInput("The upload is not whole, or its bytes are not those of the checksum; send it again.")
    blob = str(uuid.uuid4())
    files.replace(_upload(hub, blob, ".json"), json.dumps({**told, "sha256": sha256}).encode())
    part.rename(_upload(hub, blob, ".blob"))
    _upload(hub, name, ".json").unlink()
    return {"blob_id": blob, "etag": told["etag"], "size": told["size"], "sha256": sha256}


def place_file(hub: Hub, number: int, *, path: str, blob: str, now: datetime) -> Mapping[str, Any]:
    """Put an uploaded file at ``path`` of a draft, in place of one that was there; what is known of it.

    Raises
    ------
    BadInput
        If the path leaves the draft.
    NotFound
        If there is no such upload of this person for this draft.
    """
    parts = PurePosixPath(path).parts
    bad = any(ord(letter) < 32 for letter in path) or "\\" in path or path.startswith("/")
    if not parts or bad or {"..", "."} & set(path.split("/")) or len(path) > 1000:
        raise BadInput("A file's path must be relative, with forward slashes and inside the dandiset.")
    with _locked(hub):
        draft, told = _open(hub, number), _told(hub, blob)
        if (told["owner"], told["number"]) != (hub.actor.id, number):
            raise NotFound("There is no such upload; begin it anew.")
        target = _folder(hub, draft).joinpath(*parts)
        if target.is_dir():
            raise BadInput("There is a folder at that path already.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _upload(hub, blob, ".blob").replace(target)
        _upload(hub, blob, ".json").unlink()
        known = {"id": str(uuid.uuid4()), "blob": blob, "size": told["size"], "etag": told["etag"],
                 "sha256": told["sha256"], "created": now.isoformat()}  # fmt: skip
        _save(hub, replace(draft, files={**draft.files, path: known}))
        return known


def _folder(hub: Hub, draft: Draft) -> Path:
    folder = uploads_of(hub, draft.owner) / f"dandi{draft.number}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def remove_file(hub: Hub, number: int, *, id: str) -> None:
    """Take a file out of a draft; :class:`NotFound` if there is none with this id."""
    with _locked(hub):
        draft = _open(hub, number)
        path = next((path for path, known in draft.files.items() if known["id"] == id), None)
        if path is None:
            raise NotFound(f"No asset has the id {id!r}.")
        (_folder(hub, draft) / path).unlink(missing_ok=True)
        _save(hub, replace(draft, files={p: known for p, known in draft.files.items() if p != path}))


def publish_draft(hub: Hub, number: int) -> Job:
    """Hand a draft to ``share``, as a job of its owner; the release is private until its owner says otherwise.

    Raises
    ------
    BadInput
        If it holds no files.
    Conflict
        If it was published already.
    """
    with _locked(hub):
        draft = _open(hub, number)
        if not draft.files:
            raise BadInput(f"Draft {number} holds no files; upload some first.")
        asked = {"upload": f"dandi{number}", "options": _options(draft)}
        job = hub.jobs.submit("upload", asked, by=hub.actor.id)
        _save(hub, replace(draft, job=job.id))
        return job


def _options(draft: Draft) -> dict[str, Any]:
    about = draft.metadata
    licences = [str(one).removeprefix("spdx:") for one in about.get("license") or ()]
    people = [one for one in about.get("contributor") or () if isinstance(one, Mapping)]
    authors = [
        str(one["name"])
        for one in people
        if one.get("name") and "dcite:Author" in (one.get("roleName") or ())
    ]
    told = {
        "title": str(about.get("name") or draft.name),
        "description": str(about.get("description") or ""),
        "licence": licences[0] if licences else "",
        "authors": authors,
        "keywords": [str(word) for word in about.get("keywords") or ()],
    }
    return {name: value for name, value in told.items() if value}
