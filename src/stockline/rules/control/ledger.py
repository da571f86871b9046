"""Control of the ledger against stock lines and against itself (CO-1, CO-4, invariants 3 and 17)."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, Text, and_, bindparam, case, func, literal, or_, select, union_all

from stockline.rules.control.base import LINES, finding, rarely, specific
from stockline.rules.framework import Query
from stockline.schema.catalog import item
from stockline.schema.ledger import application, ledger_entry, open_entry
from stockline.schema.stock import characteristic_set, stock_line
from stockline.tracking_code import NumberKind

_PLACE = ("item_id", "variant", "site_id")
_NUMBERS: tuple[NumberKind, ...] = ("lot", "package")
"""Of the key of invariant 3, what always counts, and the numbers that count where they are specific."""

Sums = Mapping[str, Any]


def _added(source: FromClause, keys: Sequence[Any], sums: Sums) -> Query:
    added = (func.sum(value).label(name) for name, value in sums.items())
    return select(*keys, *added).select_from(source).group_by(*keys)


def _of_every_item(source: FromClause, table: Any, sums: Sums) -> Query:
    """Sums per key.

    Added up by all numbers first: the item's tracking code is read once for each of these sums, not for each row.
    """
    by_all = _added(source, [table.c[name] for name in (*_PLACE, *_NUMBERS)], sums).subquery()
    counting = (case((specific(name), by_all.c[name]), else_="").label(name) for name in _NUMBERS)
    return select(*(by_all.c[name] for name in _PLACE), *counting, *(by_all.c[name] for name in sums)).join(
        item, item.c.id == by_all.c.item_id
    )


def _differing(keyed: Callable[[FromClause, Any, Sums], Query]) -> Query:
    """The keys of which stock lines hold another quantity than the ledger says."""
    zero = literal(0)
    lines = {"held": stock_line.c.quantity, "posted": zero, "remaining": zero}
    entries = {"held": zero, "posted": ledger_entry.c.quantity, "remaining": zero}
    opened = {"held": zero, "posted": zero, "remaining": open_entry.c.remaining}
    parts = union_all(
        keyed(LINES, characteristic_set, lines),
        keyed(ledger_entry, ledger_entry, entries),
        keyed(open_entry, open_entry, opened),
    ).subquery("parts")
    held, posted, remaining = (func.sum(parts.c[name]) for name in ("held", "posted", "remaining"))
    key = [parts.c[name] for name in (*_PLACE, *_NUMBERS)]
    return (
        select(*key, posted.label("expected"), held.label("found"))
        .group_by(*key)
        .having(or_(held != posted, posted != remaining))
    )


@cache
def doubted_keys(steered: frozenset[NumberKind]) -> Query:
    """The keys of an `item` in doubt, by these specific numbers: what `quantity_not_ledger` finds of it."""

    def keyed(source: FromClause, table: Any, sums: Sums) -> Query:
        by_key = [table.c[name] for name in (*_PLACE, *(name for name in _NUMBERS if name in steered))]
        of_item = table.c.item_id == bindparam("item", type_=BigInteger)
        added = _added(source, by_key, sums).where(of_item).subquery()
        numbers = (added.c[name] if name in steered else literal("", Text).label(name) for name in _NUMBERS)
        return select(*(added.c[name] for name in _PLACE), *numbers, *(added.c[name] for name in sums))

    found = _differing(keyed).subquery("found")
    return select(found.c.variant, found.c.site_id, *(found.c[name] for name in _NUMBERS))


@finding("ledger", "posting")
def quantity_not_ledger() -> Query:
    """Stock lines hold {found} {lot} {package}, the ledger says {expected}."""
    return _differing(_of_every_item)


def _used() -> Query:
    """By what remains of it, something of the entry has been taken: how much."""
    entry = ledger_entry.c
    # Open entries are not to be found by their number. Read into a table of its own, SQLite makes the index it needs;
    # PostgreSQL does best if it is told nothing.
    opened = (
        select(*(open_entry.c[name] for name in ("item_id", "entry_id", "remaining")))
        .cte("opened")
        .prefix_with("MATERIALIZED", dialect="sqlite")
    )
    used = func.abs(entry.quantity) - func.abs(func.coalesce(opened.c.remaining, 0))
    to_entry = and_(opened.c.item_id == entry.item_id, opened.c.entry_id == entry.id)
    return (
        select(entry.item_id, entry.id, used.label("used"), literal(0).label("applied"))
        .select_from(ledger_entry.outerjoin(opened, to_entry))
        .where(rarely(used != 0))
    )


def _applied(side: Any) -> Query:
    """What applications say has been taken of their entries of one side."""
    return select(application.c.item_id, side, literal(0), application.c.quantity)


@finding("ledger", "posting")
def application_differs() -> Query:
    """Ledger entry {entry}: {found} are applied, by what remains of it it should be {expected}."""
    # Of most entries nothing is used and nothing applied: only the others are added up.
    sides = (application.c.outbound_id, application.c.inbound_id)
    parts = union_all(_used(), *(_applied(side) for side in sides)).subquery("parts")
    applied, used = func.sum(parts.c.applied), func.sum(parts.c.used)
    differing = (
        select(parts.c.item_id, parts.c.id, used.label("expected"), applied.label("found"))
        .group_by(parts.c.item_id, parts.c.id)
        .having(applied != used)
        .subquery("differing")
    )
    entry = ledger_entry.c
    named = (entry[name] for name in ("item_id", "variant", "site_id", "serial", "lot", "package"))
    return select(*named, entry.id.label("entry"), differing.c.expected, differing.c.found).select_from(
        differing.join(ledger_entry, and_(entry.item_id == differing.c.item_id, entry.id == differing.c.id))
    )
