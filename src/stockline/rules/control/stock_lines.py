"""Control of stock lines: what no stock line can be (CO-1, invariants 1, 2, 4, 12, 13)."""

from sqlalchemy import and_, func, literal_column, select, union

from stockline.rules.control.base import SPECIFIC_ITEMS, finding, of_line, of_serial_items
from stockline.rules.framework import Query
from stockline.schema.catalog import location
from stockline.schema.stock import OF_LINE, OPEN_LINE, TWIN_LINE, characteristic_set, stock_line
from stockline.values import SCALE

SHORTAGE = and_(
    stock_line.c.quantity < literal_column("0"),
    characteristic_set.c.location == "",
    stock_line.c.item_id.not_in(SPECIFIC_ITEMS),
)
"""The stock line is below 0 as postings may leave it: no specific numbers, no location (PO-24). It counts as open."""


@finding("stock_lines", "machine")
def twin_lines() -> Query:
    """Stock line {stock_line} is equal to a line with a lower number in all characteristics."""
    number = [stock_line.c[name] for name in ("item_id", "set_id", "id")]
    marked = select(*number).where(TWIN_LINE, stock_line.c.quantity != 0)
    # One at most of equal lines stands in the unique key; from the others, which are few, it is found.
    twin = marked.subquery("twin")
    beside = and_(stock_line.c.item_id == twin.c.item_id, stock_line.c.set_id == twin.c.set_id)
    standing = select(*number).select_from(twin.join(stock_line, beside)).where(OPEN_LINE)
    equal = union(marked, standing).subquery("equal")
    lowest = func.min(equal.c.id).over(partition_by=[equal.c.item_id, equal.c.set_id]).label("lowest")
    ranked = select(equal.c.item_id, equal.c.id, lowest).subquery("ranked")
    is_later = and_(
        ranked.c.item_id == stock_line.c.item_id, ranked.c.id == stock_line.c.id, ranked.c.id > ranked.c.lowest
    )
    found = stock_line.c.quantity.label("found")
    return of_line(found, source=ranked.join(stock_line, is_later).join(characteristic_set, OF_LINE))


@finding("stock_lines", "posting")
def negative_quantity() -> Query:
    """Stock line {stock_line} has the quantity {found}, which no posting can leave behind."""
    return of_line(stock_line.c.quantity.label("found")).where(stock_line.c.quantity < 0, ~SHORTAGE)


@finding("stock_lines", "posting")
def fractional_quantity() -> Query:
    """Stock line {stock_line} has the quantity {found}, but serials are whole units."""
    return of_line(stock_line.c.quantity.label("found")).where(
        of_serial_items(stock_line), stock_line.c.quantity % SCALE != 0
    )


@finding("stock_lines", "person")
def unknown_status() -> Query:
    """Stock line {stock_line} has the status {found}: A, Q or R with up to two characters are known."""
    status = characteristic_set.c.status
    known = and_(func.substr(status, 1, 1).in_(("A", "Q", "R")), func.length(status) <= 3)
    return of_line(status.label("found")).where(stock_line.c.quantity != 0, ~known)


@finding("stock_lines", "person")
def unknown_location() -> Query:
    """Stock line {stock_line} lies at {found}, which is no location of its site."""
    place = characteristic_set.c
    known = select(location.c.code).where(location.c.site_id == place.site_id, location.c.code == place.location)
    return of_line(place.location.label("found")).where(
        stock_line.c.quantity != 0, place.location != "", ~known.exists()
    )
