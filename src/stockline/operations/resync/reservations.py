"""Reservations follow their goods when the ledger is corrected: none holds an entry of which nothing remains (RS-9)."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Row,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from stockline.operations.catalog import Item
from stockline.operations.reservation.candidates import Kinds, steering_kinds
from stockline.operations.reservation.late_binding import LateBinding
from stockline.operations.reservation.links import HERE, SITE, VARIANT, LinkBatch, pieces, stage_split, without
from stockline.rules.posting import ENTRIES, OF_WAVE, reserved_of
from stockline.rules.window import ITEM
from stockline.schema.ledger import POSITIONS, application, ledger_entry, open_entry
from stockline.schema.reservations import NO_ENTRY, RESERVATION, link, staged_split
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, NumberKind
from stockline.values import SCALE


def follow(transaction: Transaction, item: Item, left: Mapping[str, Any]) -> None:
    """Links to what left by serial go with the serial, where it came in at their site, else to other free stock.

    `left` is the wave of the corrections. A link that names the serial takes no other; one that does not takes another
    serial, else stock without number. What finds nothing holds no entry (`NO_ENTRY`).
    """
    _find_homes(transaction, item, transaction.execute(_HELD, left).all())


def find_again(transaction: Transaction, item: Item, variant: str, site_id: int, since: int) -> Sequence[Row[Any]]:
    """Links at the site that have lost their entry to operations from this number on look for one once more.

    Those that find none, with `line_id`, `serial` and `quantity`.
    """
    where = {"item": item.id, "of_variant": variant, "site": site_id, "since": since * POSITIONS}
    bereft = transaction.execute(_BEREFT, where).all()
    _find_homes(transaction, item, bereft)
    return transaction.execute(_BEREFT, where).all() if bereft else ()


def let_go(transaction: Transaction, item: Item, variant: str, site_id: int, number: int) -> None:
    """Links at the site that hold more than remains of their entry let go of that: it holds no entry (`NO_ENTRY`).

    Those that name a lot or package keep theirs first, then the oldest; `number` is that of the operation.
    """
    batch = LinkBatch(transaction, number)
    batch.go_to(item.id, variant, site_id)
    if batch.ask(_ANY_HELD) and batch.run(_STAGE_EXCESS):
        batch.cut([_GO_NOWHERE])
        batch.settle()


_ASKED: tuple[NumberKind, ...] = ("lot", "package")
"""The kinds by which links that name no serial are told apart."""


def _find_homes(transaction: Transaction, item: Item, links: Sequence[Row[Any]]) -> None:
    """Give each of these links, which hold nothing any more, its serial where that is open, else what is free."""
    by_place: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in links:
        by_place[row.variant, row.site_id].append(row)
    for place, some in sorted(by_place.items(), key=itemgetter(0)):
        batch = LinkBatch(transaction, transaction.next_number())
        batch.go_to(item.id, *place)
        steering = steering_kinds(item.tracking)
        goes = [(row.id, row.home, row.quantity) for row in some if _stays_with(row)]
        loose = [row for row in some if not (_stays_with(row) or ("serial" in steering and row.demand_serial))]
        goes += _dealt_out(batch, steering, loose)
        placed: Counter[int] = Counter()
        for link_id, _, quantity in goes:
            placed[link_id] += quantity
        LateBinding(transaction, batch, steering).write(goes)
        rests = ((row.id, NO_ENTRY, row.quantity - placed[row.id]) for row in some)
        same = {"item_id": item.id, "batch_id": batch.parameters["batch"]}
        transaction.stage(staged_split, ("link_id", "target", "quantity"), (rest for rest in rests if rest[2]), same)
        batch.cut([_GO_NOWHERE])
        batch.settle()


def _stays_with(row: Row[Any]) -> bool:
    """The link's serial is open at its site; one that does not name it wants the lot and package it asks for."""
    suits = row.demand_lot in ("", row.home_lot) and row.demand_package in ("", row.home_package)
    return row.home is not None and (suits or row.demand_serial != "")


def _dealt_out(batch: LinkBatch, steering: Kinds, links: Sequence[Row[Any]]) -> Iterator[tuple[int, int, int]]:
    """Which link goes to which free entry with how much; what asks for a lot or package comes first."""
    by_need: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in links:
        by_need[tuple(getattr(row, f"demand_{kind}") if kind in steering else "" for kind in _ASKED)].append(row)
    free: dict[int, int] = {}
    least = SCALE if "serial" in steering else 1
    for (lot, package), some in sorted(by_need.items(), reverse=True):
        many = len(free) + sum(-(-row.quantity // least) for row in some)
        found = batch.rows(_FREE, of_lot=lot, of_package=package, least=least, many=many)
        free = {row.entry_id: row.free for row in found} | free
        waiting = deque(row.entry_id for row in found)
        for row in some:
            wanted = row.quantity
            while wanted and waiting:
                taken = min(wanted, free[waiting[0]])
                if taken:
                    yield row.id, waiting[0], taken
                wanted -= taken
                free[waiting[0]] -= taken
                if not free[waiting[0]]:
                    waiting.popleft()


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


_entry = ledger_entry.c
_HOME = and_(
    *(open_entry.c[name] == link.c[name] for name in ("item_id", "variant", "site_id")), open_entry.c.remaining > 0
)
_LINK_OF = [
    *(link.c[name] for name in ("id", "variant", "site_id", "quantity")),
    *(link.c[f"demand_{kind}"] for kind in NUMBER_KINDS),
    open_entry.c.entry_id.label("home"),
    open_entry.c.lot.label("home_lot"),
    open_entry.c.package.label("home_package"),
]
"""A link, with the open entry at its site of the serial it held."""
_HELD = (
    select(*_LINK_OF)
    .select_from(
        ENTRIES.join(application, and_(application.c.item_id == _entry.item_id, application.c.outbound_id == _entry.id))
        .join(link, and_(link.c.item_id == application.c.item_id, link.c.supply_entry_id == application.c.inbound_id))
        .outerjoin(open_entry, and_(_HOME, open_entry.c.serial == _entry.serial))
    )
    .where(OF_WAVE, link.c.status == RESERVATION)
    .order_by(link.c.id)
)
_BEREFT = (
    select(*_LINK_OF, link.c.item_id, link.c.demand_line_id.label("line_id"), link.c.demand_serial.label("serial"))
    .select_from(
        link.outerjoin(open_entry, and_(_HOME, open_entry.c.serial == link.c.demand_serial, link.c.demand_serial != ""))
    )
    .where(
        HERE,
        link.c.status == RESERVATION,
        link.c.supply_entry_id == NO_ENTRY,
        link.c.id > bindparam("since", type_=BigInteger),
    )
    .order_by(link.c.id)
)
_unreserved = open_entry.c.remaining - reserved_of(open_entry.c.entry_id)
_FREE = (
    select(open_entry.c.entry_id, _unreserved.label("free"))
    .where(
        open_entry.c.item_id == ITEM,
        open_entry.c.variant == VARIANT,
        open_entry.c.site_id == SITE,
        open_entry.c.remaining > 0,
        _unreserved >= bindparam("least", type_=BigInteger),
        *(
            or_(bindparam(f"of_{kind}", type_=Text) == "", open_entry.c[kind] == bindparam(f"of_{kind}", type_=Text))
            for kind in _ASKED
        ),
    )
    .order_by(case((open_entry.c.serial == "", 1), else_=0), open_entry.c.posting_date, open_entry.c.entry_id)
    .limit(bindparam("many", type_=BigInteger))
)
_GO_NOWHERE = pieces(without("supply") | {"supply_entry_id": literal(NO_ENTRY)})


_NUMBERS = (
    _entry.id.label("to_entry"),
    _entry.serial.label("to_serial"),
    _entry.lot.label("to_lot"),
    _entry.package.label("to_package"),
)
_MOVE = (
    update(link)
    .where(
        link.c.item_id == bindparam("of_item", type_=BigInteger), link.c.id == bindparam("of_link", type_=BigInteger)
    )
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
_holds = and_(
    HERE, link.c.status == RESERVATION, link.c.supply_entry_id.isnot(None), link.c.supply_entry_id != NO_ENTRY
)
_ANY_HELD = select(case((select(link.c.id).where(_holds).exists(), 1), else_=0))
_nothing = literal(0, BigInteger)
_held = union_all(
    select(
        link.c.supply_entry_id.label("entry_id"), link.c.quantity.label("reserved"), _nothing.label("remaining")
    ).where(_holds),
    select(open_entry.c.entry_id, _nothing, open_entry.c.remaining)
    .where(open_entry.c.item_id == ITEM, open_entry.c.variant == VARIANT, open_entry.c.site_id == SITE)
    .where(open_entry.c.remaining > 0),
).subquery("held")
_over = (
    select(_held.c.entry_id, func.sum(_held.c.remaining).label("remaining"))
    .group_by(_held.c.entry_id)
    .having(func.sum(_held.c.reserved) > func.sum(_held.c.remaining))
    .cte("over_held")
    .prefix_with("MATERIALIZED")  # few: PostgreSQL would add all up again for every link
)
_named_first = case((and_(link.c.demand_lot == "", link.c.demand_package == ""), 1), else_=0)
_so_far = func.sum(link.c.quantity).over(partition_by=link.c.supply_entry_id, order_by=(_named_first, link.c.id))
_holders = (
    select(link.c.id, link.c.quantity, (_so_far - _over.c.remaining).label("excess"))
    .select_from(_over.join(link, link.c.supply_entry_id == _over.c.entry_id))
    .where(_holds)
    .subquery("holders")
)
_too_much = case((_holders.c.excess < _holders.c.quantity, _holders.c.excess), else_=_holders.c.quantity)
_STAGE_EXCESS = stage_split(
    select(_holders.c.id.label("link_id"), literal(NO_ENTRY).label("target"), _too_much.label("quantity"))
)
