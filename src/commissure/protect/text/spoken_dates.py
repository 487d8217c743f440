"""Dates that no day, month and year in figures tell: *the third of May nineteen ninety*, *Good Friday 2019*, *17 December*.

A day of the year without its year, or a month with it, is as much a date as a whole one; a year alone, and a weekday alone, are not.

>>> text = "born on the third of May nineteen ninety, seen on the 2nd Monday in June 2014, again in mid-July, in 2019"
>>> [text[start:end] for start, end in find_spoken_dates(text)]
['the third of May nineteen ninety', 'the 2nd Monday in June 2014', 'mid-July']
>>> find_spoken_dates("trial 12 may end in March style, week 3 of training, FSL 6.0.5, the second of two")
[]
"""

import re

from commissure.protect.text.hints import holds_any, words_in

__all__ = ["find_spoken_dates"]

_LONG = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
#: months that no common English word is spelled like, in other languages
_FOREIGN = (
    "januar|februar|märz|juni|juli|oktober|dezember|janvier|février|fevrier|avril|juin|juillet|août|septembre|octobre|novembre|décembre|decembre|enero|"
    "febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|"
    "dicembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|januari|februari|maart|augustus|augusti|stycznia|lutego|marca|"
    "kwietnia|czerwca|lipca|sierpnia|września|października|listopada|grudnia|января|февраля|марта|апреля|июня|июля|августа|сентября|октября|ноября|декабря"
)
_MONTH = rf"(?:{_LONG}|(?:{_SHORT})\b\.?)"
_ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_ORDINAL = (
    rf"(?:{_ONES}|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|"
    rf"twenty[ -](?:{_ONES})|thirty[ -]first)"
)
_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_UNDER_100 = (
    r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:oh|o)[ -]"
    rf"(?:{_UNITS})|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:{_UNITS}))?)"
)
_YEAR = (
    rf"(?:(?:19|20)\d{{2}}(?!\d)|['’]\d{{2}}(?!\d)|(?:nineteen|twenty)[ -](?:hundred(?:(?: and)?[ -](?:{_UNDER_100}|{_UNITS}))?|{_UNDER_100})|"
    rf"two thousand(?:(?: and)?[ -](?:{_UNDER_100}|{_UNITS}))?)"
)
_OF_YEAR = rf"(?:(?:,\s|\s(?:of\s|in\s)?){_YEAR})?"
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_TH = r"(?:st|nd|rd|th)"
_FEAST = (
    r"(?:Christmas(?: Eve| Day)?|Boxing Day|New Year['’]?s(?: Eve| Day)?|Good Friday|Easter(?: Sunday| Monday)?|Palm Sunday|Ash Wednesday|Pentecost|Whit(?: Sunday| Monday)|"
    r"Thanksgiving(?: Day)?|Hallowe['’]?en|Valentine['’]?s Day|(?:Memorial|Labou?r|Columbus|Independence|Canada|Australia|Anzac|Bastille|Republic|May|Mother['’]?s|Father['’]?s|"
    r"Presidents['’]?|Martin Luther King|MLK|Veterans|Remembrance|Groundhog|All Saints['’]?) Day|Midsummer(?: Eve)?|Hanukkah|Chanukah|Passover|Yom Kippur|Rosh Hashanah?|Purim|"
    r"Diwali|Holi|Eid(?: al-\w+)?|Ramadan|Nowruz|(?:Chinese|Lunar) New Year|Black Friday|Mardi Gras|Heiligabend|Silvester|Weihnachten|Ostern|Pfingsten|Karfreitag|Rosenmontag|"
    r"Neujahr|Noël|Pâques|Toussaint|Navidad|Nochebuena|Nochevieja|Natale|Pasqua|Ferragosto|Koningsdag|Sinterklaas|Kerstmis)"
)
_BESIDE = r"(?<=\bon )|(?<=\bat )|(?<=\bbefore )|(?<=\bafter )|(?<=\bsince )|(?<=\buntil )|(?<=\bof )|(?<=\bthis )|(?<=\blast )|(?<=\ban )|(?<=\bzu )|(?<=\bnach )|(?<=\bvor )|(?<=\bà )"
_DATED = r"(?i:\b(?:on|dated?|since|born|dob|d\.o\.b\.?|geb\.?|geboren|née?|am|le|el|il|op|den|until|visit|surgery|seizure|seen|admitted|discharged|follow-?up|for|back|again|planned|died|last|first|next|moved))\W{1,3}"
_MONTHS = frozenset(f"{_LONG}|{_SHORT}|sep|{_FOREIGN}".replace("?", "").lower().split("|"))
_FEASTS = (
    "day",
    "eve",
    "christmas",
    "friday",
    "easter",
    "sunday",
    "monday",
    "wednesday",
    "pentecost",
    "whit",
    "thanksgiving",
    "hallowe",
    "midsummer",
    "hanukkah",
    "chanukah",
    "passover",
    "kippur",
    "hashana",
    "purim",
    "diwali",
    "holi",
    "eid",
    "ramadan",
    "nowruz",
    "new year",
    "mardi",
    "heiligabend",
    "silvester",
    "weihnachten",
    "ostern",
    "pfingsten",
    "montag",
    "neujahr",
    "noël",
    "pâques",
    "toussaint",
    "navidad",
    "noche",
    "natale",
    "pasqua",
    "ferragosto",
    "sinterklaas",
    "kerstmis",
)
#: what a text holds one of where the rule may match (nothing for months), and the rule
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    # the third of May, the 3rd of May, in words to the end; twenty-first March
    ((), re.compile(rf"(?<![^\W_])(?:the )?(?i:{_ORDINAL})(?: day)?(?: of)? (?:{_LONG})(?![^\W_]){_OF_YEAR}(?![^\W_])")),
    ((), re.compile(rf"(?<![^\W_])(?:{_LONG}),? (?:the )?(?i:{_ORDINAL})(?![^\W_]|-\w){_OF_YEAR}(?![^\W_])")),
    (("day of", "day in"), re.compile(rf"(?<![^\W_])(?:the )?(?:{_ONES}|last|penultimate|[1-5]{_TH}) {_WEEKDAY} (?:of|in) {_MONTH}{_OF_YEAR}(?![^\W_])")),
    ((), re.compile(rf"(?<![^\W_])(?:early|mid|late|(?:(?:at )?the )?(?:end|beginning|start|middle) of|Anfang|Mitte|Ende|début|fin)[ -](?:{_LONG}|(?i:{_FOREIGN})){_OF_YEAR}(?![^\W_])")),
    ((), re.compile(rf"(?<![^\W_])(?:{_MONTH}|(?i:{_FOREIGN}))(?:,| of| de)? (?:(?:19|20)\d{{2}}|['’]\d{{2}})(?![\d.]*\d|[-/]\d|[^\W\d_])")),
    # of no year
    ((), re.compile(rf"(?<![\w.,:/-])[0-3]?\d(?:{_TH}|\.)?(?: day)?(?: of)? {_MONTH}(?![\w-])(?! (?:be|not|have|also)\b)")),
    ((), re.compile(rf"(?<![\w.,:/-])[0-3]?\d(?:er|\.|º)? (?:de )?(?i:{_FOREIGN})(?![\w-])")),
    ((), re.compile(rf"(?<![^\W_])(?:{_LONG}|(?:{_SHORT})\.?) (?:the )?[0-3]?\d{_TH}?(?![\w%:]|[.,/-]\d| ?(?:ms|Hz|s|mm|trials|runs)\b)")),
    (_FEASTS, re.compile(rf"(?<![^\W_])(?:the )?{_FEAST}(?: in| of|,)? (?:19|20)\d{{2}}(?!\d)")),
    (_FEASTS, re.compile(rf"(?:{_BESIDE}){_FEAST}(?![^\W_])")),
    (("week", "kw", "wk", "semaine", "semana", "settimana"), re.compile(r"(?<![^\W_])(?:(?:calendar )?week|KW|wk|semaine|semana|settimana)\.? ?[0-5]?\d(?:\.|,)? ?(?:of|in|/|de|del)? ?(?:19|20)\d{2}(?!\d)", re.I)),
    ((".",), re.compile(rf"{_DATED}(?P<date>[0-3]?\d\.[01]?\d\.\d{{2}})(?![\d.]*\d)")),
    ((" 19", " 20"), re.compile(r"(?<![\d.,-])(?<!\d )(?P<date>[0-3]\d [01]\d (?:19|20)\d{2})(?! ?[\d.,]*\d)(?! ?(?:ms|Hz|s|mm|cm|V|mV)\b)")),
    (("治", "正", "和", "成"), re.compile(r"(?:明治|大正|昭和|平成|令和) ?(?:\d{1,2}|元) ?年(?: ?\d{1,2} ?月)?(?: ?\d{1,2} ?日)?")),
)  # fmt: skip
#: months of papers, behind their volumes and pages
_CITED = re.compile(r"\b(?:pp?|vol|no|issue|ed)\. ?\d|\d ?\(\d+\)|\d+\(\d+\):|\bdoi\b", re.I)
_CITATION = 50


def find_spoken_dates(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of the days and months in ``text`` that are told in words, by a feast, or without their year."""
    worded = not words_in(text).isdisjoint(_MONTHS)
    found = {
        match.span("date") if "date" in rule.groupindex else match.span()
        for needs, rule in _RULES
        if (holds_any(text, needs) if needs else worded)
        for match in rule.finditer(text)
        if _CITED.search(text, max(0, match.start() - _CITATION), match.start()) is None
    }
    return sorted(one for one in found if not any(_is_inside(one, other) for other in found))


def _is_inside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]
