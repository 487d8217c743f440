"""Plots are well-formed SVG, tell the numbers, and name no subject."""

from xml.etree import ElementTree

import numpy as np

from commissure.harmonize.combat import ComBat
from commissure.harmonize.diagnose import diagnose
from commissure.harmonize.draw import draw_diagnosis, draw_effects, draw_forest, draw_sites
from commissure.harmonize.effects import cohens_d
from commissure.harmonize.meta import pool_effects

SVG = "{http://www.w3.org/2000/svg}"


def _texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_sites_are_drawn_before_and_after_and_the_most_shifted_feature_first() -> None:
    rng = np.random.default_rng(0)
    sites = np.repeat(["a<b", "c&d"], 50)
    X = rng.normal(size=(100, 9))
    X[50:, 4] += 5
    X[0, 0] = np.nan
    X[:50, 2] = np.nan
    svg = draw_sites(
        X, ComBat().fit_transform(X, sites=sites), sites=sites, names=[f"f{n}" for n in range(9)]
    )
    assert [text for text in _texts(svg) if text.startswith("f")][0] == "f4"
    titles = [node.text for node in ElementTree.fromstring(svg).iter(f"{SVG}title")]
    assert any(title.startswith("a<b: ") for title in titles)
    assert len(titles) <= 6 * 2 * 2


def test_a_forest_tells_each_study_and_the_pooled_effect() -> None:
    y, se = np.array([0.1, 0.3, 0.6]), np.array([0.1, 0.2, 0.1])
    pooled = pool_effects(y, se**2)
    svg = draw_forest(pooled, effects=y, errors=se, names=["Oslo", "Lund", "Gent"])
    texts = _texts(svg)
    assert {"Oslo", "Lund", "Gent", "pooled"} <= set(texts)
    assert "0.30 [-0.09, 0.69]" in texts
    marks = [float(node.get("width")) for node in list(ElementTree.fromstring(svg).iter(f"{SVG}rect"))[1:]]
    assert marks[0] > marks[1]


def test_diagnosis_and_effects_are_drawn() -> None:
    rng = np.random.default_rng(1)
    sites = np.repeat(["a", "b"], 40)
    X = rng.normal(size=(80, 5)) + 2 * (sites == "b")[:, None]
    found = diagnose(X, sites, harmonizer=ComBat(), rng=rng)
    assert f"{found.before:.3f}" in _texts(draw_diagnosis(found))
    X[:, 3] += 3 * (np.arange(80) % 2)
    svg = draw_effects(cohens_d(X, np.arange(80) % 2 == 1), names=list("vwxyz"))
    assert [text for text in _texts(svg) if text in "vwxyz"][0] == "y"
