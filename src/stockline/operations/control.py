"""Control: reads what must agree and reports what does not; it changes nothing (CO-1 to CO-3)."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, Subquery, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_items, find_site, item_codes
from stockline.refusal import Refusal
from stockline.results import ControlFinding
from stockline.rules.control import CONTROLS, RULES, ControlRule, serials, stock_lines
from stockline.rules.framework import Names, tidy
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
    every = _rows_of(rule, items)
    query = select(every).join(item, item.c.id == every.c.item_id).order_by(item.c.code, every.c.site_id)
    result = transaction.execute(_narrowed(query, every, site_id, items), _only(transaction, items))
    # There may be very many: plain dictionaries are looked into many times faster than rows.
    keys = tuple(result.keys())
    rows = [dict(zip(keys, row, strict=True)) for row in result]
    if rule.one:
        rows = list({tuple(row[name] for name in rule.one): row for row in reversed(rows)}.values())[::-1]
    names = Names(transaction, rows)
    return [_finding(rule, name, row, names) for name in rule.sentences for row in rows if row.get(name, 1)]


def _rows_of(rule: ControlRule, items: tuple[str, str] | None) -> Subquery:
    one = items is not None and items[0] == items[1]
    return (rule.of_item if one else rule.query).subquery("every")


def _only(transaction: Transaction, items: tuple[str, str] | None) -> dict[str, int | None]:
    """The one item that is asked for, if it is only one."""
    if items is None or items[0] != items[1]:
        return {}
    return {"item": transaction.execute(select(item.c.id).where(item.c.code == items[0])).scalar()}


def _narrowed(query: Select[Any], found: Subquery, site_id: int | None, items: tuple[str, str] | None) -> Select[Any]:
    """The rows of a rule at a site and of a range of items."""
    if site_id is not None:
        query = query.where(found.c.site_id == site_id)
    return query if items is None else query.where(item.c.code >= items[0], item.c.code <= items[1])


def _finding(rule: ControlRule, name: str, row: Mapping[str, Any], names: Names) -> ControlFinding:
    facts = {**_UNSAID, **row, "item": names.items[row["item_id"]], "site": names.sites.get(row["site_id"])}
    if name in _OF_QUANTITIES:
        facts |= {fact: to_quantity(int(facts[fact])) for fact in ("expected", "found") if facts[fact] is not None}
    said = {fact: "" if value is None else value for fact, value in facts.items()}
    return ControlFinding(
        control=rule.control,
        finding=name,
        item=facts["item"],
        message=tidy(rule.sentences[name].format_map(said)),
        variant=facts["variant"],
        site=facts["site"],
        stock_line=facts["stock_line"],
        serial=facts["serial"] or None,
        lot=facts["lot"] or None,
        package=facts["package"] or None,
        expected=facts["expected"],
        found=facts["found"],
        repair=rule.repair,
    )


_UNSAID = dict.fromkeys(("variant", "stock_line", "serial", "lot", "package", "expected", "found"))
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
            found = _rows_of(rule, items)
            query = select(found.c.item_id).distinct().join(item, item.c.id == found.c.item_id)
            rows = transaction.execute(_narrowed(query, found, site_id, items), _only(transaction, items))
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
    found: set[tuple[int, str, int]] = set()
    for rule in RULES:
        if rule.control == "serials" and (unlinked or rule is not serials.unlinked):
            rows = _rows_of(rule, items)
            # It is the line that is wrong, whatever variant the serial on it is of.
            variant = rows.c.get("line_variant", rows.c.variant)
            places = select(rows.c.item_id, variant, rows.c.site_id).distinct()
            query = places.join(item, item.c.id == rows.c.item_id).where(
                item.c.code >= items[0], item.c.code <= items[1]
            )
            found.update(map(tuple, transaction.execute(query, _only(transaction, items))))
    return found
