"""Jupyter notebooks: code and words of the cells are cleaned, outputs too; pictures, widgets and what an editor noted go.

A notebook's pictures may show a face or a name, and nobody reads them here; running the notebook again makes them anew.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from commissure.errors import Unreadable
from commissure.protect.files.gather import category_of
from commissure.protect.files.scripts import clean_script
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT

__all__ = ["clean_notebook"]

#: what of a cell's output is text that can be read
_SPOKEN = ("text/plain", "text/markdown", "text/latex", "text/html")
_SUFFIX = {"python": ".py", "r": ".r", "julia": ".jl", "matlab": ".m", "octave": ".m", "bash": ".sh"}
_MAGIC = re.compile(r"^([ \t]*)([%!?].*|.*\?)$", re.M)
_MARK = "#magic\x1f"
_TELLING = frozenset({"name", "id", "birth_date", "contact", "address", "operator"})
_REMOVED = "[removed: a table of persons]\n"


def clean_notebook(text: str, *, cleaner: Cleaner) -> str:
    """A notebook (format 4) with clean cells and outputs, valid as before.

    An output whose columns are called after what tells who somebody is goes whole; so do pictures, attachments, widgets, and what
    editors and hosts wrote into the metadata.

    Parameters
    ----------
    text : str
        The notebook, JSON.
    cleaner : Cleaner
        The folder's.

    Raises
    ------
    Unreadable
        If it is no notebook of format 4, or a cell's code cannot be made safe.
    """
    try:
        book = json.loads(text)
        cells = book["cells"]
        told = book.get("metadata", {})
        language = str(
            {**told.get("language_info", {}), **told.get("kernelspec", {})}.get("language", "python")
        ).casefold()
        language = language if language in _SUFFIX else "python" if language.startswith("ipython") else "text"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(
            "A notebook is damaged or older than format 4; open and save it in Jupyter."
        ) from error
    made = {
        "cells": [_cell(cell, cleaner, _SUFFIX.get(language, "")) for cell in cells],
        "metadata": _metadata(book.get("metadata", {}), language),
        "nbformat": book.get("nbformat", 4),
        "nbformat_minor": book.get("nbformat_minor", 5),
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _metadata(old: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The language and its usual kernel: environments, authors, hosts' accounts and widgets may be called after persons."""
    version = str(old.get("language_info", {}).get("version", ""))
    kernel = {"python": "python3", "r": "ir"}.get(language, language)
    info = {"name": language, **({"version": version} if re.fullmatch(r"[\d.]+", version) else {})}
    return {
        "kernelspec": {"name": kernel, "display_name": kernel, "language": language},
        "language_info": info,
    }


def _cell(cell: Mapping[str, Any], cleaner: Cleaner, suffix: str) -> dict[str, Any]:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", ""))
    tags = cell.get("metadata", {}).get("tags")
    made: dict[str, Any] = {"cell_type": kind, "metadata": {"tags": cleaner.value(tags)} if tags else {}}
    if "id" in cell:
        made["id"] = str(cell["id"])
    if kind != "code":
        if cell.get("attachments"):
            cleaner.count("face")
        return {**made, "source": _words(source, cleaner)}
    return {
        **made,
        "execution_count": cell.get("execution_count"),
        "source": _code(source, cleaner, suffix),
        "outputs": [
            one for one in (_output(output, cleaner) for output in cell.get("outputs", ())) if one is not None
        ],
    }


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _words(text: str, cleaner: Cleaner, limit: float = NOTES_LIMIT) -> str:
    return "".join(cleaner.text(line, limit=limit) for line in text.splitlines(keepends=True))


def _code(source: str, cleaner: Cleaner, suffix: str) -> str:
    """The code of a cell; lines for the notebook itself (``%matplotlib``, ``!ls``) are cleaned as a shell's."""
    if source.startswith("%%"):  # a cell of another language
        head, _, body = source.partition("\n")
        other = {"bash": ".sh", "sh": ".sh", "R": ".r", "octave": ".m"}.get(head[2:].split(" ")[0].strip())
        if head.split(" ")[0] in {"%%time", "%%timeit", "%%capture", "%%prun"}:
            return f"{_words(head, cleaner, SCIENCE_LIMIT)}\n{_code(body, cleaner, suffix)}"
        clean = clean_script(body, suffix=other, cleaner=cleaner) if other else _words(body, cleaner)
        return f"{_words(head, cleaner, SCIENCE_LIMIT)}\n{clean}"
    if not suffix:
        return _words(source, cleaner)
    if suffix != ".py":
        return clean_script(source, suffix=suffix, cleaner=cleaner)
    magics: list[str] = []

    def hide(match: re.Match[str]) -> str:
        magics.append(clean_script(match.group(2), suffix=".sh", cleaner=cleaner))
        return f"{match.group(1)}pass{_MARK}"

    clean = clean_script(_MAGIC.sub(hide, source), suffix=".py", cleaner=cleaner)
    if clean.count(f"pass{_MARK}") != len(magics):
        raise Unreadable("A notebook's cell cannot be taken apart; mend it, or leave the notebook out.")
    return re.sub(f"pass{_MARK}", lambda _: magics.pop(0), clean)


def _output(output: Mapping[str, Any], cleaner: Cleaner) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        return {
            "output_type": kind,
            "name": output.get("name", "stdout"),
            "text": _said(output.get("text", ""), cleaner),
        }
    if kind == "error":
        return {"output_type": kind, "ename": str(output.get("ename", "")), "evalue": _said(output.get("evalue", ""), cleaner),
                "traceback": []}  # fmt: skip
    if kind not in {"display_data", "execute_result"}:
        return None
    told = output.get("data", {})
    if any(key.startswith(("image/", "video/", "audio/")) for key in told):
        cleaner.count("face")
    data = {key: _said(told[key], cleaner) for key in _SPOKEN if key in told}
    if _REMOVED in data.values():
        data = {"text/plain": _REMOVED}
    made: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
    if kind == "execute_result":
        made["execution_count"] = output.get("execution_count")
    return made if data else None


def _said(text: str | list[str], cleaner: Cleaner) -> str:
    """What a cell printed; nothing of a table with a column such as ``dob``."""
    whole = _joined(text)
    if "<img" in whole or "data:image" in whole:
        cleaner.count("face")
        return "[removed: a picture]\n"
    for line in whole.splitlines():
        headings = list(re.findall(r"[A-Za-z_]\w*", re.sub(r"<[^>]*>", " ", line)))
        telling = [word for word in headings if word.casefold() != "name" and category_of(word) in _TELLING]
        # words of prose are not headings
        if telling and ("<th>" in whole or len(headings) == len(line.split())):
            cleaner.count(str(category_of(telling[0])))
            return _REMOVED
    return _words(whole, cleaner)
