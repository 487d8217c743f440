"""A dataset's privacy budget is spent once, whoever spends and how many at a time."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from commissure.errors import NotFound, NotPermitted
from commissure.store.ledger import Ledger
from commissure.store.ledgercheck import check_ledger
from commissure.store.records import Records

AT = "2026-01-02T03:04:05+00:00"
SPENDER = """
import sys
from pathlib import Path
from commissure.errors import NotPermitted
from commissure.store.database import Database
from commissure.store.ledger import Ledger
from commissure.store.records import Records

database = Database(sys.argv[1])
budgets = Records.of(database, ledger=Ledger(database, mirror=Path(sys.argv[2]), secret=b"s" * 32)).budgets

def admit(limit, spent):
    if len(spent) >= limit["most"]:
        raise NotPermitted("spent")

done = 0
for number in range(20):
    try:
        budgets.spend("ds-1", {"what": f"{sys.argv[3]}-{number}"}, admit=admit, at="2026-01-02T03:04:05+00:00", by="ada")
        done += 1
    except NotPermitted:
        break
print(done)
"""


def _refuse_third(limit: Mapping[str, object], spent: Sequence[Mapping[str, object]]) -> None:
    if len(spent) >= int(str(limit["most"])):
        raise NotPermitted("spent")


def test_a_spend_is_written_or_refused_as_a_whole(records: Records, ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no privacy budget"):
        records.budgets.limit("ds-1")
    records.budgets.set_limit("ds-1", {"most": 2}, at=AT, by="ada")
    for name in ("a", "b"):
        records.budgets.spend("ds-1", {"what": name}, admit=_refuse_third, at=AT, by="ada")
    with pytest.raises(NotPermitted):
        records.budgets.spend("ds-1", {"what": "c"}, admit=_refuse_third, at=AT, by="ada")
    assert [row["what"] for row in records.budgets.spent("ds-1")] == ["a", "b"]
    assert [line.kind for line in ledger.lines()] == ["privacy budget", "privacy spend", "privacy spend"]
    records.budgets.set_limit("ds-1", {"most": 3}, at=AT, by="ada")
    assert records.budgets.limit("ds-1") == {"most": 3} and len(records.budgets.spent("ds-1")) == 2
    assert records.budgets.spent("ds-2") == () and check_ledger(ledger) == ()


def test_processes_at_once_never_spend_the_same_rest(tmp_path: Path) -> None:
    from commissure.store.database import Database

    url, mirror = f"sqlite:///{tmp_path / 'hub.sqlite'}", tmp_path / "ledger.jsonl"
    database = Database(url)
    ledger = Ledger(database, mirror=mirror, secret=b"s" * 32)
    records = Records.of(database, ledger=ledger)
    records.budgets.set_limit("ds-1", {"most": 15}, at=AT, by="ada")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SPENDER, url, str(mirror), str(n)], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    done = [int(process.communicate()[0]) for process in running]
    assert sum(done) == 15 == len(records.budgets.spent("ds-1"))
    assert check_ledger(ledger) == ()
    database.close()
