"""The ledger finds whatever is done to it, and survives several writers and crashes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from commissure.store.database import Database, dumps
from commissure.store.ledger import Ledger, chain
from commissure.store.ledgercheck import check_ledger

AT = "2026-01-02T03:04:05+00:00"


def _write(ledger: Ledger, count: int = 6) -> None:
    for number in range(count):
        ledger.append("release", {"release": f"ds-{number}@0.1.0", "text": "é\u2028x"}, at=AT, by="ada")


def _sql(ledger: Ledger, *statements: str) -> None:
    with ledger.database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _lines(ledger: Ledger, change: Callable[[list[str]], None]) -> None:
    lines = ledger.mirror_path.read_text().rstrip("\n").split("\n")
    change(lines)
    ledger.mirror_path.write_text("".join(line + "\n" for line in lines))


def _rehash(ledger: Ledger) -> None:
    """What a forger without the keyring would do: recompute the chain in the database."""
    with ledger.database.write() as connection:
        previous = ""
        for row in connection.execute(sa.text("SELECT seq, line FROM ledger ORDER BY seq")).all():
            previous = chain(previous, row.line)
            connection.execute(
                sa.text("UPDATE ledger SET hash = :h WHERE seq = :s"), {"h": previous, "s": row.seq}
            )
        connection.execute(sa.text("UPDATE ledger_head SET hash = :h"), {"h": previous})


EDITS: dict[str, Callable[[Ledger], None]] = {
    "edit": lambda it: _sql(it, "UPDATE ledger SET line = replace(line, 'ds-2', 'ds-9') WHERE seq = 3"),
    "edit the hash": lambda it: _sql(it, "UPDATE ledger SET hash = 'x' WHERE seq = 3"),
    "delete": lambda it: _sql(it, "DELETE FROM ledger WHERE seq = 3"),
    "delete the first": lambda it: _sql(it, "DELETE FROM ledger WHERE seq = 1"),
    "cut": lambda it: _sql(it, "DELETE FROM ledger WHERE seq > 4"),
    "cut and move the head": lambda it: _sql(
        it, "DELETE FROM ledger WHERE seq > 4",
        "UPDATE ledger_head SET seq = 4, hash = (SELECT hash FROM ledger WHERE seq = 4)"),
    "insert": lambda it: _sql(it, "INSERT INTO ledger (seq, line, hash) VALUES (7, '{\"seq\":7}', 'x')"),
    "swap": lambda it: _sql(it, "UPDATE ledger SET seq = 99 WHERE seq = 2", "UPDATE ledger SET seq = 2 WHERE seq = 3",
                            "UPDATE ledger SET seq = 3 WHERE seq = 99"),
    "edit and rehash all": lambda it: (
        _sql(it, "UPDATE ledger SET line = replace(line, 'ds-2', 'ds-9') WHERE seq = 3"), _rehash(it))[0],
    "empty": lambda it: _sql(it, "DELETE FROM ledger", "UPDATE ledger_head SET seq = 0, hash = '', seal = ''"),
    "mirror edit": lambda it: _lines(it, lambda lines: lines.__setitem__(2, lines[2].replace("ds-2", "ds-9"))),
    "mirror delete": lambda it: _lines(it, lambda lines: lines.pop(2) and None),
    "mirror cut": lambda it: _lines(it, lambda lines: lines.pop() and None),
    "mirror insert": lambda it: _lines(it, lambda lines: lines.insert(3, lines[0])),
    "mirror append": lambda it: _lines(it, lambda lines: lines.append(lines[0])),
    "mirror swap": lambda it: _lines(it, lambda lines: lines.sort(reverse=True)),
    "mirror gone": lambda it: it.mirror_path.unlink(),
    "mirror head": lambda it: it.head_path.write_text(it.head_path.read_text().replace('"seq":6', '"seq":5')),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_every_edit_is_found(edit: Callable[[Ledger], None], ledger: Ledger) -> None:
    _write(ledger)
    assert check_ledger(ledger) == ()
    edit(ledger)
    findings = check_ledger(ledger)
    assert findings
    assert all(finding.check.startswith("ledger.") and finding.remedy for finding in findings)


@pytest.mark.parametrize(
    "edit", ["edit", "cut", "mirror edit", "mirror cut", "mirror delete", "mirror append"]
)
def test_an_edit_is_still_found_after_further_lines_and_a_reopening(edit: str, ledger: Ledger) -> None:
    _write(ledger)
    EDITS[edit](ledger)
    again = Ledger(ledger.database, mirror=ledger.mirror_path, secret=b"s" * 32)
    _write(again, 2) if edit != "cut" else None
    assert check_ledger(again)


def test_an_edit_is_located(ledger: Ledger) -> None:
    _write(ledger)
    EDITS["edit"](ledger)
    where = {(finding.check, finding.where) for finding in check_ledger(ledger)}
    assert ("ledger.edited", "database line 3") in where


def test_putting_everything_back_is_found_with_an_anchor(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir()

    def opened() -> Ledger:
        return Ledger(Database(f"sqlite:///{hub / 'h.sqlite'}"), mirror=hub / "l.jsonl", secret=b"s" * 32)

    ledger = opened()
    _write(ledger, 3)
    ledger.database.close()
    shutil.copytree(hub, tmp_path / "old")
    ledger = opened()
    _write(ledger, 2)
    anchor = ledger.head().hash
    assert check_ledger(ledger, anchor=anchor) == ()
    ledger.database.close()
    shutil.rmtree(hub)
    shutil.copytree(tmp_path / "old", hub)
    restored = opened()
    assert [finding.check for finding in check_ledger(restored, anchor=anchor)] == ["ledger.head"]
    restored.database.close()


@pytest.mark.parametrize(
    "torn", [0, 1, 40, None], ids=["nothing", "one byte", "half a line", "line without head"]
)
def test_the_mirror_catches_up_after_a_crash(torn: int | None, ledger: Ledger) -> None:
    _write(ledger, 3)
    old_head, old_size = ledger.head_path.read_bytes(), ledger.mirror_path.stat().st_size
    _write(ledger, 1)
    whole = ledger.mirror_path.read_bytes()
    ledger.head_path.write_bytes(old_head)
    ledger.mirror_path.write_bytes(whole[: old_size + torn] if torn is not None else whole)
    again = Ledger(ledger.database, mirror=ledger.mirror_path, secret=b"s" * 32)
    assert ledger.mirror_path.read_bytes() == whole
    assert check_ledger(again) == ()


def test_lines_are_read_in_stretches(ledger: Ledger) -> None:
    _write(ledger, 5)
    assert [line.seq for line in ledger.lines(after=2, limit=2)] == [3, 4]
    stored = json.loads(ledger.mirror_path.read_text().split("\n")[0])
    assert chain("", dumps(stored["line"])) == stored["hash"] == ledger.lines(limit=1)[0].hash


def test_several_processes_keep_one_chain(url: str, ledger: Ledger, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom commissure.store.database import Database\n"
        "from commissure.store.ledger import Ledger\n"
        "ledger = Ledger(Database(sys.argv[1]), mirror=Path(sys.argv[2]), secret=b's' * 32)\n"
        "for n in range(15): ledger.append('test', {'writer': sys.argv[3], 'n': n}, at='', by='ada')\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, url, str(ledger.mirror_path), str(number)])
        for number in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    lines = ledger.lines(limit=100)
    assert [line.seq for line in lines] == list(range(1, 46))
    for number in range(3):
        assert [line.body["n"] for line in lines if line.body["writer"] == str(number)] == list(range(15))
    assert check_ledger(ledger) == ()
