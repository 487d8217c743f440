"""Rows for a demonstration: four real hospitals where they are at hand, else a real table cut into eight unlike sites."""

from pathlib import Path

import numpy as np

from commissure.errors import NotFound
from commissure.extras import need
from commissure.federate.analysis import Array

__all__ = ["demo_tables"]

Rows = dict[str, Array]
_HEART = [
    "age",
    "sex",
    "pain",
    "pressure",
    "chol",
    "sugar",
    "ecg",
    "rate",
    "angina",
    "st",
    "slope",
    "vessels",
    "thal",
]
_HOSPITALS = ("cleveland", "hungarian", "switzerland", "va")


def demo_tables(folder: Path | None) -> tuple[dict[str, Rows], str]:
    """Eight sites' rows with the outcome ``case``, and what they are.

    Parameters
    ----------
    folder : Path or None
        Holds ``processed.cleveland.data`` and its three sisters; None for the table that scikit-learn brings.

    Raises
    ------
    NotFound
        If a hospital's file is not there.
    """
    if folder is None:
        return _cut_into_sites()
    tables: dict[str, Rows] = {}
    for hospital in _HOSPITALS:
        path = folder / f"processed.{hospital}.data"
        if not path.exists():
            raise NotFound(f"There is no processed.{hospital}.data in the folder of hospitals.")
        rows = np.array([[_number(cell) for cell in line.split(",")] for line in path.read_text().split()])
        for half in (0, 1):
            part = rows[half::2]
            columns = {name: part[:, n] for n, name in enumerate(_HEART)}
            tables[f"{hospital}-{half + 1}"] = {**columns, "case": (part[:, 13] > 0).astype(float)}
    return tables, "UCI heart disease: four real hospitals, each cut in two to make eight sites."


def _number(text: str) -> float:
    return float("nan") if text == "?" else float(text)


def _cut_into_sites() -> tuple[dict[str, Rows], str]:
    datasets = need("sklearn.datasets", purpose="The demonstration's table")
    bundle = datasets.load_breast_cancer()
    chosen = [0, 1, 4, 5, 6, 8, 9, 20, 24, 28]
    names = [bundle.feature_names[n].replace(" ", "_") for n in chosen]
    rng = np.random.default_rng(0)
    # tumours of like size come together, so that sites differ in who they see
    order = np.argsort(bundle.data[:, 0] + rng.normal(0, 4, len(bundle.data)))
    tables = {}
    for number, rows in enumerate(np.array_split(order, 8)):
        values = {name: bundle.data[rows, n] for name, n in zip(names, chosen, strict=True)}
        tables[f"site-{number + 1}"] = {**values, "case": 1.0 - bundle.target[rows]}
    return (
        tables,
        "Wisconsin breast cancer (real, one centre), cut into eight sites by tumour size: the sites are made up.",
    )
