"""Control of the ledger against stock lines and against itself (CO-1, CO-4, invariants 3 and 17)."""

from typing import Any

from sqlalchemy import FromClause, and_, case, func, literal, or_, select, union_all

from stockline.rules.control.base import LINES, finding, specific
from stockline.rules.framework import Query
from stockline.schema.catalog import item
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.stock import characteristic_set, stock_line

_KEY = ("item_id", "variant", "site_id", "lot", "package")


def _keyed(source: FromClause, table: Any, quantities: dict[str, Any], item_id: Any) -> Query:
    """Sums per key of invariant 3: lot and package count where they are specific.

    Added up by all numbers first: the item's tracking code is read once for each of these sums, not for each row.
    """
    columns = [table.c[name] for name in _KEY]
    added = select(*columns, *(func.sum(value).label(name) for name, value in quantities.items())).select_from(source)
    if item_id is not None:
        added = added.where(table.c.item_id == item_id)
    sums = added.group_by(*columns).subquery()
    keys = [
        case((specific(name), sums.c[name]), else_="") if name in ("lot", "package") else sums.c[name] for name in _KEY
    ]
    named = [key.label(name) for key, name in zip(keys, _KEY, strict=True)]
    return select(*named, *(sums.c[name] for name in quantities)).join(item, item.c.id == sums.c.item_id)


def differing_keys(item_id: Any = None) -> Query:
    """The keys of which stock lines hold another quantity than the ledger says; of one item, or of all."""
    zero = literal(0)
    lines = {"held": stock_line.c.quantity, "posted": zero, "remaining": zero}
    entries = {"held": zero, "posted": ledger_entry.c.quantity, "remaining": zero}
    opened = {"held": zero, "posted": zero, "remaining": open_entry.c.remaining}
    parts = union_all(
        _keyed(LINES, characteristic_set, lines, item_id),
        _keyed(ledger_entry, ledger_entry, entries, item_id),
        _keyed(open_entry, open_entry, opened, item_id),
    ).subquery("parts")
    held, posted, remaining = (func.sum(parts.c[name]) for name in ("held", "posted", "remaining"))
    return (
        select(*(parts.c[name] for name in _KEY), posted.label("expected"), held.label("found"))
        .group_by(*(parts.c[name] for name in _KEY))
        .having(or_(held != posted, posted != remaining))
    )


@finding("ledger", "posting")
def quantity_not_ledger() -> Query:
    """{lot} {package}: stock lines hold {found}, the ledger says {expected}."""
    return differing_keys()


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
