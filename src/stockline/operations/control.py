"""Control: reads what must agree and reports what does not; it changes nothing (CO-1 to CO-3)."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, compress, groupby, repeat
from operator import attrgetter
from string import Formatter
from typing import Any, TypeGuard

from sqlalchemy import Row, func, or_, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, find_items, find_site, item_codes, site_codes
from stockline.refusal import Refusal
from stockline.results import ControlFinding
from stockline.results.base import from_columns
from stockline.rules.control import CONTROLS, RULES, ControlRule, serials, stock_lines
from stockline.rules.framework import Query, tidy
from stockline.schema.catalog import item
from stockline.schema.stock import stock_line
from stockline.store.database import Transaction
from stockline.values import to_quantity


@dataclass(frozen=True)
class Answer:
    """What a question found, and the codes of the items and sites it names."""

    columns: Sequence[str]
    rows: Sequence[Row[Any]]
    items: Mapping[int, str]
    sites: Mapping[int, str]


@dataclass(frozen=True)
class Question:
    """One query of a control, of all items it is about or of a part of them."""

    rule: ControlRule
    query: Query
    parameters: Mapping[str, int | None]

    def __call__(self, transaction: Transaction) -> Answer:
        """Ask it."""
        result = transaction.execute(self.query, self.parameters)
        columns, rows = list(result.keys()), result.all()
        item_at, site_at = columns.index("item_id"), columns.index("site_id")
        items = item_codes(transaction, {row[item_at] for row in rows})
        sites = site_codes(transaction, {row[site_at] for row in rows if row[site_at] is not None})
        return Answer(columns, rows, items, sites)


LARGE = 10_000
"""Stock lines; with more, to ask side by side saves more time than it takes."""


def is_large(transaction: Transaction) -> bool:
    """Whether there are so many stock lines that the questions are best asked side by side."""
    some = select(stock_line.c.id).limit(LARGE + 1).subquery()
    return bool(transaction.execute(select(func.count()).select_from(some)).scalar_one() > LARGE)


def control(
    transaction: Transaction, site: str | None, items: tuple[str, str] | None, only: Collection[str] | None
) -> list[ControlFinding]:
    """All findings of the controls asked for (None: all), for a site and a range of items, inclusive."""
    asked = questions(transaction, site, items, only)
    return told(asked, (one(transaction) for one in asked))


def questions(
    transaction: Transaction,
    site: str | None,
    items: tuple[str, str] | None,
    only: Collection[str] | None,
    parts: int = 1,
) -> list[Question]:
    """The same as questions that may be asked side by side, those that can be of this many parts of the items.

    Refused `not_found` for one item, or a site, that is none.
    """
    unknown = sorted(set(only or ()) - set(CONTROLS))
    if unknown:
        raise Refusal.of(Code.INVALID, f"There is no control {', '.join(unknown)}: {', '.join(CONTROLS)}.")
    site_id = find_site(transaction, site).id if site is not None else None
    if _is_one(items):
        find_item(transaction, items[0])
    ranges = _ranges(transaction, parts) if not _is_one(items) else []
    asked: list[Question] = []
    for rule in RULES:
        if only is None or rule.control in only:
            parted = rule.narrows and bool(ranges)
            query = _ordered(_at(_found(rule, items, parted=parted), site_id))
            of_parts = ranges if parted else [_only(transaction, items)]
            asked.extend(Question(rule, query, parameters) for parameters in of_parts)
    return asked


def _is_one(items: tuple[str, str] | None) -> TypeGuard[tuple[str, str]]:
    """Whether the range of items is one item."""
    return items is not None and items[0] == items[1]


def _ranges(transaction: Transaction, parts: int) -> list[dict[str, int | None]]:
    """Ranges of the ids of items, about as many as parts; none where there is nothing to part."""
    if parts == 1:
        return []
    ends = transaction.execute(select(func.min(item.c.id).label("low"), func.max(item.c.id).label("high"))).one()
    if ends.low == ends.high:
        return []
    width = -(-(ends.high - ends.low + 1) // parts)
    return [{"first": first, "last": first + width - 1} for first in range(ends.low, ends.high + 1, width)]


def told(asked: Sequence[Question], answers: Iterable[Answer]) -> list[ControlFinding]:
    """The findings; those of one question are told while the answers of the next may still be on their way."""
    coming = iter(answers)
    with _nothing_collected():
        by_rule = groupby(asked, key=attrgetter("rule"))
        return [one for rule, of_rule in by_rule for one in _in_words(rule, [next(coming) for _ in of_rule])]


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


def _in_words(rule: ControlRule, answers: Sequence[Answer]) -> list[ControlFinding]:
    """What a rule finds by item code, then in the order of its query; it may be very much, so told column by column."""
    columns = answers[0].columns
    codes = dict(chain.from_iterable(answer.items.items() for answer in answers))
    sites = dict(chain.from_iterable(answer.sites.items() for answer in answers))
    item_at = columns.index("item_id")
    rank = {item_id: position for position, item_id in enumerate(sorted(codes, key=codes.__getitem__))}
    rows = sorted(chain.from_iterable(answer.rows for answer in answers), key=lambda row: rank[row[item_at]])
    facts: _Facts = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    names = rule.sentences if facts else ()
    return [finding for name in names for finding in _told(rule, name, facts, codes, sites)]


def _found(rule: ControlRule, items: tuple[str, str] | None, *, parted: bool = False) -> Query:
    """What a rule finds of a range of items; `parted`: as far as they are in a range of ids."""
    query = rule.of_part if parted else rule.of_item if _is_one(items) else rule.query
    if items is None:
        return query
    found = query.subquery("of_items")
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
    if not _is_one(items):
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
