"""What all tests share: one thread a worker, and the real data where it is."""

import os

for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MNE_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("MPLBACKEND", "Agg")

import shutil  # noqa: E402
import tempfile  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
import sqlalchemy as sa  # noqa: E402

SHARED = Path(__file__).parents[2] / "shared"


#: the files that take longest, which workers begin with, so that none is still at one when all others are done
LONGEST = (
    "test_docs",
    "test_synth_volumes",
    "test_share_realdata",
    "test_share_kill",
    "test_corpus_browser",
    "test_deface",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; skip what needs real recordings where there are none, and say so."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    if (SHARED / "data" / "manifest.json").exists():
        return
    skip = pytest.mark.skip(reason="the real recordings are not beside this checkout (../shared)")
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real recordings, vocabularies and benchmarks."""
    return SHARED


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own, on a socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pgserver")
        folder = Path(tempfile.mkdtemp(prefix="commissure-pg-", dir="/tmp"))
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a fresh database."""
    name = f"test_{os.getpid()}_{os.urandom(4).hex()}"
    admin = sa.create_engine(
        sa.make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def pytest_sessionstart() -> None:
    """In CI a test that skips for want of an outside program would hide a missing install step."""
    if os.environ.get("CI") != "true":
        return
    missing = [
        name
        for name in ("chromium", "octave", "bwrap", "tesseract", "pdftotext")
        if shutil.which(name) is None
    ]
    if missing:
        raise pytest.UsageError(
            f"with CI=true every outside program must be there; missing: {', '.join(missing)}"
        )
