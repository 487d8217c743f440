"""The attack finds planted faces, finds them still where a cut leaves temples, and is at chance where nothing is left."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.protect.heads.deface_cut import FaceCut, cut_of, removed_by
from commissure.protect.heads.face_attack import (
    Attack,
    attack_brain_shape,
    attack_faces,
    grow_heads,
    match_maps,
)
from commissure.protect.heads.head import find_head
from commissure.protect.heads.reface import generic_face
from commissure.testing.faces import PlantedHead, planted_population

STEP_MM = 3.0


@pytest.fixture(scope="module")
def people() -> list[PlantedHead]:
    return planted_population(20, rng=np.random.default_rng(4), same_skull=True, zoom_mm=STEP_MM)


@pytest.fixture(scope="module")
def heads(people: list[PlantedHead]) -> list[np.ndarray]:
    return [find_head(person.volume) for person in people]


def attacked(heads: list[np.ndarray], shown: list[np.ndarray]) -> Attack:
    return attack_faces(heads, shown, rng=np.random.default_rng(0), step_mm=STEP_MM)


def gone(person: PlantedHead, cut: FaceCut | None = None) -> np.ndarray:
    made = cut or cut_of(person.brain, affine_mm=person.affine_mm)
    return removed_by(made, shape=person.brain.shape, affine_mm=person.affine_mm)


def test_twenty_planted_faces_are_known_before_and_nobody_after(
    people: list[PlantedHead], heads: list[np.ndarray]
) -> None:
    before = attacked(heads, heads)
    after = attacked(heads, [one & ~gone(person) for one, person in zip(heads, people, strict=True)])
    assert before.rate > 0.9
    assert not before.is_chance
    assert after.chance == 0.05
    assert after.is_chance
    assert after.rate < 0.13


def test_a_plane_that_spares_half_the_face_is_caught(
    people: list[PlantedHead], heads: list[np.ndarray]
) -> None:
    half = FaceCut(((0.0, 0.0, -1.0),), (60.0,), 0.0)
    left = [one & ~gone(person, half) for one, person in zip(heads, people, strict=True)]
    assert attacked(heads, left).rate > 0.5


def test_a_generic_face_gives_nobody_away(people: list[PlantedHead], heads: list[np.ndarray]) -> None:
    shown = []
    for one, person in zip(heads, people, strict=True):
        cut = gone(person)
        face = generic_face(person.brain, affine_mm=person.affine_mm, shape=person.brain.shape)
        shown.append((one & ~cut) | (face & cut))
    assert attacked(heads, shown).is_chance


def test_people_grown_from_a_head_differ_in_the_face_alone(
    people: list[PlantedHead], heads: list[np.ndarray]
) -> None:
    grown = grow_heads(heads[0], people[0].brain, count=6, rng=np.random.default_rng(1), step_mm=STEP_MM)
    above = int(np.argwhere(people[0].brain)[:, 2].mean())
    assert all(np.array_equal(one[:, :, above:], heads[0][:, :, above:]) for one in grown)
    assert all((one != heads[0]).mean() > 0.002 for one in grown[1:])
    assert attacked(grown, grown).rate > 0.9


def test_brains_alone_give_people_away(people: list[PlantedHead]) -> None:
    assert attack_brain_shape(people[0].brain, people=20, rng=np.random.default_rng(0)).rate > 0.9


def test_an_attack_needs_people() -> None:
    flat = [np.zeros((8, 8), dtype=np.float32)]
    with pytest.raises(BadInput, match="two people or more"):
        match_maps(flat, flat, rng=np.random.default_rng(0))
    assert Attack(8, 200, 25).is_chance
    assert not Attack(30, 200, 25).is_chance
