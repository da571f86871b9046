"""Control of packages (CO-1, invariant 14).

A package is where its stock lines are: nothing else is kept of it that could contradict them.
"""

from sqlalchemy import Text, func, literal, select

from stockline.rules.control.base import AWAITING_PUT_AWAY, LINES, finding
from stockline.rules.framework import Query
from stockline.schema.stock import characteristic_set, stock_line


@finding("packages", "posting")
def package_in_two_places() -> Query:
    """Package {package} stands in {found} places."""
    place = characteristic_set.c
    there = (
        select(
            place.package,
            place.site_id,
            place.location,
            func.min(place.item_id).label("item_id"),
        )
        .select_from(LINES)
        .where(place.package != "", stock_line.c.quantity != 0, ~AWAITING_PUT_AWAY)
        .group_by(place.package, place.site_id, place.location)
        .subquery("there")
    )
    split = (
        select(there.c.package, func.min(there.c.item_id).label("item_id"), func.count().label("found"))
        .group_by(there.c.package)
        .having(func.count() > 1)
        .subquery("split")
    )
    sites = select(there.c.package, there.c.site_id).distinct().subquery("sites")
    nth = func.row_number().over(partition_by=split.c.package, order_by=sites.c.site_id)
    return select(
        split,
        literal("", Text).label("variant"),
        sites.c.site_id,
        literal(1).label("expected"),
        nth.label("nth_site"),
    ).join(sites, sites.c.package == split.c.package)
