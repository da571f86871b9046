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
from stockline import OrderLine, Refusal, Stockline, TrackingRow
from stockline.schema import metadata
from stockline.schema.base import STAGE
from stockline.store.database import Transaction
from tests.load.poster import AT_COMMIT, COMMITTED, POSTINGS, Undone
from tests.support.warehouse import TODAY, furnish, order, receive, serials

KILLS = 200
ROOT = Path(__file__).parents[2]

Snapshot = Mapping[str, Sequence[tuple[Any, ...]]]


def set_the_scene(stock: Stockline) -> None:
    """A purchase of several lines to be handled in part, a sale of what is there and of what is just coming, a journal."""
    furnish(stock)
    receive(stock, "PO0", "BIKE", serials("OLD", 6))
    receive(stock, "PO00", "WATCH", [TrackingRow("W1", "LOT1"), TrackingRow("W2", "LOT1")])
    stock.adjust("PAINT", "EAST", 20, rows=[TrackingRow(lot="P1", quantity=20)])
    stock.adjust("BOLT", "EAST", 100)
    bikes = [*serials("NEW", 3), *(TrackingRow(row.serial, handle=0) for row in serials("LATE", 2))]
    paint = [TrackingRow(lot="P1", quantity=4), TrackingRow(lot="P2", quantity="1.5")]
    watches = [TrackingRow("W3", "LOT1"), TrackingRow("W4", "LOT2")]
    order(stock, "PO1", "purchase", [("BIKE", 5, bikes), ("PAINT", "5.5", paint), ("WATCH", 2, watches), ("BOLT", 7, [])])
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
        passed, ending = int(self._read()), int(self._read())
        assert ending == -signal.SIGKILL, "it was to be killed and ended by itself"
        return passed

    def close(self) -> None:
        """End it, when all have been killed."""
        self._process.communicate(timeout=20)

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture
def deathrow(database_url: str) -> Iterator[Deathrow]:
    with stockline.open(database_url, today=TODAY) as stock:
        set_the_scene(stock)
    row = Deathrow(database_url)
    yield row
    row.close()


def content(url: str) -> Snapshot:
    """What is there, as somebody sees it who comes afterwards; nothing may be left of what runs only for a moment."""

    def left_over(transaction: Transaction) -> dict[str, int]:
        staging = [table for table in metadata.sorted_tables if table.info["placement"] == STAGE]
        return {
            table.name: transaction.execute(select(func.count()).select_from(table)).scalar_one() for table in staging
        }

    with stockline.open(url, today=TODAY) as stock:
        assert not any(stock._read(left_over).values())
        assert stock.control() == []
        return stock.snapshot()


def postable(url: str, posting: str) -> bool:
    """Whether it can be posted now, and how: done, looked at, and undone."""
    with stockline.open(url, today=TODAY) as stock:
        try:
            with stock.transaction():
                POSTINGS[posting](stock)
                assert stock.control() == []
                raise Undone
        except Undone:
            return True
        except Refusal:
            return False


@pytest.mark.parametrize("posting", POSTINGS)
def test_a_killed_posting_leaves_no_trace(deathrow: Deathrow, database_url: str, posting: str) -> None:
    before = content(database_url)
    points = deathrow.kill(posting, AT_COMMIT)
    assert points > 60, "the points are not seen any more"
    assert content(database_url) == before
    kills = min(points, KILLS // 2)
    for number in range(kills):
        point = 1 + number * (points - 1) // (kills - 1)
        assert deathrow.kill(posting, point) == point
        assert content(database_url) == before
        if number % 5 == 0:
            assert postable(database_url, posting)
    assert content(database_url) == before


@pytest.mark.parametrize("posting", POSTINGS)
def test_a_posting_that_was_committed_is_whole(deathrow: Deathrow, database_url: str, posting: str) -> None:
    with stockline.open(database_url, today=TODAY) as stock:
        entries = len(stock.ledger())
    before = content(database_url)
    deathrow.kill(posting, COMMITTED)
    after = content(database_url)
    assert after != before
    assert not postable(database_url, posting) or posting == "mixed", "nothing is left to post"
    with stockline.open(database_url, today=TODAY) as stock:
        written = stock.ledger()[entries:]
        assert len(written) == {"mixed": 17, "journal": 4}[posting]
        expected = {"mixed": ("BOLT", 102 + 0), "journal": ("BOLT", -50)}[posting]
        assert stock.quantity_on_hand(expected[0]) == expected[1]
