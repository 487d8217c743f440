"""SPARQL over the public catalogue: an embedded store, asked in a process of its own that is stopped when time is up.

The store holds DCAT and schema.org of the latest release of each public dataset. It is built again when releases came
or went, beside the old one, and put in its place at once. A query runs in a child with bounds on time, memory and
output, reads only, and may not reach other servers (``SERVICE`` is refused).
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from filelock import FileLock

from commissure.certify.contexts import inlined
from commissure.certify.dcat import dcat
from commissure.certify.described import Described
from commissure.certify.jsonld import described_jsonld
from commissure.errors import BadInput
from commissure.extras import need
from commissure.hub import Hub
from commissure.store.port import Query
from commissure.workflows.certify import described, registered
from commissure.workflows.certify_lines import changed

__all__ = ["ask", "build"]

_MOST_BYTES = 16 << 20
_MOST_QUERY = 20_000
_MEMORY = 4 << 30
_SERVICE = re.compile(r"(?<![\w?$:/#])service(?![\w:/#])", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_CHILD = """
import resource, sys
seconds, memory, output = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 1))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
import pyoxigraph as ox
store = ox.Store.read_only(sys.argv[1])
try:
    found = store.query(sys.stdin.read())
except SyntaxError as error:
    sys.stderr.write(str(error).splitlines()[0])
    sys.exit(3)
if isinstance(found, ox.QueryTriples):
    data, kind = ox.serialize(found, format=ox.RdfFormat.TURTLE), "text/turtle"
else:
    data, kind = found.serialize(format=ox.QueryResultsFormat.JSON), "application/sparql-results+json"
sys.stdout.buffer.write(kind.encode() + b"\\n" + data)
"""


def build(hub: Hub) -> Path:
    """The folder of the store, built if releases came or went since.

    Parameters
    ----------
    hub : Hub
        Whose public catalogue.
    """
    top = hub.root / "rdf"
    wanted = top / str(changed(hub))
    if wanted.is_dir():
        return wanted
    top.mkdir(mode=0o700, exist_ok=True)
    with FileLock(str(hub.root / "locks" / "rdf.lock")):
        if not wanted.is_dir():
            _fill(hub, wanted)
            for old in top.iterdir():
                if old != wanted:
                    shutil.rmtree(old, ignore_errors=True)
    return wanted


def _fill(hub: Hub, wanted: Path) -> None:
    ox = need("pyoxigraph", purpose="A SPARQL endpoint")
    draft = Path(tempfile.mkdtemp(dir=hub.work_folder, prefix="rdf-"))
    store = ox.Store(str(draft / "store"))
    store.bulk_extend(_quads(hub, ox))
    store.flush()
    del store
    (draft / "store").rename(wanted)
    shutil.rmtree(draft, ignore_errors=True)


def _quads(hub: Hub, ox: ModuleType) -> Iterator[object]:
    for one in _all(hub):
        for document in (dcat(one), described_jsonld(one)):
            text = json.dumps(inlined(document)).encode()
            yield from ox.parse(text, format=ox.RdfFormat.JSON_LD, base_iri="urn:commissure:")


def _all(hub: Hub) -> Iterator[Described]:
    cursor: str | None = None
    dois = registered(hub)
    while True:
        page = hub.records.catalogue.page(Query(), cursor=cursor, limit=200)
        for card in page.cards:
            release = hub.records.releases.get(card.dataset.id, card.version)
            yield described(hub, card.dataset, release=release, dois=dois)
        if page.next is None:
            return
        cursor = page.next


def ask(hub: Hub, query: str, *, seconds: int = 5) -> tuple[str, bytes]:
    """The answer to a SPARQL query over the public catalogue.

    Parameters
    ----------
    hub : Hub
        Whose catalogue.
    query : str
        ``SELECT``, ``ASK``, ``CONSTRUCT`` or ``DESCRIBE``; an update is no query and is refused.
    seconds : int
        After how many seconds it is stopped.

    Returns
    -------
    tuple of str and bytes
        The media type (SPARQL JSON results, or Turtle) and the answer.

    Raises
    ------
    BadInput
        If it is not SPARQL, names another server, takes too long, or gives more than 16 MB.
    """
    if not query.strip() or len(query) > _MOST_QUERY:
        raise BadInput(f"A query has from 1 to {_MOST_QUERY} characters; got {len(query)}.")
    if _SERVICE.search(_ESCAPE.sub(_unescaped, query)):
        raise BadInput(
            "The word SERVICE is refused: a query may not reach other servers. Quote it otherwise, if it is text."
        )
    command = [
        sys.executable,
        "-I",
        "-c",
        _CHILD,
        str(build(hub)),
        str(seconds),
        str(_MEMORY),
        str(_MOST_BYTES),
    ]
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(command, input=query.encode("utf-8", "replace"), stdout=answer,
                                  stderr=subprocess.PIPE, timeout=seconds, check=False, env={})  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BadInput(
                f"The query took more than {seconds} s and was stopped; ask for less, or add a LIMIT."
            ) from error
        if done.returncode == 3:
            raise BadInput(f"This is not a SPARQL query: {done.stderr.decode('utf-8', 'replace')[:200]}.")
        if done.returncode:
            raise BadInput(
                "The query needs more memory, time or room than it may have; ask for less, or add a LIMIT."
            )
        answer.seek(0)
        kind, _, data = answer.read().partition(b"\n")
    return kind.decode(), data


def _unescaped(found: re.Match[str]) -> str:
    number = int(found[1] or found[2], 16)
    return chr(number) if number <= sys.maxunicode else ""
