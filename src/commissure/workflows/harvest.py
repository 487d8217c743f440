"""Harvest: put records into the search index, from dumps of archives and from our own releases."""

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from threading import RLock
from typing import BinaryIO, cast

from commissure.discover.concepts import load_concepts, reading_of_concepts
from commissure.discover.reading import read_record
from commissure.errors import BadInput, NotFound, Unreadable
from commissure.hub import Hub
from commissure.kernels.embed import MiniLM, can_embed
from commissure.model import Release
from commissure.model.progress import Progress, Silent
from commissure.store.index import FacetRow, IndexRow, SearchIndex
from commissure.workflows.harvest_tree import read_trees

__all__ = ["Harvested", "add_records", "index_of", "index_release", "rebuild", "row_of"]

_SILENT = Silent()
_LOCK = RLock()
_OPEN: dict[tuple[Path | str, int], SearchIndex] = {}
_BATCH = 400
_EMBED_BATCH = 256
_LONGEST_LINE = 2_000_000
_DATATYPES = {
    "anat": "structural MRI", "func": "functional MRI", "dwi": "diffusion MRI", "fmap": "MRI field map",
    "perf": "perfusion MRI", "ieeg": "intracranial EEG", "nirs": "fNIRS", "ecephys": "extracellular electrophysiology",
    "icephys": "patch clamp", "ophys": "calcium imaging", "motion": "motion capture",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Harvested:
    """What a harvest did.

    Attributes
    ----------
    read, added, same, refused, embedded : int
        Records read; put in or changed; already there; not usable (no id, not a record); given a vector.
    """

    read: int
    added: int
    same: int
    refused: int
    embedded: int

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def _opened(place: Path | str) -> SearchIndex:
    """The open index of a file or database; opened anew where another file has taken its place."""
    with _LOCK:
        key = _key(place)
        if key not in _OPEN or _OPEN[key].closed:
            index = SearchIndex(place, reading=f"-{reading_of_concepts()}")
            key = _key(place)
            _OPEN[key] = index
        return _OPEN[key]


def _key(place: Path | str) -> tuple[Path | str, int]:
    if isinstance(place, str):
        return place, os.getpid()
    return place.resolve(), place.stat().st_ino if place.exists() else 0


def index_of(hub: Hub | Path | str) -> SearchIndex:
    """The search index of a hub, or the one in that file; opened once a process.

    A hub whose records are in PostgreSQL has its index there too. Where an index was missing, broken or of another
    version it is built again from the hub's catalogue and dumps.
    """
    place: Path | str
    if isinstance(hub, Hub) and hub.settings.database.startswith("postgres"):
        place = hub.settings.database
    else:
        place = hub.root / "index.sqlite" if isinstance(hub, Hub) else Path(hub)
        place = place / "index.sqlite" if place.is_dir() else place
        if not place.parent.is_dir():
            raise NotFound("There is no folder for that search index; check the hub's path.")
    index = _opened(place)
    index.refresh()
    if index.fresh:
        index.fresh = False
        if isinstance(hub, Hub):
            rebuild(hub)
    return index


def rebuild(hub: Hub, *, vectors: bool = False, progress: Progress = _SILENT) -> int:
    """Build the index again from what the hub keeps: its releases and the dumps that were added.

    Parameters
    ----------
    hub : Hub
        Whose index.
    vectors : bool
        Whether to compute the vectors that are missing, where the extra ``terms`` is installed.
    progress : Progress, optional
        Told of the records read.

    Returns
    -------
    int
        How many records were put in.
    """
    count = 0
    for dump in sorted((hub.root / "harvest").glob("*.jsonl.gz")):
        count += _add(index_of(hub), dump, vectors=vectors, progress=progress).added
    for dataset in hub.records.releases.ids():
        index_release(hub, hub.records.releases.get(dataset))
        count += 1
    return count


def add_records(
    hub: Hub, path: str | Path, *, vectors: bool = True, progress: Progress = _SILENT
) -> Harvested:
    """Put the records of a dump into a hub's index.

    A record that is there with the same content is passed over, a changed one takes its place; what was cut
    short goes on where it stopped. The dump is kept in the hub, so that the index can be built again.

    Parameters
    ----------
    hub : Hub
        Where to.
    path : str or Path
        JSON lines, one record a line, plain or gzipped; or a BIDS or NWB tree, or a folder of such.
    vectors : bool
        Whether to compute vectors for search by meaning, where the extra ``terms`` is installed.
    progress : Progress, optional
        Told of the records read, then of the vectors made.

    Raises
    ------
    NotFound
        If there is no such file.
    Unreadable
        If it is not JSON lines.
    """
    dump = Path(path)
    if dump.is_dir():
        return _add_trees(hub, dump, vectors=vectors, progress=progress)
    if not dump.is_file():
        raise NotFound("There is no file of records at that path.")
    harvested = _add(index_of(hub), dump, vectors=vectors, progress=progress)
    _keep(hub, dump)
    return harvested


def _add_trees(hub: Hub, folder: Path, *, vectors: bool, progress: Progress) -> Harvested:
    """Write the trees' records down as a dump of the hub's own, and add that."""
    lines = "\n".join(json.dumps(record, sort_keys=True, default=str) for record in read_trees(folder))
    kept = hub.root / "harvest" / f"{hashlib.sha256(lines.encode()).hexdigest()[:24]}.jsonl.gz"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(gzip.compress(lines.encode(), mtime=0))
    return _add(index_of(hub), kept, vectors=vectors, progress=progress)


def _keep(hub: Hub, dump: Path) -> None:
    folder = hub.root / "harvest"
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(dump.read_bytes()).hexdigest()[:24]
    kept = folder / f"{digest}.jsonl.gz"
    if kept.exists() or dump == kept:
        return
    part = kept.with_suffix(".part")
    if _is_packed(dump):
        shutil.copyfile(dump, part)
    else:
        with (
            dump.open("rb") as source,
            part.open("wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as target,
        ):
            shutil.copyfileobj(source, target)
    part.replace(kept)


def _is_packed(dump: Path) -> bool:
    with dump.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpacked(dump: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(dump, "rb")) if _is_packed(dump) else dump.open("rb")


def _lines(dump: Path) -> Iterator[Mapping[str, object] | None]:
    """Every record, or None for a line that is none."""
    try:
        with _unpacked(dump) as source:
            for line in iter(lambda: source.readline(_LONGEST_LINE), b""):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except ValueError:
                    record = None
                yield record if isinstance(record, dict) else None
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable("The dump breaks off or is not gzip; fetch it again.") from error


def _add(index: SearchIndex, dump: Path, *, vectors: bool, progress: Progress) -> Harvested:
    progress.stage("index")
    known = index.digests()
    read = added = refused = 0
    batch: list[IndexRow] = []
    words: Counter[str] = Counter()
    for record in _lines(dump):
        read += 1
        if record is None or not str(record.get("id") or "").strip():
            refused += 1
            continue
        digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:32]
        uid = f"{record.get('source') or dump.name.partition('.')[0]}:{record['id']}"
        if known.get(uid) == digest:
            continue
        known[uid] = digest
        row, held = row_of(record, source=dump.name.partition(".")[0], digest=digest)
        batch.append(row)
        words.update(held)
        if len(batch) >= _BATCH:
            added += index.add(batch, words=words)
            progress.advance(len(batch))
            batch, words = [], Counter()
    if read and read == refused:
        raise BadInput("No line of the dump is a record with an id; one JSON object a line is wanted.")
    if batch:
        added += index.add(batch, words=words)
    embedded = _embed(index, progress=progress) if vectors else 0
    return Harvested(read, added, read - added - refused, refused, embedded)


def row_of(
    record: Mapping[str, object], *, source: str, digest: str, owner: str = "", public: bool = True
) -> tuple[IndexRow, Iterable[str]]:
    """A record as the index keeps it, and the folded words it holds.

    Parameters
    ----------
    record : mapping
        As an archive or a release tells it; any field may be missing.
    source : str
        Where it comes from, if it does not say.
    digest : str
        Hash of the record as it was given.
    owner : str
        Who finds it where it is not public.
    public : bool
        Whether everybody finds it.
    """
    seen = read_record(record, concepts=load_concepts(), source=source)
    facets = tuple(FacetRow(f.concept, f.family, f.confidence, f.source, f.words) for f in seen.facets)
    row = IndexRow(
        source=seen.source, source_id=seen.source_id, title=seen.title, digest=digest,
        folded_title=seen.folded["title"], tags=seen.folded["tags"], body=seen.folded["body"],
        names=seen.folded["names"], facets=facets, document=seen.document, licence=seen.licence,
        authors=seen.authors, owner=owner, provenance=str(record.get("provenance") or source),
        n=seen.numbers.n, age_min=seen.numbers.age_min, age_max=seen.numbers.age_max, year=seen.numbers.year,
        public=public,
    )  # fmt: skip
    return row, seen.words


@cache
def _embedder() -> MiniLM:
    """One for the process: loading the network takes longer than a release's text."""
    return MiniLM(threads=2)


def _embed(index: SearchIndex, *, progress: Progress = _SILENT) -> int:
    """Give a vector to every record that has none; stops and goes on at any point."""
    if not can_embed():
        return 0
    done = 0
    embedder = _embedder()
    progress.stage("embed")
    while waiting := index.without_vector(_EMBED_BATCH):
        vectors = embedder.embed_all([text for _, text in waiting])
        index.add_vectors([record for record, _ in waiting], vectors)
        done += len(waiting)
        progress.advance(len(waiting))
    return done


def index_release(hub: Hub, release: Release) -> None:
    """Put a release into the hub's index at once, in place of the dataset's release before; take a withdrawn one out.

    Parameters
    ----------
    hub : Hub
        The hub that released it.
    release : Release
        The new release.
    """
    index = index_of(hub)
    if release.withdrawn:
        index.remove([f"commissure:{release.dataset}"])
        return
    metadata = dict(release.metadata)
    record: dict[str, object] = {
        **metadata,
        "id": release.dataset,
        "source": "commissure",
        "dataset": release.dataset,
        "version": release.version,
        "digest": release.digest,
        "standard": release.standard.upper(),
        "modality": _modalities(metadata),
        "tasks": metadata.get("tasks") or metadata.get("task"),
        "technique": metadata.get("device"),
        "n_subjects": _count_of(metadata, release),
        "licence": metadata.get("licence") or metadata.get("license"),
        "date": release.created,
        "provenance": f"release {release.id}",
    }
    owner = hub.records.releases.dataset(release.dataset).owner
    digest = hashlib.sha256(f"{release.digest}{release.version}{release.public}".encode()).hexdigest()[:32]
    row, words = row_of(record, source="commissure", digest=digest, owner=owner, public=release.public)
    index.add([row], words=Counter(words))
    _embed(index)


def _modalities(metadata: Mapping[str, object]) -> list[str]:
    """BIDS datatypes and NWB modalities by the names that people use."""
    given = metadata.get("modalities") or metadata.get("modality") or []
    values = [str(v) for v in given] if isinstance(given, list | tuple) else [str(given)]
    return [_DATATYPES.get(value, value) for value in values]


def _count_of(metadata: Mapping[str, object], release: Release) -> int | None:
    for name in ("n_subjects", "subjects"):
        value = metadata.get(name)
        if isinstance(value, int):
            return value
        if isinstance(value, list | tuple):
            return len(value)
    return len({asset.subject for asset in release.assets if asset.subject}) or None
