"""Scripts of Python, MATLAB, R, Julia and the shell: comments and literals are cleaned, and what runs stays the same.

A script is cut into comments, literals and code. In literals and docstrings a word is taken for a name as in descriptions, in
comments as in notes; words that the code itself uses (modules, classes, variables) are none. Python is parsed before and after, and
must be the same program but for its texts. A script whose code is named after somebody, or that cannot be taken apart, stays back.

>>> list(pieces("x = 'a#b' # by Jane", ".r"))
[('code', 'x = '), ('literal', "'a#b'"), ('code', ' '), ('comment', '# by Jane')]
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Callable, Iterator
from datetime import date

from commissure.errors import Unreadable
from commissure.protect.files.gather import category_of
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import shift
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT, find_lone_names, is_known_word
from commissure.protect.text.names import Span, recognize

__all__ = ["SCRIPTS", "clean_script", "code_words", "pieces"]

#: kinds of scripts
SCRIPTS = frozenset({".py", ".m", ".r", ".sh", ".bash", ".zsh", ".jl"})
_HASH = (
    r"(?P<literal>\"\"\"(?:\\.|[^\\])*?\"\"\"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|(?P<comment>#[^\n]*)"
)
_SHELL = r"(?P<literal>\"(?:\\.|[^\"\\])*\"|'[^']*')|(?P<comment>(?:(?<=\s)|^)#[^\n]*)|(?:\\.)"
_MATLAB = (
    r"(?P<comment>^[ \t]*%\{[ \t]*$.*?^[ \t]*%\}[ \t]*$|(?:%|\.\.\.)[^\n]*)"
    r"|(?P<literal>\"(?:\"\"|[^\"\n])*\"|(?<![\w)\]}'.])'(?:''|[^'\n])*')"
)
_GRAMMAR = {
    ".m": re.compile(_MATLAB, re.M | re.S), ".r": re.compile(_HASH, re.S), ".jl": re.compile(_HASH.replace(r"|'(?:\\.|[^'\\])*'", ""), re.S),
    **dict.fromkeys((".sh", ".bash", ".zsh"), re.compile(_SHELL, re.M | re.S)),
}  # fmt: skip
_LITERAL = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|')(?P<body>.*)(?P=quote)", re.S)
#: what is looked up by one word; the table that holds it may stand elsewhere
_KEY = re.compile(r"(?<=[\w\])])\[['\"](\w+)['\"]\]|\.get\(['\"](\w+)['\"]")
#: a word of the code that is as likely a name as this may stand for somebody (95 of 100 surnames do)
_SURE_LIMIT = -8.0
_SHORTEST_NAME = 4
_WORD = re.compile(r"[^\W\d_]{2,}")
_NAME = re.compile(r"[^\W\d]\w*")
_DAY = re.compile(
    r"(\b(?:date|datetime|Timestamp|Date|DateTime)\(\s*)((?:19|20)\d\d)(\s*,\s*)(\d{1,2})(\s*,\s*)(\d{1,2})\b"
)
#: from which computers count
_EPOCHS = {date(1970, 1, 1), date(1900, 1, 1), date(2000, 1, 1), date(1904, 1, 1)}
_NUMBER = re.compile(r"\b([A-Za-z_]\w*)(\s*(?:=|<-)\s*)(\d{4,})\b")
_TOLD_BY_NUMBERS = frozenset({"id", "contact", "serial", "birth_date"})
#: what is cleaned of bare words too
_IN_CODE = frozenset({"path", "contact", "host", "uid"})
_REMEDY = "Rename what is called after somebody, or leave the script out."


def clean_script(text: str, *, suffix: str, cleaner: Cleaner) -> str:
    """A script without what identifies in its comments and literals, that still runs.

    Parameters
    ----------
    text : str
        The script.
    suffix : str
        Its extension in lower case, one of :data:`SCRIPTS`.
    cleaner : Cleaner
        The folder's.

    Raises
    ------
    Unreadable
        If the code bears the name of somebody whom a header names, or could not be taken apart.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the script's own escapes
        before = _shape(text) if suffix == ".py" else ""
        clean = _cleaned(text, suffix, cleaner)
        if suffix == ".py" and _shape(clean) != before:
            raise Unreadable(
                "A Python script would not be the same program without its identifiers; " + _REMEDY
            )
    return clean


def _cleaned(text: str, suffix: str, cleaner: Cleaner) -> str:
    words = code_words(text, suffix)
    _refuse_names(text, suffix, cleaner)
    parts = []
    for kind, part in pieces(text, suffix):
        if kind == "code":
            parts.append(_code(part, cleaner, suffix))
        elif kind == "comment":
            parts.append("\n".join(_said(line, cleaner, words, NOTES_LIMIT) for line in part.split("\n")))
        else:
            parts.append(_literal(part, cleaner, words, suffix))
    return "".join(parts)


def pieces(text: str, suffix: str) -> Iterator[tuple[str, str]]:
    """``(kind, text)`` of each comment, literal and stretch of code, in order; together they are the script."""
    if suffix == ".py":
        yield from _python(text)
        return
    at = 0
    for match in _GRAMMAR[suffix].finditer(text):
        if match.lastgroup is None:
            continue
        if match.start() > at:
            yield "code", text[at : match.start()]
        yield match.lastgroup, match.group()
        at = match.end()
    if at < len(text):
        yield "code", text[at:]


def _python(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    at = 0
    kinds = {tokenize.COMMENT: "comment", tokenize.STRING: "literal"}
    # newer Pythons cut formatted literals into pieces
    middle = getattr(tokenize, "FSTRING_MIDDLE", -1)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in kinds and token.type != middle:
                continue
            start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
            if start > at:
                yield "code", text[at:start]
            yield kinds.get(token.type, "middle"), text[start:end]
            at = end
    except (tokenize.TokenError, SyntaxError, IndexError) as error:
        raise Unreadable("A Python script cannot be taken apart; mend it, or leave it out.") from error
    if at < len(text):
        yield "code", text[at:]


def code_words(text: str, suffix: str) -> frozenset[str]:
    """The words of which the code's own names are made, in lower case; in comments they are none of persons."""
    code = " ".join(part for kind, part in pieces(text, suffix) if kind == "code")
    names = {word.casefold() for name in _NAME.findall(code) for word in (name, *_WORD.findall(name))}
    humps = {part.casefold() for name in _NAME.findall(code) for part in re.findall(r"[A-Z][a-z]+", name)}
    return frozenset(names | humps)


def _refuse_names(text: str, suffix: str, cleaner: Cleaner) -> None:
    """A variable or module that bears a known name cannot be renamed alone: other scripts may use it."""
    code = " ".join(part for kind, part in pieces(text, suffix) if kind == "code")
    if any(cleaner.named(name.replace("_", " ")) for name in dict.fromkeys(_NAME.findall(code))):
        raise Unreadable("A script's code bears the name or the id of somebody; " + _REMEDY)
    if any(
        find_lone_names(word, limit=SCIENCE_LIMIT)
        for word in dict.fromkeys(one or two for one, two in _KEY.findall(text))
    ):
        raise Unreadable("A script looks something up by what may be somebody's name; " + _REMEDY)


def _said(text: str, cleaner: Cleaner, words: frozenset[str], limit: float) -> str:
    """A text of a script, cleaned; words of the code stay unless a header names them."""
    named = cleaner.named(text)
    shaped = recognize(text)

    def stays(span: Span) -> bool:
        if any(one.start <= span.start and span.end <= one.end for one in (*named, *shaped)):
            return False
        said = text[span.start : span.end]
        own = [word for word in _WORD.findall(said) if word.casefold() in words]
        if span.category != "name" or len(own) < len(_WORD.findall(said)):
            return False
        if find_lone_names(said, limit=_SURE_LIMIT):
            raise Unreadable("A script's code bears what may be somebody's name; " + _REMEDY)
        return True

    spans = [span for span in cleaner.spans(text, limit=limit) if not stays(span)]
    gone = {
        word.casefold()
        for span in spans
        if span.category == "name"
        for word in _WORD.findall(text[span.start : span.end])
    }
    if any(word in words and len(word) >= _SHORTEST_NAME and not is_known_word(word) for word in gone):
        raise Unreadable("A script's code bears what may be somebody's name; " + _REMEDY)
    return cleaner.replaced(text, spans)


def _literal(part: str, cleaner: Cleaner, words: frozenset[str], suffix: str) -> str:
    match = _LITERAL.fullmatch(part)
    if match is None:  # a piece of a formatted literal
        return _masked(part, lambda text: _said(text, cleaner, words, SCIENCE_LIMIT))
    prefix, quote, body = match.group("prefix", "quote", "body")
    several = len(_WORD.findall(body)) > 1 and "\n" not in body
    limit = NOTES_LIMIT if several and len(quote) == 1 else SCIENCE_LIMIT

    def said(text: str) -> str:
        return "\n".join(_said(line, cleaner, words, limit) for line in text.split("\n"))

    if suffix == ".m" or (suffix in {".sh", ".bash", ".zsh"} and quote == "'"):
        clean = said(body.replace(quote * 2, quote))
        return part if clean == body.replace(quote * 2, quote) else quote + clean.replace(quote, quote * 2) + quote  # fmt: skip
    if suffix == ".py" and not set(prefix.lower()) & set("f"):
        return _evaluated(part, prefix, quote, said)
    return prefix + quote + _masked(body, said) + quote


def _evaluated(part: str, prefix: str, quote: str, said: Callable[[str], str]) -> str:
    """A literal of Python by its value, so that no escape hides a name; written as it was if nothing goes."""
    value = ast.literal_eval(part)
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    clean = said(text)
    if clean == text:
        return part
    # as it was written, if that says the same
    body = part[len(prefix) + len(quote) : -len(quote)]
    masked = said(body) if set(prefix) & set("rR") else _masked(body, said, strict=False)
    as_written = prefix + quote + masked + quote
    if ast.literal_eval(as_written) == (
        clean.encode("latin-1", "replace") if isinstance(value, bytes) else clean
    ):
        return as_written
    body = clean.replace("\\", "\\\\").replace(quote, "\\" + quote)
    body = (
        body[:-1] + "\\" + quote[0]
        if body.endswith(quote[0]) and not body.endswith("\\" + quote[0])
        else body
    )
    body = body.replace("\r", "\\r").replace("\x00", "\\x00")
    body = body if len(quote) == 3 else body.replace("\n", "\\n")
    if isinstance(value, bytes):
        body = "".join(one if one.isascii() else f"\\x{ord(one):02x}" for one in body)
    return "".join(letter for letter in prefix if letter not in "rR") + quote + body + quote


def _masked(body: str, said: Callable[[str], str], *, strict: bool = True) -> str:
    """A text with escapes, which end words; what was put in for an identifier has none."""
    marks: list[str] = []

    def hide(match: re.Match[str]) -> str:
        marks.append(match.group())
        return "\x1e\n"  # ends a line, so that no name is joined over it

    clean = said(re.sub(r"\\[ntrfvab0]", hide, body))
    if clean.count("\x1e\n") != len(marks) and not strict:
        return body
    if clean.count("\x1e\n") != len(marks):
        raise Unreadable("A literal of a script hides an identifier between its escapes; " + _REMEDY)
    return re.sub("\x1e\n", lambda _: marks.pop(0), clean)


def _code(part: str, cleaner: Cleaner, suffix: str) -> str:
    """Code itself: dates made of numbers move, numbers called after a person's go, paths in a shell's bare words too."""

    def day(match: re.Match[str]) -> str:
        year, month, of_month = (int(match.group(at)) for at in (2, 4, 6))
        try:
            moved = date(year, month, of_month)
        except ValueError:
            return match.group()
        if moved in _EPOCHS:
            return match.group()
        cleaner.count("date")
        moved = shift(moved, offset_days=cleaner.offset_days) if cleaner.offset_days is not None else date(1900, 1, 1)  # fmt: skip
        return f"{match.group(1)}{moved.year}{match.group(3)}{moved.month}{match.group(5)}{moved.day}"

    def number(match: re.Match[str]) -> str:
        category = category_of(match.group(1))
        if category not in _TOLD_BY_NUMBERS or match.group(1).casefold() in {"id", "uid"}:
            return match.group()
        cleaner.count(str(category))
        return f"{match.group(1)}{match.group(2)}0"

    part = _NUMBER.sub(number, _DAY.sub(day, part))
    if suffix not in {".sh", ".bash", ".zsh"}:
        return part
    spans = [span for span in cleaner.shaped(part) if span.category in _IN_CODE]
    return cleaner.replaced(part, spans)


def _shape(text: str) -> str:
    """A program without its texts and numbers, as a tree."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable("A Python script cannot be parsed; mend it, or leave it out.") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes | int):
            node.value = type(node.value)()
    return ast.dump(tree)
