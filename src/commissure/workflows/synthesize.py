"""Synthesize: a table or an archive of series becomes a synthetic one that says what it is, with its attacks beside it."""

import io
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding
from commissure.protect.private.membership import attack_membership
from commissure.protect.synthetic.columns import FEWEST_ROWS, Table, lean_columns
from commissure.protect.synthetic.judge import check_synthetic, judge, nearest_scores
from commissure.protect.synthetic.port import GENERATORS, Provenance, synthetic_name
from commissure.workflows.attack_signals import attack_signals
from commissure.workflows.synthesis import Synthesis
from commissure.workflows.synthesis_table import read_table, write_table
from commissure.workflows.synthesize_signals import read_signals
from commissure.workflows.synthesize_volumes import SynthesisOptions, synthesize_volumes
from commissure.workflows.table_text import decode_table, find_delimiter

__all__ = ["synthesize"]

Array = NDArray[np.float64]
_TABLES = (".tsv", ".csv")
_SHADOWS = 8


def synthesize(
    source: Path, into: Path, *, subjects: int = 0, generator: str = "", attack: bool = True, seed: int = 0,
    options: SynthesisOptions | None = None,
) -> Synthesis:  # fmt: skip
    """Make synthetic subjects that are like those of a file.

    Parameters
    ----------
    source : Path
        A table (``.tsv`` or ``.csv``, one row a subject), an ``.npz`` of series, EEG or spike trains (see
        :func:`~commissure.workflows.synthesize_signals.read_signals`), or a folder of T1-weighted NIfTI images, one a subject,
        with ``participants.tsv``.
    into : Path
        The folder for the result; made if it is not there.
    subjects : int
        How many; 0 for as many as there are.
    generator : str
        A name in :data:`~commissure.protect.synthetic.port.GENERATORS`; by default ``"forest"`` for tables and
        ``"diffusion"`` for images.
    attack : bool
        Whether to judge and attack what was made; takes some seconds.
    seed : int
        Decides what is drawn.
    options : SynthesisOptions or None
        Of images: size, training, privacy; of images and signals: how many shadow models, and who is told.

    Raises
    ------
    BadInput
        If the file is neither, is too small, or has constant columns.
    """
    source = Path(source)
    said = replace(options or SynthesisOptions(), subjects=subjects, attack=attack, seed=seed)
    if source.is_dir():
        return synthesize_volumes(source, into, options=replace(said, generator=generator or said.generator))
    if not source.is_file() or source.suffix not in {*_TABLES, ".npz"}:
        raise BadInput(
            "The source must be a .tsv or .csv table, an .npz archive of signals, or a folder of NIfTI images."
        )
    rng = np.random.default_rng(seed)
    data = source.read_bytes()
    if source.suffix == ".npz":
        return _signals(data, into, name=source.name, options=said, rng=rng)
    return _table(source, data, into, generator=generator or "forest", options=said, rng=rng)


def _table(
    source: Path, data: bytes, into: Path, *, generator: str, options: SynthesisOptions, rng: np.random.Generator
) -> Synthesis:  # fmt: skip
    if generator not in {"forest", "copula", "bootstrap"}:
        raise BadInput(f"A table's generator is forest, copula or bootstrap; got {generator!r}.")
    text = decode_table(data)
    mark = find_delimiter(text, usual="\t" if source.suffix == ".tsv" else ",")
    table, left_out = read_table(text, delimiter=mark)
    if options.attack and len(table.values) < 2 * FEWEST_ROWS:
        raise BadInput(
            f"Attacking what is made takes {2 * FEWEST_ROWS} subjects, for it learns halves; the table has {len(table.values)}. "
            "Leave the attack out (--no-attack) only if the result stays inside."
        )
    count = options.subjects or len(table.values)
    model: Any = GENERATORS.get(generator)()
    made: Table = model.fit(table).sample(count, rng)
    figures, findings = _attacked(model, table, rng) if options.attack else ({}, ())
    provenance = Provenance.of(data, generator=generator, subjects=count)
    written = write_table(made, delimiter=mark)
    files = _save(
        into, synthetic_name(source.name), written.encode(), {**provenance.sidecar(), "Measured": figures}
    )
    return Synthesis(
        files, figures, (*findings, *left_out), provenance.activity(made=tuple(f.name for f in files))
    )


def _attacked(
    model: Any, table: Table, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[Finding, ...]]:
    """Fit to a half, judge against the other, and attack with shadow fits of random halves."""
    order = rng.permutation(len(table.values))
    half = len(order) // 2
    fitted, unseen = table.values[order[:half]], table.values[order[half:]]

    def made(rows: Array) -> Array:
        # what a half has hardly a value of, or one alone, is no question of the attack: it is drawn again
        full = np.flatnonzero(~lean_columns(rows))
        part = Table(tuple(table.names[j] for j in full), rows[:, full], tuple(table.levels[j] for j in full))
        drawn = rows[rng.integers(0, len(rows), len(rows))]
        drawn[:, full] = model.fit(part).sample(len(rows), rng).values
        return np.asarray(drawn)

    found = judge(made(fitted), fitted=fitted, unseen=unseen)
    attack = attack_membership(
        lambda who: nearest_scores(table.values, made(table.values[who])),
        people=len(order),
        runs=_SHADOWS,
        rng=rng,
    )
    findings = check_synthetic(found, membership=attack.auc, guesses=len(order) * attack.runs)
    return {**asdict(found), "membership_auc": attack.auc}, findings


def _signals(
    data: bytes, into: Path, *, name: str, options: SynthesisOptions, rng: np.random.Generator
) -> Synthesis:
    signals = read_signals(data)
    count = options.subjects or signals.size
    start = time.monotonic()
    made = signals.drawn(np.arange(signals.size), count, rng)
    took_s = time.monotonic() - start
    figures, findings = (
        attack_signals(signals, count=count, took_s=took_s, rng=rng, shadows=options.shadows, progress=options.attacked)
        if options.attack else ({}, ())
    )  # fmt: skip
    stream = io.BytesIO()
    named: dict[str, Any] = signals.packed(made)
    np.savez_compressed(stream, **named)
    provenance = Provenance.of(data, generator=signals.kind, subjects=count)
    sidecar = {**provenance.sidecar(), "Measured": figures}
    files = _save(into, synthetic_name(name), stream.getvalue(), sidecar)
    return Synthesis(files, figures, findings, provenance.activity(made=tuple(f.name for f in files)))


def _save(into: Path, name: str, data: bytes, sidecar: Mapping[str, object]) -> tuple[Path, ...]:
    into.mkdir(parents=True, exist_ok=True)
    target = into / name
    beside = target.with_suffix(".json")
    if target.exists() or beside.exists():
        raise BadInput("The folder holds a synthetic file of that name; name another folder.")
    target.write_bytes(data)
    beside.write_text(json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target, beside
