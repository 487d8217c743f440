"""A question for archives that find only what holds every word: asked whole first, then with less and less of it."""

from collections.abc import Sequence

from commissure.discover.question import Need, Question

__all__ = ["steps"]

#: concepts of modality and species, in the common words of the mapping tables
_MODALITIES = {
    "eeg": "eeg", "meg": "meg", "ieeg": "ieeg", "mri": "mri", "fmri": "func", "smri": "anat", "dmri": "dwi",
    "perfusion": "perf", "pet": "pet", "nirs": "nirs", "ephys": "ecephys", "icephys": "icephys", "ophys": "ophys",
    "behavior": "behavior", "motion": "motion", "microscopy": "microscopy",
}  # fmt: skip
_SPECIES = {
    "human": "Homo sapiens", "mouse": "Mus musculus", "rat": "Rattus norvegicus", "macaque": "Macaca mulatta",
    "zebrafish": "Danio rerio", "fly": "Drosophila melanogaster", "worm": "Caenorhabditis elegans",
}  # fmt: skip
_LOOSE = frozenset(("modality", "species", "age", "sex", "design"))
#: words that a depositor may well not have written
_FILLING = frozenset(("task", "tasks", "paradigm", "patients", "data", "recordings", "study"))
_MOST_WORDS, _MOST_STEPS, _LONGEST = 3, 4, 200


def steps(question: Question) -> tuple[dict[str, object], ...]:
    """The common questions to put to an archive in turn, until it has given enough.

    The first asks for all that is specific, within the modality and the species; the next ones only for the weightiest
    thing, then without modality, then for the second weightiest.

    Parameters
    ----------
    question : Question
        As :func:`commissure.discover.question.understand` reads it.

    Returns
    -------
    tuple of dict
        Each with ``words`` and, where asked, ``modality``, ``species``, ``min_age``, ``max_age``; none if nothing
        is asked.

    Examples
    --------
    >>> from commissure.discover.concepts import load_concepts
    >>> from commissure.discover.question import understand
    >>> asked = understand("EEG in mild cognitive impairment during visual memory", concepts=load_concepts())
    >>> [(one["words"], one.get("modality", "")) for one in steps(asked)]
    [('mild cognitive impairment visual memory', 'eeg'), ('mild cognitive impairment', 'eeg'), \
('mild cognitive impairment', ''), ('visual memory', 'eeg')]
    """
    frame: dict[str, object] = {
        "modality": _first(question, "modality", _MODALITIES),
        "species": _first(question, "species", _SPECIES),
    }
    ages = {limit.sign[0]: limit.value for limit in question.limits if limit.field == "age"}
    frame |= {"min_age": ages.get(">"), "max_age": ages.get("<")}
    frame = {name: value for name, value in frame.items() if value not in (None, "")}
    words = _specific(question)
    if not words:
        plain: dict[str, object] = {"words": "" if frame else question.text[:_LONGEST], **frame}
        return (plain,) if any(plain.values()) else ()
    tried: list[dict[str, object]] = [
        {"words": " ".join(words[:_MOST_WORDS]), **frame},
        {"words": words[0], **frame},
        {"words": words[0]},
        *({"words": one, **frame} for one in words[1:]),
    ]
    return tuple(one for place, one in enumerate(tried) if one not in tried[:place])[:_MOST_STEPS]


def _first(question: Question, family: str, codes: dict[str, str]) -> str:
    filters = [f.value.lower() for f in question.terms.filters if f.wanted and f.field == family]
    needs = [c for need in question.needs if need.family == family for c in need.concepts]
    return next((codes[name] for name in (*filters, *needs) if name in codes), "")


def _specific(question: Question) -> list[str]:
    weighty: Sequence[Need] = sorted(question.needs, key=lambda need: -need.weight)
    named = [_bare(need.words.split(" / ")[0]) for need in weighty if need.family not in _LOOSE]
    phrases = [
        *question.terms.phrases,
        *(f.value for f in question.terms.filters if f.wanted and f.field not in _LOOSE),
    ]
    return [word[:_LONGEST] for word in dict.fromkeys([*phrases, *named]) if word]


def _bare(words: str) -> str:
    kept = [word for word in words.split() if word.lower() not in _FILLING]
    return " ".join(kept) or words
