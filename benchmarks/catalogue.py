"""How fast the catalogue answers: pages, facet counts and words at 10,000 and 100,000 datasets in one SQLite hub.

Run: python benchmarks/catalogue.py [number of datasets …]
"""

import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from commissure.model import Release
from commissure.store import schema
from commissure.store.database import Database, dumps
from commissure.store.facets import facets_of, fold, words_of
from commissure.store.ledger import Ledger
from commissure.store.port import Query
from commissure.store.records import Records

MODALITIES = ("eeg", "meg", "ieeg", "func", "anat", "dwi", "ecephys", "ophys", "behavior", "nirs")
SPECIES = ("Homo sapiens", "Mus musculus", "Rattus norvegicus", "Macaca mulatta", "Danio rerio")
WORDS = [
    f"{a}{b}"
    for a in ("cortex", "motor", "visual", "sleep", "memory", "reward", "pain", "speech")
    for b in ("", "al", "ity", "s")
]


def fill(root: Path, count: int) -> Records:
    """A hub's records with ``count`` datasets, of which one in fifty is private, written in bulk."""
    url = f"sqlite:///{root / 'hub.sqlite'}"
    database = Database(url)
    rng, rows, pairs, words, counts = random.Random(1), [], [], [], Counter()
    for seq in range(1, count + 1):
        title = f"{rng.choice(WORDS).title()} and {rng.choice(WORDS)} in {rng.choice(WORDS)} {seq}"
        about = {
            "title": title, "description": " ".join(rng.choices(WORDS, k=30)), "subjects": rng.randint(1, 90),
            "modalities": rng.sample(MODALITIES, k=rng.randint(1, 2)), "licence": rng.choice(("CC0-1.0", "CC-BY-4.0")),
            "species": [rng.choices(SPECIES, weights=(50, 30, 15, 4, 1))[0]], "keywords": rng.sample(WORDS, k=3),
        }  # fmt: skip
        public, owner = seq % 50 > 0, f"owner{seq % 20}"
        release = Release(f"ds-{seq:06d}", "0.1.0", "d", (), rng.choice(("bids", "nwb")), public, about)
        rows.append({
            "seq": seq, "id": release.dataset, "title": title, "owner": owner, "created": "", "public": public,
            "withdrawn": False, "version": "0.1.0", "standard": release.standard, "card": dumps(about), "released": "",
            "files": 0, "bytes": 0, "rank": seq, "title_key": " ".join(fold(title)),
        })  # fmt: skip
        found = facets_of(release)
        pairs += [{"key": key, "value": value, "dataset": seq} for key, value in found]
        words.append({"rowid": seq, "words": words_of(release, title=title)})
        counts.update(("" if public else f"@{owner}", key, value) for key, value in (("", ""), *found))
    with database.write() as connection:
        connection.execute(schema.datasets.insert(), rows)
        connection.execute(schema.facets.insert(), pairs)
        connection.execute(schema.text_index.insert(), words)
        keys = ("scope", "key", "value", "count")
        connection.execute(
            schema.facet_counts.insert(), [dict(zip(keys, (*k, n), strict=True)) for k, n in counts.items()]
        )
        # opened again, the hub makes its bitmaps as one of the first schema does
        connection.exec_driver_sql("DROP TABLE bitmaps")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    database.close()
    database = Database(url)
    return Records.of(database, ledger=Ledger(database, mirror=root / "ledger.jsonl", secret=b"s" * 32))


def best_ms(call: Callable[[], object], repeats: int = 15) -> tuple[float, float]:
    """Median and worst time of ``call``, milliseconds, after one warm-up."""
    call()
    times = []
    for _ in range(repeats):
        before = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - before))
    return statistics.median(times), max(times)


def cases(records: Records, count: int) -> dict[str, Callable[[], object]]:
    """What is measured."""
    catalogue = records.catalogue
    deep, mouse = None, {"species": "Mus musculus"}
    for _ in range(20):
        deep = catalogue.page(Query(), cursor=deep, limit=200).next
    two = {"species": "Homo sapiens", "modality": "eeg"}
    return {
        "page, newest": lambda: catalogue.page(Query(), limit=50),
        "page, 4,000 down": lambda: catalogue.page(Query(), cursor=deep, limit=50),
        "page, by title": lambda: catalogue.page(Query(sort="title"), limit=50),
        "page, signed in": lambda: catalogue.page(Query(viewer="owner3"), limit=50),
        "page, one facet": lambda: catalogue.page(Query(facets=mouse), limit=50),
        "page, two facets": lambda: catalogue.page(Query(facets=two), limit=50),
        "page, rare facet": lambda: catalogue.page(Query(facets={"species": "Danio rerio"}), limit=50),
        "page, common word": lambda: catalogue.page(Query(words="cortex"), limit=50),
        "page, two words": lambda: catalogue.page(Query(words="visual sleepi"), limit=50),
        "page, rare word": lambda: catalogue.page(Query(words=f"{count // 2}"), limit=50),
        "counts, all": lambda: catalogue.facets(Query()),
        "counts, one facet": lambda: catalogue.facets(Query(facets=mouse)),
        "counts, two facets": lambda: catalogue.facets(Query(facets=two)),
        "counts, common word": lambda: catalogue.facets(Query(words="cortex")),
    }


def main(counts: list[int]) -> None:
    """Print a table."""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            before = time.perf_counter()
            records = fill(Path(folder), count)
            print(f"{count:,} datasets, filled in {time.perf_counter() - before:.1f} s")
            for name, call in cases(records, count).items():
                median, worst = best_ms(call)
                print(f"  {name:22s} median {median:7.2f} ms   worst {worst:7.2f} ms")
            records.database.close()


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [10_000, 100_000])
