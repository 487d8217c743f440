"""Licences by their SPDX ids."""

__all__ = ["licence_url", "licence_rights"]

_SPDX = "https://spdx.org/licenses/"
#: words by which archives call a licence, by SPDX id
_NAMES = {"cc0": "CC0-1.0", "pddl": "PDDL-1.0", "cc by": "CC-BY-4.0", "cc-by": "CC-BY-4.0", "ccby": "CC-BY-4.0",
          "cc by 4.0": "CC-BY-4.0", "cc0 1.0": "CC0-1.0", "pd": "PDDL-1.0"}  # fmt: skip
_DEEDS = {
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "creativecommons.org/licenses/by/4.0": "CC-BY-4.0",
    "creativecommons.org/licenses/by-sa/4.0": "CC-BY-SA-4.0",
    "creativecommons.org/licenses/by-nc/4.0": "CC-BY-NC-4.0",
    "opendatacommons.org/licenses/pddl/1": "PDDL-1.0",
    "opendatacommons.org/licenses/odbl/1": "ODbL-1.0",
}


def licence_url(licence: str) -> str:
    """The address of a licence: that of its SPDX id, or what was given if it is an address already.

    >>> licence_url("CC-BY-4.0")
    'https://spdx.org/licenses/CC-BY-4.0'
    """
    text = licence.strip()
    if not text or text.startswith(("http://", "https://")):
        return text
    return f"{_SPDX}{text}" if all(c.isalnum() or c in ".-+" for c in text) else text


def licence_rights(licence: str) -> str:
    """The SPDX id of a licence that is named in one of the usual ways; empty if it is none that is known.

    >>> licence_rights("CC0"), licence_rights("https://creativecommons.org/licenses/by/4.0/"), licence_rights("ask us")
    ('CC0-1.0', 'CC-BY-4.0', '')
    """
    text = licence.strip()
    if text.startswith("spdx:"):
        return text.removeprefix("spdx:")
    if text.startswith(_SPDX):
        return text.removeprefix(_SPDX).removesuffix(".html").rstrip("/")
    if text.startswith("http"):
        return next((name for deed, name in _DEEDS.items() if deed in text.lower()), "")
    if text.lower() in _NAMES:
        return _NAMES[text.lower()]
    plain = all(c.isalnum() or c in ".-+" for c in text)
    return text if plain and "-" in text and any(c.isdigit() for c in text) else ""
