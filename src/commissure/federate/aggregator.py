"""The coordinator's side of a secure sum: it carries letters, adds masked words, and learns the sum alone.

References
----------
Bonawitz et al. 2017, doi:10.1145/3133956.3133982; Bell et al. 2020, doi:10.1145/3372297.3417885.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Conflict, NotPermitted
from commissure.federate.contributor import sign_of
from commissure.federate.letters import Letter, open_letter
from commissure.federate.masks import add_masks, agree, public_of, ring_of
from commissure.federate.shamir import SHARE_BYTES, combine
from commissure.federate.terms import Roster, Terms

__all__ = ["Aggregator"]

_STEPS = ("keys", "shares", "masked", "unmask")


class Aggregator:
    """One round at the coordinator; memory does not grow with the number of sites, but for their small letters.

    Parameters
    ----------
    terms : Terms
    keys : mapping of str to bytes
        The public signing key of each site of the study.
    """

    def __init__(self, terms: Terms, *, keys: Mapping[str, bytes]) -> None:
        self.terms, self._keys = terms, dict(keys)
        self.step = "keys"
        self._letters: dict[str, dict[str, Letter]] = {step: {} for step in _STEPS}
        self._roster: Roster | None = None
        self._boxes: dict[str, dict[str, bytes]] = {}
        self._shares: dict[str, dict[int, bytes]] = {}
        self._total: NDArray[Any] = np.zeros(0, np.uint64)
        self.survivors: tuple[str, ...] = ()

    def heard(self) -> tuple[str, ...]:
        """Who has answered in the present step."""
        return tuple(sorted(self._letters[self.step]))

    def receive(self, letter: Letter) -> None:
        """Take a site's letter of the present step; the same letter twice changes nothing.

        Raises
        ------
        NotPermitted
            If it is forged, replayed, or of a site that dropped out of this round.
        Conflict
            If the site has sent another letter in this step.
        BadInput
            If its body is not what the step asks for.
        """
        terms = self.terms
        body = open_letter(letter, session=terms.session, round=terms.round, step=self.step, keys=self._keys)
        before = self._letters[self.step].get(letter.sender)
        if before is not None:
            if before.signature != letter.signature:
                raise Conflict(
                    f"{letter.sender!r} has sent another letter in the step {self.step!r} already."
                )
            return
        if self.step != "keys" and letter.sender not in self.previous():
            raise NotPermitted(
                f"{letter.sender!r} was not there in the step before; it can join the next round."
            )
        {
            "keys": self._take_keys,
            "shares": self._take_shares,
            "masked": self._take_masked,
            "unmask": self._take_unmask,
        }[self.step](letter.sender, body)
        kept = letter if self.step == "keys" else Letter(*_place(letter), b"", letter.signature)
        self._letters[self.step][letter.sender] = kept

    def expect(self, *, words: int, bits: int) -> None:
        """Say how many words of which ring each site is to send in the step ``"masked"``."""
        self._total = np.zeros(words, ring_of(bits))

    def close(self) -> None:
        """End the present step with those that have answered.

        Raises
        ------
        NotPermitted
            If they are fewer than the minimum; the round has failed, and nothing of it is learned.
        """
        heard = len(self._letters[self.step])
        if heard < self.terms.minimum:
            raise NotPermitted(
                f"{heard} sites answered in the step {self.step!r}; {self.terms.minimum} are needed."
            )
        if self.step == "keys":
            self._roster = Roster.of(self.key_letters(), terms=self.terms, keys=self._keys)
        if self.step == "masked":
            self.survivors = self.heard()
        following = _STEPS.index(self.step) + 1
        self.step = _STEPS[following] if following < len(_STEPS) else "done"

    def key_letters(self) -> list[Letter]:
        """What each site gets before step 2."""
        return [self._letters["keys"][site] for site in sorted(self._letters["keys"])]

    def boxes_for(self, site: str) -> dict[str, bytes]:
        """What ``site`` gets before step 3: what its neighbours wrote to it."""
        return {sender: boxes[site] for sender, boxes in sorted(self._boxes.items()) if site in boxes}

    def total(self) -> NDArray[Any]:
        """The sum of the survivors' words, shape (length,).

        Raises
        ------
        NotPermitted
            If the round is not done, or too few shares came to rebuild a mask.
        """
        if self.step != "done" or self._roster is None:
            raise NotPermitted(f"The round stands at the step {self.step!r}; there is no sum yet.")
        roster, total = self._roster, self._total.copy()
        masks = [(self._secret(roster, site), -1) for site in self.survivors]
        for lost in sorted(set(self._letters["shares"]) - set(self.survivors)):
            private = self._lost_key(roster, lost)
            if private is None:
                continue
            for site in set(roster.neighbours[lost]).intersection(self.survivors):
                purpose = self.terms.purpose("mask", *sorted((lost, site)))
                key = agree(private, roster.mask_keys[site], purpose=purpose)
                masks.append((key, -sign_of(site, lost)))
        add_masks(total, masks)
        return total

    def _lost_key(self, roster: Roster, lost: str) -> bytes | None:
        if not set(roster.neighbours[lost]).intersection(self.survivors):
            return None
        private = self._secret(roster, lost)
        if public_of(private) != roster.mask_keys[lost]:
            raise NotPermitted(f"The shares that came for {lost!r} do not rebuild its key: one was false.")
        return private

    def _secret(self, roster: Roster, site: str) -> bytes:
        try:
            return combine(self._shares.get(site, {}), threshold=roster.threshold(site))
        except BadInput as error:
            raise NotPermitted(
                f"Too few sites of one neighbourhood are left to take its masks away: {error}"
            ) from error

    def previous(self) -> dict[str, Letter]:
        """The letters of the step before, by site, without the bodies."""
        return self._letters[_STEPS[_STEPS.index(self.step) - 1]]

    def _take_keys(self, site: str, body: bytes) -> None:
        if len(body) != 64:
            raise BadInput(f"The key letter of {site!r} does not hold two keys of 32 bytes.")

    def _take_shares(self, site: str, body: bytes) -> None:
        boxes = _object(body)
        known = self._roster.neighbours[site] if self._roster else ()
        if set(boxes) != set(known):
            raise BadInput(f"{site!r} did not write to each of its {len(known)} neighbours.")
        self._boxes[site] = {other: _bytes(box) for other, box in boxes.items()}

    def _take_masked(self, site: str, body: bytes) -> None:
        if len(body) != self._total.nbytes:
            raise BadInput(f"{site!r} sent {len(body)} bytes of words; {self._total.nbytes} were agreed.")
        self._total += np.frombuffer(body, self._total.dtype)

    def _take_unmask(self, site: str, body: bytes) -> None:
        told = _object(body)
        if told.get("survivors") != list(self.survivors) or not isinstance(told.get("shares"), dict):
            raise NotPermitted(f"{site!r} answered about another set of survivors.")
        roster = self._roster
        if roster is None or not set(told["shares"]) <= set(roster.holders(site)):
            raise BadInput(f"{site!r} gave shares of sites that are not its neighbours.")
        for owner, share in told["shares"].items():
            value = _bytes(share)
            if len(value) != SHARE_BYTES:
                raise BadInput(f"A share of {site!r} has {len(value)} bytes; {SHARE_BYTES} are right.")
            self._shares.setdefault(owner, {})[roster.number(site)] = value


def _place(letter: Letter) -> tuple[str, int, str, str]:
    return letter.session, letter.round, letter.step, letter.sender


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise BadInput("A letter's body is not JSON.") from error
    if not isinstance(found, dict):
        raise BadInput("A letter's body is not a JSON object.")
    return found


def _bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError as error:
        raise BadInput("A share is not written in hexadecimal.") from error
