"""How archives write single values, and what they mean: licences, names of people, DOIs, codes, dates, markup.

Each rule of a mapping table names one of these by ``as``; ``read`` gives the common value, ``write`` the archive's.
What a rule cannot read or write is None, and is reported as lost, never guessed.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["KINDS", "read_value", "write_value"]

#: the kinds of value that a rule may name
KINDS = ("text", "number", "count", "licence", "person", "doi", "date", "code", "markup")
_LICENCES = {
    "CC0-1.0": ("cc0", "cc0-1.0", "cc-zero", "cczero", "pd", "pddl", "pddl-1.0", "creative commons zero"),
    "CC-BY-4.0": ("cc-by-4.0", "cc-by", "ccby4", "cc by 4.0", "creative commons attribution 4.0 international"),
    "CC-BY-SA-4.0": ("cc-by-sa-4.0", "cc-by-sa", "cc by-sa 4.0"),
    "CC-BY-NC-4.0": ("cc-by-nc-4.0", "cc-by-nc", "cc by-nc 4.0"),
    "CC-BY-NC-SA-4.0": ("cc-by-nc-sa-4.0", "cc-by-nc-sa", "cc by-nc-sa 4.0"),
    "ODbL-1.0": ("odbl", "odbl-1.0"),
}  # fmt: skip
_BY_NAME = {name: spdx for spdx, names in _LICENCES.items() for name in names}
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def read_value(value: Any, rule: Mapping[str, Any]) -> Any:
    """The common value of what an archive wrote; None where it says nothing that the rule can read.

    >>> read_value("spdx:CC0-1.0", {"as": "licence", "prefix": "spdx:"})
    'CC0-1.0'
    >>> read_value("Lovelace, Ada", {"as": "person"}), read_value("doi:10.5072/x", {"as": "doi"})
    ('Ada Lovelace', '10.5072/x')
    """
    kind = rule.get("as", "text")
    if kind == "count":
        return len(value) if isinstance(value, list) else None
    if kind == "number":
        return _number(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    prefix = str(rule.get("prefix", ""))
    text = text[len(prefix) :] if prefix and text.lower().startswith(prefix.lower()) else text
    if not text:
        return None
    return _read_text(text, kind, rule)


def _read_text(text: str, kind: str, rule: Mapping[str, Any]) -> str | None:
    if kind == "licence":
        return _BY_NAME.get(re.sub(r"\s+", " ", text.lower()), text)
    if kind == "person":
        family, comma, given = text.partition(",")
        return f"{given.strip()} {family.strip()}" if comma and given.strip() else text
    if kind == "doi":
        found = _DOI.search(text)
        return found.group().rstrip(".,;") if found else None
    if kind == "date":
        dated = _DATE.match(text)
        return dated.group() if dated else None
    if kind == "code":
        found_code = {str(k).lower(): v for k, v in rule["values"].items()}.get(text.lower())
        return str(found_code) if found_code is not None else text if rule.get("open") else None
    if kind == "markup":
        return " ".join(html.unescape(re.sub(r"<[^<>]{1,300}>", " ", text)).split()) or None
    return text


def write_value(value: Any, rule: Mapping[str, Any]) -> Any:
    """What the archive writes for a common value; None where it has no way to say it.

    >>> write_value("CC0-1.0", {"as": "licence", "prefix": "spdx:", "values": {"CC0-1.0": "CC0-1.0"}})
    'spdx:CC0-1.0'
    >>> write_value("Ada Lovelace", {"as": "person", "turned": True})
    'Lovelace, Ada'
    """
    kind = rule.get("as", "text")
    if kind == "count":
        return None
    if kind == "number":
        return _number(value)
    text = str(value)
    if kind == "licence" and "values" in rule:
        text = rule["values"].get(text, "")
    elif kind == "code":
        wanted = rule.get("written") or {common: archive for archive, common in rule["values"].items()}
        text = wanted.get(text, text if rule.get("open") else "")
    elif kind == "person" and rule.get("turned"):
        given, _, family = text.strip().rpartition(" ")
        text = f"{family}, {given}" if given and "," not in text else text
    return f"{rule.get('prefix', '')}{text}" if text else None


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    return int(value) if isinstance(value, int | float) and value == value and 0 <= value < 2**63 else None
