"""A count settles what is out of step: lines, serials and ledger say the same before it compares (CO-4, T10, T12, T13).

A person has looked at all there is. So a stock line holds as many units as serials are linked to it, none less than
nothing; the ledger has these serials where their lines are, and of each combination what the stock lines hold. All of
it is posted: what the ledger did not know as a correction, what a line did not hold as an adjustment without serial.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    FromClause,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
    update,
)

from stockline.codes import Code
from stockline.operations.catalog import Item
from stockline.operations.ledger.applications import apply_outbound, has_shortages, open_inbound
from stockline.operations.locks import lock_item_sites
from stockline.operations.number_dates import remember_dates
from stockline.operations.resync.ledger import KIND, Corrections, Wave, correct, stage_waves
from stockline.operations.resync.links import open_posting
from stockline.operations.resync.reservations import find_again, let_go
from stockline.operations.resync.stock import KEPT_APART
from stockline.operations.stock.twins import settle_twins
from stockline.refusal import Finding, Refusal
from stockline.rules.control import AWAITING_PUT_AWAY, LINES, SHORTAGE
from stockline.rules.control.base import of_item
from stockline.rules.control.serials import with_links
from stockline.rules.framework import Names
from stockline.schema.ledger import POSITIONS, ledger_entry, number_date, open_entry, posting_line, staged_line
from stockline.schema.resync import staged_resync
from stockline.schema.stock import OF_LINE, characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction, in_parts
from stockline.tracking_code import NUMBER_KINDS, NumberKind
from stockline.values import SCALE, to_quantity


@dataclass(frozen=True, slots=True)
class CountedStock:
    """What is counted of an item at a site: all of it, or what lies at some locations."""

    item: Item
    variant: str
    site_id: int
    locations: Collection[str] | None = None
    found: Collection[str] = frozenset()
    """The serials that were found."""

    @property
    def everywhere(self) -> bool:
        """All of the site is counted."""
        return self.locations is None

    @property
    def specific(self) -> bool:
        """Some number of the item is specific: it is reserved by what is there, never short (PO-24)."""
        return any(self.item.tracking.steers(kind) for kind in NUMBER_KINDS)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements are asked with."""
        places = {} if self.locations is None else {"locations": sorted(self.locations)}
        return {"item": self.item.id, "variant": self.variant, "site": self.site_id, **places}


@dataclass(frozen=True, slots=True)
class _Change:
    """A quantity of a combination without serial that comes into the ledger or, below 0, leaves it."""

    kind: str
    quantity: int
    lot: str
    package: str
    location: str = ""


def settle(transaction: Transaction, counted: CountedStock, today: date) -> int:
    """Make what is counted agree, its item-sites being held; the number of the posting it may have made for that.

    What is reserved beyond what there is now holds nothing, until `keep_reserved` finds it again.
    """
    steered = frozenset(kind for kind in NUMBER_KINDS if counted.item.tracking.steers(kind))
    if "serial" in steered:
        transaction.execute(_forget_further(counted.everywhere), counted.parameters)
    sums = transaction.execute(_sums(steered, counted.everywhere), counted.parameters)
    changes = [_Change(KIND, int(row.quantity), row.lot, row.package) for row in sums]
    changes += _settle_lines(transaction, counted)
    serials = _find_misplaced(transaction, counted, steered) if "serial" in steered else ()
    batch = transaction.next_number()
    if changes or serials:
        open_posting(transaction, batch, today)
        transaction.execute(insert(posting_line).values(item_id=counted.item.id, posting_id=batch, line_id=0))
        _post(transaction, counted, batch, changes, today)
        first = batch * POSITIONS + len(changes)
        _correct(transaction, Corrections(counted.item, batch, first, len(serials), today), serials)
    if counted.specific and (changes or serials or counted.everywhere):
        let_go(transaction, counted.item, counted.variant, counted.site_id, batch)
    return batch


def keep_reserved(transaction: Transaction, counted: CountedStock, settled: int) -> None:
    """What is reserved and holds nothing holds what was found; `settled` is the number `settle` answered.

    Where not all of the site was counted, only what was settled away since then.

    Refused `cannot_be_fully_applied` where something reserved was not found: it is given up first (PO-27, T16).
    """
    since = 0 if counted.everywhere else settled
    lost = find_again(transaction, counted.item, counted.variant, counted.site_id, since)
    if lost:
        names = Names(transaction, [row._mapping for row in lost])
        raise Refusal(Code.CANNOT_BE_FULLY_APPLIED, [_not_found(names, row) for row in lost])


def _not_found(names: Names, row: Row[Any]) -> Finding:
    """A reservation of what a count has not found."""
    line, item = names.line(row.line_id), names.items[row.item_id]
    number = f" {row.serial}" if row.serial else ""
    message = f"Line {line} has reserved {to_quantity(row.quantity)} of {item}{number}, which is not there any more."
    return Finding(message, line=line, item=item, serial=row.serial or None)


# ---------------------------------------------------------------- what is out of step


_ITEM = bindparam("item", type_=BigInteger)
_VARIANT = bindparam("variant", type_=Text)
_SITE = bindparam("site", type_=BigInteger)
_LOCATIONS = bindparam("locations", expanding=True, type_=Text)
_place = characteristic_set.c


def _here(table: Any) -> list[ColumnElement[bool]]:
    """The row is of the item at the site."""
    return [table.c.item_id == _ITEM, table.c.variant == _VARIANT, table.c.site_id == _SITE]


def _counted(everywhere: bool) -> list[ColumnElement[bool]]:
    """The stock line is counted; what awaits put-away never is."""
    return [*_here(characteristic_set), ~AWAITING_PUT_AWAY, *([] if everywhere else [_place.location.in_(_LOCATIONS)])]


@cache
def _sums(steered: frozenset[NumberKind], everywhere: bool) -> Select[Any]:
    """By specific numbers, what stock lines hold beyond what remains of ledger entries (invariant 3).

    Where not all locations are counted, of combinations that lie at counted ones only.
    """

    def numbers(table: Any) -> list[Any]:
        return [(table.c[kind] if kind in steered else literal("", Text)).label(kind) for kind in KEPT_APART]

    zero = literal(0)
    here = literal(1) if everywhere else case((_place.location.in_(_LOCATIONS), 1), else_=0)
    held = select(
        *numbers(characteristic_set), stock_line.c.quantity, here.label("here"), (1 - here).label("elsewhere")
    )
    opened = select(*numbers(open_entry), -open_entry.c.remaining, zero, zero).where(*_here(open_entry))
    lines = held.select_from(LINES).where(*_here(characteristic_set), stock_line.c.quantity != 0)
    parts = union_all(lines, opened).subquery("parts")
    beyond = func.sum(parts.c.quantity)
    keys = [parts.c[kind] for kind in KEPT_APART]
    query = select(*keys, beyond.label("quantity")).group_by(*keys).having(beyond != 0).order_by(*keys)
    return query if everywhere else query.having(func.sum(parts.c.here) > 0, func.sum(parts.c.elsewhere) == 0)


@cache
def _forget_further(everywhere: bool) -> Delete:
    """Further links of serials to counted lines: a serial lies where its own link leads, or was not found (T5)."""
    line = and_(stock_line.c.item_id == extra_link.c.item_id, stock_line.c.id == extra_link.c.stock_line_id)
    leads_here = select(stock_line.c.id).select_from(LINES).where(line, stock_line.c.quantity != 0)
    return delete(extra_link).where(of_item(extra_link), leads_here.where(*_counted(everywhere)).exists())


@cache
def _wrong_lines(everywhere: bool, by_serials: bool) -> Select[Any]:
    """Stock lines with another quantity than that of their serials, or, without serials, one that cannot be."""
    lines: FromClause = stock_line
    should: Any = literal(0)
    if by_serials:
        lines, linked = with_links(of_item)
        should = linked * SCALE
    wrong = should != stock_line.c.quantity if by_serials else and_(stock_line.c.quantity < 0, ~SHORTAGE)
    return (
        select(stock_line.c.id, _place.location, _place.lot, _place.package)
        .add_columns(should.label("should"), stock_line.c.quantity)
        .select_from(lines.join(characteristic_set, OF_LINE))
        .where(of_item(stock_line), stock_line.c.quantity != 0, wrong, *_counted(everywhere))
        .order_by(stock_line.c.id)
    )


_of_serial = (
    *(open_entry.c[name] == serial.c[name] for name in ("item_id", "variant", "serial")),
    open_entry.c.remaining > 0,
)
_to_line = (stock_line.c.item_id == serial.c.item_id) & (stock_line.c.id == serial.c.stock_line_id)


def _linked(everywhere: bool, *columns: Any) -> Select[Any]:
    """The serials linked to counted stock lines."""
    lines = select(*columns).select_from(serial.join(LINES, _to_line))
    return lines.where(serial.c.variant == _VARIANT, stock_line.c.quantity > 0, *_counted(everywhere))


def _strayed(*columns: Any) -> Select[Any]:
    """The serials that the ledger has, at any site, and no stock line; and those it has here, on a line elsewhere."""
    same = and_(*(serial.c[name] == open_entry.c[name] for name in ("item_id", "variant", "serial")))
    on_line = and_(_to_line, stock_line.c.quantity != 0)
    found = open_entry.outerjoin(serial, same).outerjoin(stock_line, on_line).outerjoin(characteristic_set, OF_LINE)
    elsewhere = and_(stock_line.c.quantity > 0, _place.site_id != _SITE, _place.variant == _VARIANT)
    from_here = and_(open_entry.c.site_id == _SITE, elsewhere, ~AWAITING_PUT_AWAY)
    has = (open_entry.c.item_id == _ITEM, open_entry.c.variant == _VARIANT, open_entry.c.remaining > 0)
    strayed = or_(stock_line.c.id.is_(None), from_here)
    return select(*columns).select_from(found).where(*has, open_entry.c.serial != "", strayed)


@cache
def _other_sites(everywhere: bool) -> Any:
    """Where else the ledger has any of these serials, or is to have them."""
    site = open_entry.c.site_id
    linked = _linked(everywhere, site).join(open_entry, and_(*_of_serial)).where(site != _SITE)
    return union(linked, *(_strayed(there).where(there != _SITE) for there in (site, _place.site_id)))


@cache
def _misplaced(steered: frozenset[NumberKind], everywhere: bool) -> Any:
    """Serials the ledger does not have where their line is, and those that are on no line at all."""
    of_place = [open_entry.c[kind] == _place[kind] for kind in KEPT_APART if kind in steered]
    as_placed = select(open_entry.c.serial).where(*_of_serial, open_entry.c.site_id == _SITE, *of_place)
    key = (serial.c.variant, serial.c.serial, serial.c.stock_line_id.label("place"), true().label("here"))
    linked = _linked(everywhere, *key).where(~as_placed.exists())
    strayed = (open_entry.c.variant, open_entry.c.serial, stock_line.c.id, open_entry.c.site_id == _SITE)
    return union_all(linked, _strayed(*strayed))


# ---------------------------------------------------------------- bringing it into step


def _find_misplaced(
    transaction: Transaction, counted: CountedStock, steered: frozenset[NumberKind]
) -> Sequence[Row[Any]]:
    """The serials that the ledger must have elsewhere, or no more; their other sites are held from now on."""
    others = transaction.execute(_other_sites(counted.everywhere), counted.parameters).scalars()
    lock_item_sites(transaction, {(counted.item.id, counted.variant, site): 0 for site in others})
    misplaced = transaction.execute(_misplaced(steered, counted.everywhere), counted.parameters)
    # What the ledger has at another site and no line has, is for a count there, unless it was found here.
    return [row for row in misplaced if row.here or row.serial in counted.found]


def _settle_lines(transaction: Transaction, counted: CountedStock) -> list[_Change]:
    """Give wrong stock lines the quantity they should have; what that is in the ledger."""
    wrong = _wrong_lines(counted.everywhere, counted.item.tracking.steers("serial"))
    lines = transaction.execute(wrong, counted.parameters).all()
    if not lines:
        return []
    rows = [{"of_item": counted.item.id, "of_line": row.id, "should": int(row.should)} for row in lines]
    transaction.execute(_SET_QUANTITY, rows)
    settle_twins(transaction, _ITEMS, {"item": counted.item.id})
    changes = [
        _Change(
            "positive_adjustment" if row.should > row.quantity else "negative_adjustment",
            int(row.should) - int(row.quantity),
            row.lot,
            row.package,
            row.location,
        )
        for row in lines
    ]
    key = (counted.item.id, counted.variant, counted.site_id)
    lock_item_sites(transaction, {key: sum(change.quantity for change in changes)})
    return changes


_ITEMS = select(_ITEM)
_NEW = bindparam("should", type_=BigInteger)
_SET_QUANTITY = (
    update(stock_line)
    .where(
        stock_line.c.item_id == bindparam("of_item", type_=BigInteger),
        stock_line.c.id == bindparam("of_line", type_=BigInteger),
    )
    .values(quantity=_NEW, twin=case((_NEW == 0, false()), else_=stock_line.c.twin))
)


def _post(transaction: Transaction, counted: CountedStock, batch: int, changes: Sequence[_Change], today: date) -> None:
    """Write the changes as ledger entries: first what comes in, then what leaves.

    Without specific numbers only what nobody has reserved leaves (PO-24), else all of it: it is not there (PO-27).
    """
    if not changes:
        return
    inward = [change for change in changes if change.quantity > 0]
    outward = [change for change in changes if change.quantity < 0]
    first = batch * POSITIONS
    dates = _known_dates(transaction, counted, inward)
    rows = [
        {
            "item_id": counted.item.id,
            "id": first + place,
            "kind": change.kind,
            "variant": counted.variant,
            "site_id": counted.site_id,
            "location": change.location,
            "quantity": change.quantity,
            "lot": change.lot,
            "package": change.package,
            "posting_date": today,
            "expires": dates.get(("lot", change.lot)) or dates.get(("package", change.package)),
        }
        for place, change in enumerate([*inward, *outward], 1)
    ]
    transaction.execute(insert(ledger_entry), rows)
    middle, last = first + len(inward), first + len(rows)
    stage_waves(transaction, counted.item, batch, [Wave(0, 1, first + 1, middle), Wave(1, -1, middle + 1, last)])
    come, go = ({"batch": batch, "wave": wave} for wave in (0, 1))
    if inward:
        open_inbound(transaction, come, short=has_shortages(transaction, come))
        remember_dates(transaction, batch, {counted.item.id: counted.item.tracking})
    if outward:
        apply_outbound(transaction, go, held=not counted.specific)
    transaction.clear(staged_line, batch)


def _known_dates(
    transaction: Transaction, counted: CountedStock, changes: Sequence[_Change]
) -> dict[tuple[str, str], date]:
    """By kind and number, the expiration dates of lots and packages that come in."""
    if not counted.item.tracking.uses_expiration:
        return {}
    known = number_date.c
    of_item = select(known.kind, known.number, known.expires).where(known.item_id == _ITEM, known.variant == _VARIANT)
    numbers = sorted({number for change in changes for number in (change.lot, change.package)} - {""})
    return {
        (row.kind, row.number): row.expires
        for some in in_parts(numbers)
        for row in transaction.execute(of_item.where(known.number.in_(some)), counted.parameters)
        if row.kind != "serial"
    }


def _correct(transaction: Transaction, corrections: Corrections, serials: Sequence[Row[Any]]) -> None:
    """Make the ledger have these serials where their lines are (RS-9)."""
    if not serials:
        return
    rows = ((corrections.item.id, row.variant, row.serial, row.place) for row in serials)
    columns = ("item_id", "variant", "serial", "place")
    transaction.stage(staged_resync, columns, rows, {"batch_id": corrections.batch})
    correct(transaction, corrections)
    transaction.clear(staged_resync, corrections.batch)
