"""Control: reads what must agree and reports what does not; it changes nothing (CO-1 to CO-3)."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, and_, func, literal, select

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.refusal import Refusal
from stockline.results import ControlFinding, SyncLine, SyncState
from stockline.rules.control import AWAITING_PUT_AWAY, CONTROLS, LINES, RULES, ControlRule, links
from stockline.rules.framework import Names, tidy
from stockline.schema.catalog import item
from stockline.schema.stock import characteristic_set, serial, stock_line
from stockline.store.database import Transaction
from stockline.values import SCALE, to_quantity


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
    every = rule.query.subquery("every")
    query = select(every).join(item, item.c.id == every.c.item_id).order_by(item.c.code)
    if site_id is not None:
        query = query.where(every.c.site_id == site_id)
    elif "nth_site" in every.c:
        query = query.where(every.c.nth_site == 1)
    if items is not None:
        query = query.where(item.c.code >= items[0], item.c.code <= items[1])
    rows = transaction.execute(query).mappings().all()
    names = Names(transaction, rows)
    return [_finding(rule, row, names) for row in rows]


def _finding(rule: ControlRule, row: Mapping[Any, Any], names: Names) -> ControlFinding:
    values = dict(row)
    values["item"] = names.items[values.pop("item_id")]
    values["site"] = names.sites.get(values.pop("site_id"))
    if rule.control in ("ledger",) or rule.finding in ("negative_quantity", "fractional_quantity", "twin_lines"):
        for name in ("expected", "found"):
            if values.get(name) is not None:
                values[name] = to_quantity(int(values[name]))
    message = tidy(rule.sentence.format(**{"lot": "", "package": "", **values}))
    for name in ("entry", "nth_site"):
        values.pop(name, None)
    for name in ("serial", "lot", "package"):
        values[name] = values.get(name) or None
    return ControlFinding(control=rule.control, finding=rule.finding, repair=rule.repair, message=message, **values)


def _unknown_lines(item_id: int, site_id: int, variant: str | None) -> Select[Any]:
    """Numbers that are no stock line, but that serials recorded at the site are linked to (ST-11)."""
    linked = links()
    known = select(stock_line.c.id).where(
        stock_line.c.item_id == linked.c.item_id, stock_line.c.id == linked.c.stock_line_id
    )
    of_serial = and_(*(serial.c[name] == linked.c[name] for name in ("item_id", "variant", "serial")))
    query = (
        select(
            linked.c.stock_line_id.label("id"),
            literal(0).label("quantity"),
            linked.c.variant,
            func.count().label("serials"),
        )
        .join(serial, of_serial)
        .where(linked.c.item_id == item_id, serial.c.site_id == site_id, ~known.exists())
        .group_by(linked.c.stock_line_id, linked.c.variant)
        .order_by(linked.c.stock_line_id, linked.c.variant)
    )
    return query if variant is None else query.where(linked.c.variant == variant)


def sync_state(transaction: Transaction, site: str, item_code: str, variant: str | None) -> SyncState:
    """Quantity and serials of an item at a site, lines awaiting put-away left out, and the verdict (CO-3)."""
    found = find_item(transaction, item_code)
    if not found.tracking.steers("serial"):
        raise Refusal.of(Code.INVALID, f"Item {item_code} is not tracked by specific serials.", item=item_code)
    place = find_site(transaction, site)
    linked = links()
    of_line = (
        select(func.count())
        .where(linked.c.item_id == stock_line.c.item_id, linked.c.stock_line_id == stock_line.c.id)
        .scalar_subquery()
    )
    query = (
        select(stock_line.c.id, stock_line.c.quantity, characteristic_set.c.variant, of_line.label("serials"))
        .select_from(LINES)
        .where(stock_line.c.item_id == found.id, characteristic_set.c.site_id == place.id, ~AWAITING_PUT_AWAY)
        .order_by(stock_line.c.id)
    )
    if variant is not None:
        query = query.where(characteristic_set.c.variant == variant)
    rows = [row for row in transaction.execute(query).all() if row.quantity != 0 or row.serials]
    rows += transaction.execute(_unknown_lines(found.id, place.id, variant)).all()
    different = select(linked.c.variant, func.count(linked.c.serial.distinct()).label("serials")).where(
        linked.c.item_id == found.id, linked.c.stock_line_id.in_([row.id for row in rows])
    )
    serials = {row.variant: row.serials for row in transaction.execute(different.group_by(linked.c.variant))}
    lines = [
        SyncLine(stock_line=row.id, quantity=to_quantity(row.quantity), serials=row.serials, serials_new=row.serials)
        for row in rows
    ]
    quantities: dict[str, int] = {}
    for row in rows:
        quantities[row.variant] = quantities.get(row.variant, 0) + row.quantity
    total, count = sum(quantities.values()), sum(serials.values())
    if any(quantities.get(name, 0) != serials.get(name, 0) * SCALE for name in {*quantities, *serials}):
        verdict = "total_mismatch"
    else:
        wrong = control(transaction, site, (item_code, item_code), ["serials"])
        mine = [one for one in wrong if variant is None or one.variant == variant]
        verdict = "line_mismatch" if any(one.finding != "unlinked" for one in mine) else "synchronized"
    return SyncState(
        site=site,
        item=item_code,
        quantity=to_quantity(total),
        serials=count,
        quantity_new=to_quantity(total),
        serials_new=count,
        verdict=verdict,  # type: ignore[arg-type]
        lines=lines,
    )
