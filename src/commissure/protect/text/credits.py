"""Who is credited in a dataset: its authors chose to be named, so their names and addresses may stay where they are public."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from commissure.protect.text.known import name_parts

__all__ = ["Credits", "credits_of"]


@dataclass(frozen=True, slots=True)
class Credits:
    """The surnames and whole names of a dataset's authors, case folded.

    >>> Credits(frozenset({"ada lovelace"}), frozenset({"lovelace"})).holds("a.lovelace@example.org")
    True
    """

    names: frozenset[str] = frozenset()
    surnames: frozenset[str] = frozenset()

    def holds(self, text: str) -> bool:
        """Whether ``text`` names an author: a whole name, or a surname that stands for itself."""
        folded = text.casefold().strip()
        if folded in self.names:
            return True
        words = set(re.findall(r"[^\W\d_]{3,}", folded))
        return bool(words & self.surnames)


def credits_of(root: Path) -> Credits:
    """The authors that ``dataset_description.json`` below ``root`` names; nobody if there is none."""
    try:
        told = json.loads((root / "dataset_description.json").read_text("utf-8-sig"))
    except (OSError, ValueError):
        return Credits()
    authors = told.get("Authors", ()) if isinstance(told, dict) else ()
    authors = [str(author) for author in authors] if isinstance(authors, list) else []
    surnames = {part.casefold() for author in authors for part in name_parts(author) if len(part) > 3}
    return Credits(frozenset(author.casefold().strip() for author in authors), frozenset(surnames))
