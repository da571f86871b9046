"""Control: reads what must agree and reports what does not; it changes nothing (CO-1 to CO-3)."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import compress, repeat
from string import Formatter
from typing import Any

from sqlalchemy import Row, or_, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, find_items, find_site, item_codes, site_codes
from stockline.refusal import Refusal
from stockline.results import ControlFinding
from stockline.results.base import from_columns
from stockline.rules.control import CONTROLS, RULES, ControlRule, serials, stock_lines
from stockline.rules.framework import Query, tidy
from stockline.schema.catalog import item
from stockline.store.database import Transaction
from stockline.values import to_quantity

Control = Callable[[Transaction], list[ControlFinding]]
"""One query of a control: what it finds, by item code, then in its own order."""


def control(
    transaction: Transaction, site: str | None, items: tuple[str, str] | None, only: Collection[str] | None
) -> list[ControlFinding]:
    """All findings of the controls asked for (None: all), for a site and a range of items, inclusive."""
    return [found for one in controls(transaction, site, items, only) for found in one(transaction)]


def controls(
    transaction: Transaction, site: str | None, items: tuple[str, str] | None, only: Collection[str] | None
) -> list[Control]:
    """The same as queries that may be asked side by side; refused `not_found` for one item, or a site, that is none."""
    unknown = sorted(set(only or ()) - set(CONTROLS))
    if unknown:
        raise Refusal.of(Code.INVALID, f"There is no control {', '.join(unknown)}: {', '.join(CONTROLS)}.")
    site_id = find_site(transaction, site).id if site is not None else None
    if items is not None and items[0] == items[1]:
        find_item(transaction, items[0])
    return [
        partial(_findings, rule=rule, site_id=site_id, items=items)
        for rule in RULES
        if only is None or rule.control in only
    ]


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Do not look for garbage: findings leave none, and to look for it would take as long as to make them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _findings(
    transaction: Transaction, rule: ControlRule, site_id: int | None, items: tuple[str, str] | None
) -> list[ControlFinding]:
    """What a rule finds, by item code, then in the order of its query."""
    result = transaction.execute(_ordered(_at(_found(rule, items), site_id)), _only(transaction, items))
    with _nothing_collected():
        return _in_words(transaction, rule, list(result.keys()), result.all())


def _in_words(
    transaction: Transaction, rule: ControlRule, columns: Sequence[str], rows: Sequence[Row[Any]]
) -> list[ControlFinding]:
    """The findings of a rule; its rows may be very many, so they are told column by column."""
    item_at, site_at = columns.index("item_id"), columns.index("site_id")
    codes = item_codes(transaction, {row[item_at] for row in rows})
    sites = site_codes(transaction, {row[site_at] for row in rows if row[site_at] is not None})
    rank = {item_id: position for position, item_id in enumerate(sorted(codes, key=codes.__getitem__))}
    rows = sorted(rows, key=lambda row: rank[row[item_at]])
    facts: _Facts = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    names = rule.sentences if facts else ()
    return [finding for name in names for finding in _told(rule, name, facts, codes, sites)]


def _found(rule: ControlRule, items: tuple[str, str] | None) -> Query:
    """What a rule finds of a range of items."""
    if items is None:
        return rule.query
    found = (rule.of_item if items[0] == items[1] else rule.query).subquery("of_items")
    # Said as what is left out, it is expected to keep most rows: no reason to go through the items one by one.
    others = select(item.c.id).where(or_(item.c.code < items[0], item.c.code > items[1]))
    return select(found).where(found.c.item_id.not_in(others))


def _at(query: Query, site_id: int | None) -> Query:
    """What is found at a site; None: at all."""
    if site_id is None:
        return query
    found = query.subquery("at_site")
    return select(found).where(found.c.site_id == site_id)


def _ordered(query: Query) -> Query:
    """The same each time it is asked."""
    found = query.subquery("in_order")
    return select(found).order_by(*(found.c[name].nulls_last() for name in _ORDER if name in found.c))


_ORDER = ("item_id", "site_id", "stock_line", "variant", "lot", "package", "serial", "entry")


def _only(transaction: Transaction, items: tuple[str, str] | None) -> dict[str, int | None]:
    """The one item that is asked for, if it is only one."""
    if items is None or items[0] != items[1]:
        return {}
    return {"item": transaction.execute(select(item.c.id).where(item.c.code == items[0])).scalar()}


_Facts = Mapping[str, Sequence[Any]]
"""The columns of what is found, by name."""


def _told(
    rule: ControlRule, name: str, facts: _Facts, items: Mapping[int, str], sites: Mapping[int, str]
) -> list[ControlFinding]:
    """The findings of one sort, in words."""
    if name in facts:
        facts = {fact: list(compress(column, facts[name])) for fact, column in facts.items()}
    if name in rule.one:
        facts = _once(facts, rule.one[name])
    if name in _OF_QUANTITIES:
        facts = {**facts, **{fact: _quantities(facts[fact]) for fact in ("expected", "found") if fact in facts}}
    unknown = dict.fromkeys(("stock_line", "serial", "lot", "package", "expected", "found"), repeat(None))
    told: Mapping[str, Iterable[Any]] = {**unknown, **facts}
    return from_columns(
        ControlFinding,
        len(facts["item_id"]),
        control=repeat(rule.control),
        finding=repeat(name),
        item=map(items.__getitem__, facts["item_id"]),
        message=_messages(rule.sentences[name], facts),
        variant=told["variant"],
        site=map(sites.get, facts["site_id"]),
        stock_line=told["stock_line"],
        **{fact: (number or None for number in told[fact]) for fact in ("serial", "lot", "package")},
        expected=told["expected"],
        found=told["found"],
        repair=repeat(rule.repair),
    )


def _once(facts: _Facts, keys: Sequence[str]) -> _Facts:
    """Of the rows with the same keys the first."""
    first: dict[Any, int] = {}
    for position, key in enumerate(zip(*(facts[name] for name in keys), strict=True)):
        first.setdefault(key, position)
    return {fact: [column[position] for position in first.values()] for fact, column in facts.items()}


def _quantities(column: Sequence[Any]) -> list[Decimal | None]:
    """Engine units, which may be numbers of any type, as base quantities; most of many are the same few."""
    quantities = {units: None if units is None else to_quantity(int(units)) for units in set(column)}
    return [quantities[units] for units in column]


def _messages(sentence: str, facts: _Facts) -> Iterator[str]:
    """The sentence filled with the facts of each row."""
    parts = [(text, field) for text, field, _, _ in Formatter().parse(sentence)]
    form = "".join(text + ("{}" if field else "") for text, field in parts)
    said = [facts[field] for _, field in parts if field]
    if any(None in column or "" in column for column in said):
        blank = (["" if value is None else value for value in values] for values in zip(*said, strict=True))
        return (tidy(form.format(*values)) for values in blank)
    return map(form.format, *said)


_OF_QUANTITIES = {
    "missing_serials",
    "surplus_serials",
    "duplicate_link",
    "twin_lines",
    "negative_quantity",
    "fractional_quantity",
    "total_differs",
    "quantity_not_ledger",
    "application_differs",
    "over_reserved",
}
"""Findings whose figures are quantities in engine units."""


def items_with_findings(transaction: Transaction, site_id: int | None, items: tuple[str, str] | None) -> list[Item]:
    """The items resynchronization is about, by code: with a finding on serials, equal lines or a quantity below 0."""
    ids: set[int] = set()
    for rule in RULES:
        if rule.control == "serials" or rule in (stock_lines.twin_lines, stock_lines.negative_quantity):
            found = _at(_found(rule, items), site_id).subquery("found")
            rows = transaction.execute(select(found.c.item_id).distinct(), _only(transaction, items))
            ids.update(rows.scalars())
    codes = item_codes(transaction, ids)
    wanted = find_items(transaction, codes.values())
    return [wanted[code] for code in sorted(wanted) if wanted[code].tracking.steers("serial")]


def desynchronized(
    transaction: Transaction, items: tuple[str, str], *, unlinked: bool = False
) -> set[tuple[int, str, int]]:
    """By item, variant and site: where a stock line is not synchronized (CO-3); of a range of items.

    With `unlinked` also where a serial that came in is on no line.
    """
    places: set[tuple[int, str, int]] = set()
    for rule in RULES:
        if rule.control == "serials" and (unlinked or rule is not serials.unlinked):
            found = _found(rule, items).subquery("found")
            # It is the line that is wrong, whatever variant the serial on it is of.
            variant = found.c.get("line_variant", found.c.variant)
            query = select(found.c.item_id, variant, found.c.site_id).distinct()
            places.update(map(tuple, transaction.execute(query, _only(transaction, items))))
    return places
