"""WordPiece: text to the token numbers that BERT models read, with the published uncased vocabulary.

The longest piece of the vocabulary that starts a word is taken, then the longest that goes on, and so
on; a word that cannot be cut so is unknown. Schuster & Nakajima (2012),
https://doi.org/10.1109/ICASSP.2012.6289079; the cutting of BERT: Devlin et al. (2019),
https://doi.org/10.18653/v1/N19-1423.
"""

import gzip
import unicodedata
from functools import lru_cache
from importlib import resources

__all__ = ["CLS", "PAD", "SEP", "UNKNOWN", "tokenize", "vocabulary"]

PAD = 0
UNKNOWN = 100
CLS = 101
SEP = 102
_LONGEST_WORD = 100


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    """The 30,522 word pieces, each with its number."""
    packed = resources.files("commissure.kernels").joinpath("data/wordpiece.txt.gz").read_bytes()
    return {piece: number for number, piece in enumerate(gzip.decompress(packed).decode().splitlines())}


def tokenize(text: str, *, limit: int = 128) -> list[int]:
    """Give the numbers of the word pieces of ``text``, between ``[CLS]`` and ``[SEP]``.

    Parameters
    ----------
    text : str
        Any text; case and accents do not count, control characters are dropped.
    limit : int
        The largest number of tokens, the two marks included.

    Returns
    -------
    list of int
        At least two numbers, at most ``limit``.

    Examples
    --------
    >>> tokenize("visual memory")
    [101, 5107, 3638, 102]
    """
    numbers = [CLS]
    for word in _words(" ".join(text.split())[: 40 * limit]):
        numbers.extend(_pieces(word))
        if len(numbers) >= limit - 1:
            break
    return [*numbers[: limit - 1], SEP]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFD", text.lower())
    parts: list[str] = []
    for char in plain:
        kind = unicodedata.category(char)
        if kind == "Mn" or char in "\x00\ufffd" or (kind.startswith("C") and char not in "\t\n\r"):
            continue
        parts.append(" " if char.isspace() else f" {char} " if _stands_alone(char, kind) else char)
    return "".join(parts).split()


def _stands_alone(char: str, kind: str) -> bool:
    ascii_mark = char.isascii() and not char.isalnum()
    return (
        ascii_mark or kind.startswith("P") or 0x4E00 <= ord(char) <= 0x9FFF or 0x3400 <= ord(char) <= 0x4DBF
    )


@lru_cache(maxsize=65536)
def _pieces(word: str) -> tuple[int, ...]:
    known = vocabulary()
    if len(word) > _LONGEST_WORD:
        return (UNKNOWN,)
    found: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else f"##{word[start:end]}"
            if piece in known:
                found.append(known[piece])
                start = end
                break
        else:
            return (UNKNOWN,)
    return tuple(found)
