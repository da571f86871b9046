"""What planners know of tables that have just grown."""

import pytest
from sqlalchemy import delete, func, select, text

from stockline.schema.stock import serial, staged_take
from stockline.store import database as store
from stockline.store.database import Database, Transaction

ASKED = {
    "sqlite": "SELECT stat FROM sqlite_stat1 WHERE idx = 'serial'",
    "postgresql": "SELECT reltuples::bigint::text FROM pg_class WHERE oid = 'serial'::regclass",
}
TOLD = {"sqlite": "10000000 100000 50000 1", "postgresql": "-1"}
"""What is known of the serials from the beginning: SQLite is told once for all, PostgreSQL nothing."""


def known(database: Database) -> str:
    """What the planner knows of the serials."""
    query = text(ASKED[database.dialect.name])
    return str(database.read(lambda transaction: transaction.execute(query).scalar_one()))


def fill(transaction: Transaction) -> None:
    """Many serials at once."""
    rows = [("", f"S{number}") for number in range(3_000)]
    transaction.stage(serial, ("variant", "serial"), rows, {"item_id": 1})


def test_tables_a_long_transaction_has_filled_are_looked_at(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known(database) == TOLD[database.dialect.name]
    monkeypatch.setattr(store, "LONG", 0.0)
    database.write(fill)
    assert known(database) == {**TOLD, "postgresql": "3000"}[database.dialect.name]


def test_within_a_transaction_of_the_caller_they_are_looked_at_in_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LONG", 0.0)
    with database.transaction():
        database.write(fill)
        assert known(database) == TOLD[database.dialect.name]
    assert known(database) == {**TOLD, "postgresql": "3000"}[database.dialect.name]


def test_after_a_short_transaction_nothing_is_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LONG", 3600.0)
    database.write(fill)
    assert known(database) == TOLD[database.dialect.name]


STAGED = text("SELECT pg_relation_size('staged_take')")


def stage_and_clear(transaction: Transaction) -> None:
    """Many rows that are gone when the transaction ends."""
    rows = [(number, number) for number in range(100_000)]
    transaction.stage(staged_take, ("entry_id", "stock_line_id"), rows, {"item_id": 1, "batch_id": 1})
    transaction.execute(delete(staged_take))


def test_tables_that_are_empty_again_are_small_again(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LONG", 3600.0)
    postgres_database.write(stage_and_clear)
    assert postgres_database.read(lambda transaction: transaction.execute(STAGED).scalar_one()) > 5_000_000
    monkeypatch.setattr(store, "LONG", 0.0)
    postgres_database.write(lambda _: None)
    assert postgres_database.read(lambda transaction: transaction.execute(STAGED).scalar_one()) == 0


def test_a_table_somebody_uses_is_left_alone(postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LONG", 0.0)
    with postgres_database.engine.connect() as other, other.begin():
        other.execute(select(func.count()).select_from(staged_take))
        postgres_database.write(stage_and_clear)
    assert postgres_database.read(lambda transaction: transaction.execute(STAGED).scalar_one()) > 5_000_000
