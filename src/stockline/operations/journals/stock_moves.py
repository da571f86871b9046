"""Moving stock by hand: other places and characteristics for what lies on stock lines (ST-5)."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_item, find_sites, item_codes, site_codes
from stockline.operations.journals.reclassification import Reclassification, reclassify
from stockline.operations.locks import lock_item_sites
from stockline.operations.problems import Problems
from stockline.operations.stock.changes import stored
from stockline.operations.stock.parts import Line, Part, find_lines, gives_no_more, linked_lines, move_parts
from stockline.refusal import Refusal
from stockline.results import Moved, Reclassified
from stockline.schema.stock import CHARACTERISTICS, characteristic_set, serial, stock_line
from stockline.store.database import Transaction
from stockline.values import SCALE, QuantityLike, ValueProblem, base_units, parse_quantity, to_quantity

BY_LEDGER = ("site_id", "lot", "package")
"""Characteristics the ledger knows: to change them is to reclassify (PO-44)."""
_STATUS = re.compile(r"[AQR].{0,2}")


@dataclass(frozen=True, slots=True)
class StockMove:
    """What is to move: stock of one line, or of an item at a site with these characteristics; all of it, or so much."""

    to: Mapping[str, Any]
    stock_line: int | None = None
    item: str | None = None
    site: str | None = None
    characteristics: Mapping[str, Any] = field(default_factory=dict)
    quantity: QuantityLike | None = None
    serials: Sequence[str] = ()


def move_stock(transaction: Transaction, given: StockMove, today: dt.date) -> Moved:
    """Move stock to other characteristics.

    Refused `not_found`, `stock_line_unknown`, `invalid`, `serial_required`, `not_in_stock`, `insufficient_stock`, and,
    to another site, lot or package, like a reclassification.
    """
    item, conditions = _selection(transaction, given)
    lines = _locked(transaction, conditions)
    if not lines:
        raise _nothing_there(item)
    to = _target(transaction, given.to, lines[0])
    # What is there already counts as moved, and stays; it is taken last.
    parts, whole = _parts(transaction, item, given, sorted(lines, key=lambda line: _is(line, to)))
    quantity = to_quantity(sum(part.quantity for part in parts))
    parts = [part for part in parts if not _is(part.line, to)]
    if not parts:
        return Moved(quantity=quantity)
    to = {name: value for name, value in to.items() if any(part.line[name] != value for part in parts)}
    if not any(name in to for name in BY_LEDGER):
        move_parts(transaction, item, parts, to, today, whole=whole)
        return Moved(quantity=quantity)
    if whole and item.tracking.steers("serial"):
        parts = [_with_all_serials(transaction, item, part) for part in parts]
    parts = _with_others_changed(transaction, item, parts, to, today)
    posting = reclassify(transaction, _reclassification(transaction, item, parts, to), today)
    return Moved(quantity=quantity, posting=posting.number)


def _selection(transaction: Transaction, given: StockMove) -> tuple[Item, list[Any]]:
    """The item, and the conditions on the stock lines that are meant."""
    if given.stock_line is not None:
        found = transaction.execute(select(stock_line.c.item_id).where(stock_line.c.id == given.stock_line)).scalar()
        if found is None:
            raise Refusal.of(Code.STOCK_LINE_UNKNOWN, f"There is no stock line {given.stock_line}.")
        item = find_item(transaction, item_codes(transaction, [found])[found])
        return item, [stock_line.c.item_id == item.id, stock_line.c.id == given.stock_line]
    if given.item is None or given.site is None:
        raise Refusal.of(Code.INVALID, "What is to move is a stock line, or an item at a site.")
    item = find_item(transaction, given.item)
    site = _site(transaction, given.site)
    wanted = {"variant": ""} | dict(given.characteristics)
    _refuse_unknown(wanted)
    conditions = [stock_line.c.item_id == item.id, characteristic_set.c.site_id == site.id]
    return item, conditions + [characteristic_set.c[name] == stored(name, value) for name, value in wanted.items()]


def _locked(transaction: Transaction, conditions: Sequence[Any]) -> list[Line]:
    """The stock lines, their item held at its sites."""
    places = {(line["item_id"], line["variant"], line["site_id"]): 0 for line in find_lines(transaction, *conditions)}
    lock_item_sites(transaction, places)
    return find_lines(transaction, *conditions)


def _nothing_there(item: Item) -> Refusal:
    code = Code.NOT_IN_STOCK if item.tracking.tracked else Code.INSUFFICIENT_STOCK
    return Refusal.of(code, f"There is too little of {item.code} there.", item=item.code)


# ---------------------------------------------------------------- what moves


def _parts(transaction: Transaction, item: Item, given: StockMove, lines: Sequence[Line]) -> tuple[list[Part], bool]:
    """What each line gives, and whether each gives all it has."""
    asked = _asked(item, given)
    there = sum(line["quantity"] for line in lines)
    if given.serials:
        return _by_serials(transaction, item, given.serials, lines), False
    if asked is None or asked == there:
        return [Part(line, line["quantity"]) for line in lines], True
    if item.tracking.steers("serial"):
        message = f"Of {item.code} {to_quantity(there)} lie there: name the serials that are to move."
        raise Refusal.of(Code.SERIAL_REQUIRED, message, item=item.code)
    parts, left = [], asked
    for line in lines:
        if left > 0:
            parts.append(Part(line, min(left, line["quantity"])))
            left -= parts[-1].quantity
    if left > 0:
        raise _nothing_there(item)
    return parts, False


def _asked(item: Item, given: StockMove) -> int | None:
    """The quantity asked for in engine units, None for all; with serials it must be as many."""
    if given.quantity is None:
        return None
    problems = Problems((Code.INVALID,))
    asked = 0
    try:
        asked = base_units(parse_quantity(given.quantity), item.units[item.unit], item.rounding)
    except ValueProblem as problem:
        problems.add(Code.INVALID, f"Quantity {problem}.", item=item.code)
    if asked <= 0:
        problems.add(Code.INVALID, f"{given.quantity} is no quantity to move.", item=item.code)
    if given.serials and asked != len(given.serials) * SCALE:
        problems.add(Code.INVALID, f"{given.quantity} are to move, {len(given.serials)} serials are named.")
    problems.refuse()
    return asked


def _by_serials(transaction: Transaction, item: Item, serials: Sequence[str], lines: Sequence[Line]) -> list[Part]:
    if not item.tracking.steers("serial") or len(set(serials)) < len(serials):
        raise Refusal.of(Code.INVALID, "Serials that move are specific and each is named once.", item=item.code)
    known = {line["id"]: line for line in lines}
    places = linked_lines(transaction, item, lines[0]["variant"], serials)
    missing = Problems((Code.NOT_IN_STOCK,))
    found: dict[int, list[str]] = {}
    for number in serials:
        line = known.get(places.get(number, 0))
        if line is not None and not gives_no_more(line, found):
            found.setdefault(line["id"], []).append(number)
        else:
            missing.add(Code.NOT_IN_STOCK, f"Serial {number} of {item.code} is not there.", serial=number)
    missing.refuse()
    return [Part(known[line], len(numbers) * SCALE, numbers) for line, numbers in found.items()]


def _with_all_serials(transaction: Transaction, item: Item, part: Part) -> Part:
    """The whole line, to be posted: a line that lacks serials cannot name what would leave."""
    query = select(serial.c.serial).where(serial.c.item_id == item.id, serial.c.stock_line_id == part.line["id"])
    serials = list(transaction.execute(query.order_by(serial.c.serial)).scalars())
    if len(serials) * SCALE < part.quantity:
        message = f"Stock line {part.line['id']} has {to_quantity(part.quantity)}, but {len(serials)} serials."
        raise Refusal.of(Code.SERIAL_REQUIRED, message, item=item.code)
    return Part(part.line, part.quantity, serials)


def _with_others_changed(
    transaction: Transaction, item: Item, parts: list[Part], to: Mapping[str, Any], today: dt.date
) -> list[Part]:
    """The same stock after all has changed that a reclassification leaves as it is."""
    posted = {*BY_LEDGER, "location", *(("warehouse",) if "site_id" in to else ())}
    others = {name: value for name, value in to.items() if name not in posted}
    if not others:
        return parts
    move_parts(transaction, item, parts, others, today)
    there = []
    for part in parts:
        own = {name: others.get(name, part.line[name]) for name in CHARACTERISTICS}
        conditions = [characteristic_set.c[name] == value for name, value in own.items()]
        (line,) = find_lines(transaction, stock_line.c.item_id == item.id, ~stock_line.c.twin, *conditions)
        there.append(Part(line, part.quantity, part.serials))
    return there


# ---------------------------------------------------------------- where it goes


def _refuse_unknown(names: Mapping[str, Any]) -> None:
    unknown = sorted(set(names) - set(CHARACTERISTICS))
    if unknown:
        raise Refusal.of(Code.INVALID, f"{', '.join(unknown)}: no such characteristic of a stock line.")


def _site(transaction: Transaction, code: str) -> Site:
    found = find_sites(transaction, [code]).get(code)
    if found is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no site {code}.", site=code)
    return found


def _target(transaction: Transaction, given: Mapping[str, Any], line: Line) -> dict[str, Any]:
    """The characteristics that change, as they are stored."""
    own_site = site_codes(transaction, [line["site_id"]])[line["site_id"]]
    site = _site(transaction, given.get("site") or own_site)
    to: dict[str, Any] = {name: stored(name, value) for name, value in given.items() if name != "site"}
    _refuse_unknown(to)
    if "variant" in to or not given:
        raise Refusal.of(Code.INVALID, "A move changes characteristics, but not the variant.")
    if site.id != line["site_id"]:
        # A place of the old site means nothing at the new one.
        to = {"site_id": site.id, "location": "", "warehouse": ""} | to
    for name, known in (("location", site.locations), ("warehouse", site.warehouses)):
        if to.get(name) and to[name] not in known:
            raise Refusal.of(Code.NOT_FOUND, f"Site {site.code} has no {name} {to[name]}.", site=site.code)
    if "status" in to and not _STATUS.fullmatch(str(to["status"])):
        raise Refusal.of(Code.INVALID, f"A status is A, Q or R and up to two characters, not {to['status']!r}.")
    return to


def _is(line: Line, wanted: Mapping[str, Any]) -> bool:
    """Whether the line has these characteristics."""
    return all(line[name] == value for name, value in wanted.items())


def _reclassification(
    transaction: Transaction, item: Item, parts: Sequence[Part], to: Mapping[str, Any]
) -> Reclassification:
    """The move as the ledger sees it: the very stock lines, their numbers, and what becomes of both."""
    line = parts[0].line
    sites = site_codes(transaction, [line["site_id"], to.get("site_id", line["site_id"])])
    rows = [row for part in parts for row in _rows(item, part, to)]
    return Reclassification(
        item.code,
        sites[line["site_id"]],
        rows,
        variant=line["variant"],
        new_site=sites[to.get("site_id", line["site_id"])],
    )


def _rows(item: Item, part: Part, to: Mapping[str, Any]) -> list[Reclassified]:
    line = part.line
    new = {f"new_{name}": to[name] for name in ("lot", "package") if name in to}
    there = {"location": line["location"], "new_location": to.get("location", line["location"])}
    common = {"lot": line["lot"], "package": line["package"], **new, **there}
    if item.tracking.steers("serial"):
        return [Reclassified(serial=number, quantity=1, **common) for number in part.serials]
    return [Reclassified(base_quantity=to_quantity(part.quantity), stock_line=line["id"], **common)]
