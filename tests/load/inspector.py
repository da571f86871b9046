"""Looks at the tables from outside, in bare SQL and over its own connection: what must never be seen, and what must be.

Nothing here comes from the engine, neither its control nor its table definitions.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text

LINES_PER_DOCUMENT = 2**20
UNITS = 100_000

NEVER: dict[str, str] = {
    "more is reserved of an entry than remains": """
        SELECT k.item_id, k.supply_entry_id, sum(k.quantity), max(coalesce(o.remaining, 0)) FROM link k
        LEFT JOIN open_entry o ON o.item_id = k.item_id AND o.entry_id = k.supply_entry_id
        WHERE k.supply_entry_id IS NOT NULL
        GROUP BY k.item_id, k.supply_entry_id HAVING sum(k.quantity) > max(coalesce(o.remaining, 0))""",
    "more is linked to a demand than is outstanding": """
        SELECT s.item_id, s.id, sum(k.quantity), max(s.quantity - s.handled) FROM source_line s
        JOIN link k ON k.item_id = s.item_id AND k.demand_line_id = s.id
        GROUP BY s.item_id, s.id HAVING sum(k.quantity) > max(s.quantity - s.handled)""",
    "more is linked to a supply than is outstanding": """
        SELECT s.item_id, s.id, sum(k.quantity), max(s.quantity - s.handled) FROM source_line s
        JOIN link k ON k.item_id = s.item_id AND k.supply_line_id = s.id
        GROUP BY s.item_id, s.id HAVING sum(k.quantity) > max(s.quantity - s.handled)""",
    "a link leads to a line that is gone": """
        SELECT k.item_id, k.id FROM link k WHERE
        (k.demand_line_id IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM source_line s WHERE s.item_id = k.item_id AND s.id = k.demand_line_id)) OR
        (k.supply_line_id IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM source_line s WHERE s.item_id = k.item_id AND s.id = k.supply_line_id))""",
    "a link of no quantity, or one that still looks for a partner": """
        SELECT item_id, id, status, quantity FROM link
        WHERE quantity <= 0 OR status NOT IN ('reservation', 'tracking', 'surplus', 'prospect')""",
    "a demand names another number than the entry it holds": """
        SELECT k.item_id, k.id, k.demand_serial, k.demand_lot, o.serial, o.lot FROM link k
        JOIN open_entry o ON o.item_id = k.item_id AND o.entry_id = k.supply_entry_id
        WHERE (k.demand_serial <> '' AND k.demand_serial <> o.serial)
           OR (k.demand_lot <> '' AND k.demand_lot <> o.lot)""",
    "stock below zero": """
        SELECT item_id, id, quantity FROM stock_line WHERE quantity < 0 UNION ALL
        SELECT item_id, site_id, quantity FROM item_site WHERE quantity < 0 UNION ALL
        SELECT item_id, entry_id, remaining FROM open_entry WHERE remaining < 0""",
    "more is reserved than is on hand": """
        SELECT k.item_id, k.site_id, sum(k.quantity), max(h.quantity) FROM link k
        JOIN item_site h ON h.item_id = k.item_id AND h.variant = k.variant AND h.site_id = k.site_id
        WHERE k.supply_entry_id IS NOT NULL
        GROUP BY k.item_id, k.variant, k.site_id HAVING sum(k.quantity) > max(h.quantity)""",
    "more has been handled than ordered": """
        SELECT item_id, id, quantity, handled FROM source_line WHERE handled > quantity OR handled < 0""",
    "a serial is in stock twice, or less than never": """
        SELECT item_id, serial, sum(quantity) FROM ledger_entry WHERE serial <> ''
        GROUP BY item_id, serial HAVING sum(quantity) NOT IN (0, 100000) UNION ALL
        SELECT item_id, serial, sum(remaining) FROM open_entry WHERE serial <> ''
        GROUP BY item_id, serial HAVING sum(remaining) <> 100000""",
    "ledger, open entries, stock lines and totals differ": """
        SELECT h.item_id, h.quantity FROM item_site h WHERE h.site_id <> 0 AND (
        h.quantity <> (SELECT coalesce(sum(quantity), 0) FROM ledger_entry e WHERE e.item_id = h.item_id)
        OR h.quantity <> (SELECT coalesce(sum(quantity), 0) FROM stock_line l WHERE l.item_id = h.item_id)
        OR h.quantity <> (SELECT coalesce(sum(remaining), 0) FROM open_entry o WHERE o.item_id = h.item_id))""",
}
"""What no snapshot may show, whoever works: each a query of the rows that would be wrong."""


class Inspector:
    """An observer of the database of a storm."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        else:
            self._engine = self._engine.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        """Look no more."""
        self._engine.dispose()

    @contextmanager
    def _snapshot(self) -> Any:
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.connection.dbapi_connection.isolation_level = None  # type: ignore[union-attr]
            with connection.begin():
                yield connection

    def violations(self) -> list[str]:
        """What must never be seen and is, all in one snapshot."""
        with self._snapshot() as connection:
            found = {what: connection.execute(text(query)).all() for what, query in NEVER.items()}
        return [f"{what}: {tuple(row)}" for what, rows in found.items() for row in rows]

    def missing(self, answers: Iterable[dict[str, Any]]) -> list[str]:
        """What writers were answered that the tables do not hold, and postings nobody was answered."""
        told = list(answers)
        postings = {answer["posting"]: answer["entries"] for answer in told if "posting" in answer}
        lines = {answer["own"]["line"]: answer["own"] for answer in told if "own" in answer}
        with self._snapshot() as connection:
            return [*_missing_postings(connection, postings), *_missing_lines(connection, lines)]


def _missing_postings(connection: Connection, told: dict[int, int]) -> list[str]:
    query = """
        SELECT p.id, count(e.id) FROM posting p
        LEFT JOIN ledger_entry e ON e.id > p.id * 16777216 AND e.id < (p.id + 1) * 16777216 GROUP BY p.id"""
    there = {row[0]: row[1] for row in connection.execute(text(query))}
    first = min(told, default=0)  # those before it made the scene
    nobodys = [number for number in there.keys() - told.keys() if number > first]
    return [
        *(f"posting {number} of {entries} entries has {there.get(number)}" for number, entries in told.items()
          if there.get(number) != entries),
        *(f"posting {number} was answered to nobody" for number in nobodys),
    ]  # fmt: skip


def _missing_lines(connection: Connection, told: dict[str, dict[str, Any]]) -> list[str]:
    """Lines as their writers were told last, and as they are."""
    ids = {code: number for number, code in connection.execute(text("SELECT id, code FROM document WHERE NOT deleted"))}
    rows = connection.execute(text("SELECT id, quantity, handled FROM source_line")).all()
    lines = {row[0]: (row[1], row[2]) for row in rows}
    problems = []
    for name, own in told.items():
        number = ids.get(name.split("/")[0], 0) * LINES_PER_DOCUMENT + 1
        if own["gone"] or number not in lines:
            if own["gone"] != (number not in lines):
                problems.append(f"{name} is {'there' if own['gone'] else 'gone'}")
            continue
        expected = [_units(own["quantity"]), _units(own["handled"]), _units(own["reserved"]), own["numbers"]]
        found = [*lines[number], *_links(connection, number, own)]
        if found != expected:
            problems.append(f"{name} was answered {expected} and is {found}")
    return problems


def _units(quantity: str | None) -> int | None:
    return None if quantity is None else int(float(quantity) * UNITS)


def _links(connection: Connection, line: int, own: dict[str, Any]) -> tuple[int | None, dict[str, int]]:
    """What of a line is reserved, and how much of each number it carries."""
    side = "demand" if own["kind"] == "sale" else "supply"
    columns = f"status, quantity, {side}_serial, {side}_lot"
    query = text(f"SELECT {columns} FROM link WHERE {side}_line_id = :line")
    rows = connection.execute(query, {"line": line}).all()
    numbers: dict[str, int] = {}
    for _, quantity, serial, lot in rows:
        if serial or lot:
            numbers[serial or lot] = numbers.get(serial or lot, 0) + quantity // UNITS
    reserved = sum(row[1] for row in rows if row[0] == "reservation")
    return (None if own["reserved"] is None else reserved), numbers


def read_journals(journals: Sequence[Path]) -> list[dict[str, Any]]:
    """What the writers wrote down, writer by writer."""
    return [json.loads(line) for journal in journals for line in journal.read_text().splitlines()]
