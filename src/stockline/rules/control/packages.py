"""Control of packages (CO-1, invariant 14).

A package is where its stock lines are: nothing else is kept of it that could contradict them.
"""

from sqlalchemy import Text, func, literal, select

from stockline.rules.control.base import AWAITING_PUT_AWAY, LINES, finding
from stockline.rules.framework import Query
from stockline.schema.stock import characteristic_set, stock_line


@finding("packages", "posting", one=("package",))
def package_in_two_places() -> Query:
    """Package {package} stands in {found} places."""
    place = characteristic_set.c
    where = (place.package, place.item_id, place.site_id, place.location)
    there = (
        select(*where)
        .select_from(LINES)
        .where(place.package != "", stock_line.c.quantity != 0, ~AWAITING_PUT_AWAY)
        .distinct()
        .subquery("there")
    )
    places = select(there.c.package, there.c.site_id, there.c.location).distinct().subquery("places")
    split = (
        select(places.c.package, func.count().label("found"))
        .group_by(places.c.package)
        .having(func.count() > 1)
        .subquery("split")
    )
    lines = select(there.c.package, there.c.item_id, there.c.site_id).distinct().subquery("lines")
    return select(
        split, lines.c.item_id, lines.c.site_id, literal("", Text).label("variant"), literal(1).label("expected")
    ).join(lines, lines.c.package == split.c.package)
