"""Recommendation: what was used together comes first, newcomers and new datasets are served, noise protects."""

import numpy as np
import pytest

from commissure.discover.recommend import PARTS, Recommender, ease, fit_blend, private_couse
from commissure.discover.recommend_content import Content, Item, Profile, people_of


def cohort() -> tuple[list[Item], list[Profile]]:
    """Two planted fields, sleep and vision, four datasets each, eight users each; one dataset nobody used."""
    items = [
        Item(f"sleep{i}", "Polysomnography of sleep", people=frozenset({f"night {i}"})) for i in range(4)
    ]
    items += [Item(f"vision{i}", "Gratings in visual cortex") for i in range(4)]
    items.append(Item("new", "Handwriting with a tablet", people=frozenset({"writer a"})))
    fields = [[f"{field}{i}" for i in range(4)] for field in ("sleep", "vision")]
    return items, [Profile(frozenset(field) - {field[k % 4]}) for field in fields for k in range(8)]


def test_what_is_used_together_comes_first_with_its_reason() -> None:
    items, profiles = cohort()
    first = Recommender(items, profiles).recommend(Profile(frozenset({"vision0", "vision1"})), limit=2)
    assert {r.item for r in first} == {"vision2", "vision3"}
    assert first[0].because.startswith("you used vision")
    assert set(first[0].parts) == set(PARTS)


def test_a_newcomer_is_served_by_words_and_a_new_dataset_is_found() -> None:
    items, profiles = cohort()
    recommender = Recommender(items, profiles)
    assert recommender.recommend(Profile(titles=("A study of handwriting",)), limit=1)[0].item == "new"
    shared = recommender.recommend(Profile(people=frozenset({"writer a"})), limit=1)[0]
    assert (shared.item, shared.because) == ("new", "it shares people with your work")


def test_nothing_known_is_recommended_again_and_unknown_ids_do_no_harm() -> None:
    items, profiles = cohort()
    used = frozenset(item.id for item in items[:-1]) | {"gone"}
    assert [r.item for r in Recommender(items, profiles).recommend(Profile(used), limit=10)] == ["new"]


def test_leaving_out_forgets_the_row_whole() -> None:
    items, profiles = cohort()
    rest = Recommender(items, profiles[1:], content=Content(items, profiles[1:]))
    left = Recommender(items, profiles)
    asked = Profile(frozenset({"sleep1"}))
    alone = left.parts(asked, without=0)
    couse = np.outer(*[np.eye(len(items))[1]] * 2)
    together = ease(rest._couse + couse + 2.0 * left.content.gram)[1]
    assert np.corrcoef(alone[PARTS.index("together")], together)[0, 1] == pytest.approx(1.0)


def test_the_blend_is_fitted_in_closed_form_to_the_part_that_tells() -> None:
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for _ in range(200):
        parts = rng.standard_normal((len(PARTS), 50))
        wanted.append(int(parts[3].argmax()))
        cases.append(parts)
    blend = fit_blend(cases, wanted)
    assert blend["title"] == 1.0
    assert all(abs(weight) < 0.2 for name, weight in blend.items() if name != "title")


def test_pooled_counts_are_noisy_symmetric_and_bounded_a_person() -> None:
    items = [f"d{i}" for i in range(6)]
    many = [frozenset(items)] * 400
    clear = private_couse(many, items, epsilon=1e6, most=3, rng=np.random.default_rng(0))
    assert np.trace(clear) == 3 * 400
    assert clear.sum() == 9 * 400
    noisy = private_couse([], items, epsilon=1.0, most=3, rng=np.random.default_rng(0))
    assert (noisy == noisy.T).all()
    draws = np.concatenate([private_couse([], items, epsilon=1.0, most=3, rng=np.random.default_rng(s))[np.triu_indices(6)] for s in range(300)])  # fmt: skip
    scale = np.exp(-1.0 / 6)
    assert draws.var() == pytest.approx(2 * scale / (1 - scale) ** 2, rel=0.1)


def test_people_are_one_however_they_are_written() -> None:
    assert people_of(["Poldrack, R.A."]) == people_of("RA Poldrack") == people_of(["Russell Poldrack"])
    assert people_of(None) == people_of("") == frozenset()
