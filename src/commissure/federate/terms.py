"""What a secure sum is agreed on: who takes part, and how many must stay."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from commissure.errors import BadInput, NotPermitted
from commissure.federate.graph import neighbours_of, suggest_degree
from commissure.federate.letters import Letter, open_letter

__all__ = ["Roster", "Terms", "suggest_minimum"]

KEY_BYTES = 32


def suggest_minimum(sites: int) -> int:
    """Two thirds of the sites, and one: the least that may remain.

    >>> suggest_minimum(8), suggest_minimum(40)
    (6, 27)
    """
    return 2 * sites // 3 + 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What every party knows before a secure sum; a site holds its own copy, from the plan that it approved.

    Parameters
    ----------
    session : str
        The study and its session.
    round : int
        Counts every attempt.
    minimum : int
        How many sites must be in a sum. More than half of those that take part, so that no coordinator can tell half of
        them one story and half another.
    degree : int or None
        How many neighbours each site masks with; None for what suits the number of sites.
    """

    session: str
    round: int
    minimum: int
    degree: int | None = None

    def __post_init__(self) -> None:
        if self.minimum < 2:
            raise BadInput(f"A secure sum needs two sites or more; got a minimum of {self.minimum}.")

    def purpose(self, what: str, *names: str) -> bytes:
        """Words that bind a derived key to one use: no key of one round is good in another."""
        return json.dumps(["commissure/federate/1", self.session, self.round, what, *names]).encode()


@dataclass(frozen=True, slots=True)
class Roster:
    """Who takes part in one round, with the keys each has advertised, and who masks with whom.

    Parameters
    ----------
    terms : Terms
    cipher_keys, mask_keys : mapping of str to bytes
        Each site's public X25519 keys: one to be written to, one to make masks with.
    neighbours : mapping of str to tuple of str
    """

    terms: Terms
    cipher_keys: Mapping[str, bytes]
    mask_keys: Mapping[str, bytes]
    neighbours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, letters: list[Letter], *, terms: Terms, keys: Mapping[str, bytes]) -> "Roster":
        """The roster of signed key letters; every party checks every signature.

        Raises
        ------
        NotPermitted
            If a letter is forged or replayed, a site is there twice, fewer sites take part than the minimum, or the
            minimum is not more than half of them.
        """
        bodies = {}
        for letter in letters:
            if letter.sender in bodies:
                raise NotPermitted(f"{letter.sender!r} is on the roster twice.")
            body = open_letter(letter, session=terms.session, round=terms.round, step="keys", keys=keys)
            if len(body) != 2 * KEY_BYTES:
                raise NotPermitted(f"The key letter of {letter.sender!r} does not hold two keys.")
            bodies[letter.sender] = body
        if len(bodies) < terms.minimum:
            raise NotPermitted(
                f"Only {len(bodies)} sites take part; the plan asks for {terms.minimum} or more."
            )
        if 2 * terms.minimum <= len(bodies):
            raise NotPermitted(
                f"A minimum of {terms.minimum} is not more than half of {len(bodies)} sites: a coordinator could ask two halves."
            )
        return cls.known(bodies, terms=terms)

    @classmethod
    def known(cls, bodies: Mapping[str, bytes], *, terms: Terms) -> "Roster":
        """The roster of keys whose letters this party has checked before."""
        names = sorted(bodies)
        seed = hashlib.sha256(b"".join(name.encode() + b"\0" + bodies[name] for name in names)).digest()
        degree = suggest_degree(len(names)) if terms.degree is None else terms.degree
        return cls(
            terms,
            {name: bodies[name][:KEY_BYTES] for name in names},
            {name: bodies[name][KEY_BYTES:] for name in names},
            neighbours_of(tuple(names), degree=degree, seed=seed),
        )

    @property
    def sites(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(self.cipher_keys)  # made in order

    def number(self, site: str) -> int:
        """The site's point in secret sharing, from 1 on."""
        return self.sites.index(site) + 1

    def holders(self, site: str) -> tuple[str, ...]:
        """Who holds shares of the site's secrets: its neighbours and itself."""
        return tuple(sorted({*self.neighbours[site], site}))

    def threshold(self, site: str) -> int:
        """How many shares rebuild a secret of the site: more than half of the holders."""
        holders = len(self.holders(site))
        return self.terms.minimum if holders == len(self.sites) else suggest_minimum(holders)
