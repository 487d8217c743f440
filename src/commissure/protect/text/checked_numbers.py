"""Numbers that prove themselves: accounts, cards and national ids that carry a check digit, a birth date or a shape of their own.

>>> [text for text in ("IBAN DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "24414.0625 Hz") if find_checked(text)]
['IBAN DE89 3704 0044 0532 0130 00', '4111 1111 1111 1111']
"""

import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise

from commissure.protect.text.hints import count_digits

__all__ = ["find_checked"]

_CARD_LENGTHS = (15, 16)
#: each has six digits or more
_FEWEST = 6
_MONTHS_OF_A_YEAR, _DAYS_OF_A_MONTH = 12, 31


def find_checked(text: str) -> list[tuple[int, int]]:
    """Where such numbers stand in ``text``; a number that fails its own check is none."""
    if count_digits(text) < _FEWEST:
        return []
    return [
        (match.start(), match.end())
        for shape, holds in _SHAPES
        for match in shape.finditer(text)
        if holds(match.group())
    ]


def _iban(value: str) -> bool:
    """ISO 13616; short of its end in a field that was cut, it still has the country, two digits and eleven more."""
    plain = re.sub(r"[ -]", "", value)
    return sum(char.isdigit() for char in plain) >= len(plain) // 2


def _card(value: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn)."""
    digits = [int(char) for char in value if char.isdigit()]
    if len(digits) not in _CARD_LENGTHS:
        return False
    doubled = [sum(divmod(2 * one, 10)) if place % 2 else one for place, one in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _begins_with_a_day(value: str) -> bool:
    """Six digits of a birth date, by year or by day first."""
    first, second, third = (int(value[at : at + 2]) for at in (0, 2, 4))
    months = 1 <= second % 20 <= _MONTHS_OF_A_YEAR
    return months and (1 <= third % 40 <= _DAYS_OF_A_MONTH or 1 <= first % 40 <= _DAYS_OF_A_MONTH)


def _holds_a_day(value: str) -> bool:
    """Eight digits of a birth date from the seventh on, as in China's ids."""
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    return True


def _counts_not(value: str) -> bool:
    """Pairs of digits that do not count upwards, as numbers of channels do."""
    pairs = [int(pair) for pair in re.findall(r"\d{2}", value)]
    return len({two - one for one, two in pairwise(pairs)}) > 1


def _always(_: str) -> bool:
    return True


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"(?<![^\W_])(?:AD|AE|AT|BE|BG|BR|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IL|IS|IT|LI|LT|LU|LV|MC|MT|NL|NO|PL|PT|RO|"
                r"RS|RU|SA|SE|SI|SK|SM|TR|UA)\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![^\W_])"), _iban),
    (re.compile(r"(?<![\w.])[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w.]\d|\w)"), _card),
    (re.compile(r"(?<![\w.])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w.]\d|\w)"), _card),
    (re.compile(r"(?<![^\W_])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![^\W_])"), _always),  # Italy
    (re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?!\w|\.\d)"), _always),  # Switzerland
    (re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), _always),  # Brazil
    (re.compile(r"(?<![^\W_])[A-CEGHJ-PR-TW-Z][A-NP-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![^\W_])"), _always),  # Great Britain
    (re.compile(r"(?<![\w.])\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y](?![\w-])"), _begins_with_a_day),  # the Nordic countries
    (re.compile(r"(?<![\w.-])\d{6}-\d{7}(?![\w-])"), _begins_with_a_day),  # Korea
    (re.compile(r"(?<![\w.])[1-8]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d\d{3}[\dX](?!\w)"), _holds_a_day),  # China
    (re.compile(r"(?<![^\W_])[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d(?![^\W_])"), _always),  # Mexico
    (re.compile(r"(?<![\w.])[12] \d{2} [01]\d \d[\dAB] \d{3} \d{3}(?: \d{2})?(?!\w)"), _always),  # France
    (re.compile(r"(?<![\w.,-])(?<!\d )0[1-9](?:([ .])\d{2})(?:\1\d{2}){3}(?!\w|[ .,]\d)"), _counts_not),  # a phone in France
)  # fmt: skip
