"""Design matrices: sites, and the covariates that must survive harmonization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.splines import SplineBasis, fit_basis

__all__ = ["Design", "as_columns", "encode_covariates", "plan_design", "site_numbers"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """How covariates became columns, so that new rows become the same columns.

    Parameters
    ----------
    names : tuple of str
        Of the covariates.
    levels : tuple of tuple or None
        For a category its levels (the first is the reference); None for a number.
    centres : tuple of float
        What is subtracted from a number.
    curves : tuple of SplineBasis or None
        For a number with a smooth effect its basis.
    """

    names: tuple[str, ...] = ()
    levels: tuple[tuple[Any, ...] | None, ...] = ()
    centres: tuple[float, ...] = ()
    curves: tuple[SplineBasis | None, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """What each column of :meth:`columns` tells of: ``age``, ``sex=F``; a smooth effect has several."""
        found: list[str] = []
        for name, levels, curve in zip(self.names, self.levels, self.curves, strict=True):
            if curve is not None:
                found += [name] * curve.size
            else:
                found += [name] if levels is None else [f"{name}={level}" for level in levels[1:]]
        return tuple(found)

    @property
    def penalties(self) -> tuple[Array, ...]:
        """For each smooth effect its penalty over all columns, shape (column, column)."""
        names, found = self.column_names, []
        for name, curve in zip(self.names, self.curves, strict=True):
            if curve is not None:
                whole = np.zeros((len(names), len(names)))
                first = names.index(name)
                whole[first : first + curve.size, first : first + curve.size] = curve.penalty()
                found.append(whole)
        return tuple(found)

    def columns(self, covariates: Any, *, rows: int) -> Array:
        """``covariates`` as an array of shape (row, column).

        Raises
        ------
        BadInput
            If their number differs from the fit, one is missing in a row, or a category is new.
        """
        values = as_columns(covariates, rows=rows)
        if len(values) != len(self.names):
            raise BadInput(
                f"{len(self.names)} covariates were fitted ({', '.join(self.names)}); got {len(values)}."
            )
        out: list[Array] = [np.empty((rows, 0))]
        for (_, column), name, levels, centre, curve in zip(
            values, self.names, self.levels, self.centres, self.curves, strict=True
        ):
            if curve is not None:
                out.append(curve.values(_numbers(name, column)))
                continue
            if levels is None:
                out.append((_numbers(name, column) - centre)[:, None])
                continue
            new = sorted({str(value) for value in column} - {str(level) for level in levels})
            if new:
                raise BadInput(
                    f"Covariate {name!r} has the level {new[0]!r}, which was not there at the fit."
                )
            out.append(np.stack([column == level for level in levels[1:]], axis=1).astype(float)
                       if len(levels) > 1 else np.empty((rows, 0)))  # fmt: skip
        return np.concatenate(out, axis=1)


def encode_covariates(
    covariates: Any, *, rows: int, smooth: Sequence[str] = (), functions: int = 10
) -> Design:
    """Learn how ``covariates`` (array, data frame or None) become columns: numbers stay, categories become 0 and 1.

    Parameters
    ----------
    covariates : array, data frame, dict or None
        One value a row each.
    rows : int
        How many rows there are.
    smooth : sequence of str
        Numbers whose effect is a smooth curve.
    functions : int
        B-splines a curve.

    Raises
    ------
    BadInput
        If a covariate is missing in a row, or a smooth one is not there or no number.
    """
    values = as_columns(covariates, rows=rows)
    if absent := [name for name in smooth if name not in {found for found, _ in values}]:
        raise BadInput(
            f"smooth names {absent[0]!r}, which is not among the covariates: {', '.join(n for n, _ in values) or 'none'}."
        )
    levels: list[tuple[Any, ...] | None] = []
    centres, curves = [], []
    for name, column in values:
        number = _is_number(column)
        if not number and name in smooth:
            raise BadInput(f"Only a number can have a smooth effect; {name!r} is a category.")
        told = _numbers(name, column) if number else None
        levels.append(None if number else tuple(sorted({*column.tolist()}, key=str)))
        centres.append(0.0 if told is None else float(told.mean()))
        curves.append(fit_basis(told, functions=functions) if told is not None and name in smooth else None)
    return Design(tuple(name for name, _ in values), tuple(levels), tuple(centres), tuple(curves))


def plan_design(
    *,
    numbers: Mapping[str, tuple[float, float]],
    categories: Mapping[str, Sequence[Any]] | None = None,
    smooth: Sequence[str] = (),
    functions: int = 10,
) -> Design:
    """A design that a study's plan writes down, so that sites need not see each other's rows to agree on columns.

    Parameters
    ----------
    numbers : mapping of str to (float, float)
        Each number's range; values beyond it are taken, too, and a smooth effect goes on straight there.
    categories : mapping of str to sequence
        Each category's levels, the reference first.
    smooth : sequence of str
        Numbers whose effect is a smooth curve, with knots evenly over the range.
    functions : int
        B-splines a curve.

    Raises
    ------
    BadInput
        If a range is empty, or a smooth covariate is no number of the plan.

    Examples
    --------
    >>> plan_design(numbers={"age": (20, 80)}, categories={"sex": ("F", "M")}).column_names
    ('age', 'sex=M')
    """
    if absent := [name for name in smooth if name not in numbers]:
        raise BadInput(
            f"smooth names {absent[0]!r}, which is no number of the plan: {', '.join(numbers) or 'none'}."
        )
    if empty := [name for name, (low, high) in numbers.items() if not low < high]:
        raise BadInput(
            f"The range of {empty[0]!r} must go from a lower to a higher value; got {numbers[empty[0]]!r}."
        )
    curves = [
        fit_basis(np.linspace(*ends, 201), functions=functions) if name in smooth else None
        for name, ends in numbers.items()
    ]
    levels = {} if categories is None else {name: tuple(found) for name, found in categories.items()}
    return Design(
        names=(*numbers, *levels),
        levels=(*(None for _ in numbers), *levels.values()),
        centres=(*((low + high) / 2 for low, high in numbers.values()), *(0.0 for _ in levels)),
        curves=(*curves, *(None for _ in levels)),
    )


def as_columns(covariates: Any, *, rows: int) -> list[tuple[str, NDArray[Any]]]:
    """``covariates`` as named columns; :class:`BadInput` if their length is not ``rows``."""
    if covariates is None:
        return []
    if hasattr(covariates, "columns"):
        found = [(str(name), np.asarray(covariates[name])) for name in covariates.columns]
    elif isinstance(covariates, dict):
        found = [(str(name), np.asarray(values)) for name, values in covariates.items()]
    else:
        array = np.asarray(covariates)
        array = array[:, None] if array.ndim == 1 else array
        found = [(f"covariate {number}", array[:, number]) for number in range(array.shape[1])]
    for name, values in found:
        if values.shape != (rows,):
            raise BadInput(
                f"Covariate {name!r} must have one value a row ({rows}); got shape {values.shape}."
            )
        if missing := _missing(values):
            raise BadInput(
                f"Covariate {name!r} is missing in {missing} rows; leave these rows out or fill them in."
            )
    return found


def site_numbers(sites: Any, *, rows: int) -> tuple[tuple[Any, ...], NDArray[np.intp]]:
    """The sites' names in order, and the number of its site for each row."""
    values = np.asarray(sites)
    if values.shape != (rows,):
        raise BadInput(f"sites must have one value a row ({rows}); got shape {values.shape}.")
    if missing := _missing(values):
        raise BadInput(f"The site is missing in {missing} rows; leave these rows out or name their site.")
    names, numbers = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    return tuple(names.tolist()), numbers


def _missing(values: NDArray[Any]) -> int:
    """How many values are None or NaN."""
    if values.dtype.kind == "f":
        return int(np.isnan(values).sum())
    if values.dtype.kind != "O":
        return 0
    return sum(value is None or value != value for value in values.tolist())


def _is_number(column: NDArray[Any]) -> bool:
    if column.dtype.kind in "fiub":
        return True
    try:
        column.astype(float)
    except (TypeError, ValueError):
        return False
    return True


def _numbers(name: str, column: NDArray[Any]) -> Array:
    numbers = column.astype(float)
    if not np.isfinite(numbers).all():
        missing = int((~np.isfinite(numbers)).sum())
        raise BadInput(
            f"Covariate {name!r} is missing in {missing} rows; leave these rows out or fill them in."
        )
    return numbers
