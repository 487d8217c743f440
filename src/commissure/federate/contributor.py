"""A site's side of a secure sum: four steps, each taken once, in order; nothing leaves it unmasked.

Keys, shares of secrets, the masked words, and shares again to take the masks of the sum away. A site gives for each
other site a share of *one* secret: of its self mask if it survived, of its mask key if it did not; asked for both, or
about two different sets of survivors, it refuses.

References
----------
Bonawitz et al. 2017, doi:10.1145/3133956.3133982.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from numpy.typing import NDArray

from commissure.errors import BadInput, NotPermitted
from commissure.federate.graph import is_connected
from commissure.federate.letters import Identity, Letter
from commissure.federate.masks import add_masks, derive, exchange, private_key
from commissure.federate.shamir import SHARE_BYTES, split
from commissure.federate.terms import Roster, Terms
from commissure.federate.wire import pack, unpack

__all__ = ["Contributor", "sign_of"]

_NONCE = bytes(12)  # every key encrypts one message


def sign_of(site: str, other: str) -> int:
    """Whether ``site`` adds (1) or takes away (-1) the mask that it shares with ``other``."""
    return 1 if site < other else -1


class Contributor:
    """One site in one round.

    Parameters
    ----------
    identity : Identity
        The site's name and signing key.
    terms : Terms
        As the site's steward approved them.
    keys : mapping of str to bytes
        The public signing key of each site of the study.
    entropy : callable
        Gives so many random bytes; of a cryptographic source.
    """

    def __init__(
        self, identity: Identity, terms: Terms, *, keys: Mapping[str, bytes], entropy: Callable[[int], bytes]
    ) -> None:
        self.identity, self.terms = identity, terms
        self._keys, self._entropy = dict(keys), entropy
        self._mask, self._own = entropy(32), entropy(32)
        self._keys_of_mine = private_key(entropy(32)), private_key(self._mask)
        self._boxes: dict[str, bytes] = {}
        self._roster: Roster | None = None
        self._held: dict[str, bytes] = {}
        self._shared: tuple[str, ...] | None = None
        self._told: frozenset[str] | None = None

    def to_bytes(self) -> bytes:
        """All that this side of the round holds, its secrets among it; for a place that only this site reads."""
        roster = self._roster
        bodies = (
            [roster.cipher_keys[site] + roster.mask_keys[site] for site in roster.sites] if roster else []
        )
        head = {
            "terms": [self.terms.session, self.terms.round, self.terms.minimum, self.terms.degree],
            "sites": list(roster.sites) if roster else [],
            "held": {site: pair.hex() for site, pair in self._held.items()},
            "shared": self._shared,
            "told": None if self._told is None else sorted(self._told),
        }
        return pack(head, [self._mask, self._own, self._keys_of_mine[0].private_bytes_raw(), *bodies])

    @classmethod
    def from_bytes(
        cls, data: bytes, *, identity: Identity, keys: Mapping[str, bytes], entropy: Callable[[int], bytes]
    ) -> "Contributor":
        """The side of :meth:`to_bytes`: what it has refused before it refuses again."""
        head, (mask, own, cipher, *bodies) = unpack(data)
        made = cls(identity, Terms(*head["terms"]), keys=keys, entropy=entropy)
        made._mask, made._own = mask, own
        made._keys_of_mine = private_key(cipher), private_key(mask)
        if head["sites"]:
            made._roster = Roster.known(dict(zip(head["sites"], bodies, strict=True)), terms=made.terms)
        made._held = {site: bytes.fromhex(pair) for site, pair in head["held"].items()}
        made._shared = None if head["shared"] is None else tuple(head["shared"])
        made._told = None if head["told"] is None else frozenset(head["told"])
        return made

    @property
    def name(self) -> str:
        """The site's name."""
        return self.identity.name

    def advertise(self) -> Letter:
        """Step 1: two public keys, signed."""
        return self._letter("keys", b"".join(self._public()))

    def share(self, letters: Iterable[Letter]) -> Letter:
        """Step 2: for each neighbour, encrypted, a share of both secrets.

        Parameters
        ----------
        letters : iterable of Letter
            The key letters of all that take part.

        Raises
        ------
        NotPermitted
            If a letter is forged or replayed, too few sites take part, this site's own letter was changed, or the step
            was taken already with another roster.
        """
        roster = Roster.of(list(letters), terms=self.terms, keys=self._keys)
        own = (roster.cipher_keys.get(self.name), roster.mask_keys.get(self.name))
        if own != self._public():
            raise NotPermitted("This site's own keys are not on the roster as it sent them.")
        if self._roster is not None:
            raise NotPermitted("This site has shared its secrets in this round already.")
        self._roster = roster
        points = {roster.number(site): site for site in roster.holders(self.name)}
        threshold = roster.threshold(self.name)
        parts = [
            split(secret, list(points), threshold=threshold, entropy=self._entropy)
            for secret in (self._own, self._mask)
        ]
        boxes = {}
        for point, site in points.items():
            pair = parts[0][point] + parts[1][point]
            if site == self.name:
                self._held[site] = pair
            else:
                boxes[site] = (
                    self._box(site, sender=self.name, receiver=site).encrypt(_NONCE, pair, None).hex()
                )
        return self._letter("shares", json.dumps(boxes, sort_keys=True).encode())

    def mask(self, words: NDArray[Any], boxes: Mapping[str, bytes]) -> Letter:
        """Step 3: the site's words under its own mask and those it shares with each neighbour that takes part.

        Parameters
        ----------
        words : array of uint16, uint32 or uint64, shape (word,)
            Encoded numbers.
        boxes : mapping of str to bytes
            What each neighbour has written to this site in step 2; those that are not here take no part.

        Raises
        ------
        BadInput
            If the words are not words of a ring.
        NotPermitted
            If a box was not written by the site it is said to be from, so few take part that the sum could not be
            secured, or the step was taken already.
        """
        roster = self._known()
        if self._shared is not None:
            raise NotPermitted("This site has sent its masked words in this round already.")
        if words.ndim != 1 or words.dtype not in (np.uint16, np.uint32, np.uint64):
            raise BadInput(
                f"words must be one row of uint16, uint32 or uint64; got {words.shape} of {words.dtype}."
            )
        strangers = set(boxes) - set(roster.neighbours[self.name])
        if strangers:
            raise NotPermitted(f"{sorted(strangers)[0]!r} is no neighbour of this site in this round.")
        if len(boxes) + 1 < roster.threshold(self.name):
            raise NotPermitted(
                f"{len(boxes) + 1} of this site's neighbourhood take part; {roster.threshold(self.name)} are needed."
            )
        for site, box in boxes.items():
            self._held[site] = self._opened(site, box)
        masks = [(self._own, 1)]
        for site in boxes:
            shared = exchange(self._keys_of_mine[1], roster.mask_keys[site])
            key = derive(shared, purpose=self.terms.purpose("mask", *sorted((self.name, site))))
            masks.append((key, sign_of(self.name, site)))
        hidden = words.copy()
        add_masks(hidden, masks)
        self._shared = tuple(sorted({*boxes, self.name}))
        return self._letter("masked", hidden.tobytes())

    def unmask(self, survivors: Iterable[str]) -> Letter:
        """Step 4: a share of the self mask of each survivor, and of the mask key of each that is lost.

        Raises
        ------
        NotPermitted
            If fewer survived than the minimum, this site or too few of its neighbours are among them, they fall into
            parts, or the site was told other survivors before.
        """
        roster, survived = self._known(), frozenset(survivors)
        if self._shared is None:
            raise NotPermitted("This site has not sent its masked words yet.")
        if self._told is not None and self._told != survived:
            raise NotPermitted(
                "This site was told another set of survivors in this round; it answers one only."
            )
        if not survived <= set(roster.sites) or self.name not in survived:
            raise NotPermitted(
                "The survivors are not of this round's roster, or this site is not among them."
            )
        if len(survived) < self.terms.minimum:
            raise NotPermitted(
                f"{len(survived)} sites survived; the plan asks for {self.terms.minimum} or more."
            )
        if not is_connected(roster.neighbours, survived):
            raise NotPermitted("The survivors fall into parts that share no mask; their sums would show.")
        self._told = survived
        told = {
            site: self._held[site][:SHARE_BYTES].hex()
            if site in survived
            else self._held[site][SHARE_BYTES:].hex()
            for site in self._shared
        }
        body = {"survivors": sorted(survived), "shares": told}
        return self._letter("unmask", json.dumps(body, sort_keys=True).encode())

    def _known(self) -> Roster:
        if self._roster is None:
            raise NotPermitted("This site has not seen the roster of this round yet.")
        return self._roster

    def _letter(self, step: str, body: bytes) -> Letter:
        return self.identity.write(body, session=self.terms.session, round=self.terms.round, step=step)

    def _public(self) -> tuple[bytes, bytes]:
        cipher, mask = (key.public_key().public_bytes_raw() for key in self._keys_of_mine)
        return cipher, mask

    def _box(self, site: str, *, sender: str, receiver: str) -> ChaCha20Poly1305:
        if site not in self._boxes:
            self._boxes[site] = exchange(self._keys_of_mine[0], self._known().cipher_keys[site])
        purpose = self.terms.purpose("box", sender, receiver)
        return ChaCha20Poly1305(derive(self._boxes[site], purpose=purpose))

    def _opened(self, site: str, box: bytes) -> bytes:
        try:
            pair = self._box(site, sender=site, receiver=self.name).decrypt(_NONCE, box, None)
        except InvalidTag as error:
            raise NotPermitted(f"The shares said to be from {site!r} were not written by it.") from error
        if len(pair) != 2 * SHARE_BYTES:
            raise NotPermitted(f"The shares from {site!r} have a wrong length.")
        return pair
