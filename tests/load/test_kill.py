"""A process that is killed while it posts leaves the whole posting behind, or nothing of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import stockline
from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow
from stockline.schema import metadata
from stockline.schema.base import STAGE
from stockline.store.database import Transaction
from tests.load.poster import AT_COMMIT, COMMITTED, POSTINGS, Undone
from tests.support.warehouse import TODAY, furnish, order, receive, serials

KILLS = 200
ROOT = Path(__file__).parents[2]

Snapshot = Mapping[str, Sequence[tuple[Any, ...]]]


def set_the_scene(stock: Stockline) -> None:
    """A purchase to be handled in part, a sale of what is there and of what is just coming, a journal."""
    furnish(stock)
    receive(stock, "PO0", "BIKE", serials("OLD", 6))
    receive(stock, "PO00", "WATCH", [TrackingRow("W1", "LOT1"), TrackingRow("W2", "LOT1")])
    stock.adjust("PAINT", "EAST", 20, rows=[TrackingRow(lot="P1", quantity=20)])
    stock.adjust("BOLT", "EAST", 100)
    bikes = [*serials("NEW", 3), *(TrackingRow(row.serial, handle=0) for row in serials("LATE", 2))]
    paint = [TrackingRow(lot="P1", quantity=4), TrackingRow(lot="P2", quantity="1.5")]
    watches = [TrackingRow("W3", "LOT1"), TrackingRow("W4", "LOT2")]
    order(
        stock, "PO1", "purchase", [("BIKE", 5, bikes), ("PAINT", "5.5", paint), ("WATCH", 2, watches), ("BOLT", 7, [])]
    )
    sold = [TrackingRow("OLD1"), TrackingRow("OLD5"), TrackingRow("NEW2")]
    lots = [TrackingRow(lot="P2", quantity=1), TrackingRow(lot="P1", quantity=3)]
    order(stock, "SO1", "sale", [("BIKE", 3, sold), ("PAINT", 4, lots), ("BOLT", 5, []), ("WATCH", 1, [watches[0]])])
    lines = [
        OrderLine(item="BIKE", quantity=2, type="negative_adjustment"),
        OrderLine(item="PAINT", quantity=2, type="positive_adjustment", location="A"),
        OrderLine(item="BOLT", quantity=150, type="negative_adjustment"),
    ]
    stock.create_order("J1", "journal", site="EAST", lines=lines)
    stock.track("J1/1", [TrackingRow("OLD2"), TrackingRow("OLD3")])
    stock.track("J1/2", [TrackingRow(lot="P9", quantity=2)])


class Deathrow:
    """The process whose children are killed."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-m", "tests.load.poster", url]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "ignore"}, stdin=-1, stdout=-1, text=True
        )
        assert self._read() == "ready"

    def kill(self, posting: str, point: int) -> int:
        """Post and die at a point; how many points were passed."""
        assert self._process.stdin
        print(posting, point, file=self._process.stdin, flush=True)
        ending, passed = (int(word) for word in self._read().split())
        assert ending == -signal.SIGKILL, "it was to be killed and ended by itself"
        return passed

    def close(self) -> None:
        """End it, when all have been killed."""
        self._process.communicate(timeout=20)

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture
def witness(database_url: str) -> Iterator[Stockline]:
    """Who looks at what was left: from another process than the one killed, and each time over a new connection."""
    with stockline.open(database_url, today=TODAY) as stock:
        set_the_scene(stock)
        stock.close()
        yield stock


@pytest.fixture
def deathrow(witness: Stockline, database_url: str) -> Iterator[Deathrow]:  # noqa: ARG001 - what is posted is there
    row = Deathrow(database_url)
    yield row
    row.close()


def left_over(transaction: Transaction) -> dict[str, int]:
    """Rows of what is there only while an operation runs."""
    staging = [table for table in metadata.sorted_tables if table.info["placement"] == STAGE]
    counts = {table.name: select(func.count()).select_from(table) for table in staging}
    return {name: count for name, query in counts.items() if (count := transaction.execute(query).scalar_one())}


def content(witness: Stockline) -> Snapshot:
    """What is there, as somebody sees it who comes afterwards; it must agree with itself."""
    try:
        assert witness._read(left_over) == {}
        assert witness.control() == []
        return witness.snapshot()
    finally:
        witness.close()


def postable(witness: Stockline, posting: str) -> bool:
    """Whether it can be posted now: done, looked at, and undone."""
    try:
        with witness.transaction():
            POSTINGS[posting](witness)
            assert witness.control() == []
            raise Undone
    except Undone:
        return True
    except Refusal as refusal:
        assert refusal.code in (Code.NOTHING_TO_POST, Code.NOT_FOUND)  # noqa: PT017 - another refusal is a failure
        return False
    finally:
        witness.close()


@pytest.mark.parametrize("posting", POSTINGS)
def test_a_killed_posting_leaves_no_trace(deathrow: Deathrow, witness: Stockline, posting: str) -> None:
    before = content(witness)
    points = deathrow.kill(posting, AT_COMMIT)
    assert points > 60, "the points are not seen any more"
    assert content(witness) == before
    kills = KILLS // len(POSTINGS)
    for number in range(kills):
        point = 1 + number * (points - 1) // (kills - 1)
        assert deathrow.kill(posting, point) == point
        assert content(witness) == before
        if number % 2:
            assert postable(witness, posting)
    assert content(witness) == before


@pytest.mark.parametrize("posting", POSTINGS)
def test_a_posting_that_was_committed_is_whole(deathrow: Deathrow, witness: Stockline, posting: str) -> None:
    entries = len(witness.ledger())
    before = content(witness)
    deathrow.kill(posting, COMMITTED)
    assert content(witness) != before
    assert len(witness.ledger()) - entries == {"mixed": 8 + 7, "journal": 2 + 1 + 1}[posting]
    assert witness.quantity_on_hand("BOLT") == {"mixed": 100 + 7 - 5, "journal": 100 - 150}[posting]
    assert not postable(witness, "journal") if posting == "journal" else postable(witness, "journal")
