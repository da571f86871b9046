"""What control of serials reads: of links their indexes alone, of serials only those that do not fit."""

from contextlib import closing
from typing import Any

import pytest

from stockline.rules.control.serials import serial_on_line
from stockline.store.database import Database, Transaction, parse_url
from stockline.store.provision import ensure_current


@pytest.mark.parametrize("query", ["query", "of_part", "of_item"])
def test_sqlite_goes_through_the_indexes_of_links(query: str) -> None:
    asked = getattr(serial_on_line, query).params(first=1, last=9, item=5)

    def steps(transaction: Transaction) -> list[Any]:
        said = str(asked.compile(transaction.connection, compile_kwargs={"literal_binds": True}))
        return [row.detail for row in transaction.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}")]

    with closing(Database(parse_url(":memory:"))) as database:
        ensure_current(database)
        of_serials = [step for step in database.read(steps) if " serial " in f"{step} "]
    by_index = [step for step in of_serials if "(item_id=? AND variant=? AND serial=?)" not in step]
    assert [step.split("INDEX ")[1].split(" ")[0] for step in by_index] == [
        "ix_serial_link",
        "ix_serial_link",
        "ix_serial_particular",
    ]
    assert all("COVERING" in step for step in by_index[:2])
