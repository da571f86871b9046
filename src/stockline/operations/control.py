"""Control: reads what must agree and reports what does not; it changes nothing (CO-1 to CO-3)."""

from collections.abc import Collection, Mapping
from string import Formatter
from typing import Any

from sqlalchemy import or_, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_items, find_site, item_codes, site_codes
from stockline.refusal import Refusal
from stockline.results import ControlFinding
from stockline.rules.control import CONTROLS, RULES, ControlRule, serials, stock_lines
from stockline.rules.framework import Query, tidy
from stockline.schema.catalog import item
from stockline.store.database import Transaction
from stockline.values import to_quantity


def control(
    transaction: Transaction, site: str | None, items: tuple[str, str] | None, only: Collection[str] | None
) -> list[ControlFinding]:
    """All findings of the controls asked for (None: all), for a site and a range of items, inclusive."""
    unknown = sorted(set(only or ()) - set(CONTROLS))
    if unknown:
        raise Refusal.of(Code.INVALID, f"There is no control {', '.join(unknown)}: {', '.join(CONTROLS)}.")
    site_id = find_site(transaction, site).id if site is not None else None
    found = []
    for rule in RULES:
        if only is None or rule.control in only:
            found += _findings(transaction, rule, site_id, items)
    return found


def _findings(
    transaction: Transaction, rule: ControlRule, site_id: int | None, items: tuple[str, str] | None
) -> list[ControlFinding]:
    """What a rule finds, by item."""
    query = _at(_found(rule, items), site_id)
    result = transaction.execute(query, _only(transaction, items))
    # There may be very many: plain dictionaries are looked into many times faster than rows.
    keys = tuple(result.keys())
    rows = [dict(zip(keys, row, strict=True)) for row in result.all()]
    codes = item_codes(transaction, {row["item_id"] for row in rows})
    sites = site_codes(transaction, {row["site_id"] for row in rows if row["site_id"] is not None})
    rows.sort(key=lambda row: (codes[row["item_id"]], row["site_id"] is None, row["site_id"]))
    if rule.one:
        rows = list({tuple(row[name] for name in rule.one): row for row in reversed(rows)}.values())[::-1]
    told = [_Teller(rule, name, codes, sites) for name in rule.sentences]
    return [teller.finding(row) for teller in told for row in rows if row.get(teller.name, 1)]


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


def _only(transaction: Transaction, items: tuple[str, str] | None) -> dict[str, int | None]:
    """The one item that is asked for, if it is only one."""
    if items is None or items[0] != items[1]:
        return {}
    return {"item": transaction.execute(select(item.c.id).where(item.c.code == items[0])).scalar()}


class _Teller:
    """Makes findings of the rows of a rule that break it in one way."""

    def __init__(self, rule: ControlRule, name: str, items: Mapping[int, str], sites: Mapping[int, str]) -> None:
        self.name = name
        self._rule, self._items, self._sites = rule, items, sites
        self._sentence = rule.sentences[name]
        self._said = [field for _, field, _, _ in Formatter().parse(self._sentence) if field]

    def finding(self, row: Mapping[str, Any]) -> ControlFinding:
        """The finding of a row, in words."""
        fact = row.get
        figures = {"expected": fact("expected"), "found": fact("found")}
        if self.name in _OF_QUANTITIES:
            figures = {name: to_quantity(int(value)) for name, value in figures.items() if value is not None}
        return ControlFinding(
            control=self._rule.control,
            finding=self.name,
            item=self._items[row["item_id"]],
            message=self._message({**row, **figures}),
            variant=row["variant"],
            site=self._sites.get(row["site_id"]),
            stock_line=fact("stock_line"),
            serial=fact("serial") or None,
            lot=fact("lot") or None,
            package=fact("package") or None,
            repair=self._rule.repair,
            **figures,
        )

    def _message(self, facts: Mapping[str, Any]) -> str:
        said = {name: "" if (value := facts.get(name)) is None else value for name in self._said}
        message = self._sentence.format_map(said)
        return tidy(message) if "" in said.values() else message


_OF_QUANTITIES = {
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
