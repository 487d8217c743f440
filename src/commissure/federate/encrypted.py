"""Homomorphic sums (CKKS): the coordinator adds what it cannot read, and not even the sum is shown to it.

The sites share one secret key; the coordinator holds only what adding takes. So a study's state lives at the sites: each
decrypts the sum and takes the same step. Beside masks: the coordinator learns nothing at all, needs no second exchange,
and a site that drops out costs nothing; but a ciphertext is some fourteen times the plain numbers, and whoever breaks
into one site and the coordinator reads every site. Masks are the default; this is for networks whose sites trust each
other and not their coordinator.

References
----------
Cheon et al. 2017 (CKKS), doi:10.1007/978-3-319-70694-8_15; Benaissa et al. 2021 (TenSEAL), arXiv:2104.03152.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotPermitted
from commissure.extras import need
from commissure.federate.analysis import Analysis, Array, State, Table, flatten, is_done, unflatten
from commissure.federate.fixed_point import as_finite
from commissure.federate.wire import pack, unpack

__all__ = ["EncryptedSite", "Keys", "add_encrypted", "make_keys", "run_encrypted"]

# 128 bits of security (homomorphicencryption.org); one level, so that a sum may be weighted
_DEGREE, _MODULI, _SCALE = 8192, (60, 40, 60), 2.0**40
_SLOTS, _LARGEST = _DEGREE // 2, 2.0**17
_PURPOSE = "Homomorphic encryption"


@dataclass(frozen=True, slots=True)
class Keys:
    """A network's keys.

    Parameters
    ----------
    secret : bytes
        For the sites, carried to each as its own key is; never to the coordinator.
    public : bytes
        What the coordinator needs to add.
    """

    secret: bytes
    public: bytes

    def __repr__(self) -> str:
        return "Keys(…)"


def make_keys() -> Keys:
    """New keys, made at one site."""
    tenseal: Any = need("tenseal", purpose=_PURPOSE)
    context = tenseal.context(
        tenseal.SCHEME_TYPE.CKKS, _DEGREE, coeff_mod_bit_sizes=list(_MODULI),
        encryption_type=tenseal.ENCRYPTION_TYPE.SYMMETRIC,
    )  # fmt: skip
    context.global_scale = _SCALE
    return Keys(context.serialize(save_secret_key=True), context.serialize(save_secret_key=False))


def _context(data: bytes) -> Any:
    return need("tenseal", purpose=_PURPOSE).context_from(data)


def _vectors(context: Any, data: bytes) -> tuple[dict[str, Any], list[Any]]:
    head, blobs = unpack(data)
    tenseal: Any = need("tenseal", purpose=_PURPOSE)
    try:
        return head, [tenseal.ckks_vector_from(context, blob) for blob in blobs]
    except (ValueError, RuntimeError) as error:
        raise BadInput("These bytes are no encrypted numbers of this network.") from error


def add_encrypted(public: bytes, parts: Sequence[bytes], *, weights: Sequence[float] = ()) -> bytes:
    """The sum of encrypted answers, at the coordinator.

    Parameters
    ----------
    public : bytes
        Of :class:`Keys`.
    parts : sequence of bytes
        One a site, of the same round.
    weights : sequence of float
        What each is multiplied by first; none to add them as they are.

    Raises
    ------
    BadInput
        If there is none, they are of different rounds or lengths, or are no encrypted numbers.
    """
    if not parts or (weights and len(weights) != len(parts)):
        raise BadInput("A sum takes one encrypted answer or more, and a weight for each or none.")
    context = _context(public)
    head, total = _vectors(context, parts[0])
    if weights:
        total = [vector * float(weights[0]) for vector in total]
    for number, part in enumerate(parts[1:], start=1):
        other, vectors = _vectors(context, part)
        if other != head or len(vectors) != len(total):
            raise BadInput("The encrypted answers are of different rounds or lengths.")
        for at, vector in enumerate(vectors):
            total[at] += vector * float(weights[number]) if weights else vector
    return pack(head, [vector.serialize() for vector in total])


class EncryptedSite:
    """A site of an encrypted study: answers, and takes each step by itself.

    Parameters
    ----------
    analysis : Analysis
    table : mapping of str to array
    secret : bytes
        Of :class:`Keys`.
    minimum : int
        A sum over fewer sites is not taken.
    """

    def __init__(self, analysis: Analysis, table: Table, *, secret: bytes, minimum: int) -> None:
        self._analysis, self._table, self._minimum = analysis, table, minimum
        self._context = _context(secret)
        self.state: State = analysis.first()
        self.round = 0
        self._memory: State = {}

    @property
    def done(self) -> bool:
        """Whether the study has its result."""
        return is_done(self.state)

    @property
    def result(self) -> Mapping[str, Array]:
        """What the study has found."""
        return self._analysis.result(self.state)

    def answer(self) -> bytes:
        """This round's encrypted answer, and behind it a one by which sites are counted.

        Raises
        ------
        BadInput
            If a number is missing, infinite, or too large for the scheme.
        """
        tenseal: Any = need("tenseal", purpose=_PURPOSE)
        answer, self._memory = self._analysis.answer(self.state, self._table, self._memory)
        values = np.append(as_finite(flatten(answer, self._analysis.shapes(self.state))), 1.0)
        if np.abs(values).max() > _LARGEST:
            raise BadInput(
                f"A number to be encrypted is above {_LARGEST:g} in size; standardize the columns."
            )
        parts = [values[start : start + _SLOTS] for start in range(0, values.size, _SLOTS)]
        return pack({"round": self.round}, [tenseal.ckks_vector(self._context, p).serialize() for p in parts])

    def take(self, total: bytes) -> None:
        """Decrypt the sum of a round, and take the step it leads to.

        Raises
        ------
        NotPermitted
            If it is of another round, or over fewer sites than the minimum.
        BadInput
            If it is no encrypted sum.
        """
        head, vectors = _vectors(self._context, total)
        if head.get("round") != self.round:
            raise NotPermitted(f"A sum of round {head.get('round')} came; now is round {self.round}.")
        values = np.concatenate([np.asarray(vector.decrypt(), np.float64) for vector in vectors])
        shapes = self._analysis.shapes(self.state)
        if values.size != 1 + sum(int(np.prod(shape)) for shape in shapes.values()):
            raise BadInput(f"A sum of {values.size - 1} numbers came; the study has others.")
        if round(values[-1]) < self._minimum:
            raise NotPermitted(
                f"The sum is over {round(values[-1])} sites; the plan asks for {self._minimum}."
            )
        self.state = self._analysis.step(self.state, unflatten(values[:-1], shapes))
        self.round += 1


def run_encrypted(
    analysis: Analysis, tables: Mapping[str, Table], *, minimum: int = 2
) -> tuple[Mapping[str, Array], float]:
    """The result of an encrypted study over sites that are all here, and its bytes a site over those of plain numbers.

    The plain numbers are of 32 bits, as they travel under masks.
    """
    keys, sent, plain = make_keys(), 0, 0
    sites = [EncryptedSite(analysis, t, secret=keys.secret, minimum=minimum) for t in tables.values()]
    while not sites[0].done:
        plain += 4 * len(sites) * sum(int(np.prod(s)) for s in analysis.shapes(sites[0].state).values())
        parts = [site.answer() for site in sites]
        sent += sum(map(len, parts))
        total = add_encrypted(keys.public, parts)
        for site in sites:
            site.take(total)
    return sites[0].result, sent / plain
