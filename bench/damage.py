"""A large stock, and damage done to it behind the system's back: the causes T1 to T16 of spec part 60, mixed.

An item has a thousand stock lines at ten sites, ten serials on each. Of half of the items the movements are ours, of a
quarter another system told them, of a quarter there are none. Every third item has lots. What is damaged is chosen by
the number of the stock line, so it is the same each time.
"""

from datetime import date

from sqlalchemy import insert, text

from stockline.schema.catalog import item, location, site
from stockline.schema.ledger import POSITIONS, posting, posting_line
from stockline.store.database import Database, Transaction
from stockline.tracking_code import TrackingCode, tracking_to_json
from stockline.values import SCALE

SITES = 10
PLACES = 100
LINES = SITES * PLACES
SERIALS = 10
KINDS = 16
"""Lines of an item, serials of a line, kinds of damage."""

DAY = date(2026, 1, 15)

_NUMBERS = "CREATE TABLE bench_number (n BIGINT NOT NULL PRIMARY KEY)"
_HURT = """CREATE TABLE bench_hurt (item_id BIGINT NOT NULL, line BIGINT NOT NULL, next_line BIGINT NOT NULL,
 far_line BIGINT NOT NULL, kind BIGINT NOT NULL, serial TEXT NOT NULL, next_serial TEXT NOT NULL,
 PRIMARY KEY (kind, item_id, line))"""

# Of line n of an item: its site is n / 100 + 1, its place n % 100, its lot n % 10.
_LOT = "CASE WHEN :item % 3 = 0 THEN 'L' || (n % 10) ELSE '' END"
_OF_SERIAL = "n / 10"
_SERIAL_LOT = _LOT.replace("(n % 10)", "((n / 10) % 10)")
_ITEM = (
    f"""INSERT INTO characteristic_set (item_id, id, site_id, location, lot, status, packing_factor)
 SELECT :item, :base + n, n / {PLACES} + 1, 'A' || (n % {PLACES}), {_LOT}, 'A', {SCALE}
 FROM bench_number WHERE n < {LINES}""",
    f"""INSERT INTO stock_line (item_id, id, set_id, quantity)
 SELECT :item, :base + n, :base + n, {SERIALS * SCALE} FROM bench_number WHERE n < {LINES}""",
    f"""INSERT INTO item_site (item_id, variant, site_id, quantity, revision, stock_revision)
 SELECT :item, '', n + 1, {PLACES * SERIALS * SCALE}, 1, 1 FROM bench_number WHERE n < {SITES}""",
    f"""INSERT INTO serial (item_id, variant, serial, lot, stock_line_id, last_direction, last_set_id, last_batch_id)
 SELECT :item, '', 'S' || (:base * {SERIALS} + n), {_SERIAL_LOT}, :base + {_OF_SERIAL},
 CASE WHEN :item % 4 = 3 THEN 0 ELSE 1 END, CASE WHEN :item % 4 <> 3 THEN :base + {_OF_SERIAL} END,
 CASE WHEN :item % 4 < 2 THEN 1 END FROM bench_number""",
    f"""INSERT INTO ledger_entry (item_id, id, kind, site_id, location, quantity, serial, lot, posting_date)
 SELECT :item, {POSITIONS} + (:item - 1) * {LINES * SERIALS} + n + 1, 'purchase', n / {PLACES * SERIALS} + 1,
 'A' || ({_OF_SERIAL} % {PLACES}), {SCALE}, 'S' || (:base * {SERIALS} + n), {_SERIAL_LOT}, :day FROM bench_number""",
    f"""INSERT INTO open_entry (item_id, variant, serial, site_id, lot, package, posting_date, entry_id, remaining,
 carried_lot)
 SELECT :item, '', 'S' || (:base * {SERIALS} + n), n / {PLACES * SERIALS} + 1, '', '', :day,
 {POSITIONS} + (:item - 1) * {LINES * SERIALS} + n + 1, {SCALE}, {_SERIAL_LOT} FROM bench_number""",
)


def build(database: Database, items: int) -> None:
    """A good stock of so many items, ten thousand serials each."""
    database.write(lambda transaction: _set_up(transaction, items))
    for number in range(1, items + 1):
        database.write(lambda transaction: _build_item(transaction, number))  # noqa: B023


def _set_up(transaction: Transaction, items: int) -> None:
    transaction.execute(text(_NUMBERS))
    raw = transaction.connection.exec_driver_sql
    for number in range(LINES * SERIALS // 1000):
        values = ", ".join(f"({number * 1000 + one})" for one in range(1000))
        raw(f"INSERT INTO bench_number VALUES {values}")
    tracking = tracking_to_json(TrackingCode(serial="specific"))
    codes = [{"id": one, "code": f"ITEM-{one:05}", "tracking": tracking} for one in range(1, items + 1)]
    transaction.execute(insert(item), [{**one, "unit": "PCS", "rounding": 1, "planning": {}} for one in codes])
    transaction.execute(insert(site), [{"id": one, "code": f"SITE-{one:02}"} for one in range(1, SITES + 1)])
    places = [{"site_id": one, "code": f"A{place}"} for one in range(1, SITES + 1) for place in range(PLACES)]
    transaction.execute(insert(location), places)
    assert (transaction.next_number(), transaction.next_number()) == (1, 2)
    transaction.execute(insert(posting).values(id=1, kind="posting", posting_date=DAY))


def _build_item(transaction: Transaction, number: int) -> None:
    given = {"item": number, "base": number * LINES, "day": DAY}
    for statement in _ITEM:
        transaction.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})
    transaction.execute(insert(posting_line).values(item_id=number, posting_id=1, line_id=0))


# ---------------------------------------------------------------- damage

_FIRST_ENTRY = f"{2 * POSITIONS} + h.line * 8"
"""Entries of what is posted in passing: a place of their own for each line, in postings that come to an end."""
_SERIAL = "serial.item_id = h.item_id AND serial.variant = '' AND serial.serial = h.serial"
_NEXT = "serial.item_id = h.item_id AND serial.variant = '' AND serial.serial = h.next_serial"
_LINE = "stock_line.item_id = h.item_id AND stock_line.id = h.line"


def _serials(kind: int, changes: str, which: str = _SERIAL) -> str:
    return f"UPDATE serial SET {changes} FROM bench_hurt h WHERE h.kind = {kind} AND {which}"


def _quantity(kind: int, units: int) -> list[str]:
    """A quantity changed, and the total of the site with it, which is kept right."""
    sites = f"""SELECT h.item_id, c.site_id, count(*) AS lines FROM bench_hurt h
 JOIN characteristic_set c ON c.item_id = h.item_id AND c.id = h.line WHERE h.kind = {kind} GROUP BY 1, 2"""
    return [
        f"UPDATE stock_line SET quantity = quantity + {units} FROM bench_hurt h WHERE h.kind = {kind} AND {_LINE}",
        f"""UPDATE item_site SET quantity = item_site.quantity + {units} * s.lines FROM ({sites}) s
 WHERE item_site.item_id = s.item_id AND item_site.variant = '' AND item_site.site_id = s.site_id""",
    ]


def _posted(kind: int, units: int) -> list[str]:
    """A quantity posted without a number: stock line, total and ledger agree."""
    entries = f"""FROM bench_hurt h JOIN characteristic_set c ON c.item_id = h.item_id AND c.id = h.line
 WHERE h.kind = {kind}"""
    return [
        *_quantity(kind, units),
        f"""INSERT INTO ledger_entry (item_id, id, kind, site_id, location, quantity, lot, posting_date)
 SELECT h.item_id, {_FIRST_ENTRY}, 'purchase', c.site_id, c.location, {units}, c.lot, '{DAY}' {entries}""",
        f"""INSERT INTO open_entry (item_id, variant, serial, site_id, lot, package, posting_date, entry_id, remaining,
 carried_lot) SELECT h.item_id, '', '', c.site_id, '', '', '{DAY}', {_FIRST_ENTRY}, {units}, c.lot {entries}""",
    ]


def _issued(kind: int) -> list[str]:
    """The serial issued: stock line, total and ledger agree, the entry it came in with is used up."""
    entries = f"""FROM bench_hurt h
 JOIN open_entry o ON o.item_id = h.item_id AND o.variant = '' AND o.serial = h.serial
 JOIN ledger_entry e ON e.item_id = o.item_id AND e.id = o.entry_id WHERE h.kind = {kind}"""
    return [
        *_quantity(kind, -SCALE),
        f"""INSERT INTO ledger_entry (item_id, id, kind, site_id, location, quantity, serial, lot, posting_date)
 SELECT h.item_id, {_FIRST_ENTRY}, 'sale', e.site_id, e.location, {-SCALE}, e.serial, e.lot, '{DAY}' {entries}""",
        f"""INSERT INTO application (item_id, outbound_id, inbound_id, quantity)
 SELECT h.item_id, {_FIRST_ENTRY}, e.id, {SCALE} {entries}""",
        f"""DELETE FROM open_entry WHERE EXISTS (SELECT 1 FROM bench_hurt h WHERE h.kind = {kind}
 AND h.item_id = open_entry.item_id AND open_entry.variant = '' AND h.serial = open_entry.serial)""",
        _serials(kind, "last_direction = -1, last_batch_id = 2, last_set_id = h.line"),
    ]


def _second_line(kind: int, shift: int, quantity: int) -> str:
    """A second row of equal characteristics."""
    return f"""INSERT INTO stock_line (item_id, id, set_id, quantity, twin)
 SELECT item_id, line + {shift}, line, {quantity}, true FROM bench_hurt WHERE kind = {kind}"""


_TWIN = 1 << 40
_DAMAGE = {
    1: _issued(1),
    2: [_serials(2, "stock_line_id = NULL, last_direction = 1, last_set_id = h.line")],
    3: [_serials(3, "stock_line_id = h.next_line"), _serials(3, "stock_line_id = h.line", _NEXT)],
    4: [
        _serials(4, "stock_line_id = h.next_line, last_direction = 0, last_set_id = NULL"),
        _serials(4, "stock_line_id = h.line, last_direction = 0, last_set_id = NULL", _NEXT),
    ],
    5: [
        """INSERT INTO extra_link (item_id, variant, serial, stock_line_id)
 SELECT item_id, '', serial, next_line FROM bench_hurt WHERE kind = 5"""
    ],
    6: [_serials(6, f"stock_line_id = h.line + {_TWIN}")],
    7: [_serials(7, "stock_line_id = h.far_line")],
    8: _posted(8, SCALE),
    9: _posted(9, -SCALE),
    10: [
        f"UPDATE stock_line SET quantity = quantity + {SCALE} FROM bench_hurt h WHERE h.kind = 10 AND {_LINE}",
    ],
    11: [
        _second_line(11, _TWIN, SCALE),
        f"UPDATE stock_line SET quantity = quantity - {SCALE} FROM bench_hurt h WHERE h.kind = 11 AND {_LINE}",
        _serials(11, f"stock_line_id = h.line + {_TWIN}"),
    ],
    12: _posted(12, SCALE // 2),
    13: [
        _second_line(13, _TWIN, -SCALE),
        f"UPDATE stock_line SET quantity = quantity + {SCALE} FROM bench_hurt h WHERE h.kind = 13 AND {_LINE}",
    ],
    14: [
        """INSERT INTO serial (item_id, variant, serial, stock_line_id)
 SELECT item_id, 'RED', serial, line FROM bench_hurt WHERE kind = 14""",
        _serials(14, "stock_line_id = NULL, last_direction = 0, last_set_id = NULL"),
    ],
    15: [_serials(15, "lot = 'WRONG'")],
    16: [
        f"""INSERT INTO link (item_id, id, status, quantity, site_id, demand_line_id, demand_serial, supply_entry_id,
 supply_serial) SELECT h.item_id, h.line, 'reservation', {SCALE}, c.site_id, 1, h.serial, o.entry_id, h.serial
 FROM bench_hurt h JOIN characteristic_set c ON c.item_id = h.item_id AND c.id = h.line
 JOIN open_entry o ON o.item_id = h.item_id AND o.variant = '' AND o.serial = h.serial WHERE h.kind = 16""",
        _serials(16, "stock_line_id = NULL, last_direction = 0, last_set_id = NULL"),
    ],
}


def damage(database: Database, share: float) -> int:
    """Damage this share of the serials, in as many lines; how many."""
    every = round(1 / (share * SERIALS))

    def work(transaction: Transaction) -> int:
        transaction.execute(text(_HURT))
        hurt = transaction.execute(text(_choose(every))).rowcount
        for statements in _DAMAGE.values():
            for statement in statements:
                transaction.execute(text(statement))
        return int(hurt)

    hurt = database.write(work)
    database.write(lambda transaction: [transaction.execute(text(f"DROP TABLE {one}")) for one in _HELPERS] and None)
    return hurt


_HELPERS = ("bench_hurt", "bench_number")


def _choose(every: int) -> str:
    """One line of so many, the kinds in turn; an overwritten quantity puts a whole site in doubt: at two sites only."""
    nth = f"((item_id * {LINES} + n) / {every})"
    kind = f"{nth} % {KINDS} + 1"
    return f"""INSERT INTO bench_hurt (item_id, line, next_line, far_line, kind, serial, next_serial)
 SELECT item_id, line, line + 1, far_line, CASE WHEN kind = 10 AND site < {SITES - 1} THEN 1 ELSE kind END,
 'S' || (line * {SERIALS}), 'S' || ((line + 1) * {SERIALS})
 FROM (SELECT i.id AS item_id, i.id * {LINES} + n AS line, i.id * {LINES} + (n + {PLACES}) % {LINES} AS far_line,
 n / {PLACES} + 1 AS site, {kind.replace("item_id", "i.id")} AS kind
 FROM item i CROSS JOIN bench_number
 WHERE n < {LINES} AND n % {every} = 3 % {every} AND n % {PLACES} < {PLACES - 1}) chosen"""
