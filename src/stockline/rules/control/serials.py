"""Control of serials: their links against stock lines, attributes and movements (CO-2)."""

from typing import Any

from sqlalchemy import FromClause, Select, Text, and_, case, func, literal, or_, select, true, union, union_all

from stockline.rules.control.base import (
    AWAITING_PUT_AWAY,
    LINES,
    OF_LINE,
    Within,
    finding,
    findings,
    of_line,
    of_serial_items,
)
from stockline.rules.framework import Query
from stockline.schema.stock import LOST, characteristic_set, extra_link, serial, stock_line
from stockline.values import SCALE

_SERIAL = ("item_id", "variant", "serial")


# ---------------------------------------------------------------- lines


def _counts(table: Any, within: Within) -> Any:
    """How many links of a table lead to each line."""
    there = (table.c.stock_line_id.isnot(None), within(table))
    return (
        select(table.c.item_id, table.c.stock_line_id, func.count().label("linked"))
        .where(*there)
        .group_by(table.c.item_id, table.c.stock_line_id)
        .subquery(f"on_{table.name}")
    )


@findings(
    "serials",
    "",
    narrows=True,
    missing_serials="Stock line {stock_line} has quantity {expected}, but {found} serials.",
    surplus_serials="Stock line {stock_line} has quantity {expected}, but {found} serials.",
)
def serials_on_line(within: Within = of_serial_items) -> Query:
    """Lines with more or fewer links than their quantity."""
    own, extra = _counts(serial, within), _counts(extra_link, within)
    linked = func.coalesce(own.c.linked, 0) + func.coalesce(extra.c.linked, 0)
    counted: FromClause = stock_line
    for count in (own, extra):
        to_line = and_(count.c.item_id == stock_line.c.item_id, count.c.stock_line_id == stock_line.c.id)
        counted = counted.outerjoin(count, to_line)
    quantity = stock_line.c.quantity
    facts = {
        "expected": quantity // SCALE,
        "found": linked,
        "missing_serials": case((linked * SCALE < quantity, 1), else_=0),
        "surplus_serials": case((linked * SCALE > quantity, 1), else_=0),
    }
    # The characteristics come last: they are wanted of few lines.
    named = (fact.label(name) for name, fact in facts.items())
    return of_line(*named, source=counted.join(characteristic_set, OF_LINE)).where(
        quantity > 0, linked * SCALE != quantity, within(stock_line), ~AWAITING_PUT_AWAY
    )


# ---------------------------------------------------------------- links


def mismatch() -> Any:
    """The serial is of another variant, or an own attribute of it is known and is not that of the line (ST-12)."""
    return or_(
        serial.c.variant != characteristic_set.c.variant,
        *(
            and_(serial.c[name] != "", serial.c[name] != characteristic_set.c[name])
            for name in ("lot", "sublot", "version")
        ),
    )


def _suspects(source: FromClause, line: Any, within: Within) -> Select[Any]:
    """Links that may be wrong, as far as the serial and its line tell; `line` is the number it leads to."""
    to_line = and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == line)
    is_open = func.coalesce(stock_line.c.quantity, 0) != 0
    wrong = {
        "closed_line": ~is_open,
        "attribute_mismatch": and_(is_open, mismatch()),
        "issued": serial.c.last_direction < 0,
        "moved": and_(is_open, serial.c.last_direction > 0, serial.c.last_set_id != stock_line.c.set_id),
    }
    place = characteristic_set.c
    return (
        select(
            *(serial.c[name] for name in _SERIAL),
            func.coalesce(place.variant, serial.c.variant).label("line_variant"),
            func.coalesce(place.site_id, serial.c.site_id).label("site_id"),
            line.label("stock_line"),
            func.coalesce(place.lot, serial.c.lot).label("lot"),
            func.coalesce(place.package, "").label("package"),
            case((wrong["attribute_mismatch"], serial.c.lot)).label("found"),
            case((wrong["attribute_mismatch"], place.lot)).label("expected"),
            stock_line.c.set_id,
            serial.c.last_set_id,
            serial.c.last_batch_id,
            *(case((flag, 1), else_=0).label(name) for name, flag in wrong.items()),
        )
        .select_from(source.outerjoin(LINES, to_line))
        .where(line.isnot(None), within(serial), or_(*wrong.values()))
    )


def _of_extra() -> FromClause:
    return extra_link.join(serial, and_(*(serial.c[name] == extra_link.c[name] for name in _SERIAL)))


def _looked_at(row: Any) -> Any:
    """No link of the serial leads to a line awaiting put-away (ST-9)."""
    docked = []
    for table in (serial, extra_link):
        link = table.alias(f"{table.name}_docked")
        leads = and_(link.c.item_id == stock_line.c.item_id, link.c.stock_line_id == stock_line.c.id)
        same = [link.c[name] == row.c[name] for name in _SERIAL]
        # From the serial to its line: the other way round all lines would be gone through.
        there = link.join(stock_line, leads).join(characteristic_set, OF_LINE)
        docked.append(select(true()).select_from(there).where(AWAITING_PUT_AWAY, *same).exists())
    return and_(*(~one for one in docked))


@findings(
    "serials",
    "",
    narrows=True,
    closed_line="Serial {serial} is linked to stock line {stock_line}, which is closed or not known.",
    attribute_mismatch="Serial {serial} is of lot {found}, but stands on stock line {stock_line} of lot {expected}.",
    issued="Serial {serial} is linked to stock line {stock_line}, but its last movement was outward.",
    misplaced="Serial {serial} is linked to stock line {stock_line}, but its last movement was into another.",
)
def serial_on_line(within: Within = of_serial_items) -> Query:
    """Links that lead nowhere, or to a line that is not the serial's."""
    own = _suspects(serial, serial.c.stock_line_id, within)
    extra = _suspects(_of_extra(), extra_link.c.stock_line_id, within)
    # First all links are gone through, for what serial and line tell; only of what is left more is asked.
    suspect = union_all(own, extra).cte("suspect").prefix_with("MATERIALIZED")
    seen, there = characteristic_set.alias("seen"), characteristic_set.alias("there")
    # Another system tells only where the goods went and under which numbers; our own movements know the whole set.
    home = and_(*(seen.c[name] == there.c[name] for name in ("site_id", "location", "lot", "package")))
    misplaced = and_(suspect.c.moved == 1, or_(suspect.c.last_batch_id.isnot(None), ~home))
    at_once = ("closed_line", "attribute_mismatch", "issued")
    told = ("line_variant", "site_id", "stock_line", "lot", "package", "found", "expected", *at_once)
    return (
        select(*(suspect.c[name] for name in (*_SERIAL, *told)), case((misplaced, 1), else_=0).label("misplaced"))
        .select_from(
            suspect.outerjoin(
                seen, and_(seen.c.item_id == suspect.c.item_id, seen.c.id == suspect.c.last_set_id)
            ).outerjoin(there, and_(there.c.item_id == suspect.c.item_id, there.c.id == suspect.c.set_id))
        )
        .where(or_(*(suspect.c[name] == 1 for name in at_once), misplaced), _looked_at(suspect))
    )


@finding("serials", "", narrows=True, one=_SERIAL)
def duplicate_link(within: Within = of_serial_items) -> Query:
    """Serial {serial} is linked to {found} stock lines."""
    own = (
        select(*(serial.c[name] for name in (*_SERIAL, "stock_line_id", "site_id")))
        .join(extra_link, and_(*(serial.c[name] == extra_link.c[name] for name in _SERIAL)))
        .where(serial.c.stock_line_id.isnot(None))
    )
    beside = select(*(extra_link.c[name] for name in (*_SERIAL, "stock_line_id")), serial.c.site_id).select_from(
        _of_extra()
    )
    every = union(own, beside).subquery("every")
    keys = [every.c[name] for name in _SERIAL]
    to_line = and_(stock_line.c.item_id == every.c.item_id, stock_line.c.id == every.c.stock_line_id)
    to_set = and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id)
    site = func.coalesce(characteristic_set.c.site_id, every.c.site_id)
    counted = (
        select(*keys, func.count().label("found"))
        .where(within(every), _looked_at(every))
        .group_by(*keys)
        .having(func.count() > 1)
        .subquery("counted")
    )
    places = (
        select(*keys, site.label("site_id"))
        .select_from(every.outerjoin(stock_line, to_line).outerjoin(characteristic_set, to_set))
        .distinct()
        .subquery("places")
    )
    same = [places.c[name] == counted.c[name] for name in _SERIAL]
    return select(counted, places.c.site_id, literal(1).label("expected")).join(places, and_(*same))


@finding("serials", "", narrows=True)
def unlinked(within: Within = of_serial_items) -> Query:
    """Serial {serial} came in last, but is linked to no stock line."""
    other = select(extra_link.c.serial).where(
        *(extra_link.c[name] == serial.c[name] for name in ("item_id", "variant", "serial"))
    )
    seen = and_(characteristic_set.c.item_id == serial.c.item_id, characteristic_set.c.id == serial.c.last_set_id)
    return (
        select(
            serial.c.item_id,
            serial.c.variant,
            func.coalesce(characteristic_set.c.site_id, serial.c.site_id).label("site_id"),
            serial.c.serial,
            serial.c.lot,
            literal("", Text).label("package"),
        )
        .select_from(serial.outerjoin(characteristic_set, seen))
        .where(
            within(serial),
            LOST,
            ~other.exists(),
            or_(characteristic_set.c.id.is_(None), ~AWAITING_PUT_AWAY),
        )
    )
