"""Changing a source line: checks first, then effects, in the order IN-4 gives (IN-5, IN-15, TW-44, TW-45)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select, update

from stockline.codes import Code
from stockline.operations.catalog import find_items, find_sites
from stockline.operations.documents.deletion import carries_numbers
from stockline.operations.documents.line_values import LineValues
from stockline.operations.lines import ONE_WAY, SourceLine, find_line, sides_of
from stockline.operations.locks import lock_item_sites
from stockline.operations.problems import Problems
from stockline.operations.reservation.links import numbered
from stockline.operations.reservation.policy import is_reserved_always, reserve_always
from stockline.operations.reservation.release import fit, release_all, release_late
from stockline.refusal import Warning
from stockline.rules.control import LINES
from stockline.rules.framework import enforce
from stockline.rules.reservation import date_conflict
from stockline.schema.documents import source_line
from stockline.schema.reservations import DEMAND, RESERVATION, SUPPLY, link
from stockline.schema.stock import characteristic_set, serial, stock_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE, to_quantity

CHANGEABLE = {"quantity", "date", "site", "variant", "location", "unit", "reserve", "item"}
CHANGEABLE_IN_TRANSFERS = CHANGEABLE - {"date", "site"} | {"ship_date", "receipt_date"}
RESERVE = ("never", "optional", "always")
ORDER = (
    Code.NOT_FOUND,
    Code.INVALID,
    Code.ALREADY_HANDLED,
    Code.QUANTITY_BELOW_HANDLED,
    Code.RESERVATION_EXISTS,
    Code.RESERVE_NOT_ALLOWED,
    Code.HAS_TRACKING,
    Code.QUANTITY_BELOW_TRACKED,
)


RESERVED_ANEW = {"quantity", "date", "site", "variant", "unit", "reserve", "item"}
"""What makes the system reserve a line anew whose policy is `always` (RE-20)."""


def change_line(
    transaction: Transaction, line: SourceLine, changes: Mapping[str, Any], *, by_system: bool = False
) -> list[Warning]:
    """Change what is given of a line whose document is held; a None clears location or variant, others keep theirs.

    `by_system`: a date is not refused; links that it breaks are dissolved (RE-25).
    """
    problems = Problems(ORDER)
    unknown = sorted(set(changes) - (CHANGEABLE_IN_TRANSFERS if line.kind == "transfer" else CHANGEABLE))
    if unknown:
        problems.add(Code.INVALID, f"Line {line.name}: {', '.join(unknown)} cannot be changed.", line=line.name)
    changed = _changed_sides(transaction, line, changes, problems)
    problems.refuse()
    for side, new in changed:
        _check_place(transaction, side, new, problems)
        _check_reserved(transaction, side, new, problems)
        _check_quantity(transaction, side, new, problems)
        _check_location(transaction, side, new, problems)
    problems.refuse()
    for side, new in changed:
        if new["date"] != side.date and not by_system:
            dates = {"item": side.item.id, "line": side.id, "new_date": new["date"]}
            enforce(transaction, [date_conflict(side.side.name)], dates)
    places = [(side.item.id, side.variant, side.site_id) for side, _ in changed]
    places += [(new["item_id"], new["variant"], new["site_id"]) for _, new in changed]
    lock_item_sites(transaction, dict.fromkeys(places, 0), stock_changes=False)
    for side, new in changed:
        if by_system:
            release_late(transaction, side, new["date"])
        _write(transaction, side, new)
    warnings = [_reserve_anew(transaction, old, find_line(transaction, old.name), set(changes)) for old, _ in changed]
    return [warning for of_side in warnings for warning in of_side]


def _write(transaction: Transaction, line: SourceLine, new: Mapping[str, Any]) -> None:
    statement = update(source_line).where(source_line.c.item_id == line.item.id, source_line.c.id == line.id)
    transaction.execute(statement.values(new))
    if (new["variant"], new["site_id"]) != (line.variant, line.site_id):
        place = {"variant": new["variant"], "site_id": new["site_id"]}
        own = and_(link.c.item_id == line.item.id, or_(DEMAND.line_id == line.id, SUPPLY.line_id == line.id))
        transaction.execute(update(link).where(own).values(place))


def _reserve_anew(transaction: Transaction, old: SourceLine, new: SourceLine, changed: set[str]) -> list[Warning]:
    """What the change means for the line's reservations: it gives up what it has no room for (RE-23), or gets more."""
    if abs(new.outstanding) < abs(old.outstanding):
        if is_reserved_always(new) and new.kind == "sale" and not new.handled:
            release_all(transaction, new)
        else:
            fit(transaction, new)
    return reserve_always(transaction, [new]) if changed & RESERVED_ANEW else []


def _changed_sides(
    transaction: Transaction, line: SourceLine, changes: Mapping[str, Any], problems: Problems
) -> list[tuple[SourceLine, dict[str, Any]]]:
    """The line as it would be; of a transfer line both sides, which differ in place and date only."""
    checker = LineValues(line.name, problems)
    if line.kind != "transfer":
        new = _new_values(transaction, line, changes, problems)
        new["date"] = checker.date(changes["date"]) if changes.get("date") else line.date
        return [(line, new)]
    sides = sides_of(transaction, line)
    shipped, received = (
        checker.date(changes[name]) if changes.get(name) else side.date
        for side, name in zip(sides, ("ship_date", "receipt_date"), strict=True)
    )
    checker.in_sequence(shipped, received)
    new = _new_values(transaction, line, changes, problems)
    return [
        (
            side,
            new
            | {
                "date": received if side.is_incoming else shipped,
                "site_id": side.site_id,
                "location": new["location"] if side.id == line.id else side.location,
            },
        )
        for side in sides
    ]


def _new_values(
    transaction: Transaction, line: SourceLine, changes: Mapping[str, Any], problems: Problems
) -> dict[str, Any]:
    """The line as it would be, but for its date."""
    checker = LineValues(line.name, problems)
    item_code, site_code = changes.get("item") or line.item.code, changes.get("site") or line.site
    item = checker.item(find_items(transaction, [item_code]), item_code) or line.item
    site = checker.site(find_sites(transaction, [site_code]), site_code)
    unit = changes.get("unit") or (line.unit if item.id == line.item.id else item.unit)
    factor = checker.factor(item, unit)
    quantity, base = line.unit_quantity, line.quantity
    if {"quantity", "unit", "item"} & set(changes):
        given = changes["quantity"] if changes.get("quantity") is not None else to_quantity(line.unit_quantity)
        quantity, base = checker.quantity(item, factor, given, zero_allowed=True)
        if line.kind in ONE_WAY:
            checker.positive(quantity)
    if "reserve" in changes and changes["reserve"] not in RESERVE:
        problems.add(Code.INVALID, f"Line {line.name}: reserve cannot be {changes['reserve']!r}.", line=line.name)
    location = changes.get("location", line.location)
    if "site" in changes and "location" not in changes and site_code != line.site:
        location = ""  # a place of the old site means nothing at the new one
    return {
        "item_id": item.id,
        "variant": checker.variant(item, changes.get("variant", line.variant) or ""),
        "site_id": site.id if site else line.site_id,
        "location": checker.location(site, location) if site else "",
        "unit": unit,
        "factor": str(factor),
        "unit_quantity": quantity,
        "quantity": base,
        "reserve": changes.get("reserve")
        or (line.reserve if item.id == line.item.id else str(item.planning["reserve"])),
    }


def _check_place(transaction: Transaction, line: SourceLine, new: Mapping[str, Any], problems: Problems) -> None:
    """Item, variant, site and direction are fixed by what has been handled and by numbers."""
    moved = [
        name
        for name, old in (("item", line.item.id), ("variant", line.variant), ("site", line.site_id))
        if new["item_id" if name == "item" else "site_id" if name == "site" else name] != old
    ]
    if ("item" in moved and line.handled) or (moved and line.unsettled) or (new["unit"] != line.unit and line.handled):
        problems.add(Code.ALREADY_HANDLED, f"Line {line.name}: a part of it has been handled.", line=line.name)
    turned = new["quantity"] * line.quantity < 0
    if (moved or turned) and carries_numbers(transaction, line):
        problems.add(Code.HAS_TRACKING, f"Line {line.name} carries tracking numbers.", line=line.name)


def _check_reserved(transaction: Transaction, line: SourceLine, new: Mapping[str, Any], problems: Problems) -> None:
    """Item, variant, site and direction are fixed by reservations too; and the policy by the item's (RE-19, RE-26)."""
    if line.reserve == line.item.planning["reserve"] == "always" != new["reserve"] and new["item_id"] == line.item.id:
        message = f"Line {line.name}: item {line.item.code} is always reserved."
        problems.add(Code.RESERVE_NOT_ALLOWED, message, line=line.name, item=line.item.code)
    held = (link.c.item_id == line.item.id, line.side.line_id == line.id, link.c.status == RESERVATION)
    if not transaction.execute(select(exists().where(*held))).scalar():
        return
    places = [(line.item.id, new["item_id"]), (line.variant, new["variant"]), (line.site_id, new["site_id"])]
    moved = any(before != after for before, after in places) or new["quantity"] * line.quantity < 0
    if moved or new["reserve"] == "never":
        problems.add(Code.RESERVATION_EXISTS, f"Line {line.name} is reserved.", line=line.name, item=line.item.code)


def _check_quantity(transaction: Transaction, line: SourceLine, new: Mapping[str, Any], problems: Problems) -> None:
    quantity, handled = new["quantity"], line.handled
    if quantity == line.quantity:
        return
    if handled and (quantity * handled < 0 or abs(quantity) < abs(handled)):
        message = f"Line {line.name}: {to_quantity(quantity)} is less than the {to_quantity(handled)} handled."
        problems.add(Code.QUANTITY_BELOW_HANDLED, message, line=line.name)
        return
    if quantity * line.quantity < 0:
        return
    tracked = _tracked(transaction, line)
    if tracked > abs(quantity) - abs(handled):
        left = to_quantity(abs(quantity) - abs(handled))
        message = f"Line {line.name}: {to_quantity(tracked)} are tracked, {left} would be outstanding."
        problems.add(Code.QUANTITY_BELOW_TRACKED, message, line=line.name, facts={"tracked": to_quantity(tracked)})


def _tracked(transaction: Transaction, line: SourceLine) -> int:
    side = line.side
    own = (link.c.item_id == line.item.id, side.line_id == line.id, numbered(side))
    return int(transaction.execute(select(func.coalesce(func.sum(link.c.quantity), 0)).where(*own)).scalar_one())


def _check_location(transaction: Transaction, line: SourceLine, new: Mapping[str, Any], problems: Problems) -> None:
    """What an outbound line carries or has reserved must lie where it goes, if the warehouse tracks the item.

    (TW-45, RE-26)
    """
    guarded = any(line.item.tracking.requires(kind, "warehouse") for kind in NUMBER_KINDS)
    place = new["location"]
    if line.movement > 0 or not guarded or place in ("", line.location) or new["site_id"] != line.site_id:
        return
    side = line.side
    held = [
        stock_line.c.item_id == line.item.id,
        characteristic_set.c.variant == line.variant,
        characteristic_set.c.site_id == line.site_id,
        characteristic_set.c.location == place,
        or_(side.lot == "", characteristic_set.c.lot == side.lot),
        or_(side.package == "", characteristic_set.c.package == side.package),
    ]
    there: Any = (
        select(func.coalesce(func.sum(stock_line.c.quantity), 0)).select_from(LINES).where(*held).scalar_subquery()
    )
    if line.item.tracking.steers("serial"):  # then the very serial must lie there, not just as many pieces
        on_line = and_(serial.c.item_id == stock_line.c.item_id, serial.c.stock_line_id == stock_line.c.id)
        own = (serial.c.variant == line.variant, serial.c.serial == side.serial, stock_line.c.quantity > 0)
        linked = select(func.count() * SCALE).select_from(LINES.join(serial, on_line)).where(*held, *own)
        there = case((side.serial != "", linked.scalar_subquery()), else_=there)
    from_stock = and_(link.c.status == RESERVATION, SUPPLY.entry_id.isnot(None))
    combinations = (
        select(
            *(getattr(side, kind).label(kind) for kind in NUMBER_KINDS),
            func.sum(case((numbered(side), link.c.quantity), else_=0)).label("tracked"),
            func.sum(case((from_stock, link.c.quantity), else_=0)).label("reserved"),
            func.max(there).label("there"),
        )
        .where(link.c.item_id == line.item.id, side.line_id == line.id, or_(numbered(side), from_stock))
        .group_by(*(getattr(side, kind) for kind in NUMBER_KINDS))
        .subquery("combinations")
    )
    found = combinations.c
    short = or_(found.tracked > found.there, found.reserved > found.there)
    for row in transaction.execute(select(combinations).where(short)):
        reserved = row.reserved > row.there
        code, quantity = (Code.RESERVATION_EXISTS, row.reserved) if reserved else (Code.HAS_TRACKING, row.tracked)
        number = row.serial or row.lot or row.package or line.item.code
        message = f"Line {line.name}: of {number} not {to_quantity(int(quantity))} lie at {place}."
        where = {name: getattr(row, name) or None for name in NUMBER_KINDS}
        problems.add(code, message, line=line.name, **where)
