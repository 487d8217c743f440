"""Synthesize: a table or an archive of series becomes a synthetic one that says what it is, with its attacks beside it."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Activity, Finding
from commissure.protect.membership import attack_membership
from commissure.protect.synth_columns import Table
from commissure.protect.synth_fmri import RegionalSeries
from commissure.protect.synth_judge import check_synthetic, judge, nearest_scores
from commissure.protect.synth_port import GENERATORS, Provenance, synthetic_name

__all__ = ["Synthesis", "synthesize"]

Array = NDArray[np.float64]
_TABLES = (".tsv", ".csv")
_MISSING = {"", "n/a", "na", "nan", "?"}
_SHADOWS = 8


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        The synthetic file and its side file.
    figures : mapping
        What was measured: utility and attacks.
    findings : tuple of Finding
        Errors where the rows leak.
    activity : Activity
        The provenance.
    """

    files: tuple[Path, ...]
    figures: Mapping[str, float]
    findings: tuple[Finding, ...]
    activity: Activity


def synthesize(
    source: Path, into: Path, *, subjects: int = 0, generator: str = "", attack: bool = True, seed: int = 0
) -> Synthesis:
    """Make synthetic subjects that are like those of a file.

    Parameters
    ----------
    source : Path
        A table (``.tsv`` or ``.csv``, one row a subject), or an ``.npz`` whose arrays are regional time series of shape
        (time, region), one a subject, or (session, time, region).
    into : Path
        The folder for the result; made if it is not there.
    subjects : int
        How many; 0 for as many as there are.
    generator : str
        A name in :data:`~commissure.protect.synth_port.GENERATORS`; by default ``"forest"`` for tables.
    attack : bool
        Whether to judge and attack what was made; takes some seconds.
    seed : int
        Decides what is drawn.

    Raises
    ------
    BadInput
        If the file is neither, is too small, or has constant columns.
    """
    source = Path(source)
    if not source.is_file() or source.suffix not in {*_TABLES, ".npz"}:
        raise BadInput("The source must be a .tsv or .csv table, or an .npz archive of regional series.")
    rng = np.random.default_rng(seed)
    data = source.read_bytes()
    if source.suffix == ".npz":
        return _series(data, into, name=source.name, subjects=subjects, rng=rng)
    chosen = generator or "forest"
    if chosen not in {"forest", "copula", "bootstrap"}:
        raise BadInput(f"A table's generator is forest, copula or bootstrap; got {chosen!r}.")
    table = _read(data.decode("utf-8-sig"), delimiter="\t" if source.suffix == ".tsv" else ",")
    count = subjects or len(table.values)
    model: Any = GENERATORS.get(chosen)()
    made: Table = model.fit(table).sample(count, rng)
    figures, findings = _attacked(model, table, rng) if attack else ({}, ())
    provenance = Provenance.of(data, generator=chosen, subjects=count)
    text = _write(made, delimiter="\t" if source.suffix == ".tsv" else ",")
    files = _save(
        into, synthetic_name(source.name), text.encode(), {**provenance.sidecar(), "Measured": figures}
    )
    return Synthesis(files, figures, findings, provenance.activity(made=tuple(f.name for f in files)))


def _attacked(
    model: Any, table: Table, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[Finding, ...]]:
    """Fit to a half, judge against the other, and attack with shadow fits of random halves."""
    order = rng.permutation(len(table.values))
    half = len(order) // 2
    fitted, unseen = table.values[order[:half]], table.values[order[half:]]

    def made(rows: Array) -> Array:
        return np.asarray(model.fit(Table(table.names, rows, table.levels)).sample(len(rows), rng).values)

    found = judge(made(fitted), fitted=fitted, unseen=unseen)
    attack = attack_membership(
        lambda who: nearest_scores(table.values, made(table.values[who])),
        people=len(order),
        runs=_SHADOWS,
        rng=rng,
    )
    return {**asdict(found), "membership_auc": attack.auc}, check_synthetic(found, membership=attack.auc)


def _series(data: bytes, into: Path, *, name: str, subjects: int, rng: np.random.Generator) -> Synthesis:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = [np.asarray(archive[key], dtype=float) for key in sorted(archive.files)]
    if any(each.ndim not in {2, 3} for each in arrays):
        raise BadInput("Each array must have shape (time, region) or (session, time, region).")
    cohort = [list(each) if each.ndim == 3 else [each] for each in arrays]
    count = subjects or len(cohort)
    made = RegionalSeries().fit(cohort).sample(count, rng)
    stream = io.BytesIO()
    named: dict[str, Any] = {f"sub-synthetic{i + 1:03d}": np.array(each) for i, each in enumerate(made)}
    np.savez_compressed(stream, **named)
    provenance = Provenance.of(data, generator="fmri", subjects=count)
    files = _save(into, synthetic_name(name), stream.getvalue(), dict(provenance.sidecar()))
    return Synthesis(files, {}, (), provenance.activity(made=tuple(f.name for f in files)))


def _save(into: Path, name: str, data: bytes, sidecar: Mapping[str, object]) -> tuple[Path, ...]:
    into.mkdir(parents=True, exist_ok=True)
    target = into / name
    beside = target.with_suffix(".json")
    if target.exists() or beside.exists():
        raise BadInput("The folder holds a synthetic file of that name; name another folder.")
    target.write_bytes(data)
    beside.write_text(json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target, beside


def _read(text: str, *, delimiter: str) -> Table:
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise BadInput("The table must have a header and rows of the same length.")
    names, levels, columns = [], [], []
    for name, *cells in zip(*rows, strict=True):
        if name in {"participant_id", "sub_id", "subject"}:
            if len(set(cells)) < len(cells):
                raise BadInput(
                    f"{len(cells)} rows are of {len(set(cells))} subjects; give one row a subject."
                )
            continue
        known = [None if cell.strip().lower() in _MISSING else cell.strip() for cell in cells]
        words, numbers = _column(known)
        if words and len(words) > len(cells) // 5:
            raise BadInput(
                f"Column {name!r} has {len(words)} different words, like names or notes; leave it out."
            )
        names.append(name)
        levels.append(words)
        columns.append(numbers)
    return Table(tuple(names), np.array(columns, dtype=float).T, tuple(levels))


def _column(cells: list[str | None]) -> tuple[tuple[str, ...], list[float]]:
    try:
        return (), [np.nan if cell is None else float(cell) for cell in cells]
    except ValueError:
        words = tuple(sorted({cell for cell in cells if cell is not None}))
        return words, [np.nan if cell is None else float(words.index(cell)) for cell in cells]


def _write(table: Table, *, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["participant_id", *table.names])
    for number, row in enumerate(table.values):
        cells = [_cell(value, words) for value, words in zip(row, table.levels, strict=True)]
        writer.writerow([f"sub-synthetic{number + 1:05d}", *cells])
    return out.getvalue()


def _cell(value: float, words: tuple[str, ...]) -> str:
    if np.isnan(value):
        return "n/a"
    return words[round(value)] if words else f"{value:.10g}"
