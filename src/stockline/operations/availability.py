"""Lookups of tracking numbers: the summary of one, and the numbers on hand page by page (TW-30).

A page is read by key: it takes what follows a number, never counts what there is in all, and costs what it shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    select,
)

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.refusal import Refusal
from stockline.results import Availability, NumberOnHand
from stockline.rules.availability import (
    BLANK,
    IN_LINES,
    ITEM,
    LINES,
    SITE,
    VARIANT,
    carried,
    held_nonspecifically,
    in_entries,
    requested,
    sum_of,
    summed_by_lines,
    total,
)
from stockline.schema.catalog import information_card, item, site
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.stock import characteristic_set, item_site, serial, stock_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode, tracking_from_json
from stockline.values import SCALE, clean_number, to_quantity

LARGEST_PAGE = 1000
_NO_LINE = 0
"""Stands for the line asked from where nobody asks from one."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Whose numbers are looked up: an item at a site, and which of its kinds of numbers are specific."""

    item: int
    variant: str
    site: int
    steers: frozenset[str]

    @property
    def parameters(self) -> dict[str, Any]:
        """The bound values of every lookup."""
        return {"item": self.item, "variant": self.variant, "site": self.site, "line": _NO_LINE}


def find_stock(transaction: Transaction, item_code: str, site_code: str, variant: str) -> Stock:
    """The item at the site, in one question. Refused `not_found`."""
    found = transaction.execute(_STOCK, {"item": item_code, "site": site_code}).one_or_none()
    if found is None:
        find_item(transaction, item_code)
        find_site(transaction, site_code)
        raise AssertionError("one of the two is missing")
    return Stock(found.item, variant, found.site, steering(tracking_from_json(found.tracking)))


def steering(code: TrackingCode) -> frozenset[str]:
    """The kinds of numbers that are specific."""
    return frozenset(kind for kind in NUMBER_KINDS if code.steers(kind))


_STOCK = (
    select(item.c.id.label("item"), item.c.tracking, site.c.id.label("site"))
    .select_from(item.join(site, site.c.code == bindparam("site")))
    .where(item.c.code == bindparam("item"))
)


def find_stocks(transaction: Transaction, item_code: str, site_code: str | None, variant: str) -> list[Stock]:
    """The item at the site, or at every site if none is named. Refused `not_found`."""
    if site_code is not None:
        return [find_stock(transaction, item_code, site_code, variant)]
    found = find_item(transaction, item_code)
    sites = transaction.execute(select(site.c.id).order_by(site.c.id)).scalars()
    return [Stock(found.id, variant, one, steering(found.tracking)) for one in sites]


# ---------------------------------------------------------------- one number


def summary(transaction: Transaction, stocks: Sequence[Stock], numbers: Mapping[str, str | None]) -> Availability:
    """The figures of the stock that carries these numbers, of all stock if none is given (TW-30)."""
    given = {kind: number for kind in NUMBER_KINDS if (number := clean_number(numbers.get(kind)))}
    found = [
        tuple(transaction.execute(_summary(stock.steers, tuple(given)), stock.parameters | given).one())
        for stock in stocks
    ]
    on_hand, asked, held = (sum(int(figure) for figure in figures) for figures in zip(*found, strict=True))
    return Availability(**_figures(on_hand, asked, 0, held))


def _figures(total: int, requested: int, pending: int, nonspecific: int) -> dict[str, Any]:
    figures = {
        "total": total,
        "requested": requested,
        "pending": pending,
        "available": total - requested - pending,
        "nonspecific": nonspecific,
    }
    return {name: to_quantity(int(value)) for name, value in figures.items()}


@cache
def _summary(steers: frozenset[str], kinds: tuple[str, ...]) -> Select[Any]:
    numbers = {kind: bindparam(kind, type_=Text) for kind in kinds}
    figures = {
        "total": total(numbers, steers) if numbers else _everything(),
        "requested": requested(numbers),
        "nonspecific": held_nonspecifically(numbers, but=bindparam("line")),
    }
    labelled: list[Any] = [figure.label(name) for name, figure in figures.items()]
    return select(*labelled)


def _everything() -> ColumnElement[int]:
    """All that remains of inbound entries: what is on hand, and what shortages have taken from it on paper."""
    of_site = [item_site.c.item_id == ITEM, item_site.c.variant == VARIANT, item_site.c.site_id == SITE]
    owned = open_entry.c
    short = [owned.item_id == ITEM, owned.variant == VARIANT, owned.site_id == SITE, owned.remaining < 0]
    on_hand = select(sum_of(item_site.c.quantity)).where(*of_site).scalar_subquery()
    owed = select(sum_of(owned.remaining)).where(*short, owned.remaining <= literal_column("0")).scalar_subquery()
    return on_hand - owed


# ---------------------------------------------------------------- pages of numbers


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
        stock.steers, wanted.kind, from_prefix, bool(wanted.prefix), wanted.only_available, bool(wanted.location)
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
        **_figures(row.total, row.requested, 0, row.nonspecific),
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


@cache
def _page(form: _Form) -> Select[Any]:
    """The statement: the numbers of the page first, then what is known of each."""
    by_lines = summed_by_lines([form.kind], form.steers)
    shown = _numbers(form, by_lines=by_lines).subquery("shown")
    numbers = {form.kind: shown.c.number}
    known_by = _entry_of_line(form, shown) if by_lines else shown.c.known_by
    of_entry = and_(ledger_entry.c.item_id == ITEM, ledger_entry.c.id == known_by)
    card = information_card.c
    of_card = and_(card.item_id == ITEM, card.variant == VARIANT, card.kind == form.kind, card.number == shown.c.number)
    entry = ledger_entry.c
    return (
        select(
            shown.c.number,
            shown.c.total,
            requested(numbers).label("requested"),
            held_nonspecifically(numbers, but=bindparam("line")).label("nonspecific"),
            entry.lot,
            entry.package,
            entry.expires,
            entry.warranty,
            card.blocked,
            (_at_location(form, shown.c.number) if form.has_location else null()).label("at_location"),
        )
        .select_from(shown.outerjoin(ledger_entry, of_entry).outerjoin(information_card, of_card))
        .order_by(shown.c.number)
    )


def _stretch(form: _Form, number: ColumnElement[str]) -> list[ColumnElement[bool]]:
    start = bindparam("start", type_=Text)
    after = number >= start if form.from_prefix else number > start
    return [after, number < bindparam("end", type_=Text)] if form.has_prefix else [after]


def _numbers(form: _Form, *, by_lines: bool) -> Select[Any]:
    """The first numbers of the stretch, as many as the page has, with what is on hand of each and what knows it."""
    rows: FromClause = LINES if by_lines else open_entry
    here = IN_LINES if by_lines else in_entries(form.steers)
    number = characteristic_set.c[form.kind] if by_lines else carried(form.kind, form.steers)
    quantity, known_by = (
        (stock_line.c.quantity, stock_line.c.id) if by_lines else (open_entry.c.remaining, open_entry.c.entry_id)
    )
    columns = [number.label("number"), sum_of(quantity).label("total"), func.max(known_by).label("known_by")]
    query = select(*columns).select_from(rows).where(*here, number != BLANK, *_stretch(form, number)).group_by(number)
    if form.only_available:
        query = query.having(sum_of(quantity) > requested({form.kind: number}))
        if form.has_location:
            query = query.having(_at_location(form, number) > 0)
    # The limit is written out: a planner that does not know it would read and sort all there is.
    return query.order_by(number).limit(bindparam("limit", type_=Integer, literal_execute=True))


def _entry_of_line(form: _Form, shown: FromClause) -> ColumnElement[int]:
    """An entry of what lies on the stock line, of which it has its dates."""
    owned = open_entry.c
    key = [owned.item_id == ITEM, owned.variant == VARIANT, owned.site_id == SITE]
    if "serial" in form.steers:
        found = serial.join(open_entry, and_(*key, owned.serial == serial.c.serial))
        of_line = [serial.c.item_id == ITEM, serial.c.stock_line_id == shown.c.known_by]
    else:
        found = LINES.join(open_entry, and_(*key, owned.serial == BLANK, owned.lot == characteristic_set.c.lot))
        of_line = [
            *IN_LINES,
            characteristic_set.c[form.kind] == shown.c.number,
            carried(form.kind, form.steers) == shown.c.number,
        ]
    return select(owned.entry_id).select_from(found).where(*of_line).limit(1).scalar_subquery()


def _at_location(form: _Form, number: ColumnElement[str]) -> ColumnElement[int]:
    """What of the number lies in the location asked about."""
    there = bindparam("location", type_=Text)
    place = characteristic_set.c
    if form.kind != "serial":
        named = [place[form.kind] == number, place[form.kind] != BLANK, place.location == there]
        found = select(sum_of(stock_line.c.quantity)).select_from(LINES).where(*IN_LINES, *named)
    elif "serial" in form.steers:
        own = [serial.c.item_id == ITEM, serial.c.variant == VARIANT, serial.c.serial == number]
        line = and_(stock_line.c.item_id == ITEM, stock_line.c.id == serial.c.stock_line_id)
        held = serial.join(stock_line, line).join(
            characteristic_set, and_(place.item_id == ITEM, place.id == stock_line.c.set_id)
        )
        found = (
            select(func.count() * SCALE).select_from(held).where(*own, place.site_id == SITE, place.location == there)
        )
    else:
        # Serials that are not specific are on no stock line: their entries know where they came in.
        own = [*in_entries(form.steers), open_entry.c.carried_serial == number, open_entry.c.carried_serial != BLANK]
        entry = and_(ledger_entry.c.item_id == ITEM, ledger_entry.c.id == open_entry.c.entry_id)
        held = open_entry.join(ledger_entry, entry)
        found = select(sum_of(open_entry.c.remaining)).select_from(held).where(*own, ledger_entry.c.location == there)
    return found.scalar_subquery()
