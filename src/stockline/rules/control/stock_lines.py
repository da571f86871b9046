"""Control of stock lines: what no stock line can be (CO-1, invariants 1, 2, 4, 12, 13)."""

from sqlalchemy import and_, func, or_, select

from stockline.rules.control.base import finding, of_line, of_serial_items, specific
from stockline.rules.framework import Query
from stockline.schema.catalog import item, location
from stockline.schema.stock import characteristic_set, stock_line
from stockline.values import SCALE


@finding("stock_lines", "machine")
def twin_lines() -> Query:
    """Stock line {stock_line} is equal to a line with a lower number in all characteristics."""
    return of_line(stock_line.c.quantity.label("found")).where(stock_line.c.twin, stock_line.c.quantity != 0)


@finding("stock_lines", "posting")
def negative_quantity() -> Query:
    """Stock line {stock_line} has the quantity {found}, which no posting can leave behind."""
    shortage = and_(
        ~of_serial_items(stock_line),
        stock_line.c.item_id.not_in(select(item.c.id).where(or_(specific("lot"), specific("package")))),
        characteristic_set.c.location == "",
    )
    return of_line(stock_line.c.quantity.label("found")).where(stock_line.c.quantity < 0, ~shortage)


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
