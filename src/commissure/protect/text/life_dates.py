"""Births and ages that no date spells in full: *born in November 1958*, *YOB 1958*, *D.O.B. 11-12-58*, *she is 94*.

>>> [text[start:end] for text in ["YOB 1958, TR 1958 ms", "she is 94, ninety-three year old"] for start, end, _ in find_life_dates(text)]
['1958', '94', 'ninety-three year old']
"""

import re

from commissure.protect.text.hints import holds_any

__all__ = ["find_life_dates"]

_BORN = (
    r"(?:d\.?o\.?b\.?|y\.?o\.?b\.?|born(?: in| on)?|birth(?:day|date| date| year)?|date of birth|year of birth|geb(?:oren|\.)?(?: am| im)?|Jahrgang|"
    r"née?(?: le| en)?|nacid[oa](?: el| en)?|nat[oa](?: il| nel)?|ur\.)(?![^\W_])"
)
_SOON = r"[\s:=.({-]{0,4}"
_DAY = (
    r"(?:\d{1,2}[ ./-]+(?:\d{1,2}|[^\W\d_]{3,9})\.?[ ./-]+\d{2}(?!\d)|(?:[^\W\d_]{3,9}\.?[ -]+)?(?:18|19|20)\d{2}(?:[-/.]\d{1,2})?(?!\d)|"
    r"\d{1,2}[/.-](?:19|20)\d{2}(?!\d))"
)
_TENS = r"(?:(?:ninety|one hundred|a hundred)(?:[ -](?:and )?(?:one|two|three|four|five|six|seven|eight|nine|ten))?)"
_OLD = r"(?:9\d|1[01]\d)(?![\d.,]*\d)(?!\s*(?:%|°|[munµ]?[smVAFT]\b|k?Hz|k?Ohm|cm|mm|kg|bpm|dB|trials|channels|runs|blocks|days|weeks|months|minutes|seconds|hours))"
_RULES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("birth_date", ("ob", "o.b", "born", "birth", "geb", "jahrgang", "né", "nacid", "nat", "ur."), re.compile(rf"(?<![^\W_]){_BORN}{_SOON}(?P<value>{_DAY})", re.I)),
    ("age", ("is", "was", "turn"), re.compile(rf"\b(?:he|she|patient|subject|participant|proband(?:in)?|mother|father)\s+(?:is|was|turned|turns)\s+(?:now\s+)?(?P<value>{_OLD})(?![^\W_])", re.I)),
    ("age", ("ninety", "hundred"), re.compile(rf"(?P<value>\b{_TENS}[ -]years?(?:[ -]old)?)", re.I)),
    ("date", ("-w",), re.compile(r"(?P<value>(?<![\w-])(?:19|20)\d{2}-W[0-5]\d(?:-[1-7])?(?![\w-]))")),
    ("date", (".",), re.compile(r"(?P<value>(?<![\w.])[0-3]?\d\.\s?(?:I{1,3}|IV|VI{0,3}|IX|XI{0,2})\.\s?(?:19|20)\d{2}(?!\d))")),
    ("date", ("unix", "epoch", "posix"), re.compile(r"\b(?:unix|epoch|posix)\b[^\d\n]{0,20}(?P<value>1\d{9}(?:\d{3})?(?!\d))", re.I)),
    ("date", ("timestamp",), re.compile(r"\btimestamp\W{1,3}(?P<value>1\d{9}(?:\d{3})?)(?!\d)(?=[^\n]*\bunix\b)", re.I)),
)  # fmt: skip


def find_life_dates(text: str) -> list[tuple[int, int, str]]:
    """``(start, end, category)`` of partial dates of birth, of ages over 89 and of moments in other spellings."""
    return [
        (match.start("value"), match.end("value"), category)
        for category, needs, rule in _RULES
        if holds_any(text, needs)
        for match in rule.finditer(text)
    ]
