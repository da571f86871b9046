"""The numbers of an item on hand at a site, page by page (TW-30).

A page is read by key: it takes what follows a number, never counts what there is in all, and costs what it shows.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, Text, and_, bindparam, func, null, select

from stockline.codes import Code
from stockline.operations.lookups.summaries import Stock, asked_for, figures
from stockline.refusal import Refusal
from stockline.results import NumberOnHand
from stockline.rules.availability import (
    BLANK,
    IN_LINES,
    LINES,
    VARIANT,
    at_location,
    carried,
    entry_by,
    in_entries,
    on_twins,
    pending,
    requested,
    sum_of,
    summed_by_lines,
)
from stockline.rules.window import ITEM
from stockline.schema.catalog import information_card
from stockline.schema.ledger import ledger_entry, number_date, open_entry
from stockline.schema.stock import characteristic_set, stock_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import to_quantity

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which numbers to show: of a kind, those after a number, that begin like this, of which something is available."""

    kind: str
    after: str = ""
    prefix: str = ""
    only_available: bool = False
    location: str = ""
    limit: int = 50


def page(transaction: Transaction, stock: Stock, wanted: PageRequest) -> list[NumberOnHand]:
    """Numbers on hand at the site in the order of their keys, each with its summary. Refused `invalid`."""
    if wanted.kind not in NUMBER_KINDS or not 0 < wanted.limit <= LARGEST_PAGE:
        message = f"A page shows 1 to {LARGEST_PAGE} serials, lots or packages, not {wanted.limit} {wanted.kind}."
        raise Refusal.of(Code.INVALID, message)
    from_prefix = wanted.prefix > wanted.after
    form = _Form(
        steers=stock.steers,
        kind=wanted.kind,
        from_prefix=from_prefix,
        has_prefix=bool(wanted.prefix),
        only_available=wanted.only_available,
        has_location=bool(wanted.location),
        drafts=stock.window is not None,
    )
    parameters = stock.parameters | {
        "start": wanted.prefix if from_prefix else wanted.after,
        "end": wanted.prefix + "\U0010ffff",
        "limit": wanted.limit,
        "location": wanted.location,
    }
    return [_number_on_hand(row, wanted) for row in transaction.execute(_page(form), parameters)]


def _number_on_hand(row: Any, wanted: PageRequest) -> NumberOnHand:
    return NumberOnHand(
        **{"serial": "", "lot": "", "package": "", wanted.kind: row.number} | _beside(row, wanted.kind),
        expires=row.expires,
        warranty=row.warranty,
        blocked=bool(row.blocked),
        at_location=to_quantity(int(row.at_location)) if wanted.location else None,
        **figures(row._mapping),
    )


def _beside(row: Any, kind: str) -> dict[str, str]:
    return {"lot": row.lot, "package": row.package} if kind == "serial" else {}


@dataclass(frozen=True, slots=True)
class _Form:
    """What the statement of a page depends on."""

    steers: frozenset[str]
    kind: str
    from_prefix: bool
    has_prefix: bool
    only_available: bool
    has_location: bool
    drafts: bool


@cache
def _page(form: _Form) -> Select[Any]:
    """The statement: the numbers of the page first, then what is known of each."""
    by_lines = summed_by_lines([form.kind], form.steers)
    shown = _numbers(form, by_lines=by_lines).subquery("shown")
    numbers = {form.kind: shown.c.number}
    card = information_card.c
    of_card = and_(card.item_id == ITEM, card.variant == VARIANT, card.kind == form.kind, card.number == shown.c.number)
    rows = shown.outerjoin(information_card, of_card)
    columns = [shown.c.number, shown.c.total, *asked_for(numbers, form.drafts), card.blocked]
    columns.append((at_location(numbers, form.steers) if form.has_location else null()).label("at_location"))
    if by_lines:
        known = number_date.c
        dated = [known.item_id == ITEM, known.variant == VARIANT, known.kind == form.kind]
        rows = rows.outerjoin(number_date, and_(*dated, known.number == shown.c.number))
        columns += [known.expires, null().label("warranty")]
    else:
        entry = ledger_entry.c
        rows = rows.outerjoin(ledger_entry, entry_by(shown.c.known_by))
        columns += [entry.lot, entry.package, entry.expires, entry.warranty]
    return select(*columns).select_from(rows).order_by(shown.c.number)


def _stretch(form: _Form, number: ColumnElement[str]) -> list[ColumnElement[bool]]:
    start = bindparam("start", type_=Text)
    after = number >= start if form.from_prefix else number > start
    return [after, number < bindparam("end", type_=Text)] if form.has_prefix else [after]


def _numbers(form: _Form, *, by_lines: bool) -> Select[Any]:
    """The first numbers of the stretch, as many as the page has, with what is on hand of each.

    `known_by` is the newest of its entries, of which it has its dates; lots and packages of serials have many.
    """
    rows: FromClause = LINES if by_lines else open_entry
    here = IN_LINES if by_lines else in_entries(form.steers)
    number = characteristic_set.c[form.kind] if by_lines else carried(form.kind, form.steers)
    quantity = stock_line.c.quantity if by_lines else open_entry.c.remaining
    total = sum_of(quantity) + on_twins({form.kind: number}) if by_lines else sum_of(quantity)
    columns = [number.label("number"), total.label("total")]
    if not by_lines:
        columns.append(func.max(open_entry.c.entry_id).label("known_by"))
    query = select(*columns).select_from(rows).where(*here, number != BLANK, *_stretch(form, number)).group_by(number)
    if form.only_available:
        asked = requested({form.kind: number})
        query = query.having(total > (asked + pending({form.kind: number}) if form.drafts else asked))
        if form.has_location:
            query = query.having(at_location({form.kind: number}, form.steers) > 0)
    # The limit is written out: a planner that does not know it would read and sort all there is.
    return query.order_by(number).limit(bindparam("limit", type_=Integer, literal_execute=True))
