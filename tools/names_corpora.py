"""What ``train_names.py`` learns from: lists of names, prose of packages, labels of the lexicon, everyday words."""

import ast
import gzip
import importlib
import importlib.util
import json
import re
from collections import Counter
from pathlib import Path

__all__ = ["dictionary", "docstrings", "faker_names", "lexicon_labels", "mimesis_names", "vocabulary"]


def docstrings(packages: tuple[str, ...]) -> list[str]:
    """Sentences of the packages' docstrings and comments of settings, without their references and authors."""
    lines: list[str] = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
            if "test" in path.as_posix() or path.stat().st_size > 400_000:
                continue
            try:
                tree = ast.parse(path.read_text("utf-8", "ignore"))
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (
                    text := ast.get_docstring(node)
                ):
                    text = re.split(r"\n\s*(?:References|Authors?|Notes on authors)\s*\n\s*-{3,}", text)[0]
                    lines += [one for one in text.splitlines() if fit(one)]
    return lines


def fit(line: str) -> bool:
    """Whether a line is prose without citations, code and markup of people."""
    line = line.strip()
    cited = re.search(
        r"et al|doi|cite|\.\. \[|https?:|author|\b(19|20)\d\d\b|>>>|@|copyright|licen[sc]e|\bBy\b|journal|proc\.",
        line,
        re.I,
    )
    return 12 < len(line) < 200 and cited is None and line.count(" ") >= 2


def faker_names() -> tuple[list[str], list[str]]:
    """Surnames and given names in Latin letters of all locales."""
    last: Counter[str] = Counter()
    first: Counter[str] = Counter()
    root = Path(importlib.import_module("faker.providers.person").__file__).parent
    for folder in sorted(root.iterdir()):
        if not (folder / "__init__.py").is_file():
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for kind, into in (("last_names", last), ("first_names", first)):
            for suffix in ("", "_male", "_female"):
                into.update(set(latin(getattr(provider, kind + suffix, ()))))
    return sorted(last), sorted(first)


def latin(names: object) -> list[str]:
    found = [] if isinstance(names, property) else [str(name) for name in (names or ())]
    return [
        name
        for name in found
        if re.fullmatch(
            r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽĐ][a-zß-öø-ÿāăąćčďđēęěğīįłńňőřśşšťūůűźżž'’-]+(?:[- ]?[A-ZÀ-Þ]\w+)?", name
        )
        and 2 < len(name) < 16
    ]


def mimesis_names() -> tuple[list[str], list[str]]:
    root = Path(importlib.import_module("mimesis").__file__).parent / "datasets"
    last: set[str] = set()
    first: set[str] = set()
    for path in sorted(root.glob("*/person.json")):
        told = json.loads(path.read_text("utf-8"))
        for key, into in (("surnames", last), ("names", first)):
            value = told.get(key, [])
            groups = value.values() if isinstance(value, dict) else [value]
            into.update(name for group in groups for name in latin(group))
    return sorted(last), sorted(first)


def vocabulary(lines: list[str]) -> set[str]:
    """Words that prose uses in lower case."""
    counts = Counter(word for line in lines for word in re.findall(r"(?<![\w.])[a-z]{3,}(?![\w.])", line))
    return {word for word, times in counts.items() if times > 1}


def lexicon_labels() -> list[str]:
    """Names of regions, techniques and diseases as the lexicon has them."""
    path = Path(__file__).parents[1] / "src" / "commissure" / "terms" / "data" / "names.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return sorted({cell for row in rows for cell in row if " " in cell or cell.isalpha()})


def dictionary() -> list[str]:
    """Lower-case words of Debian's ``wamerican`` (SCOWL, a permissive licence)."""
    found = Path("/usr/share/dict/words").read_text("utf-8").split()
    return [word for word in found if re.fullmatch("[a-z]{3,}", word)]
