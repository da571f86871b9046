"""The stock proposed for a line: what expires first goes first (TW-31)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Integer,
    Select,
    bindparam,
    case,
    func,
    insert,
    null,
    select,
    union_all,
)

from stockline.operations.lookups.summaries import Stock
from stockline.operations.numbers import has_lots_or_packages
from stockline.operations.windows.drafts import OpenWindow
from stockline.rules.availability import (
    BLANK,
    Numbers,
    at_location,
    carried,
    drafted,
    entry_by,
    held_nonspecifically,
    in_entries,
    pending,
    requested,
    sum_of,
)
from stockline.rules.window import COMBINATION, ITEM, LINE, WINDOW
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import SCALE


@dataclass(frozen=True, slots=True)
class _Form:
    """What the statement of a proposal depends on."""

    steers: frozenset[str]
    dated: bool
    located: bool
    in_lots: bool


def propose(transaction: Transaction, window: OpenWindow, stock: Stock, room: int) -> int:
    """Write rows for up to `room` engine units after the last row of the window; how many rows."""
    line = window.line
    form = _Form(
        stock.steers,
        dated=line.item.tracking.uses_expiration,
        located=line.location != "",
        in_lots=has_lots_or_packages(transaction, line.item.id),
    )
    parameters = window.parameters | stock.parameters
    parameters |= {"room": room, "units": -(-room // SCALE), "last_row": window.last_row, "location": line.location}
    return int(transaction.execute(_proposed(form), parameters).rowcount)


_ROOM = bindparam("room", type_=BigInteger)


@cache
def _proposed(form: _Form) -> Insert:
    free = union_all(*(_free(form, named) for named in _ways_to_carry(form.steers))).subquery("free")
    order = _sequence(form, free.c)
    upto = func.sum(free.c.quantity).over(order_by=order)
    dealt = select(free, upto.label("upto"), func.row_number().over(order_by=order).label("place")).subquery("dealt")
    before = dealt.c.upto - dealt.c.quantity
    quantity = case((dealt.c.upto > _ROOM, _ROOM - before), else_=dealt.c.quantity)
    row = {
        "item_id": ITEM,
        "window_id": WINDOW,
        "row": bindparam("last_row", type_=BigInteger) + dealt.c.place,
        "revision": bindparam("revision", type_=BigInteger),
        **{name: dealt.c[name] for name in COMBINATION},
        **dict.fromkeys(("quantity", "handle", "invoice"), quantity),
    }
    chosen = select(*(value.label(name) for name, value in row.items())).where(before < _ROOM)
    return insert(window_row).from_select(list(row), chosen).execution_options(preserve_rowcount=True)


def _ways_to_carry(steers: frozenset[str]) -> Sequence[tuple[str, ...]]:
    """The numbers that stock of the item may carry, as far as they count: a serial is one, whatever it lies in."""
    if "serial" in steers:
        return [("serial",)]
    in_lots = [("lot",), ("lot", "package")]
    return [("serial",), *in_lots] if "lot" in steers else [("serial",), *in_lots, ("package",)]


def _sequence(form: _Form, free: Any) -> list[Any]:
    """Earliest expiration date first, none before all; then by lot, serial, package."""
    numbers = [free.lot, free.serial, free.package] if form.in_lots else [free.serial]
    return [free.expires.nulls_first(), *numbers] if form.dated else numbers


def _free(form: _Form, carries: tuple[str, ...]) -> Select[Any]:
    """What is free of each combination on hand that carries these numbers."""
    on_hand = _on_hand(form, carries).subquery("on_hand")
    quantity = _selectable(form, {kind: on_hand.c[kind] for kind in carries}, on_hand.c.quantity)
    rows: FromClause = on_hand.outerjoin(ledger_entry, entry_by(on_hand.c.entry)) if form.dated else on_hand
    expires = ledger_entry.c.expires if form.dated else null()
    columns = [*(on_hand.c[name] for name in COMBINATION), quantity.label("quantity"), expires.label("expires")]
    found = select(*columns).select_from(rows).where(quantity > 0)
    if carries != ("serial",):
        return found
    # Each is a unit, so no more of them are needed than units; what comes after need not be looked at.
    found = found.order_by(*_sequence(form, found.selected_columns))
    first = found.limit(bindparam("units", type_=Integer, literal_execute=True)).subquery("first")
    return select(*first.c)


def _on_hand(form: _Form, carries: tuple[str, ...]) -> Select[Any]:
    numbers = {kind: carried(kind, form.steers) for kind in COMBINATION}
    there = [number != BLANK if kind in carries else number == BLANK for kind, number in numbers.items()]
    here = [*in_entries(form.steers), *([numbers["serial"] != BLANK] if "serial" in carries else there)]
    left, entry = open_entry.c.remaining, open_entry.c.entry_id
    single = "serial" in form.steers  # one entry is all there is of a specific serial
    figures = {"quantity": left if single else sum_of(left), "entry": entry if single else func.max(entry)}
    columns: list[Any] = [column.label(name) for name, column in (*numbers.items(), *figures.items())]
    found = select(*columns).where(*here)
    return found if single else found.group_by(*numbers.values())


def _selectable(form: _Form, numbers: Numbers, on_hand: ColumnElement[int]) -> ColumnElement[int]:
    """What of it is available and held by nobody, and as much of that as lies in the line's location."""
    free = on_hand - requested(numbers) - pending(numbers) - held_nonspecifically(numbers, but=LINE)
    if not form.located:
        return free
    left_there = at_location(numbers, form.steers) - drafted(numbers)
    return case((left_there < free, left_there), else_=free)
