"""Canonical JSON (RFC 8785), base58 and did:key: what a signature over a JSON document needs.

>>> canonical({"b": 1.0, "a": "é"})
b'{"a":"\\xc3\\xa9","b":1}'
"""

import json
import math
from typing import Any

from commissure.errors import BadInput

__all__ = ["base58", "canonical", "did_key", "from_base58", "key_of_did"]

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"
_SAFE = 2**53
_EXPONENT_FROM, _EXPONENT_TO = 1e21, 1e-6


def canonical(value: Any) -> bytes:
    """The one way in which JSON Canonicalization Scheme writes ``value``, as UTF-8.

    Parameters
    ----------
    value : JSON value
        Objects, arrays, strings, numbers, booleans and null.

    Raises
    ------
    BadInput
        If it holds what JSON has no word for, or an integer that JavaScript cannot tell from its neighbour.

    References
    ----------
    Rundgren, Jordan & Erdtman 2020, RFC 8785, doi:10.17487/RFC8785.
    """
    try:
        return _written(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput("The document holds half of a surrogate pair; it is no valid Unicode.") from error


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(_written(one) for one in value)}]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return f"{{{','.join(f'{_written(key)}:{_written(value[key])}' for key in keys)}}}"
    raise BadInput(f"A signed document holds JSON values only; got a {type(value).__name__}.")


def _number(value: float) -> str:
    """As ECMAScript's Number.prototype.toString writes it."""
    if isinstance(value, int):
        if abs(value) >= _SAFE:
            raise BadInput("An integer of 2^53 or more cannot be signed; write it as a string.")
        return str(value)
    if not math.isfinite(value):
        raise BadInput("Infinity and NaN are no JSON numbers.")
    if value == 0:
        return "0"
    sign, size = ("-" if value < 0 else ""), abs(value)
    digits, _, power = repr(size).partition("e")
    whole, _, part = digits.partition(".")
    part = "" if part == "0" else part
    point = len(whole) + int(power or 0)
    figures = (whole + part).lstrip("0")
    point -= len(whole + part) - len((whole + part).lstrip("0"))
    figures = figures.rstrip("0") or "0"
    if _EXPONENT_TO <= size < _EXPONENT_FROM:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{figures}"
        if point >= len(figures):
            return f"{sign}{figures}{'0' * (point - len(figures))}"
        return f"{sign}{figures[:point]}.{figures[point:]}"
    rest = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{sign}{figures[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def base58(data: bytes) -> str:
    """Bytes in base58 (Bitcoin's alphabet), without the multibase letter.

    >>> base58(b"hello"), from_base58("Cn8eVZg")
    ('Cn8eVZg', b'hello')
    """
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _ALPHABET[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """The bytes that base58 stands for; :class:`BadInput` if it is none."""
    number = 0
    for letter in text:
        place = _ALPHABET.find(letter)
        if place < 0:
            raise BadInput("This is not base58: it has a letter that base58 does not know.")
        number = number * 58 + place
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def did_key(public: bytes) -> str:
    """The did:key of an Ed25519 public key (32 bytes)."""
    return f"did:key:z{base58(_ED25519 + public)}"


def key_of_did(did: str) -> bytes:
    """The Ed25519 public key in a did:key, with or without a fragment.

    Raises
    ------
    BadInput
        If it is no did:key, or of another kind of key.
    """
    name = did.partition("#")[0]
    data = from_base58(name.removeprefix("did:key:z")) if name.startswith("did:key:z") else b""
    if data[:2] != _ED25519 or len(data) != 34:
        raise BadInput("The key must be a did:key of Ed25519 (did:key:z6Mk…).")
    return data[2:]
