"""Harmonize a table: read it, tell sites from covariates from features, take the sites out, judge, write, draw."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Conflict, NotFound, Unreadable
from commissure.harmonize.diagnose import Diagnosis, diagnose
from commissure.harmonize.draw import draw_diagnosis, draw_effects, draw_forest, draw_sites
from commissure.harmonize.effects import Effects, cohens_d, mega_analysis
from commissure.harmonize.floor import diagnose_made
from commissure.harmonize.meta import Pooled, pool_effects
from commissure.harmonize.registry import HARMONIZERS
from commissure.translate.lines import read_text

__all__ = [
    "Choice",
    "Harmonized",
    "Table",
    "diagnose_table",
    "effects_of_table",
    "harmonize_table",
    "pool_table",
    "read_features",
]

Array = NDArray[np.float64]
_MISSING = {"", "na", "n/a", "nan", "null", "none", "."}
#: columns that tell who and when, numbers or not
_IDS = {"subject", "participant", "person", "patient", "session", "visit", "run", "row", "index"}
#: what tells a batch, by the BIDS sidecar's names and what tables call them
_BATCH = {
    "device": (
        "manufacturer",
        "manufacturersmodelname",
        "scanner",
        "device",
        "deviceserialnumber",
        "stationname",
    ),
    "field": ("magneticfieldstrength", "fieldstrength", "tesla"),
    "protocol": ("protocolname", "protocol", "sequencename", "pulsesequencetype"),
    "site": ("site", "siteid", "institutionname", "center", "centre"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns are what, and how sites are taken out.

    Parameters
    ----------
    site : str or None
        The column of sites.
    batch_from : tuple of str
        Instead of ``site``: ``device``, ``field``, ``protocol``, ``site``, or columns; together they are the batch.
    keep : tuple of str
        Covariates that must survive.
    smooth : tuple of str
        Those of them with a smooth effect.
    features : tuple of str
        Patterns of the columns to harmonize; none for every column of numbers that is nothing else, no id, and has more
        than two values.
    method : str
        A harmonizer's name.
    subject : str or None
        The column of subjects, for ``longitudinal``.
    """

    site: str | None = None
    batch_from: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    smooth: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    method: str = "combat"
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns as text, and those that were chosen as arrays."""

    columns: Mapping[str, Sequence[str]]
    features: tuple[str, ...]
    X: Array
    sites: NDArray[np.str_]
    covariates: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Harmonized:
    """What was done to a table."""

    rows: int
    sites: int
    smallest: int
    features: int
    missing: int
    method: str


def read_features(path: Path, choice: Choice) -> Table:
    """A CSV or TSV table as sites, covariates and features.

    Raises
    ------
    NotFound
        If a column that was named is not there.
    BadInput
        If no column is left to harmonize, or a site is missing in a row.
    """
    columns = _columns(path)
    sites = _sites(columns, choice)
    numbers = {name: _numbers(values) for name, values in columns.items()}
    covariates = {name: _covariate(columns, numbers, name) for name in choice.keep}
    told = {choice.site, choice.subject, *choice.keep, *_batch_columns(columns, choice)}
    if absent := [p for p in choice.features if not any(fnmatchcase(name, p) for name in columns)]:
        raise NotFound(f"No column is called {absent[0]!r}; there are: {_some(columns)}.")
    wanted = choice.features or ("*",)
    features = tuple(
        name
        for name, values in numbers.items()
        if values is not None
        and name not in told
        and any(fnmatchcase(name, pattern) for pattern in wanted)
        and (choice.features or _is_measure(name, values))
    )
    if not features:
        raise BadInput("No column of numbers is left to harmonize; name them with features.")
    X = np.column_stack([numbers[name] for name in features])  # type: ignore[misc]
    return Table(columns, features, X, sites, covariates)


def harmonize_table(path: Path, choice: Choice, *, into: Path, plot: Path | None = None) -> Harmonized:
    """Write the table with its features harmonized, every other column as it is.

    Parameters
    ----------
    path : Path
        CSV or TSV.
    choice : Choice
        Which columns are what.
    into : Path
        Where to write; nothing may be there.
    plot : Path or None
        Where to draw the sites before and after, as SVG.

    Raises
    ------
    Conflict
        If something is at ``into``.
    """
    if into.exists():
        raise Conflict("There is a file at the place to write to already; choose another name.")
    table = read_features(path, choice)
    model: Any = _model(choice)
    given: dict[str, Any] = {"sites": table.sites, "covariates": table.covariates or None}
    if choice.subject is not None:
        given["subjects"] = np.asarray(_column(table.columns, choice.subject))
    flat = model.fit_transform(table.X, **given)
    _write(table, flat, into=into)
    if plot is not None:
        plot.write_text(draw_sites(table.X, flat, sites=table.sites, names=table.features), encoding="utf-8")
    counts = np.unique(table.sites, return_counts=True)[1]
    return Harmonized(
        rows=len(table.X), sites=len(counts), smallest=int(counts.min()), features=len(table.features),
        missing=int(np.isnan(table.X).sum()), method=choice.method,
    )  # fmt: skip


def diagnose_table(
    path: Path, choice: Choice, *, seed: int = 0, plot: Path | None = None, made: bool = False
) -> Diagnosis:
    """How well site is told from held-out rows before and after harmonization; nothing is written but the plot.

    With ``made`` the rows judged are made like those of the table, so that the harmonizer's model holds for them.
    """
    table = read_features(path, choice)
    model = _model(choice)
    rng = np.random.default_rng(seed)
    judge = diagnose_made if made else diagnose
    found = judge(table.X, table.sites, harmonizer=model, covariates=table.covariates or None, rng=rng)
    if plot is not None:
        plot.write_text(draw_diagnosis(found), encoding="utf-8")
    return found


def effects_of_table(
    path: Path, choice: Choice, *, cases: str, plot: Path | None = None
) -> tuple[Table, Effects, Pooled | None]:
    """Cohen's d a feature: over all sites by a mixed model, and each site's own pooled by meta-analysis.

    Parameters
    ----------
    path : Path
        CSV or TSV.
    choice : Choice
        Which columns are what; sites with fewer than two cases or controls are left out of the meta-analysis.
    cases : str
        ``COLUMN=VALUE``: who is a case; all others are controls.
    plot : Path or None
        Where to draw the effects, as SVG.

    Returns
    -------
    tuple
        The table, the effects over all sites, and the meta-analysis or None where fewer than two sites can tell.
    """
    name, sign, value = cases.partition("=")
    if not sign:
        raise BadInput(f"cases are written COLUMN=VALUE, as diagnosis=patient; got {cases!r}.")
    table = read_features(path, choice)
    group = np.array([cell.strip() == value for cell in _column(table.columns, name)])
    keep = [number for number, feature in enumerate(table.features) if feature != name]
    table = Table(
        table.columns, tuple(table.features[n] for n in keep), table.X[:, keep], table.sites, table.covariates
    )
    found = _over_sites(table, group)
    own = [_at_site(table, group, site) for site in np.unique(table.sites)]
    told = [e for e in own if e is not None]
    pooled = None
    if len(told) > 1:
        pooled = pool_effects(np.stack([e.d for e in told]), np.stack([e.error**2 for e in told]))
    if plot is not None:
        plot.write_text(draw_effects(found, names=table.features), encoding="utf-8")
    return table, found, pooled


def pool_table(
    path: Path,
    *,
    effect: str = "effect",
    error: str = "error",
    study: str = "study",
    method: str = "reml",
    plot: Path | None = None,
) -> Pooled:
    """Pool a table of studies, one row each with its effect and standard error, and draw the forest.

    Raises
    ------
    NotFound
        If a column is not there.
    BadInput
        If an effect or error is missing or not a number.
    """
    columns = _columns(path)
    values = [_numbers(_column(columns, name)) for name in (effect, error)]
    if any(v is None or np.isnan(v).any() for v in values):
        raise BadInput(f"Columns {effect!r} and {error!r} must hold a number in every row.")
    y, se = (np.asarray(v, dtype=float) for v in values)
    pooled = pool_effects(y, se**2, method=method)
    if plot is not None:
        names = columns.get(study) or [f"study {n + 1}" for n in range(len(y))]
        plot.write_text(draw_forest(pooled, effects=y, errors=se, names=names), encoding="utf-8")
    return pooled


def _model(choice: Choice) -> Any:
    """A new harmonizer; :class:`BadInput` if it cannot take what was chosen."""
    make: Any = HARMONIZERS.get(choice.method)
    if choice.smooth and "smooth" not in signature(make).parameters:
        raise BadInput(f"{choice.method!r} takes no smooth covariates; combat and covbat do.")
    if choice.subject is not None and "subjects" not in signature(make.fit).parameters:
        raise BadInput(f"{choice.method!r} takes no subjects; longitudinal does.")
    return make(smooth=choice.smooth) if choice.smooth else make()


def _over_sites(table: Table, group: NDArray[np.bool_]) -> Effects:
    over = cohens_d if np.isnan(table.X).any() else mega_analysis
    return over(table.X, group, covariates=table.covariates or None, sites=table.sites)


def _at_site(table: Table, group: NDArray[np.bool_], site: str) -> Effects | None:
    """The effects at one site; None where its rows are too few, or its covariates go with the diagnosis."""
    own = table.sites == site
    there = ~np.isnan(table.X[own])
    cases, controls = there[group[own]].sum(axis=0).min(), there[~group[own]].sum(axis=0).min()
    covariates = {name: values[own] for name, values in table.covariates.items()}
    varying = {name: values for name, values in covariates.items() if len(np.unique(values)) > 1}
    if min(cases, controls) < 2 or cases + controls < 4 + len(varying):
        return None
    try:
        return cohens_d(table.X[own], group[own], covariates=varying or None)
    except BadInput:
        return None


def _columns(path: Path) -> dict[str, list[str]]:
    if not path.is_file():
        raise NotFound("There is no table at that place; give a CSV or TSV file.")
    text = read_text(path.read_bytes())
    lines = text.splitlines()
    rows = list(csv.reader(io.StringIO(text), delimiter="\t" if lines and "\t" in lines[0] else ","))
    rows = [row for row in rows if row]
    if len(rows) < 2 or len(set(rows[0])) != len(rows[0]):
        raise Unreadable("A table needs a first row that names each column once, and rows below it.")
    if wrong := sum(len(row) != len(rows[0]) for row in rows):
        raise Unreadable(
            f"{wrong} rows have another number of cells than the first, which has {len(rows[0])}."
        )
    return {name: list(cells) for name, *cells in zip(*rows, strict=True)}


def _column(columns: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    if name not in columns:
        raise NotFound(f"No column is called {name!r}; there are: {_some(columns)}.")
    return columns[name]


def _some(columns: Mapping[str, Sequence[str]]) -> str:
    names = list(columns)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _numbers(cells: Sequence[str]) -> Array | None:
    """The cells as numbers, NaN where missing; None if one is neither, or all are missing."""
    clean = ["nan" if cell.strip().lower() in _MISSING else cell for cell in cells]
    try:
        found = np.array(clean, dtype=float)
    except ValueError:
        return None
    return None if np.isnan(found).all() else np.where(np.isfinite(found), found, np.nan)


def _is_measure(name: str, values: Array) -> bool:
    """Whether a column of numbers is a measure: no id, and of more than two values."""
    plain = _plain(name)
    return not (plain.endswith("id") or plain in _IDS) and np.unique(values[~np.isnan(values)]).size > 2


def _covariate(
    columns: Mapping[str, Sequence[str]], numbers: Mapping[str, Array | None], name: str
) -> NDArray[Any]:
    cells = _column(columns, name)
    if missing := sum(cell.strip().lower() in _MISSING for cell in cells):
        raise BadInput(
            f"Covariate {name!r} is missing in {missing} rows; leave these rows out or fill them in."
        )
    found = numbers[name]
    return np.asarray(cells) if found is None else found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _batch_columns(columns: Mapping[str, Sequence[str]], choice: Choice) -> list[str]:
    found = []
    for word in choice.batch_from:
        own = [name for name in columns if _plain(name) in _BATCH.get(word, ())] or [word]
        for name in own:
            _column(columns, name)
        found += own
    return found


def _sites(columns: Mapping[str, Sequence[str]], choice: Choice) -> NDArray[np.str_]:
    names = _batch_columns(columns, choice) or ([choice.site] if choice.site else [])
    if not names:
        raise BadInput(
            "Name the column of sites (site), or what tells the batch (batch_from: device, field, protocol)."
        )
    parts = [[cell.strip() for cell in _column(columns, name)] for name in names]
    if missing := sum(any(cell.lower() in _MISSING for cell in row) for row in zip(*parts, strict=True)):
        raise BadInput(f"The site is missing in {missing} rows; leave these rows out or fill them in.")
    return np.array([" / ".join(row) for row in zip(*parts, strict=True)])


def _write(table: Table, flat: Array, *, into: Path) -> None:
    place = {name: number for number, name in enumerate(table.features)}
    columns = [
        [("" if np.isnan(v) else repr(float(v))) for v in flat[:, place[name]]] if name in place else cells
        for name, cells in table.columns.items()
    ]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t" if into.suffix.lower() == ".tsv" else ",", lineterminator="\n")
    writer.writerow(list(table.columns))
    writer.writerows(zip(*columns, strict=True))
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(out.getvalue(), encoding="utf-8")
