"""Rows enter in bulk, exactly as they are given."""

import datetime as dt
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from stockline.schema.windows import window_row
from stockline.store.database import Database, Transaction

SAME = {"item_id": 1, "window_id": 1}
NASTY = [
    "plain",
    "",
    " blank around ",
    "tab\there",
    "new\nline",
    "back\\slash",
    "\\N",
    "it's",
    '"',
    "%s",
    "日本語",
    "\u00a0",
    "🚲",
]


def staged(database: Database, rows: Sequence[tuple[object, ...]], *columns: str) -> list[tuple[object, ...]]:
    """Stage and read back, in one transaction."""

    def work(transaction: Transaction) -> list[tuple[object, ...]]:
        transaction.stage(window_row, ("row", *columns), rows, {"item_id": 7, "window_id": 2**40})
        chosen = [window_row.c[name] for name in columns]
        query = select(*chosen).where(window_row.c.item_id == 7, window_row.c.window_id == 2**40)
        return [tuple(row) for row in transaction.execute(query.order_by(window_row.c.row))]

    return database.write(work)


def test_text_arrives_as_it_is(database: Database) -> None:
    rows = [(place, text) for place, text in enumerate(NASTY)]
    assert staged(database, rows, "serial") == [(text,) for text in NASTY]


def test_numbers_and_dates_arrive_as_they_are(database: Database) -> None:
    day, date_value = dt.date(2026, 2, 28), database.dialect.date_value
    rows = [(1, 2**53, date_value(day), None), (2, -1, date_value(None), 0)]
    assert staged(database, rows, "quantity", "expires", "handle") == [(2**53, day, None), (-1, None, 0)]


def test_no_rows_are_no_trouble(database: Database) -> None:
    assert staged(database, [], "serial") == []


@pytest.mark.parametrize("count", [1, 200, 5000])
def test_many_rows_arrive_all(database: Database, count: int) -> None:
    rows = [(place, f"S{place}") for place in range(count)]
    assert len(staged(database, rows, "serial")) == count


def test_rows_that_break_off_leave_nothing(database: Database) -> None:
    """The rows come from a person: reading them may fail in the middle."""

    def rows() -> object:
        yield (1, "S1")
        raise ValueError("row 2 cannot be read")

    def work(transaction: Transaction) -> None:
        transaction.stage(window_row, ("row", "serial"), rows(), SAME)  # type: ignore[arg-type]

    with pytest.raises((ValueError, DBAPIError), match="row 2 cannot be read"):
        database.write(work)
    count = select(func.count()).select_from(window_row)
    assert database.read(lambda transaction: transaction.execute(count).scalar()) == 0


def test_a_refusal_from_within_the_rows_stays_a_refusal(database: Database) -> None:
    """It is the engine's own reading that notes what cannot be read and refuses at the end of the rows."""

    class Unreadable(Exception):
        pass

    def rows() -> object:
        yield (1, "S1")
        raise Unreadable

    def work(transaction: Transaction) -> None:
        transaction.stage(window_row, ("row", "serial"), rows(), SAME)  # type: ignore[arg-type]

    with pytest.raises(Unreadable):
        database.write(work)
