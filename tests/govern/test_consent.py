"""Who gets a Grant, and that nobody else makes one."""

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import commissure
from commissure.errors import NotPermitted
from commissure.govern import consent
from commissure.govern.consent import ANYBODY, Request
from commissure.model import Consent, Dataset, Grant

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PUBLIC, PRIVATE = Dataset("ds-1", "T", "ada", public=True), Dataset("ds-1", "T", "ada")
OPEN = {"": Consent("IRB-1")}
RESEARCH = {"": Consent("IRB-1", ("research", "teaching"))}
ENDED = {"": Consent("IRB-1", until=NOW)}
GONE = {"": Consent("IRB-1", withdrawn=True)}
ONE_GONE = {"": Consent("IRB-1"), "01": Consent("", withdrawn=True)}


@pytest.mark.parametrize(
    ("dataset", "consents", "person", "purpose", "leave", "reason"),
    [
        (PUBLIC, OPEN, ANYBODY, "commercial", False, ""),
        (PUBLIC, RESEARCH, ANYBODY, "research", False, ""),
        (
            PUBLIC,
            RESEARCH,
            ANYBODY,
            "commercial",
            False,
            "is for 'research', 'teaching'; got purpose 'commercial'",
        ),
        (PUBLIC, ENDED, "ben", "research", False, "ended at 2026-01-02"),
        (PUBLIC, GONE, "ben", "research", False, "was withdrawn"),
        (PUBLIC, ONE_GONE, "ben", "research", False, ""),
        (PUBLIC, {}, "ben", "research", False, ""),
        (PRIVATE, OPEN, "ben", "research", False, "is private"),
        (PRIVATE, OPEN, ANYBODY, "research", False, "is private"),
        (PRIVATE, OPEN, "ben", "research", True, ""),
        (PRIVATE, RESEARCH, "ben", "commercial", True, "got purpose 'commercial'"),
        (PRIVATE, {}, "ben", "research", True, ""),
        (PRIVATE, {}, "ada", "anything", False, ""),
        (PRIVATE, ENDED, "ada", "research", False, ""),
        (PRIVATE, GONE, "ada", "research", False, "was withdrawn"),
        (PRIVATE, GONE, "ben", "research", True, "was withdrawn"),
    ],
)
def test_who_gets_a_grant(
    dataset: Dataset, consents: dict[str, Consent], person: str, purpose: str, leave: bool, reason: str
) -> None:
    request = Request(person, purpose, NOW, leave=leave)
    if reason:
        with pytest.raises(NotPermitted, match=re.escape(reason)):
            consent.grant(dataset, consents, request=request, id="g")
    else:
        made = consent.grant(dataset, consents, request=request, id="g")
        assert made == Grant("g", person, "ds-1", purpose, NOW + timedelta(hours=24))


def test_a_grant_ends_no_later_than_consent_and_leave() -> None:
    consents = {"": Consent("IRB-1", until=NOW + timedelta(hours=2))}
    assert consent.grant(PUBLIC, consents, request=Request("ben", "x", NOW), id="g").until == NOW + timedelta(
        hours=2
    )
    brief = Request("ben", "x", NOW, leave=True, until=NOW + timedelta(hours=1))
    assert consent.grant(PRIVATE, consents, request=brief, id="g").until == NOW + timedelta(hours=1)


def test_nobody_called_anybody_owns_a_dataset() -> None:
    with pytest.raises(NotPermitted):
        consent.grant(Dataset("ds-1", "T", ANYBODY), {}, request=Request(ANYBODY, "x", NOW), id="g")


def test_consent_is_the_only_maker_of_grants() -> None:
    src = Path(commissure.__path__[0])
    makers = {
        path.relative_to(src).as_posix()
        for path in src.rglob("*.py")
        if any(_makes_a_grant(node) for node in ast.walk(ast.parse(path.read_text())))
    }
    # the store reads a recorded Grant back, and its contract suite makes some to be refused
    assert makers == {"govern/consent.py", "store/access.py", "testing/records.py"}


def _makes_a_grant(node: ast.AST) -> bool:
    made = getattr(node, "func", None) if isinstance(node, ast.Call) else None
    return getattr(made, "id", getattr(made, "attr", "")) == "Grant"
