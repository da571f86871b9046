"""Reservations that are loaded: links of their lines to the stock they hold (RE-1, RE-16, RE-18, ST-14).

One that names a specific serial holds that very serial. The others are dealt out over what is free of the specific
numbers they name, oldest first; those that name some come first. What finds nothing holds `NO_ENTRY`: it is reserved
all the same, and control finds it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    BigInteger,
    Insert,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
)

from stockline.codes import Code
from stockline.operations.catalog import Item, Site
from stockline.operations.ledger.applications import KEYS
from stockline.operations.ledger.dealing import deal
from stockline.operations.load.found_demands import MOST_LINES, Documents
from stockline.operations.problems import Problems
from stockline.operations.reservation.candidates import Kinds, combinations_of, steering_kinds
from stockline.results import FoundReservation
from stockline.rules.framework import BATCH
from stockline.rules.posting import reserved_of
from stockline.schema.ledger import POSITIONS, ledger_entry, open_entry
from stockline.schema.reservations import DEMAND, NO_ENTRY, RESERVATION, link, staged_reservation_found
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE, ValueProblem, clean_number, parse_quantity, to_units

COLUMNS = (
    *("item_id", "row", "document", "kind", "place", "variant", "site_id"),
    *(*NUMBER_KINDS, *(f"asked_{kind}" for kind in NUMBER_KINDS)),
    *("turn", "quantity", "date"),
)
Asking = tuple[Kinds, Kinds]
"""The kinds of specific numbers that a reservation names, and all that are specific for its item."""
TURNS: list[Asking] = [
    (named, steering) for named in combinations_of(NUMBER_KINDS) for steering in combinations_of(NUMBER_KINDS)
]
"""In the sequence in which they are linked: who names most comes first, at last who names none."""


class Reader:
    """Reads reservations into rows to be staged: what one line has reserved under one combination is one row."""

    def __init__(
        self,
        transaction: Transaction,
        items: Mapping[str, Item],
        sites: Mapping[str, Site],
        documents: Documents,
        problems: Problems,
    ) -> None:
        self._date_value = transaction.dialect.date_value
        self._items, self._sites = items, sites
        self._steering = {code: steering_kinds(item.tracking) for code, item in items.items()}
        self._documents, self._problems = documents, problems

    def rows(self, reservations: Sequence[FoundReservation], today: date) -> Iterator[tuple[Any, ...]]:
        """The rows, `COLUMNS` each; what cannot be read is noted among the problems instead."""
        found: dict[tuple[Any, ...], tuple[int, date]] = {}
        for row, given in enumerate(reservations, 1):
            quantity = self._quantity(row, given)
            place = self._place(row, given) if quantity is not None else None
            if quantity is None or place is None:
                continue
            numbers = {kind: clean_number(getattr(given, kind)) for kind in NUMBER_KINDS}
            steering = self._steering[given.item]
            asked = {kind: number if kind in steering else "" for kind, number in numbers.items()}
            turn = TURNS.index((tuple(kind for kind in steering if asked[kind]), steering))
            where = (self._items[given.item].id, *place, given.variant, self._sites[given.site].id)
            key = (*where, *numbers.values(), *asked.values(), turn)
            before, day = found.get(key, (0, given.date or today))
            # A serial is one unit, however often its line has it.
            found[key] = (quantity if numbers["serial"] else before + quantity, min(day, given.date or today))
        for row, ((item, *rest), (quantity, day)) in enumerate(found.items(), 1):
            yield (item, row, *rest, quantity, self._date_value(day))

    def _quantity(self, row: int, given: FoundReservation) -> int | None:
        """What is reserved, in engine units."""
        where = {"row": row, "item": given.item, "site": given.site, "serial": given.serial or None}
        item = self._items.get(given.item)
        if item is None or given.site not in self._sites:
            what = f"item {given.item}" if item is None else f"site {given.site}"
            self._problems.add(Code.NOT_FOUND, f"Reservation row {row}: there is no {what}.", **where)
            return None
        if given.variant and given.variant not in item.variants:
            message = f"Reservation row {row}: item {given.item} has no variant {given.variant}."
            self._problems.add(Code.NOT_FOUND, message, **where)
            return None
        try:
            quantity = to_units(parse_quantity(given.quantity))
        except ValueProblem as problem:
            self._problems.add(Code.INVALID, f"Reservation row {row}: {problem}.", **where)
            return None
        serial = clean_number(given.serial)
        if quantity <= 0 or (serial and quantity != SCALE):
            what = f"of serial {serial} just 1 can be reserved" if serial else "a reserved quantity is above 0"
            message = f"Reservation row {row}: {what}, not {given.quantity}."
            self._problems.add(Code.INVALID, message, **where)
            return None
        return quantity

    def _place(self, row: int, given: FoundReservation) -> tuple[str, str, int] | None:
        """The document of the row, what it is, and the place of its line in it."""
        code = given.document.strip()
        if not code or self._documents.is_own(code):
            what = f"{code} is a document of your own" if code else "it has no document"
            self._refuse(row, given, f"{what}.")
            return None
        kind = self._documents.kind(code, given.kind)
        place = self._documents.place(code, (given.item, given.variant, given.site, str(given.line).strip()))
        if place is None:
            self._refuse(row, given, f"document {code} has more than {MOST_LINES} lines.")
            return None
        return code, kind, place

    def _refuse(self, row: int, given: FoundReservation, reason: str) -> None:
        message = f"Reservation row {row}: {reason}"
        self._problems.add(Code.INVALID, message, row=row, item=given.item, site=given.site)


_found = staged_reservation_found.c
_OF_BATCH = _found.batch_id == BATCH
_FIRST = bindparam("first_link", type_=BigInteger)
_OF_TURN = and_(_OF_BATCH, _found.turn == bindparam("turn", type_=BigInteger))


def write(transaction: Transaction, parameters: Mapping[str, Any], turns: Iterable[int]) -> None:
    """Link the staged reservations, which have these turns."""
    steps = [(_SERIALS if "serial" in TURNS[turn][0] else _dealt_out(TURNS[turn]), turn) for turn in sorted(set(turns))]
    last = parameters["batch"] * POSITIONS
    for statement, turn in (*steps, (_REST, None)):
        counted = statement.execution_options(preserve_rowcount=True)
        last += transaction.execute(counted, {**parameters, "first_link": last, "turn": turn}).rowcount


def _links(source: Any, entry: Any, quantity: Any, *conditions: Any) -> Insert:
    """New links of the staged rows to a ledger entry, or to none; those that carry a number are to be handled."""
    supply = {kind: literal("", Text) if entry is None else ledger_entry.c[kind] for kind in NUMBER_KINDS}
    numbered = func.coalesce(*(func.nullif(_found[kind], "") for kind in NUMBER_KINDS)).isnot(None)
    marked = case((numbered, quantity), else_=0)
    columns: dict[str, Any] = {
        "item_id": _found.item_id,
        "id": _FIRST + func.row_number().over(order_by=_found.row),
        "status": literal(RESERVATION, Text),
        "quantity": quantity,
        "variant": _found.variant,
        "site_id": _found.site_id,
        "demand_line_id": _found.line_id,
        **{f"demand_{kind}": _found[kind] for kind in NUMBER_KINDS},
        "demand_handle": marked,
        "demand_invoice": marked,
        "demand_entered": case((numbered, BATCH * POSITIONS + _found.row), else_=null()),
        "supply_entry_id": literal(NO_ENTRY) if entry is None else entry,
        **{f"supply_{kind}": number for kind, number in supply.items()},
    }
    rows = select(*columns.values()).select_from(source).where(_OF_BATCH, *conditions)
    return insert(link).from_select(list(columns), rows)


def _is_entry(id_: Any) -> Any:
    return and_(ledger_entry.c.item_id == _found.item_id, ledger_entry.c.id == id_)


# A serial's own entry is held, whoever else holds it: that is what control then finds.
_OWN = and_(
    *(open_entry.c[name] == _found[name] for name in ("item_id", "variant", "site_id")),
    open_entry.c.serial == _found.asked_serial,
    open_entry.c.remaining > 0,
)
_SERIALS = _links(
    staged_reservation_found.join(open_entry, _OWN).join(ledger_entry, _is_entry(open_entry.c.entry_id)),
    open_entry.c.entry_id,
    _found.quantity,
    _OF_TURN,
)


@cache
def _dealt_out(asking: Asking) -> Insert:
    """Deal what asks so out over the open entries that are free for it, oldest first."""
    named, _ = asking
    keys = ("item_id", "variant", "site_id", *named)
    wanted = [_asked(name).label(name) for name in keys]
    demands = select(*wanted, _found.row.label("id"), _found.quantity).where(_OF_TURN).subquery("demands")
    supplies = _free_stock(asking, keys)
    dealt = deal(demands, [demands.c.id], supplies, [supplies.c.posting_date, supplies.c.id], keys)
    of_row = and_(_found.item_id == dealt.c.item_id, _found.batch_id == BATCH, _found.row == dealt.c.demand_id)
    source = dealt.join(staged_reservation_found, of_row).join(ledger_entry, _is_entry(dealt.c.supply_id))
    return _links(source, dealt.c.supply_id, dealt.c.quantity)


def _asked(name: str) -> Any:
    return _found[f"asked_{name}" if name in NUMBER_KINDS else name]


def _free_stock(asking: Asking, keys: Sequence[str]) -> Subquery:
    """What is free of open entries, found by their key as far as it is known; what nobody asks for gets no share."""
    named, steering = asking
    opened = open_entry.c
    # A kind that is specific and not named may be anything, and what stands behind it in the key finds nothing.
    known = list(takewhile(lambda name: name in named or name not in steering, KEYS))
    numberless = [name for name in known if name in NUMBER_KINDS and name not in named]
    wanted = [_asked(name).label(name) for name in known if name not in numberless]
    asked = select(*wanted).where(_OF_TURN).distinct().subquery("asked")
    same = [opened[column.name] == column for column in asked.c]
    blank = [opened[name] == literal_column("''") for name in numberless]
    free = (opened.remaining - reserved_of(opened.entry_id)).label("quantity")
    columns = (*(opened[name] for name in keys), opened.entry_id.label("id"), free, opened.posting_date)
    source = asked.join(open_entry, and_(*same, *blank))
    return select(*columns).select_from(source).where(opened.remaining > 0).subquery("supplies")


_held = (
    select(func.coalesce(func.sum(link.c.quantity), 0))
    .where(
        link.c.item_id == _found.item_id,
        DEMAND.line_id == _found.line_id,
        *(DEMAND.c[kind] == _found[kind] for kind in NUMBER_KINDS),
    )
    .scalar_subquery()
)
_REST = _links(staged_reservation_found, None, _found.quantity - _held, _found.quantity > _held)
