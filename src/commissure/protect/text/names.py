"""Recognizes what may tell who somebody is in free text and in file names, by rules.

Rules find what has a shape of its own: mail addresses, phone numbers, dates, user paths, host names, network
addresses, UIDs, numbers announced as ids, street addresses, institutions, titled names, and given names followed
by a capitalized word. What has no shape must be known from a header; see :mod:`commissure.protect.text.known`.

>>> [span.category for span in recognize("Called Dr. Giroud at 10:30, mail a.b@lab.org")]
['name', 'contact']
>>> recognize("Stimulus/S  1")
()
"""

import re
from dataclasses import dataclass

from commissure.protect.text.announced import find_announced
from commissure.protect.text.checked_numbers import find_checked
from commissure.protect.text.dates import find_dates
from commissure.protect.text.first_names import FIRST_NAMES
from commissure.protect.text.foreign_words import foreign_words
from commissure.protect.text.hints import holds_any
from commissure.protect.text.life_dates import find_life_dates
from commissure.protect.text.plain_names import find_plain_names
from commissure.protect.text.said_names import find_said_names
from commissure.protect.text.spoken_dates import find_spoken_dates
from commissure.protect.text.web import find_web

__all__ = ["Span", "non_overlapping", "recognize"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that may identify somebody, and its category (see ``Identifier``)."""

    start: int
    end: int
    category: str


_UPPER = "A-ZÀ-ÖØ-ÞŁŚŻČŠŽĆĐĎĘĚĞĢİĪĶĻĽŃŅŇŐŌŒŘŞȘŢȚŤŪŮŰŸŹĀĂĄĒĖĮŲẤ-Ỹ"
_WORD = rf"[{_UPPER}][^\W\d_]+(?:['’-][^\W\d_]+){{0,4}}"
_PLACE_WORDS = (
    r"Universit\w+|University|Hospital\w*|Hôpital|Krankenhaus|Klinik\w*|Clinic\w*|Institut\w*|College|Charité|"
    r"(?:\w*[Ss]pital|\w*sjukhus\w*|\w*sygehus\w*|\w*[Zz]iekenhuis)(?!\w)|Rigshospitalet|Infirmary|Hospice|Ospedale|Policlinico|Szpital|Nemocnice|Clinique|Clínica|UMC|"
    r"Medical (?:Center|Centre|School)|Health (?:Center|Centre|System)|School of Medicine"
)
_ROOTS = (
    r"home|users?|Users|gpfs|mnt|media|Volumes|scratch|data\d*|export|nfs|private|root|work|projects?|storage"
)

_DIGITS = tuple("0123456789")
#: parts of the words for places, and of titles, in small letters
_PLACES = (
    "universit",
    "pital",
    "krankenhaus",
    "klinik",
    "clini",
    "clíni",
    "institut",
    "college",
    "charité",
    "sjukhus",
    "sygehus",
    "ziekenhuis",
    "infirmary",
    "hospice",
    "ospedale",
    "policlinico",
    "nemocnice",
    "umc",
    "medical",
    "health",
    "medicine",
)
_TITLES = (
    "dr",
    "prof",
    "doc",
    "m",
    "herr",
    "frau",
    "señor",
    "s",
    "doña",
    "dña",
    "dott",
    "dhr",
    "pan",
    "hr",
    "fru",
    "nurse",
)
#: a category, what a text holds one of where its rule may match, and the rule
_RULES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("contact", ("@",), re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")),
    ("path", (":\\", ":/"), re.compile(r"(?:file:/+)?(?<![A-Za-z])[A-Za-z]:[\\/]{1,2}(?:[^\\/:*?\"<>|\r\n\t]+[\\/]{1,2})*[^\\/:*?\"<>|\r\n\t;,]*")),
    ("path", ("\\\\",), re.compile(r"\\\\[\w.$-]{2,}\\[^\s\"'<>|;,]+")),
    ("path", ("/",), re.compile(rf"(?<![\w.:/])(?:file:/+|~)?/?(?<=[/~])(?:{_ROOTS})/[^\s\"'<>|;,\]\)}}]+")),
    ("path", ("~",), re.compile(r"(?<![\w/])~[\w-]*/[^\s\"'<>|;,]+")),
    ("host", (".local", ".lan", ".intranet", ".corp"), re.compile(r"\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}\.(?:local|lan|localdomain|intranet|corp)\b(?!\.\w)", re.I)),
    ("host", ("desktop-", "laptop-", "win-", "pc-"), re.compile(r"\b(?:DESKTOP|LAPTOP|WIN|PC)-[A-Z0-9]{5,}\b")),
    ("host", (".",), re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)(?=[:/]|\b)")),
    ("host", (":", "-"), re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b")),
    ("uid", ("-",), re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)),
    ("uid", (".",), re.compile(r"(?<![\d.])[0-2](?:\.\d+){6,}(?![\d.])")),
    ("id", ("-",), re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
    ("id", ("mrn", "ssn", "nhs", "nir", "pesel", "patient", "accession", "case", "hospital", "chart"), re.compile(r"\b(?:MRN|SSN|NHS|NIR|PESEL|patient(?:\s+(?:id|no|number))|accession(?:\s+(?:no|number))?|"
                      r"case\s+(?:no|number)|hospital\s+(?:id|no|number)|chart\s+(?:no|number))"
                      r"\s*[.:#=-]*\s*(?!(?:GSE|GSM|GPL|[SED]R[APRSXZ]|NM_|NC_|ENS|DS)\d)[A-Z]{0,4}[-/]?\d[\d-]{2,}", re.I)),
    ("serial", ("serial", "s/n"), re.compile(r"\b(?:serial(?:\s*(?:no|number|nr))?|S/N)\s*[.:#=-]*\s*(?=(?:[A-Z-]*\d){3})[A-Z]{0,4}-?\d[\w-]{3,}", re.I)),
    ("serial", ("sn",), re.compile(r"\bSN[-:# ]?\d[\w-]{4,}")),
    ("contact", ("+",), re.compile(r"(?<![\w.])\+\d{1,3}[\s(.-]*\d(?:[\s().-]*\d){6,12}(?!\w)")),
    ("contact", ("(", "0"), re.compile(r"(?<![\w.-])(?:\(\d{2,5}\)\s*|0\d{1,4}[\s/-])\d{3,}(?:[\s-]\d{2,})*(?!\w|\.\d)")),
    ("contact", _DIGITS, re.compile(r"(?<![\w.-])\d{3}[-.\s]\d{3}[-.\s]\d{4}(?!\w|[.-]\d)")),
    ("contact", ("tel", "phone", "fax", "mobile", "cell"), re.compile(r"\b(?:tel|phone|fax|mobile|cell)\b\.?\s*[:#]?\s*\+?\d[\d\s().-]{4,}\d", re.I)),
    ("address", _DIGITS, re.compile(rf"\b\d{{1,5}}[A-Za-z]?\s+(?:{_WORD}\s+){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Drive|Lane|Boulevard|Blvd|Way|Court|Square|Grove|Terrace|Place|Close|"
                           r"Crescent|Gardens|Row|Mews|Plaza|Parkway|Highway|Alley|Walk|Quay|Trail|Circle|Heights|Rise)\b\.?")),
    ("address", ("straße", "strasse", "str.", "weg", "gasse", "platz", "allee", "straat", "gatan"), re.compile(rf"\b{_WORD}(?:straße|strasse|str\.|weg|gasse|platz|allee|straat|gatan)\s*\d+[a-z]?\b")),
    ("address", ("rue", "avenue", "boulevard", "chemin", "via", "calle", "rua"), re.compile(rf"\b\d{{1,4}},?\s+(?:rue|avenue|boulevard|chemin|via|calle|rua)\s+(?:\w+\s+){{0,3}}{_WORD}")),
    ("institution", _PLACES, re.compile(rf"\b(?:{_WORD}\s+){{0,4}}(?:{_PLACE_WORDS})(?:\s+(?:of|for|de|di|für|des|du|la|le|the|and|zu|at|{_WORD})){{0,5}}(?!\w)")),
    ("institution", ("department", "dept", "division", "ward", "chair"), re.compile(rf"\b(?:Department|Dept|Division|Ward|Chair)\b\.?\s+(?:of|for|d[eu])\s+{_WORD}(?:\s+(?:and\s+)?{_WORD}){{0,3}}")),
    ("name", (".",), re.compile(r"(?:(?<=by )|(?<=tech )|(?<=checked )|(?<=operator )|(?<=initials )|(?<=rater )|(?<=with ))[A-ZÀ-Þ]\.\s?[A-ZÀ-Þ]\.(?!\w)")),
    ("name", (".",), re.compile(r"(?<![\w.])(?!(?:U\.S|U\.K|I\.Q|I\.V|A\.M|P\.M|E\.U|N\.B|Q\.C|S\.D|S\.E|D\.C|A\.C|E\.R)\.)[A-ZÀ-Þ]\.\s?[A-ZÀ-Þ]\.(?:\s?[A-ZÀ-Þ]\.)?(?!\w)")),
    ("age", ("age",), re.compile(r"\b(?:aged?|age\s*(?:[:=]|is|of))\s*(?:9\d|1[0-2]\d)\b(?!\s*(?:d|days?|weeks?|wk|months?|h|min|%)\b)", re.I)),
    ("age", ("y",), re.compile(r"\b(?:9\d|1[0-2]\d)[\s-]*(?:years?|yrs?|y)[\s./-]*(?:old|o(?:ld)?\b|of age)", re.I)),
    ("name", _TITLES, re.compile(rf"\b(?:Dr|Prof|Professor|Doctor|Mr|Mrs|Ms|Miss|Mme|Mlle|Monsieur|Madame|Herr|Frau|Señora?|Sr|Sra|Srta|Doña|Dña|Signora?|[Ss]ig(?:\.ra|\.na)?|Dott(?:\.ssa)?|Mevrouw|Mevr|Meneer|Dhr|Pani?|Hr|Fru|Docteur|Nurse|Sir)"
                        rf"\b\.?(?:\s+(?:Dr|Prof|med|rer|nat)\b\.?)*\s+{_WORD}(?:\s+{_WORD})?")),
    ("name", (":", "="), re.compile(rf"\b(?:[Pp]atient|[Nn]ame|[Oo]perator|[Tt]echnician|[Tt]ech|[Ee]xperimenter|[Pp]hysician|[Ee]xaminer|[Rr]ecorded by|[Pp]erformed by|"
                        rf"[Aa]cquired by|[Aa]nalyzed by|[Tt]ested by|[Uu]ser)\s*[:=]\s*(?:{_WORD})(?:[\s,^]+{_WORD}){{0,2}}")),
    ("name", (":", "="), re.compile(rf"\b(?:[Uu]ntersucher(?:in)?|[Vv]ersuchsleiter(?:in)?|[Pp]roband(?:in)?|[Aa]rzt|Ärztin|[Ee]xpérimentateur|[Ee]xaminateur|[Mm]édecin|[Mm]édico|[Ee]xaminador|[Oo]peratore|[Oo]nderzoeker|[Ll]ekarz|[Ll]äkare)\s*[:=]\s*(?:{_WORD})(?:\s{_WORD})?")),
    ("name", ("^",), re.compile(rf"\b{_WORD}\^{_WORD}(?:\^[^\W\d_]*)*")),
)  # fmt: skip
_PAIR = re.compile(rf"\b({_WORD})(?:,\s*|\s+|_)(?:[{_UPPER}]\.\s*)?({_WORD})\b")


_BEFORE = 40
_STANDARD_UIDS = "1.2.840.10008."


def recognize(text: str) -> tuple[Span, ...]:
    """The stretches of ``text`` that may identify somebody, in order, none overlapping another."""
    if len(text) < 3:
        return ()
    spans = [
        Span(match.start(), match.end(), category)
        for category, needs, rule in _RULES
        if holds_any(text, needs)
        for match in rule.finditer(text)
        if not _innocent(category, match, text)
    ]
    spans += [
        Span(start, end, category) for start, end, category in (*find_announced(text), *find_life_dates(text))
    ]
    spans += [Span(start, end, "id") for start, end in find_checked(text)]
    spans += [
        Span(start, end, "name")
        for start, end in (*foreign_words(text), *find_plain_names(text), *find_said_names(text))
    ]
    spans += [Span(start, end, "host") for start, end in find_web(text)]
    spans += [Span(span.start, span.end, "date") for span in find_dates(text)]
    spans += [Span(start, end, "date") for start, end in find_spoken_dates(text)]
    spans += _pairs(text)
    return non_overlapping(spans)


def _innocent(category: str, match: re.Match[str], text: str) -> bool:
    """Whether a match is a version that looks like a network address, or a UID that the DICOM standard defines."""
    value = match.group()
    if category == "uid":
        return value.startswith(_STANDARD_UIDS)
    octets = value.split(".")
    if category != "host" or len(octets) != 4 or not all(octet.isdigit() for octet in octets):
        return False
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    announced = re.search(r"(?:\bip|host|addr\w*|server|//|@)\W*$", before, re.I) is not None
    return not (announced or value.startswith("192.168.") or sum(int(octet) > 19 for octet in octets) > 1)


def non_overlapping(spans: list[Span]) -> tuple[Span, ...]:
    """The spans in order; where two overlap they become one, of the longer one's category."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.start, -item.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            longer = last if last.end - last.start >= span.end - span.start else span
            merged[-1] = Span(last.start, max(last.end, span.end), longer.category)
        else:
            merged.append(span)
    return tuple(merged)


def _pairs(text: str) -> list[Span]:
    found = []
    start = 0
    while match := _PAIR.search(text, start):
        first, second = match.group(1).lower(), match.group(2).lower()
        given_then_family = first in FIRST_NAMES
        family_then_given = second in FIRST_NAMES and "," in match.group()
        if (given_then_family or family_then_given) and text[max(match.start() - 1, 0)] != "^":
            found.append(Span(match.start(), match.end(), "name"))
            start = match.end()
        else:
            start = match.start(2)
    return found
