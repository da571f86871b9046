"""What must agree in stock, each as one SELECT of what does not (spec part 60, invariants and CO-1, CO-2).

Every query answers item_id, variant, site_id and what it knows of: stock_line, serial, lot, package, expected, found.
The sentence is the first line of the docstring, formatted with these. A finding about several sites has a row for each,
counted by `nth_site`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import FromClause, Subquery, Text, and_, case, func, literal, or_, select, tuple_, union_all

from stockline.rules.framework import Query
from stockline.schema.catalog import item, location
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.stock import characteristic_set, extra_link, serial, stock_line
from stockline.values import SCALE


@dataclass(frozen=True)
class ControlRule:
    """One finding of one control, who can repair it, and the query that finds it."""

    control: str
    finding: str
    repair: str
    sentence: str
    build: Callable[[], Query]

    @cached_property
    def query(self) -> Query:
        """The SELECT, built once."""
        return self.build()


RULES: list[ControlRule] = []


def finding(control: str, repair: str) -> Callable[[Callable[[], Query]], ControlRule]:
    """Make a finding of a function that returns a SELECT; the finding is named like the function."""

    def make(build: Callable[[], Query]) -> ControlRule:
        sentence = (build.__doc__ or "").strip().splitlines()[0]
        made = ControlRule(control, build.__name__, repair, sentence, build)
        RULES.append(made)
        return made

    return make


def _specific(kind: str) -> Any:
    return item.c.tracking[kind].as_string() == "specific"


SERIAL_ITEMS = select(item.c.id).where(_specific("serial"))

LINES: FromClause = stock_line.join(
    characteristic_set,
    and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id),
)
AWAITING_PUT_AWAY = (
    select(location.c.code)
    .where(
        location.c.site_id == characteristic_set.c.site_id,
        location.c.code == characteristic_set.c.location,
        location.c.category == "put_away",
    )
    .exists()
)
"""The stock line lies where things wait to be put away: nothing of it is looked at (ST-9)."""


def _of_line(*facts: Any) -> Query:
    place = characteristic_set.c
    return select(
        stock_line.c.item_id,
        place.variant,
        place.site_id,
        stock_line.c.id.label("stock_line"),
        place.lot,
        place.package,
        *facts,
    ).select_from(LINES)


# ---------------------------------------------------------------- stock_lines


@finding("stock_lines", "machine")
def twin_lines() -> Query:
    """Stock line {stock_line} is equal to a line with a lower number in all characteristics."""
    return _of_line(stock_line.c.quantity.label("found")).where(stock_line.c.twin, stock_line.c.quantity != 0)


@finding("stock_lines", "posting")
def negative_quantity() -> Query:
    """Stock line {stock_line} has the quantity {found}, which no posting can leave behind."""
    shortage = and_(
        stock_line.c.item_id.not_in(SERIAL_ITEMS),
        stock_line.c.item_id.not_in(select(item.c.id).where(or_(_specific("lot"), _specific("package")))),
        characteristic_set.c.location == "",
    )
    return _of_line(stock_line.c.quantity.label("found")).where(stock_line.c.quantity < 0, ~shortage)


@finding("stock_lines", "posting")
def fractional_quantity() -> Query:
    """Stock line {stock_line} has the quantity {found}, but serials are whole units."""
    return _of_line(stock_line.c.quantity.label("found")).where(
        stock_line.c.item_id.in_(SERIAL_ITEMS), stock_line.c.quantity % SCALE != 0
    )


@finding("stock_lines", "person")
def unknown_status() -> Query:
    """Stock line {stock_line} has the status {found}: A, Q or R with up to two characters are known."""
    status = characteristic_set.c.status
    known = and_(func.substr(status, 1, 1).in_(("A", "Q", "R")), func.length(status) <= 3)
    return _of_line(status.label("found")).where(stock_line.c.quantity != 0, ~known)


@finding("stock_lines", "person")
def unknown_location() -> Query:
    """Stock line {stock_line} lies at {found}, which is no location of its site."""
    place = characteristic_set.c
    known = select(location.c.code).where(location.c.site_id == place.site_id, location.c.code == place.location)
    return _of_line(place.location.label("found")).where(
        stock_line.c.quantity != 0, place.location != "", ~known.exists()
    )


# ---------------------------------------------------------------- ledger

_KEY = ("item_id", "variant", "site_id", "lot", "package")


def _keyed(rows: FromClause, quantities: dict[str, Any], joined: FromClause | None = None) -> Query:
    """Sums per key of invariant 3: lot and package count where they are specific."""
    source = (joined if joined is not None else rows).join(item, item.c.id == rows.c.item_id)
    keys = [
        case((_specific(name), rows.c[name]), else_="").label(name) if name in ("lot", "package") else rows.c[name]
        for name in _KEY
    ]
    keyed = select(*keys, *(value.label(name) for name, value in quantities.items())).select_from(source).subquery()
    sums = [func.sum(keyed.c[name]).label(name) for name in quantities]
    return select(*(keyed.c[name] for name in _KEY), *sums).group_by(*(keyed.c[name] for name in _KEY))


@finding("ledger", "posting")
def quantity_not_ledger() -> Query:
    """{lot} {package}: stock lines hold {found}, the ledger says {expected}."""
    zero = literal(0)
    parts = union_all(
        _keyed(characteristic_set, {"held": stock_line.c.quantity, "posted": zero, "remaining": zero}, LINES),
        _keyed(ledger_entry, {"held": zero, "posted": ledger_entry.c.quantity, "remaining": zero}),
        _keyed(open_entry, {"held": zero, "posted": zero, "remaining": open_entry.c.remaining}),
    ).subquery("parts")
    held, posted, remaining = (func.sum(parts.c[name]) for name in ("held", "posted", "remaining"))
    return (
        select(*(parts.c[name] for name in _KEY), posted.label("expected"), held.label("found"))
        .group_by(*(parts.c[name] for name in _KEY))
        .having(or_(held != posted, posted != remaining))
    )


@finding("ledger", "posting")
def application_differs() -> Query:
    """Ledger entry {entry}: {found} are applied, by what remains of it it should be {expected}."""
    zero = literal(0)
    entry, opened = ledger_entry.c, open_entry.c
    # Added up rather than joined: open entries are not to be found by their number.
    parts = union_all(
        *(
            select(application.c.item_id, side.label("id"), application.c.quantity.label("applied"), zero.label("used"))
            for side in (application.c.outbound_id, application.c.inbound_id)
        ),
        select(entry.item_id, entry.id, zero, func.abs(entry.quantity)),
        select(opened.item_id, opened.entry_id, zero, -func.abs(opened.remaining)),
    ).subquery("parts")
    applied, used = func.sum(parts.c.applied), func.sum(parts.c.used)
    differing = (
        select(parts.c.item_id, parts.c.id, used.label("expected"), applied.label("found"))
        .group_by(parts.c.item_id, parts.c.id)
        .having(applied != used)
        .subquery("differing")
    )
    named = (entry[name] for name in ("item_id", "variant", "site_id", "serial", "lot", "package"))
    return select(*named, entry.id.label("entry"), differing.c.expected, differing.c.found).select_from(
        differing.join(ledger_entry, and_(entry.item_id == differing.c.item_id, entry.id == differing.c.id))
    )


# ---------------------------------------------------------------- serials


def links() -> Subquery:
    """Every link of a serial of the items in scope (ST-13): its own, and those loaded beside it."""
    own = select(serial.c.item_id, serial.c.variant, serial.c.serial, serial.c.stock_line_id).where(
        serial.c.stock_line_id.isnot(None), serial.c.item_id.in_(SERIAL_ITEMS)
    )
    extra = select(*(extra_link.c[name] for name in ("item_id", "variant", "serial", "stock_line_id"))).where(
        extra_link.c.item_id.in_(SERIAL_ITEMS)
    )
    return union_all(own, extra).subquery("links")


def _counted() -> Query:
    """Lines in scope with the number of their links."""
    linked = links()
    per_line = (
        select(linked.c.item_id, linked.c.stock_line_id, func.count().label("linked"))
        .group_by(linked.c.item_id, linked.c.stock_line_id)
        .subquery("per_line")
    )
    count = func.coalesce(per_line.c.linked, 0)
    joined = LINES.outerjoin(
        per_line,
        and_(per_line.c.item_id == stock_line.c.item_id, per_line.c.stock_line_id == stock_line.c.id),
    )
    return (
        _of_line(
            (stock_line.c.quantity // SCALE).label("expected"),
            count.label("found"),
            stock_line.c.quantity,
            (count * SCALE).label("linked"),
        )
        .select_from(joined)
        .where(stock_line.c.quantity > 0, stock_line.c.item_id.in_(SERIAL_ITEMS), ~AWAITING_PUT_AWAY)
    )


def _lines_where(compare: Callable[[Any, Any], Any]) -> Query:
    counted = _counted().subquery("counted")
    shown = [column for column in counted.c if column.name not in ("quantity", "linked")]
    return select(*shown).where(compare(counted.c.linked, counted.c.quantity))


@finding("serials", "person")
def missing_serials() -> Query:
    """Stock line {stock_line} has quantity {expected}, but {found} serials."""
    return _lines_where(lambda linked, quantity: linked < quantity)


@finding("serials", "person")
def surplus_serials() -> Query:
    """Stock line {stock_line} has quantity {expected}, but {found} serials."""
    return _lines_where(lambda linked, quantity: linked > quantity)


def _parked() -> Any:
    """Serials with a link to a line awaiting put-away: nothing is said of them (ST-9)."""
    dock = LINES.join(
        location,
        and_(
            location.c.site_id == characteristic_set.c.site_id,
            location.c.code == characteristic_set.c.location,
            location.c.category == "put_away",
        ),
    )

    def linked_to_dock(table: FromClause) -> Query:
        leads = and_(table.c.item_id == stock_line.c.item_id, table.c.stock_line_id == stock_line.c.id)
        return select(*(table.c[name] for name in _SERIAL)).select_from(dock.join(table, leads))

    return union_all(linked_to_dock(serial), linked_to_dock(extra_link))


_SERIAL = ("item_id", "variant", "serial")


def _linked(*facts: Any) -> Query:
    """Links of serials with the line they lead to; serials linked to a line awaiting put-away are left out."""
    linked = links()
    of_link = and_(*(serial.c[name] == linked.c[name] for name in _SERIAL))
    to_line = and_(stock_line.c.item_id == linked.c.item_id, stock_line.c.id == linked.c.stock_line_id)
    to_set = and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id)
    return (
        select(
            linked.c.item_id,
            linked.c.variant,
            func.coalesce(characteristic_set.c.site_id, serial.c.site_id).label("site_id"),
            linked.c.stock_line_id.label("stock_line"),
            linked.c.serial,
            func.coalesce(characteristic_set.c.lot, serial.c.lot).label("lot"),
            func.coalesce(characteristic_set.c.package, "").label("package"),
            *facts,
        )
        .select_from(linked.join(serial, of_link).outerjoin(stock_line, to_line).outerjoin(characteristic_set, to_set))
        .where(tuple_(*(linked.c[name] for name in _SERIAL)).not_in(_parked()))
    )


_IS_OPEN = func.coalesce(stock_line.c.quantity, 0) != 0


@finding("serials", "person")
def closed_line() -> Query:
    """Serial {serial} is linked to stock line {stock_line}, which is closed or not known."""
    return _linked().where(~_IS_OPEN)


@finding("serials", "person")
def duplicate_link() -> Query:
    """Serial {serial} is linked to {found} stock lines."""
    every = _linked().subquery("every")
    keys = [every.c[name] for name in _SERIAL]
    counted = select(*keys, func.count().label("found")).group_by(*keys).having(func.count() > 1).subquery("counted")
    places = select(*keys, every.c.site_id).distinct().subquery("places")
    same = [places.c[name] == counted.c[name] for name in _SERIAL]
    nth = func.row_number().over(partition_by=[counted.c[name] for name in _SERIAL], order_by=places.c.site_id)
    return select(counted, places.c.site_id, literal(1).label("expected"), nth.label("nth_site")).join(
        places, and_(*same)
    )


def mismatch() -> Any:
    """The serial is of another variant, or an own attribute of it is known and is not that of the line (ST-12)."""
    return or_(
        serial.c.variant != characteristic_set.c.variant,
        *(
            and_(serial.c[name] != "", serial.c[name] != characteristic_set.c[name])
            for name in ("lot", "sublot", "version")
        ),
    )


@finding("serials", "person")
def attribute_mismatch() -> Query:
    """Serial {serial} is of lot {found}, but stands on stock line {stock_line} of lot {expected}."""
    return _linked(serial.c.lot.label("found"), characteristic_set.c.lot.label("expected")).where(_IS_OPEN, mismatch())


@finding("serials", "person")
def issued() -> Query:
    """Serial {serial} is linked to stock line {stock_line}, but its last movement was outward."""
    return _linked().where(serial.c.last_direction < 0)


@finding("serials", "person")
def misplaced() -> Query:
    """Serial {serial} is linked to stock line {stock_line}, but its last movement was into another."""
    seen = characteristic_set.alias("seen")
    home = select(seen.c.id).where(seen.c.item_id == serial.c.item_id, seen.c.id == serial.c.last_set_id)
    # Another system tells only where the goods went and under which numbers; our own movements know the whole set.
    told = [seen.c[name] == characteristic_set.c[name] for name in ("site_id", "location", "lot", "package")]
    elsewhere = case(
        (serial.c.last_batch_id.isnot(None), serial.c.last_set_id != stock_line.c.set_id),
        else_=~home.where(*told).correlate(serial, characteristic_set).exists(),
    )
    return _linked().where(_IS_OPEN, serial.c.last_direction > 0, serial.c.last_set_id.isnot(None), elsewhere)


@finding("serials", "person")
def unlinked() -> Query:
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
            serial.c.item_id.in_(SERIAL_ITEMS),
            serial.c.stock_line_id.is_(None),
            serial.c.last_direction > 0,
            ~other.exists(),
            ~AWAITING_PUT_AWAY,
        )
    )


CONTROLS = tuple(dict.fromkeys(rule.control for rule in RULES))
"""The controls there are."""
