"""Design matrices: sites, and the covariates that must survive harmonization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["Design", "as_columns", "check_confounding", "encode_covariates", "site_numbers"]

Array = NDArray[np.float64]
_SMALLEST = 1e-9


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
    """

    names: tuple[str, ...]
    levels: tuple[tuple[Any, ...] | None, ...]
    centres: tuple[float, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """One a column of :meth:`columns`."""
        found = []
        for name, levels in zip(self.names, self.levels, strict=True):
            found += [name] if levels is None else [f"{name}={level}" for level in levels[1:]]
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
        out = [np.empty((rows, 0))]
        for (_, column), name, levels, centre in zip(
            values, self.names, self.levels, self.centres, strict=True
        ):
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


def encode_covariates(covariates: Any, *, rows: int) -> Design:
    """Learn how ``covariates`` (array, data frame or None) become columns: numbers stay, categories become 0 and 1."""
    names, levels, centres = [], [], []
    for name, column in as_columns(covariates, rows=rows):
        names.append(name)
        if _is_number(column):
            levels.append(None)
            centres.append(float(_numbers(name, column).mean()))
        else:
            levels.append(tuple(sorted({*column.tolist()}, key=str)))
            centres.append(0.0)
    return Design(tuple(names), tuple(levels), tuple(centres))


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
    return found


def site_numbers(sites: Any, *, rows: int) -> tuple[tuple[Any, ...], NDArray[np.intp]]:
    """The sites' names in order, and the number of its site for each row."""
    values = np.asarray(sites)
    if values.shape != (rows,):
        raise BadInput(f"sites must have one value a row ({rows}); got shape {values.shape}.")
    names, numbers = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    return tuple(names.tolist()), numbers


def check_confounding(dummies: Array, columns: Array, *, names: Sequence[str]) -> None:
    """Raise :class:`BadInput` if a covariate is told by the sites (and the covariates before it) alone."""
    basis = dummies / np.maximum(np.linalg.norm(dummies, axis=0), _SMALLEST)
    for number, name in enumerate(names):
        column = columns[:, number]
        left = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if np.linalg.norm(left) <= _SMALLEST * max(np.linalg.norm(column), 1.0) * 1e2:
            raise BadInput(
                f"Covariate {name!r} is confounded with site: it does not vary within any site, so its effect and the "
                "sites' cannot be told apart. Leave it out, or add a site in which it varies."
            )
        basis = np.column_stack([basis, left / np.linalg.norm(left)])


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
