"""Orders and journals: created, changed line by line, deleted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, exists, insert, select, update

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_items, find_sites
from stockline.operations.lines import SourceLine, find_document, lines_of, lock_documents
from stockline.operations.locks import lock_item_sites
from stockline.operations.problems import Problems
from stockline.operations.reservation_release import end_links
from stockline.results import OrderLine
from stockline.schema.documents import FIRST_INCOMING, document, line_id, source_line
from stockline.schema.ledger import posting_line
from stockline.schema.reservations import link, tracking_specification
from stockline.store.database import Transaction
from stockline.values import LARGEST, SCALE, ValueProblem, base_units, parse_date, parse_quantity, to_units

DIRECTIONS = {
    "purchase": 1,
    "purchase_return": -1,
    "sale": -1,
    "sale_return": 1,
    "positive_adjustment": 1,
    "negative_adjustment": -1,
    "output": 1,
    "consumption": -1,
    "reclassification": -1,
}
"""The direction goods move when the quantity is positive, by document kind or journal type (TW-3)."""

ORDER_KINDS = ("purchase", "purchase_return", "sale", "sale_return", "journal")
JOURNAL_TYPES = ("positive_adjustment", "negative_adjustment", "output", "consumption", "reclassification")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is given."""

    code: str
    kind: str
    lines: Sequence[OrderLine]
    site: str | None = None
    location: str | None = None
    date: dt.date | None = None
    party: str | None = None


def create_order(transaction: Transaction, order: NewOrder, today: dt.date) -> int:
    """A new order or journal; its id. Refused `not_found` for names that do not exist, `invalid` for the rest."""
    code = order.code.strip()
    problems = Problems((Code.NOT_FOUND, Code.INVALID))
    if not code:
        problems.add(Code.INVALID, "An order needs an id.")
    if order.kind not in ORDER_KINDS:
        problems.add(Code.INVALID, f"An order cannot be of kind {order.kind!r}.")
    if len(order.lines) >= FIRST_INCOMING:
        problems.add(Code.INVALID, f"An order can have at most {FIRST_INCOMING - 1} lines.")
    if transaction.execute(select(exists().where(document.c.code == code, ~document.c.deleted))).scalar():
        problems.add(Code.INVALID, f"Order {code} exists already.")
    problems.refuse()
    rows = _new_lines(transaction, order, code, today, problems)
    problems.refuse()
    values = {"code": code, "kind": order.kind, "party": order.party or ""}
    document_id = transaction.execute(insert(document).values(values).returning(document.c.id)).scalar_one()
    for position, row in enumerate(rows, 1):
        row |= {"id": line_id(document_id, position), "document_id": document_id}
    if rows:
        transaction.execute(insert(source_line), rows)
    return int(document_id)


def _new_lines(
    transaction: Transaction, order: NewOrder, code: str, today: dt.date, problems: Problems
) -> list[dict[str, Any]]:
    items = find_items(transaction, [line.item for line in order.lines])
    named = {name for line in order.lines for name in (line.site or order.site, line.to_site) if name}
    sites = find_sites(transaction, named)
    rows = []
    for position, line in enumerate(order.lines, 1):
        checker = LineValues(f"{code}/{position}", problems)
        found = checker.item(items, line.item)
        place = checker.site(sites, line.site or order.site)
        if found is None or place is None:
            continue
        kind = checker.type(order.kind, line.type)
        unit = line.unit or found.unit
        factor = checker.factor(found, unit)
        quantity, base = checker.quantity(found, factor, line.quantity, zero_allowed=False)
        rows.append(
            {
                "item_id": found.id,
                "type": "" if order.kind != "journal" else kind,
                "direction": DIRECTIONS.get(kind, 1),
                "variant": checker.variant(found, line.variant),
                "site_id": place.id,
                "location": checker.location(place, line.location if line.location is not None else order.location),
                "unit": unit,
                "factor": str(factor),
                "unit_quantity": quantity,
                "quantity": base,
                "date": checker.date(line.date or order.date or today),
                "reserve": line.reserve or found.planning["reserve"],
                **_target(checker, line, kind, sites.get(line.to_site or place.code), place),
            }
        )
    return rows


def _target(checker: "LineValues", line: OrderLine, kind: str, to_site: Site | None, site: Site) -> dict[str, Any]:
    """Where the line puts its goods, if it is one of a reclassification."""
    if kind != "reclassification" or to_site is None:
        return {"to_site_id": None, "to_location": ""}
    stays = line.to_location is None and to_site.id == site.id
    place = line.location if stays else line.to_location
    return {"to_site_id": to_site.id, "to_location": checker.location(to_site, place)}


class LineValues:
    """Reads the values given for one line, noting every problem under the line's name."""

    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems

    def _note(self, code: Code, message: str, **where: Any) -> None:
        self._problems.add(code, f"Line {self._name}: {message}", line=self._name, **where)

    def item(self, items: dict[str, Item], code: str) -> Item | None:
        """The item, which must exist."""
        if code not in items:
            self._note(Code.NOT_FOUND, f"there is no item {code}.", item=code)
        return items.get(code)

    def site(self, sites: dict[str, Site], code: str | None) -> Site | None:
        """The site, which must be given and exist."""
        if not code:
            self._note(Code.INVALID, "a site is needed.")
        elif code not in sites:
            self._note(Code.NOT_FOUND, f"there is no site {code}.", site=code)
        return sites.get(code or "")

    def type(self, kind: str, given: str | None) -> str:
        """What the line does: the order's kind, on a journal the line's own type."""
        if kind != "journal":
            if given:
                self._note(Code.INVALID, f"a line of a {kind} order has no type.")
            return kind
        if given not in JOURNAL_TYPES:
            self._note(Code.INVALID, f"a journal line cannot be of type {given!r}.")
        return given or ""

    def variant(self, item: Item, code: str) -> str:
        """The variant, if any, which must be one of the item."""
        if code and code not in item.variants:
            self._note(Code.NOT_FOUND, f"item {item.code} has no variant {code}.", item=item.code, variant=code)
        return code

    def location(self, site: Site, code: str | None) -> str:
        """The location, if any, which must be one of the site."""
        if code and code not in site.locations:
            self._note(Code.NOT_FOUND, f"site {site.code} has no location {code}.", site=site.code, location=code)
        return code or ""

    def factor(self, item: Item, unit: str) -> Decimal:
        """Base units in the unit, which must be one of the item."""
        if unit not in item.units:
            self._note(Code.NOT_FOUND, f"item {item.code} has no unit {unit}.", item=item.code)
        return item.units.get(unit, Decimal(1))

    def quantity(self, item: Item, factor: Decimal, given: Any, *, zero_allowed: bool) -> tuple[int, int]:
        """The quantity in the line's unit and in base units, in engine units (PO-48, IN-15)."""
        try:
            quantity = parse_quantity(given)
        except ValueProblem as problem:
            self._note(Code.INVALID, f"quantity {problem}.", item=item.code)
            return 0, 0
        base = base_units(quantity, factor, item.rounding)
        if quantity == 0 and not zero_allowed:
            self._note(Code.INVALID, "the quantity is 0.", item=item.code)
        elif quantity != 0 and (base == 0 or to_units(quantity) == 0):
            self._note(Code.INVALID, f"quantity {given} rounds to 0.", item=item.code)
        elif abs(base) > LARGEST:
            self._note(Code.INVALID, f"quantity {given} is out of range in {item.unit}.", item=item.code)
            return 0, 0
        elif factor == 1 and item.rounding > 1 and base != to_units(quantity):
            step = Decimal(item.rounding) / SCALE
            self._note(Code.INVALID, f"quantity {given} is not a multiple of {step}.", item=item.code)
        return to_units(quantity), base

    def date(self, given: Any) -> dt.date:
        """A date."""
        try:
            return parse_date(given)
        except ValueProblem as problem:
            self._note(Code.INVALID, f"{problem}.")
            return dt.date.min


def delete_lines(transaction: Transaction, lines: Sequence[SourceLine], *, confirm: bool) -> None:
    """Delete lines with their numbers (TW-44, IN-5).

    Refused `already_handled` for goods not invoiced, `has_tracking` for numbers without `confirm`.
    """
    problems = Problems((Code.ALREADY_HANDLED, Code.HAS_TRACKING))
    held = {(line.item.id, line.variant, line.site_id): 0 for line in lines}
    lock_item_sites(transaction, held, stock_changes=False)
    for line in lines:
        if line.handled != line.invoiced and not line.is_journal:
            message = f"Line {line.name} has been handled but not invoiced in full."
            problems.add(Code.ALREADY_HANDLED, message, line=line.name)
    if not confirm:
        for line in lines:
            if is_numbered(transaction, line):
                problems.add(Code.HAS_TRACKING, f"Line {line.name} carries tracking numbers.", line=line.name)
    problems.refuse()
    for line in lines:
        end_links(transaction, line)
    remove_lines(transaction, lines)


def remove_lines(transaction: Transaction, lines: Sequence[SourceLine]) -> None:
    """Take lines away with all that hangs on them; what has been posted stays in the ledger."""
    for line in lines:
        transaction.execute(delete(link).where(link.c.item_id == line.item.id, line.side.line_id == line.id))
        for table in (tracking_specification.c.line_id, source_line.c.id):
            transaction.execute(delete(table.table).where(table.table.c.item_id == line.item.id, table == line.id))


def delete_order(transaction: Transaction, code: str, *, confirm: bool) -> None:
    """Delete an order with its lines; refused like its lines are."""
    document_id = find_document(transaction, code)
    lock_documents(transaction, [document_id])
    delete_lines(transaction, lines_of(transaction, [document_id]), confirm=confirm)
    remove_document(transaction, document_id)


def remove_document(transaction: Transaction, document_id: int) -> None:
    """Take a document away whose lines are gone; one with ledger entries stays behind as their name."""
    first, last = line_id(document_id, 0), line_id(document_id + 1, 0)
    posted = select(exists().where(posting_line.c.line_id >= first, posting_line.c.line_id < last))
    if transaction.execute(posted).scalar():
        bury_documents(transaction, [document_id])
    else:
        transaction.execute(delete(document).where(document.c.id == document_id))


def bury_documents(transaction: Transaction, ids: Sequence[int]) -> None:
    """Documents that are gone, but whose ledger entries need their name."""
    transaction.execute(update(document).where(document.c.id.in_(ids)).values(deleted=True))


def delete_line(transaction: Transaction, line: SourceLine, *, confirm: bool) -> None:
    """Delete one line; refused as in `delete_lines`."""
    delete_lines(transaction, [line], confirm=confirm)


def is_numbered(transaction: Transaction, line: SourceLine) -> bool:
    """Whether the line carries active numbers."""
    side = line.side
    carried = exists().where(
        link.c.item_id == line.item.id,
        side.line_id == line.id,
        (side.serial != "") | (side.lot != "") | (side.package != ""),
    )
    return bool(transaction.execute(select(carried)).scalar())
