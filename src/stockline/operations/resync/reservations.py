"""Reservations follow their goods when the ledger is corrected: none holds an entry of which nothing remains (RS-9)."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, func, literal_column, or_, select, update

from stockline.operations.catalog import Item
from stockline.operations.reservation.candidates import steering_kinds
from stockline.operations.reservation.late_binding import LateBinding
from stockline.operations.reservation.links import LinkBatch
from stockline.rules.posting import ENTRIES, OF_WAVE, reserved_of
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.reservations import NO_ENTRY, RESERVATION, link
from stockline.store.database import Transaction
from stockline.values import SCALE


def follow(transaction: Transaction, left: Mapping[str, Any], come: Mapping[str, Any]) -> None:
    """Links to what left by serial go with the serial, where it came in at their site, else to another free entry.

    `left` and `come` are the waves of the corrections. A link that names the serial takes no other; one that does not
    takes another serial, else stock without number.
    """
    for held in transaction.execute(_HELD, left).mappings().all():
        entry = transaction.execute(_CAME_IN, {**come, **held}).mappings().first()
        if entry is None and not held["of_named"]:
            entry = transaction.execute(_FREE, held).mappings().first()
        if entry is not None:
            transaction.execute(_MOVE, {**held, **entry})


def welcome(transaction: Transaction, item: Item, come: Mapping[str, Any], taken: Mapping[str, Any]) -> None:
    """Links take to the serials that came in: those that name one and held nothing, and those of stock without number.

    `come` and `taken` are the waves of the corrections. What came in by number was taken from what has none; a link
    that held just that holds a serial from now on.
    """
    claimed = [dict(row) for row in transaction.execute(_CLAIMED, come).mappings()]
    if claimed:
        transaction.execute(_MOVE, claimed)
    crowded: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in transaction.execute(_CROWDED, taken):
        crowded[row.variant, row.site_id].append(row)
    newcomers = transaction.execute(_NEWCOMERS, come).all() if crowded else []
    for (variant, site), links in sorted(crowded.items(), key=itemgetter(0)):
        batch = LinkBatch(transaction, transaction.next_number())
        batch.go_to(item.id, variant, site)
        free = [row for row in newcomers if (row.variant, row.site_id) == (variant, site)]
        LateBinding(transaction, batch, steering_kinds(item.tracking)).write(_moved(links, free))
        batch.settle()


def _moved(links: Sequence[Any], newcomers: Sequence[Any]) -> Iterator[tuple[int, int, int]]:
    """Which link goes to which serial, unit by unit, until none holds more than remains of its entry."""
    excess = {row.entry_id: row.reserved - row.remaining for row in links}
    waiting = deque(newcomers)
    for row in links:
        passed = []
        units = min(row.quantity // SCALE, -(-excess[row.entry_id] // SCALE))
        while units > 0 and waiting:
            entry = waiting.popleft()
            if row.demand_lot in ("", entry.lot) and row.demand_package in ("", entry.package):
                yield row.id, entry.id, SCALE
                units -= 1
                excess[row.entry_id] -= SCALE
            else:
                passed.append(entry)
        waiting.extendleft(reversed(passed))


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
_FREE = (
    select(*_NUMBERS)
    .select_from(
        open_entry.join(ledger_entry, and_(_entry.item_id == open_entry.c.item_id, _entry.id == open_entry.c.entry_id))
    )
    .where(
        open_entry.c.item_id == _of("item"),
        open_entry.c.variant == _of("variant", Text),
        open_entry.c.site_id == _of("site"),
        open_entry.c.remaining > 0,
        open_entry.c.remaining - reserved_of(open_entry.c.entry_id) >= SCALE,
        *(or_(_of(kind, Text) == "", _entry[kind] == _of(kind, Text)) for kind in ("lot", "package")),
    )
    .order_by(case((open_entry.c.serial == "", 1), else_=0), open_entry.c.posting_date, open_entry.c.entry_id)
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

_CLAIMED = (
    select(link.c.item_id.label("of_item"), link.c.id.label("of_link"), *_NUMBERS)
    .select_from(ENTRIES.join(link, and_(link.c.item_id == _entry.item_id, link.c.demand_serial == _entry.serial)))
    .where(
        OF_WAVE,
        link.c.demand_serial != literal_column("''"),
        link.c.demand_line_id.isnot(None),
        link.c.supply_entry_id == NO_ENTRY,
        link.c.variant == _entry.variant,
        link.c.site_id == _entry.site_id,
    )
)
_taken_from = (
    select(_entry.item_id, application.c.inbound_id)
    .select_from(
        ENTRIES.join(application, and_(application.c.item_id == _entry.item_id, application.c.outbound_id == _entry.id))
    )
    .where(OF_WAVE)
    .distinct()
    .subquery("taken_from")
)
_left = (
    select(func.coalesce(func.sum(open_entry.c.remaining), 0))
    .where(
        open_entry.c.item_id == link.c.item_id,
        open_entry.c.variant == link.c.variant,
        open_entry.c.serial == literal_column("''"),
        open_entry.c.site_id == link.c.site_id,
        open_entry.c.entry_id + 0 == link.c.supply_entry_id,
    )
    .scalar_subquery()
)
_CROWDED = (
    select(
        *(link.c[name] for name in ("id", "variant", "site_id", "quantity", "demand_lot", "demand_package")),
        link.c.supply_entry_id.label("entry_id"),
        _left.label("remaining"),
        func.sum(link.c.quantity).over(partition_by=link.c.supply_entry_id).label("reserved"),
    )
    .select_from(
        _taken_from.join(
            link,
            and_(link.c.item_id == _taken_from.c.item_id, link.c.supply_entry_id == _taken_from.c.inbound_id),
        )
    )
    .where(link.c.status == RESERVATION)
    .order_by(link.c.supply_entry_id, link.c.id.desc())
)
"""Links to entries without number that were taken from."""
_NEWCOMERS = (
    select(_entry.id, _entry.variant, _entry.site_id, _entry.lot, _entry.package)
    .select_from(ENTRIES)
    .where(OF_WAVE, reserved_of(_entry.id) == 0)
    .order_by(_entry.id)
)
