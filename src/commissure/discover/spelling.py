"""Typing errors: the known word that an unknown word was meant to be.

Words within one edit (two for long words) are compared by the restricted Damerau-Levenshtein distance,
https://doi.org/10.1145/363958.363994; the nearest wins, then the most frequent.
"""

from collections.abc import Callable, Collection, Mapping

__all__ = ["corrector", "distance"]

_RARE = 3
_LONG, _SAFE = 6, 10
_TIMES = 50


def distance(one: str, other: str, *, limit: int = 2) -> int:
    """Edits (insert, delete, replace, swap neighbours) from one word to another; ``limit + 1`` if more.

    Examples
    --------
    >>> distance("stimulaton", "stimulation"), distance("epilepsi", "epilepsy"), distance("eeg", "memory")
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def corrector(
    *, known: Collection[str], count: Callable[[str], int], like: Callable[[str], Mapping[str, int]]
) -> Callable[[str], str]:
    """Make the function that corrects one folded word.

    Parameters
    ----------
    known : collection of str
        Words that are right whatever the records say: those of the concepts.
    count : callable
        In how many records a word occurs.
    like : callable
        Frequent words of the records that start with the given letter, with their counts.

    Returns
    -------
    callable
        Gives the word that was meant, or the word itself.
    """

    def correct(word: str) -> str:
        seen = count(word)
        if word in known or len(word) < 4 or seen >= _RARE or not word.isascii():
            return word
        limit = 1 if len(word) <= _LONG or (seen and len(word) < _SAFE) else 2
        options = {w: 1_000 for w in known if w[0] == word[0]}
        for other, records in like(word[0]).items():
            options[other] = options.get(other, 0) + records
        best = min(
            ((distance(word, other, limit=limit), -records, other) for other, records in options.items()
             if abs(len(other) - len(word)) <= limit and records > _TIMES * seen),
            default=(limit + 1, 0, word),
        )  # fmt: skip
        return best[2] if best[0] <= limit and _plausible(word, best[2], best[0]) else word

    return correct


def _plausible(word: str, other: str, edits: int) -> bool:
    """An inflected or longer form of a known word is no typing error."""
    return not (word.startswith(other) or other.startswith(word)) or (edits == 1 and len(word) > _LONG)
