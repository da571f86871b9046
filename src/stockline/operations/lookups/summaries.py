"""The summary of a tracking number: what is on hand of it, and what of that is asked for (TW-30)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    literal,
    literal_column,
    select,
)

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.operations.lines import SourceLine
from stockline.operations.windows.drafts import look_at_window
from stockline.refusal import Refusal
from stockline.results import Availability
from stockline.rules.availability import (
    SITE,
    VARIANT,
    Numbers,
    held_nonspecifically,
    pending,
    requested,
    sum_of,
    total,
)
from stockline.rules.framework import tidy
from stockline.rules.window import ITEM, LINE
from stockline.schema.catalog import item, site
from stockline.schema.ledger import open_entry
from stockline.schema.stock import item_site
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode, tracking_from_json
from stockline.values import clean_number, to_quantity

_NO_LINE = 0
"""Stands for the line asked from where nobody asks from one."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Whose numbers are looked up: an item at a site, and which of its kinds of numbers are specific.

    Asked from a window: for its `line`, and, if the line takes from stock, with what its `window` drafts.
    """

    item: int
    variant: str
    site: int
    steers: frozenset[str]
    line: int = _NO_LINE
    window: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The bound values of every lookup."""
        asked = {"item": self.item, "variant": self.variant, "site": self.site, "line": self.line}
        return asked if self.window is None else asked | {"window": self.window}


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


def stock_for(line: SourceLine, window: int | None = None) -> Stock:
    """What the numbers of a line are looked up in."""
    drafts = window if line.movement < 0 else None
    return Stock(line.item.id, line.variant, line.site_id, steering(line.item.tracking), line.id, drafts)


def find_window_stock(
    transaction: Transaction, window: int, item_code: str, site_code: str | None, variant: str
) -> Stock:
    """The stock an open window is about, which is that of the item at the site. Refused `not_found`, `invalid`."""
    line = look_at_window(transaction, window).line
    if (item_code, variant or line.variant, site_code or line.site) != (line.item.code, line.variant, line.site):
        message = f"Window {window} is about {line.item.code} {line.variant} at {line.site}."
        raise Refusal.of(Code.INVALID, tidy(message), line=line.name, item=line.item.code, site=line.site)
    return stock_for(line, window)


def find_stocks(transaction: Transaction, item_code: str, site_code: str | None, variant: str) -> list[Stock]:
    """The item at the site, or at every site if none is named. Refused `not_found`."""
    if site_code is not None:
        return [find_stock(transaction, item_code, site_code, variant)]
    found = find_item(transaction, item_code)
    sites = transaction.execute(select(site.c.id).order_by(site.c.id)).scalars()
    return [Stock(found.id, variant, one, steering(found.tracking)) for one in sites]


def summary(transaction: Transaction, stocks: Sequence[Stock], numbers: Mapping[str, str | None]) -> Availability:
    """The figures of the stock that carries these numbers, of all stock if none is given (TW-30)."""
    given = {kind: number for kind in NUMBER_KINDS if (number := clean_number(numbers.get(kind)))}
    found = [
        transaction.execute(
            _summary(stock.steers, tuple(given), stock.window is not None), stock.parameters | given
        ).one()
        for stock in stocks
    ]
    return Availability(**figures({name: sum(int(getattr(row, name)) for row in found) for name in _FIGURES}))


_FIGURES = ("total", "requested", "pending", "nonspecific")


def figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a row that was found, as quantities, with what they leave available."""
    units = {name: int(found[name]) for name in _FIGURES}
    units["available"] = units["total"] - units["requested"] - units["pending"]
    return {name: to_quantity(value) for name, value in units.items()}


@cache
def _summary(steers: frozenset[str], kinds: tuple[str, ...], drafts: bool) -> Select[Any]:
    numbers = {kind: bindparam(kind, type_=Text) for kind in kinds}
    on_hand = total(numbers, steers) if numbers else _everything()
    return select(on_hand.label("total"), *asked_for(numbers, drafts))


def asked_for(numbers: Numbers, drafts: bool) -> list[Any]:
    """The figures of what is asked for, in a window too if one drafts."""
    return [
        requested(numbers).label("requested"),
        (pending(numbers) if drafts else literal(0)).label("pending"),
        held_nonspecifically(numbers, but=LINE).label("nonspecific"),
    ]


def _everything() -> ColumnElement[int]:
    """All that remains of inbound entries: what is on hand, and what shortages have taken from it on paper."""
    of_site = [item_site.c.item_id == ITEM, item_site.c.variant == VARIANT, item_site.c.site_id == SITE]
    owned = open_entry.c
    short = [owned.item_id == ITEM, owned.variant == VARIANT, owned.site_id == SITE, owned.remaining < 0]
    on_hand = select(sum_of(item_site.c.quantity)).where(*of_site).scalar_subquery()
    owed = select(sum_of(owned.remaining)).where(*short, owned.remaining <= literal_column("0")).scalar_subquery()
    return on_hand - owed
