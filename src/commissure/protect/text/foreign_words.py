"""Names in a script of their own: a word in Chinese, Arabic or Cyrillic letters within a Latin note, or after the word for *name*.

In a note in Latin letters the words in others are next to always somebody's or some place's name; a text that is all in
another script (a stimulus, a transcript) is left to the words that announce a name in it, and to names that script tells.

>>> [text[start:end] for text in ["PI: Σουμέλα Ζευγίτης came", "患者:佐藤太一"] for start, end in foreign_words(text)]
['Σουμέλα Ζευγίτης', '佐藤太一']
>>> foreign_words("苹果"), foreign_words("5 µV at β = 0.3, Δf")
([], [])
"""

import re

from commissure.protect.text.names_by_script import names_by_script

__all__ = ["foreign_words"]

#: Greek, Cyrillic, Armenian, Georgian; then scripts without capitals
_CASED = r"[\u0386-\u03ff\u0400-\u052f\u0531-\u0587\u10a0-\u10ff\u1c90-\u1cbf\u1f00-\u1fff]"
_UNCASED = (
    r"[\u0590-\u05ff\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1200-\u137f\u1780-\u17ff"
    r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_WORD = rf"(?:{_CASED}{{3,}}|{_UNCASED}{{2,}}|{_UNCASED}(?= {_UNCASED}))"
_WORDS = re.compile(rf"(?<![^\W\d_]){_WORD}(?:[ .,·・'-]{{1,2}}(?:{_CASED}+|{_UNCASED}+))*(?![^\W\d_])")
_LETTERS = re.compile(rf"{_CASED}|{_UNCASED}")
#: so many Latin words for each letter of another script make a note in Latin letters
_MOSTLY = 2
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]{2,}")
_SAID = re.compile(
    r"(?:姓名|患者名?|氏名|名前|被[试試]者?|受[试試]者|病人|ФИО|[Пп]ациент\w*|[Ии]мя|[Фф]амилия|[Ии]спытуем\w+|이름|성명|환자|الاسم|المريض|שם|नाम|[Όό]νομα)"
    r"\s*[::=]\s*(?P<name>[^\s,;,、。;]+(?: [^\W\d_]+){0,2})"
)
#: RA: 中村
_ANNOUNCED = re.compile(r"[A-Za-zÀ-ɏ]{2,}\s?[:=]\s?[^\x00-\u024f]{2}")
#: dates are shifted, not taken for words
_DATE = re.compile(r"\d\s?[年月日년월일]")


def foreign_words(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of the words in ``text`` that stand in another script than its own and may name somebody."""
    if text.isascii():
        return []
    found = [match.span("name") for match in _SAID.finditer(text)]
    letters = len(_LETTERS.findall(text))
    if not letters:
        return sorted(set(found))
    found += names_by_script(text)
    latin = "\n" in text and len(_LATIN.findall(text)) > _MOSTLY * letters
    for line in re.finditer(r"[^\n]+", text):
        said = _DATE.sub(" ", line.group())
        if latin or len(_LATIN.findall(said)) > 1 or _ANNOUNCED.search(said):
            found += [
                (line.start() + match.start(), line.start() + match.end())
                for match in _WORDS.finditer(line.group())
            ]
    return sorted(set(found))
