"""Control of the ledger against stock lines and against itself (CO-1, CO-4, invariants 3 and 17)."""

from typing import Any

from sqlalchemy import FromClause, and_, case, func, literal, or_, select, union_all

from stockline.rules.control.base import LINES, finding, specific
from stockline.rules.framework import Query
from stockline.schema.catalog import item
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.stock import characteristic_set, stock_line

_KEY = ("item_id", "variant", "site_id", "lot", "package")


def _keyed(rows: FromClause, quantities: dict[str, Any], joined: FromClause | None = None) -> Query:
    """Sums per key of invariant 3: lot and package count where they are specific."""
    source = (joined if joined is not None else rows).join(item, item.c.id == rows.c.item_id)
    keys = [
        case((specific(name), rows.c[name]), else_="").label(name) if name in ("lot", "package") else rows.c[name]
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
