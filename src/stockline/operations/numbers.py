"""A serial given without lot or package brings those it is known under (TW-13)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, update

from stockline.operations.lines import SourceLine
from stockline.rules.window import CHANGED, ITEM, LINE
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.schema.stock import characteristic_set
from stockline.schema.windows import window_row
from stockline.store.database import Transaction

_BARE = and_(
    *CHANGED,
    window_row.c.serial != "",
    or_(window_row.c.lot == "", window_row.c.package == ""),
)


def bring_numbers(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Fill blank lots and packages of the serials of new rows: from stock at the site, else from another open line."""
    parameters = {**parameters, "variant": line.variant, "site": line.site_id}
    # Mostly no serial of the item ever stood with a lot or package: then there is nothing to look for.
    if transaction.execute(_STOCK_HAS_MORE, parameters).scalar():
        if line.item.tracking.steers("serial"):
            transaction.execute(_FROM_STOCK, parameters)
        elif transaction.execute(_HAS_BARE, parameters).scalar():
            transaction.execute(_FROM_ENTRIES, parameters)
    for side, has_more in _LINES_HAVE_MORE.items():
        if transaction.execute(has_more, parameters).scalar():
            transaction.execute(_from_lines(side), parameters)


_STOCK_HAS_MORE = select(
    exists().where(
        characteristic_set.c.item_id == ITEM, or_(characteristic_set.c.lot != "", characteristic_set.c.package != "")
    )
)


def _on_hand(name: str) -> Any:
    """The lot or package under which the row's serial is on hand at the site."""
    held = and_(
        open_entry.c.item_id == window_row.c.item_id,
        open_entry.c.variant == bindparam("variant"),
        open_entry.c.serial == window_row.c.serial,
        open_entry.c.site_id == bindparam("site"),
        open_entry.c.remaining > 0,
    )
    entry = and_(ledger_entry.c.item_id == open_entry.c.item_id, ledger_entry.c.id == open_entry.c.entry_id)
    found = select(ledger_entry.c[name]).join(open_entry, entry).where(held).limit(1).scalar_subquery()
    return case((window_row.c[name] == "", func.coalesce(found, "")), else_=window_row.c[name])


_FROM_STOCK = update(window_row).where(_BARE).values(lot=_on_hand("lot"), package=_on_hand("package"))

_HAS_BARE = select(exists().where(_BARE))


def _from_entries() -> Any:
    """Serials that are not specific stand on ledger entries only: those of which something remains tell."""
    entry = and_(ledger_entry.c.item_id == open_entry.c.item_id, ledger_entry.c.id == open_entry.c.entry_id)
    numbers = [func.max(ledger_entry.c[name]).label(name) for name in ("lot", "package")]
    known = (
        select(ledger_entry.c.serial, *numbers)
        .join(open_entry, entry)
        .where(
            open_entry.c.item_id == ITEM,
            open_entry.c.variant == bindparam("variant"),
            open_entry.c.site_id == bindparam("site"),
            open_entry.c.remaining > 0,
            ledger_entry.c.serial != "",
        )
        .group_by(ledger_entry.c.serial)
        .subquery("known")
    )
    filled = {
        name: case((window_row.c[name] == "", known.c[name]), else_=window_row.c[name]) for name in ("lot", "package")
    }
    return update(window_row).where(_BARE, known.c.serial == window_row.c.serial).values(filled)


_FROM_ENTRIES = _from_entries()


def _other_lines(side: LinkSide) -> Any:
    return and_(
        link.c.item_id == ITEM,
        link.c.variant == bindparam("variant"),
        side.line_id != LINE,
        side.serial != "",
        or_(side.lot != "", side.package != ""),
    )


_LINES_HAVE_MORE = {side: select(exists().where(_other_lines(side))) for side in (DEMAND, SUPPLY)}


def _from_lines(side: LinkSide) -> Any:
    known = (
        select(side.serial.label("serial"), func.max(side.lot).label("lot"), func.max(side.package).label("package"))
        .where(_other_lines(side))
        .group_by(side.serial)
        .subquery("known")
    )
    return (
        update(window_row)
        .where(_BARE, window_row.c.lot == "", window_row.c.package == "", known.c.serial == window_row.c.serial)
        .values(lot=known.c.lot, package=known.c.package)
    )
