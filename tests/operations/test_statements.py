"""What a posting costs does not grow with its serials: statements and memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

import stockline
from stockline import FoundSerial, FoundStockLine, OrderLine, Stockline, TrackingRow
from tests.support.warehouse import PATIENCE, TODAY, furnish, order, serials

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000


@contextmanager
def counted(stock: Stockline) -> Iterator[list[str]]:
    """The statements of the transactions inside; what the planner is told after them is not among them."""
    seen: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "writes" in connection.get_execution_options():
            seen.append(statement)

    engine = stock._database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements(stock: Stockline, prefix: str, count: int) -> dict[str, int]:
    """How many statements it takes to track, receive and issue so many serials."""
    taken = {}
    rows = serials(prefix, count)
    for kind in ("purchase", "sale"):
        name = f"{kind}{prefix}"
        stock.create_order(name, kind, site="EAST", lines=[OrderLine(item="BIKE", quantity=count)])
        with counted(stock) as seen:
            stock.track(f"{name}/1", rows)
        taken[f"track {kind}"] = len(seen)
        with counted(stock) as seen:
            stock.post(name)
        taken[f"post {kind}"] = len(seen)
    return taken


def test_as_many_statements_for_many_serials_as_for_few(stock: Stockline) -> None:
    few, many = statements(stock, "FEW", 10), statements(stock, "MANY", 5000)
    assert min(few.values()) > 10, "the statements are not seen any more"
    assert many == few
    assert max(few.values()) < 60


def test_as_many_statements_for_many_lots_as_for_few(stock: Stockline) -> None:
    """Nor does it matter how many serials are partly there, on several lines, of several lots."""
    counts = []
    for prefix, count in (("FEW", 4), ("MANY", 400)):
        rows = [TrackingRow(f"{prefix}{number}", f"L{number % 4}") for number in range(count)]
        order(stock, prefix, "purchase", [("WATCH", count, rows), ("BOLT", count, [])])
        with counted(stock) as seen:
            stock.post(prefix)
        counts.append(len(seen))
    assert counts[0] == counts[1]


LARGE = """
import resource, sys
import stockline
from tests.support.warehouse import furnish, receive, serials

with stockline.open(sys.argv[1]) as stock:
    furnish(stock)
    assert receive(stock, "PO1", "BIKE", serials("S", 100_000)).entries == 100_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def test_the_memory_of_a_large_posting(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, database_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert 30 * MEGABYTE < int(done.stdout) < 600 * MEGABYTE


@pytest.mark.parametrize("count", [1, 300])
def test_nothing_staged_stays(stock: Stockline, count: int) -> None:
    statements(stock, "S", count)
    for table in ("staged_line", "staged_stock", "staged_take", "window_row"):
        with stock._database.engine.connect() as connection:
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_as_many_statements_for_many_reserved_serials_taken_away_as_for_few(stock: Stockline) -> None:
    """Their reservations go to others all at once."""
    counts = []
    for place, prefix, site, count in ((1, "FEW", "EAST", 4), (2, "MANY", "WEST", 1000)):
        held = [FoundSerial(item="BIKE", serial=f"{prefix}{number}", stock_line=place) for number in range(2 * count)]
        stock.load(
            stock_lines=[FoundStockLine(id=place, item="BIKE", site=site, quantity=2 * count)],
            serials=held,
        )
        stock.create_order(prefix, "sale", site=site, lines=[OrderLine(item="BIKE", quantity=count)])
        stock.reserve(f"{prefix}/1", against="stock")
        reserved = {link.supply_serial or "" for link in stock.links(line=f"{prefix}/1")}
        assert len(reserved) == count
        with counted(stock) as seen:
            stock.resync_remove(place, sorted(reserved))
        counts.append(len(seen))
        now = {link.supply_serial for link in stock.links(line=f"{prefix}/1")}
        assert len(now) == count
        assert not now & reserved
        assert not stock.control(only=["reservations", "ledger"])
    assert counts[0] == counts[1]


def test_what_is_used_up_is_found_by_its_whole_key() -> None:
    """By a part of it, an issue from thousands of receipts would pair all of them with all."""
    with stockline.open(":memory:", today=TODAY) as stock:
        furnish(stock)
        for name, kind in (("PO1", "purchase"), ("SO1", "sale")):
            order(stock, name, kind, [("BOLT", 5, [])])
            with counted(stock) as seen:
                stock.post(name)
        (lowered,) = (statement for statement in seen if statement.startswith("UPDATE open_entry"))
        with stock._database.engine.connect() as connection:
            blanks = (None,) * lowered.count("?")
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lowered}", blanks)]
        (found,) = (step for step in plan if "open_entry" in step)
        assert found.endswith("AND posting_date=? AND entry_id=?)")
