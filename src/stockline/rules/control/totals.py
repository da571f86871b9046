"""Control of the totals that are kept (CO-1, invariant 15).

Of an item at a site the total is kept; that of a lot is always the sum of its lines, and cannot differ from it.
"""

from sqlalchemy import and_, func, literal, select, union_all

from stockline.rules.control.base import LINES, finding
from stockline.rules.framework import Query
from stockline.schema.stock import characteristic_set, item_site, stock_line


@finding("totals", "machine")
def total_differs() -> Query:
    """The total of the site says {expected}, its stock lines hold {found}."""
    key = ("item_id", "variant", "site_id")
    parts = union_all(
        select(*(item_site.c[name] for name in key), item_site.c.quantity.label("kept"), literal(0).label("held")),
        select(*(characteristic_set.c[name] for name in key), literal(0), stock_line.c.quantity).select_from(LINES),
    ).subquery("parts")
    kept, held = func.sum(parts.c.kept), func.sum(parts.c.held)
    keys = [parts.c[name] for name in key]
    return select(*keys, kept.label("expected"), held.label("found")).group_by(*keys).having(and_(kept != held))
