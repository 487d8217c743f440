"""Shamir's secret sharing: a secret in n parts, of which any t give it back and fewer tell nothing.

The secret is the constant of a random polynomial of degree t - 1 over a prime field; a part is its value at a party's
number. The field is that of 2**256 + 297, the first prime above 32 bytes.

References
----------
Shamir 1979, doi:10.1145/359168.359176.
"""

from collections.abc import Callable, Mapping, Sequence

from commissure.errors import BadInput

__all__ = ["PRIME", "SECRET_BYTES", "SHARE_BYTES", "combine", "split"]

PRIME = 2**256 + 297
SECRET_BYTES = 32
SHARE_BYTES = 33
Entropy = Callable[[int], bytes]


def split(secret: bytes, points: Sequence[int], *, threshold: int, entropy: Entropy) -> dict[int, bytes]:
    """A share of ``secret`` for each of ``points``.

    Parameters
    ----------
    secret : bytes
        32 bytes.
    points : sequence of int
        The parties' numbers, from 1 on, all different.
    threshold : int
        How many shares give the secret back.
    entropy : callable
        Gives so many random bytes.

    Raises
    ------
    BadInput
        If the secret is not 32 bytes long, a point is zero or twice there, or the threshold cannot be met.

    Examples
    --------
    >>> import random
    >>> parts = split(b"k" * 32, [1, 2, 3], threshold=2, entropy=random.Random(1).randbytes)
    >>> combine({1: parts[1], 3: parts[3]}, threshold=2) == b"k" * 32
    True
    """
    if len(secret) != SECRET_BYTES:
        raise BadInput(f"A secret to share has {SECRET_BYTES} bytes; got {len(secret)}.")
    if len(set(points)) != len(points) or any(not 0 < point < PRIME for point in points):
        raise BadInput("The points of shares must be different numbers from 1 on.")
    if not 1 <= threshold <= len(points):
        raise BadInput(f"threshold must be between 1 and the {len(points)} parties; got {threshold}.")
    # 48 bytes modulo the prime: the bias is below 2**-127
    high = [int.from_bytes(entropy(48), "big") % PRIME for _ in range(threshold - 1)]
    constant = int.from_bytes(secret, "big")
    return {point: _value(constant, high, point).to_bytes(SHARE_BYTES, "big") for point in points}


def _value(constant: int, high: Sequence[int], point: int) -> int:
    total = 0
    for coefficient in reversed(high):
        total = (total + coefficient) * point % PRIME
    return (total + constant) % PRIME


def combine(shares: Mapping[int, bytes], *, threshold: int) -> bytes:
    """The secret, from ``threshold`` or more shares, each under its party's number.

    Raises
    ------
    BadInput
        If there are fewer, or they are not of one secret of 32 bytes.
    """
    if len(shares) < threshold:
        raise BadInput(f"{threshold} shares are needed to rebuild a secret; got {len(shares)}.")
    points = sorted(shares)[:threshold]
    total = 0
    for point in points:
        above, below = 1, 1
        for other in points:
            if other != point:
                above = above * other % PRIME
                below = below * (other - point) % PRIME
        total += int.from_bytes(shares[point], "big") * above * pow(below, -1, PRIME)
    secret = total % PRIME
    if secret >> (8 * SECRET_BYTES):
        raise BadInput("These shares are not of one secret.")
    return secret.to_bytes(SECRET_BYTES, "big")
