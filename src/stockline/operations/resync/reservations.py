"""Reservations follow their goods when the ledger is corrected: none holds an entry of which nothing remains (RS-9)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, or_, select, update

from stockline.rules.posting import ENTRIES, OF_WAVE
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.reservations import link
from stockline.store.database import Transaction


def follow(transaction: Transaction, left: Mapping[str, Any], come: Mapping[str, Any]) -> None:
    """Links to what left by serial go with the serial, where it came in at their site, else to another free entry.

    `left` and `come` are the waves of the corrections. A link that names the serial takes no other.
    """
    for held in transaction.execute(_HELD, left).mappings().all():
        entry = transaction.execute(_CAME_IN, {**come, **held}).mappings().first()
        if entry is None and not held["of_named"]:
            entry = transaction.execute(_FREE, held).mappings().first()
        if entry is not None:
            transaction.execute(_MOVE, {**held, **entry})


def _of(name: str, type_: Any = BigInteger) -> Any:
    return bindparam(f"of_{name}", type_=type_)


_HELD = (
    select(
        link.c.item_id.label("of_item"),
        link.c.id.label("of_link"),
        link.c.variant.label("of_variant"),
        link.c.site_id.label("of_site"),
        ledger_entry.c.serial.label("of_serial"),
        link.c.demand_lot.label("of_lot"),
        link.c.demand_package.label("of_package"),
        case((link.c.demand_serial != "", 1), else_=0).label("of_named"),
    )
    .select_from(
        ENTRIES.join(
            application,
            and_(application.c.item_id == ledger_entry.c.item_id, application.c.outbound_id == ledger_entry.c.id),
        ).join(link, and_(link.c.item_id == application.c.item_id, link.c.supply_entry_id == application.c.inbound_id))
    )
    .where(OF_WAVE)
)
_entry = ledger_entry.c
_NUMBERS = (
    _entry.id.label("to_entry"),
    _entry.serial.label("to_serial"),
    _entry.lot.label("to_lot"),
    _entry.package.label("to_package"),
)
_CAME_IN = (
    select(*_NUMBERS)
    .select_from(ENTRIES)
    .where(
        OF_WAVE,
        _entry.item_id == _of("item"),
        _entry.variant == _of("variant", Text),
        _entry.site_id == _of("site"),
        _entry.serial == _of("serial", Text),
    )
)
_taken = select(link.c.id).where(
    link.c.item_id == open_entry.c.item_id, link.c.supply_entry_id == open_entry.c.entry_id
)
_FREE = (
    select(*_NUMBERS)
    .select_from(
        open_entry.join(ledger_entry, and_(_entry.item_id == open_entry.c.item_id, _entry.id == open_entry.c.entry_id))
    )
    .where(
        open_entry.c.item_id == _of("item"),
        open_entry.c.variant == _of("variant", Text),
        open_entry.c.serial != "",
        open_entry.c.site_id == _of("site"),
        open_entry.c.remaining > 0,
        *(or_(_of(kind, Text) == "", _entry[kind] == _of(kind, Text)) for kind in ("lot", "package")),
        ~_taken.exists(),
    )
    .order_by(open_entry.c.posting_date, open_entry.c.entry_id)
    .limit(1)
)
_MOVE = (
    update(link)
    .where(link.c.item_id == _of("item"), link.c.id == _of("link"))
    .values(
        supply_entry_id=bindparam("to_entry"),
        supply_serial=bindparam("to_serial"),
        supply_lot=bindparam("to_lot"),
        supply_package=bindparam("to_package"),
    )
)
