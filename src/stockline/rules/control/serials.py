"""Control of serials: their links against stock lines, attributes and movements (CO-2)."""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    FromClause,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)

from stockline.rules.control.base import (
    AWAITING_PUT_AWAY,
    Within,
    finding,
    findings,
    of_every_item,
    of_line,
    of_serial_items,
    rarely,
)
from stockline.rules.framework import Query
from stockline.schema.stock import (
    LINK,
    LINKED,
    LOST,
    OF_LINE,
    PARTICULAR,
    characteristic_set,
    extra_link,
    serial,
    stock_line,
)
from stockline.values import SCALE

_SERIAL = ("item_id", "variant", "serial")
_KEY = tuple(serial.c[name] for name in _SERIAL)


# ---------------------------------------------------------------- lines


def _counts(table: Any, within: Within) -> FromClause:
    """How many links of a table lead to each line."""
    keys = (table.c.item_id, table.c.stock_line_id)
    counts = select(*keys, func.count().label("links")).where(table.c.stock_line_id.isnot(None), within(table))
    return counts.group_by(*keys).limit(_NEVER_REACHED).subquery(f"on_{table.name}")


_NEVER_REACHED = 2**62
"""With a limit PostgreSQL counts once. Without one each of its workers would count all links for itself."""


def with_links(within: Within) -> tuple[FromClause, Any]:
    """Stock lines beside the counts of their links, and how many links of a line that makes.

    Of all items at once all links are counted, which suits PostgreSQL. Of some, each line looks up its own: SQLite,
    where control goes by parts of the items, does that in half the time.
    """
    counted: FromClause = stock_line
    linked: Any = 0
    tables = [serial, extra_link]
    if within is not of_every_item:
        here = and_(serial.c.item_id == stock_line.c.item_id, serial.c.stock_line_id == stock_line.c.id)
        linked = select(func.count()).where(here).correlate(stock_line).scalar_subquery()
        tables.remove(serial)
    for count in (_counts(table, within) for table in tables):
        to_line = and_(count.c.item_id == stock_line.c.item_id, count.c.stock_line_id == stock_line.c.id)
        counted = counted.outerjoin(count, to_line)
        linked += func.coalesce(count.c.links, 0)
    return counted, linked


def _miscounted(within: Within) -> CTE:
    """Open lines with more or fewer links than their quantity."""
    counted, linked = with_links(within)
    return (
        select(*(stock_line.c[name] for name in ("item_id", "id", "set_id", "quantity")), linked.label("linked"))
        .select_from(counted)
        .where(
            stock_line.c.quantity > 0,
            within(stock_line),
            rarely(linked * SCALE != stock_line.c.quantity),
        )
        .cte("miscounted")
        .prefix_with("MATERIALIZED")
    )


@findings(
    "serials",
    "",
    narrows=True,
    missing_serials="Stock line {stock_line} has quantity {expected}, but {found} serials.",
    surplus_serials="Stock line {stock_line} has quantity {expected}, but {found} serials.",
)
def serials_on_line(within: Within = of_every_item) -> Query:
    """Lines with more or fewer links than their quantity."""
    line = _miscounted(within)
    facts = {
        "expected": line.c.quantity,
        "found": line.c.linked * SCALE,
        "missing_serials": case((line.c.linked * SCALE < line.c.quantity, 1), else_=0),
        "surplus_serials": case((line.c.linked * SCALE > line.c.quantity, 1), else_=0),
    }
    to_set = and_(characteristic_set.c.item_id == line.c.item_id, characteristic_set.c.id == line.c.set_id)
    named = (fact.label(name) for name, fact in facts.items())
    found = of_line(*named, line=line, source=line.join(characteristic_set, to_set))
    # Asked of all lines, it would keep PostgreSQL from going through counts and lines side by side.
    return found.where(of_serial_items(line), ~AWAITING_PUT_AWAY)


# ---------------------------------------------------------------- links


_ATTRIBUTES = ("variant", "lot", "sublot", "version")


def _differs(own: Any, attribute: str) -> Any:
    """The serial is of another variant than its line, or an own attribute of it is known and not the line's (ST-12)."""
    of_line = characteristic_set.c[attribute]
    # Most often they are equal: asked first, it saves the second question.
    differs = own[attribute] != of_line
    return differs if attribute == "variant" else and_(differs, own[attribute] != "")


def _of_mismatch() -> dict[str, Any]:
    """What the serial does not share with its line: the first such attribute, and its value there and here."""
    differs = [(name, _differs(serial.c, name)) for name in _ATTRIBUTES]
    return {
        "attribute": case(*((condition, literal(name, Text)) for name, condition in differs)),
        "expected": case(*((condition, characteristic_set.c[name]) for name, condition in differs)),
        "found": case(*((condition, serial.c[name]) for name, condition in differs)),
    }


_IS_OPEN = func.coalesce(stock_line.c.quantity, 0) != 0
_WRONG = {
    "closed_line": ~_IS_OPEN,
    "attribute_mismatch": and_(_IS_OPEN, or_(*(_differs(serial.c, name) for name in _ATTRIBUTES))),
    "issued": serial.c.last_direction < 0,
    "moved": and_(_IS_OPEN, serial.c.last_direction > 0, serial.c.last_set_id != stock_line.c.set_id),
}
"""What may be wrong with a link, as far as serial and line tell."""


def _link(line: Any) -> list[Any]:
    """What serial, line and its characteristics tell of a link to the line of this number."""
    flags = {**_WRONG, "docked": AWAITING_PUT_AWAY}
    place = characteristic_set.c
    return [
        *_KEY,
        func.coalesce(place.variant, serial.c.variant).label("line_variant"),
        func.coalesce(place.site_id, serial.c.site_id).label("site_id"),
        line.label("stock_line"),
        place.location,
        func.coalesce(place.lot, serial.c.lot).label("lot"),
        func.coalesce(place.package, "").label("package"),
        *(fact.label(name) for name, fact in _of_mismatch().items()),
        serial.c.last_set_id,
        serial.c.last_batch_id,
        *(case((flag, 1), else_=0).label(name) for name, flag in flags.items()),
    ]


def _beside(links: FromClause, item: Any, line: Any) -> FromClause:
    """Links beside the line they lead to, if there is one, and its characteristics."""
    to_line = and_(stock_line.c.item_id == item, stock_line.c.id == line)
    return links.outerjoin(stock_line, to_line).outerjoin(characteristic_set, OF_LINE)


def _of_serial(named: FromClause) -> Any:
    """The serial is the one that is named."""
    return and_(*(serial.c[name] == named.c[name] for name in _SERIAL))


def _doubtful(within: Within) -> FromClause:
    """Serials of which the own link may be wrong, as far as serial and line tell."""
    kinds = select(*LINK).where(LINKED, within(serial)).distinct().subquery("kinds")
    unfit = or_(
        ~_IS_OPEN,
        kinds.c.last_set_id != stock_line.c.set_id,
        *(_differs(kinds.c, name) for name in _ATTRIBUTES if name in kinds.c),
    )
    lines = _beside(kinds, kinds.c.item_id, kinds.c.stock_line_id)
    kind = select(*kinds.c).select_from(lines).where(rarely(unfit)).cte("kind").prefix_with("MATERIALIZED")
    alike = (serial.c[name] == kind.c[name] for name in ("item_id", "stock_line_id", "lot", "variant"))
    seen_alike = serial.c.last_set_id.is_not_distinct_from(kind.c.last_set_id)
    of_kind = select(*_KEY).select_from(kind.join(serial, and_(*alike, seen_alike)))
    lines = _beside(serial, serial.c.item_id, serial.c.stock_line_id)
    particular = select(*_KEY).select_from(lines).where(PARTICULAR, within(serial), rarely(or_(*_WRONG.values())))
    return union(of_kind, particular).subquery("doubtful")


def _several(within: Within) -> CTE:
    """Every link of the serials that have several; `further` are those that are not the serial's own."""
    named = select(*(extra_link.c[name] for name in _SERIAL)).where(within(extra_link)).distinct().subquery("named")

    def links(of: FromClause, line: Any, further: int) -> Query:
        lines = _beside(of.join(serial, _of_serial(of)), serial.c.item_id, line)
        return select(*_link(line), literal(further).label("further")).select_from(lines)

    own, extra = serial.c.stock_line_id, extra_link.c.stock_line_id
    every = union_all(
        links(named, own, 0).where(own.isnot(None)),
        links(extra_link, extra, 1).where(within(extra_link), extra.is_distinct_from(own)),
    )
    return every.cte("several").prefix_with("MATERIALIZED")


@findings(
    "serials",
    "",
    narrows=True,
    closed_line="Serial {serial} is linked to stock line {stock_line}, which is closed or not known.",
    attribute_mismatch="Serial {serial} is of {attribute} {found}, but its stock line {stock_line} is not.",
    issued="Serial {serial} is linked to stock line {stock_line}, but its last movement was outward.",
    misplaced="Serial {serial} is linked to stock line {stock_line}, but its last movement was into another.",
    duplicate_link="Serial {serial} is linked to {found} stock lines.",
    one={"duplicate_link": _SERIAL},
)
def serial_on_line(within: Within = of_every_item) -> Query:
    """Links that lead nowhere, or to a line that is not the serial's, or are not the only one."""
    # First all links are gone through, for what serial and line tell; only of what is left more is asked.
    doubtful = _doubtful(within)
    lines = _beside(doubtful.join(serial, _of_serial(doubtful)), serial.c.item_id, serial.c.stock_line_id)
    own = select(*_link(serial.c.stock_line_id)).select_from(lines)
    several = _several(within)
    further = select(*(several.c[column.name] for column in own.selected_columns)).where(several.c.further == 1)
    suspect = union_all(own, further).cte("suspect").prefix_with("MATERIALIZED")
    # Another system tells only where the goods went and under which numbers; our own movements know the whole set.
    seen = characteristic_set.alias("seen")
    home = select(true()).where(
        seen.c.item_id == suspect.c.item_id,
        seen.c.id == suspect.c.last_set_id,
        *(seen.c[name] == suspect.c[name] for name in ("site_id", "location", "lot", "package")),
    )
    docked = select(*(several.c[name] for name in _SERIAL)).where(several.c.docked == 1)
    misplaced = and_(suspect.c.moved == 1, or_(suspect.c.last_batch_id.isnot(None), ~home.exists()))
    wrong = {"misplaced": case((misplaced, 1), else_=0), "duplicate_link": literal(0)}
    wrong_links = select(*((wrong[name] if name in wrong else suspect.c[name]).label(name) for name in _TOLD)).where(
        suspect.c.docked == 0,
        tuple_(*(suspect.c[name] for name in _SERIAL)).not_in(docked),
        or_(*(suspect.c[name] == 1 for name in _AT_ONCE), misplaced),
    )
    found = union_all(wrong_links, _not_the_only_one(several)).subquery("found")
    return select(found).where(of_serial_items(found))


_AT_ONCE = ("closed_line", "attribute_mismatch", "issued")
"""What serial and line tell of a link by themselves."""
_TOLD = (
    *(*_SERIAL, "line_variant", "site_id", "stock_line", "lot", "package", "attribute", "expected", "found"),
    *(*_AT_ONCE, "misplaced", "duplicate_link"),
)


def _not_the_only_one(several: CTE) -> Query:
    """The links of serials that have several, none of which awaits put-away; how many, as a quantity."""
    of_serial = [several.c[name] for name in _SERIAL]
    links = select(
        *(several.c[name] for name in (*_SERIAL, "line_variant", "site_id")),
        func.count().over(partition_by=of_serial).label("links"),
        func.max(several.c.docked).over(partition_by=of_serial).label("docked"),
    ).subquery("links")
    no_text = literal("", Text)
    facts = {
        **{column.name: column for column in links.c},
        "stock_line": cast(null(), BigInteger),
        "lot": no_text,
        "package": no_text,
        "attribute": no_text,
        "expected": literal(str(SCALE), Text),
        "found": cast(links.c.links * SCALE, Text),
        "duplicate_link": literal(1),
    }
    told = (facts.get(name, literal(0)).label(name) for name in _TOLD)
    return select(*told).where(links.c.links > 1, links.c.docked == 0)


@finding("serials", "", narrows=True)
def unlinked(within: Within = of_every_item) -> Query:
    """Serial {serial} came in last, but is linked to no stock line."""
    other = select(extra_link.c.serial).where(_of_serial(extra_link))
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
            of_serial_items(serial),
            LOST,
            ~other.exists(),
            or_(characteristic_set.c.id.is_(None), ~AWAITING_PUT_AWAY),
        )
    )
