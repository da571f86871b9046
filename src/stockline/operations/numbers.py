"""A serial given without lot or package brings those it is known under (TW-13)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, case, exists, func, or_, select, update

from stockline.operations.lines import SourceLine
from stockline.rules.availability import BLANK, VARIANT, carried, entry_by, in_entries
from stockline.rules.window import CHANGED, ITEM, LINE
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.reservations import LOTS_OF_SERIALS, LinkSide, link
from stockline.schema.stock import characteristic_set
from stockline.schema.windows import window_row
from stockline.store.database import Transaction

_BROUGHT = ("lot", "package")


def bring_numbers(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Fill blank lots and packages of the serials of new rows: from stock at the site, else from another open line."""
    parameters = {**parameters, "variant": line.variant, "site": line.site_id}
    # Mostly no serial of the item ever stood with a lot or package: then there is nothing to look for.
    in_stock = has_lots_or_packages(transaction, line.item.id)
    on_demand, on_supply = map(bool, transaction.execute(_ON_LINES, parameters).one())
    if in_stock or on_demand or on_supply:
        transaction.execute(_fill(line.item.tracking.steers("serial"), in_stock, on_demand, on_supply), parameters)


def has_lots_or_packages(transaction: Transaction, item_id: int) -> bool:
    """Whether stock of the item ever lay in a lot or package."""
    return bool(transaction.execute(_STOCK_HAS_MORE, {"item": item_id}).scalar())


def _of_other_line(side: LinkSide) -> list[ColumnElement[bool]]:
    """Entries of other lines that carry a serial with a lot or package."""
    # The sum keeps planners off the index of lines, which would read all entries of the item.
    return [link.c.item_id == ITEM, LOTS_OF_SERIALS[side], link.c.variant == VARIANT, side.line_id + 0 != LINE]


_sets = characteristic_set.c
_STOCK_HAS_MORE = select(exists().where(_sets.item_id == ITEM, or_(_sets.lot != "", _sets.package != "")))
_ON_LINES = select(*(exists(select(link.c.id).where(*_of_other_line(side))) for side in LOTS_OF_SERIALS))


@cache
def _fill(steers: bool, in_stock: bool, on_demand: bool, on_supply: bool) -> Update:
    sides = [side for side, there in zip(LOTS_OF_SERIALS, (on_demand, on_supply), strict=True) if there]

    def known(name: str) -> ColumnElement[str]:
        places = [_on_hand(name, steers)] if in_stock else []
        places += [_on_line(name, side) for side in sides]
        return case((window_row.c[name] == "", func.coalesce(*places, "")), else_=window_row.c[name])

    bare = and_(*CHANGED, window_row.c.serial != "", or_(*(window_row.c[name] == "" for name in _BROUGHT)))
    return update(window_row).where(bare).values({name: known(name) for name in _BROUGHT})


def _on_hand(name: str, steers: bool) -> Any:
    """The lot or package under which the row's serial is on hand at the site."""
    kinds = {"serial"} if steers else set[str]()
    own = carried("serial", kinds)
    # Where serials steer, the key of open entries has them in front; else an index of what they carry.
    held = [*in_entries({"serial", "lot"} if steers else {"lot"}), own == window_row.c.serial, own != BLANK]
    entries = open_entry.join(ledger_entry, entry_by(open_entry.c.entry_id))
    query = select(ledger_entry.c[name]).select_from(entries).where(*held)
    return query.limit(1).scalar_subquery()


def _on_line(name: str, side: LinkSide) -> Any:
    """The lot or package that the row's serial has on another line."""
    found = select(func.max(getattr(side, name))).where(*_of_other_line(side), side.serial == window_row.c.serial)
    return found.scalar_subquery()
