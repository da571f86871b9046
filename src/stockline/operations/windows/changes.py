"""Closing a tracking window: only the difference to what the line carries is written (TW-18, TW-19)."""

from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, exists, func, insert, null, select, update
from sqlalchemy.sql.expression import Delete, Insert, Update

from stockline.operations.lines import SourceLine
from stockline.operations.reservation.links import numbered
from stockline.operations.windows.linked_numbers import write_linked_difference
from stockline.operations.windows.wanted import FIGURES, NUMBERED_FROM, wanted_rows
from stockline.refusal import Warning
from stockline.rules.window import COMBINATION, ITEM, LINE, ROWS, same_combination
from stockline.schema.ledger import POSITIONS, ledger_entry
from stockline.schema.reservations import PROSPECT, SIDES, SURPLUS, LinkSide, link, tracking_specification
from stockline.schema.windows import window_row
from stockline.store.database import Transaction


def write_difference(
    transaction: Transaction, line: SourceLine, parameters: dict[str, Any], *, handled: bool
) -> list[Warning]:
    """Make the line's active numbers what the window says: deletions, then changes, then new ones (TW-18, TW-19).

    New entries are numbered from `numbered_from` of the parameters, if given, else from the window's own number. Warns
    `reservation_shortage` (RE-40).
    """
    side = line.side.name
    parameters = {"numbered_from": parameters["window"] * POSITIONS} | parameters
    parameters |= {
        "variant": line.variant,
        "site": line.site_id,
        "status": "prospect" if line.is_journal else "surplus",
    }
    has_entries = transaction.execute(_has_entries(side), parameters).scalar()
    if has_entries and transaction.execute(_has_links(side), parameters).scalar():
        warnings = write_linked_difference(transaction, line, parameters, handled=handled)
    else:
        warnings = []
        _write_entries(transaction, side, parameters, handled=handled, fresh=not has_entries)
    if handled and line.is_invoiced:
        transaction.execute(_mark_to_invoice(), parameters)
    return warnings


def _write_entries(
    transaction: Transaction, side: str, parameters: dict[str, Any], *, handled: bool, fresh: bool
) -> None:
    """The difference of a line without links: each combination is one entry."""
    if not fresh:
        transaction.execute(_delete_gone(side, handled), parameters)
        transaction.execute(_change_kept(side, handled), parameters)
    transaction.execute(_insert_new(side, handled, fresh), parameters)


def of_line(side: LinkSide) -> Any:
    """The entries of the line on its own side."""
    return and_(link.c.item_id == ITEM, side.line_id == LINE)


@cache
def _has_entries(side_name: str) -> Select[Any]:
    return select(exists(select(link.c.id).where(of_line(SIDES[side_name]))))


@cache
def _has_links(side_name: str) -> Select[Any]:
    """Whether the line has any entry that is more than a number of its own: a partner, or no number."""
    side = SIDES[side_name]
    plain = and_(link.c.status.in_((SURPLUS, PROSPECT)), numbered(side))
    return select(exists(select(link.c.id).where(of_line(side), ~plain)))


@cache
def _delete_gone(side_name: str, handled: bool) -> Delete:
    side, wanted = SIDES[side_name], wanted_rows(handled)
    kept = select(link.c.id).join(wanted, same_combination(wanted, side)).where(of_line(side), wanted.c.active != 0)
    return delete(link).where(of_line(side), link.c.id.not_in(kept))


@cache
def _change_kept(side_name: str, handled: bool) -> Update:
    side, wanted = SIDES[side_name], wanted_rows(handled)
    return (
        update(link)
        .where(of_line(side), same_combination(wanted, side))
        .values(
            quantity=wanted.c.active,
            **{f"{side.name}_{name}": wanted.c[name] for name in FIGURES},
        )
    )


@cache
def _insert_new(side_name: str, handled: bool, fresh: bool) -> Insert:
    side, wanted = SIDES[side_name], wanted_rows(handled)
    names = [
        "item_id",
        "id",
        "status",
        "quantity",
        "variant",
        "site_id",
        f"{side.name}_line_id",
        f"{side.name}_entered",
    ]
    values = [
        ITEM,
        NUMBERED_FROM + wanted.c.row,
        bindparam("status"),
        wanted.c.active,
        bindparam("variant"),
        bindparam("site"),
        LINE,
        wanted.c.entered,
    ]
    for name in (*COMBINATION, *FIGURES):
        names.append(f"{side.name}_{name}")
        values.append(wanted.c[name])
    new = select(*values).where(wanted.c.active != 0)
    if not fresh:
        entry = link.alias("entry")
        own = LinkSide(side_name, entry)
        there = select(entry.c.id).where(entry.c.item_id == ITEM, own.line_id == LINE, same_combination(wanted, own))
        new = new.where(~there.exists())
    return insert(link).from_select(names, new)


@cache
def _mark_to_invoice() -> Update:
    """What the next posting invoices of what has been handled: the window's figure, oldest entries first (TW-20)."""
    table = tracking_specification
    numbers = [ledger_entry.c[name] for name in COMBINATION]
    open_ = table.c.quantity - table.c.invoiced
    before = func.sum(open_).over(partition_by=numbers, order_by=table.c.entry_id) - open_
    entry = and_(ledger_entry.c.item_id == table.c.item_id, ledger_entry.c.id == table.c.entry_id)
    share = window_row.c.invoice - before
    dealt = (
        select(
            table.c.entry_id,
            case((share <= 0, 0), (share >= open_, null()), else_=share).label("to_invoice"),
        )
        .join(ledger_entry, entry)
        .join(window_row, same_combination(window_row, ledger_entry))
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, *ROWS)
        .subquery("dealt")
    )
    return (
        update(table)
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, table.c.entry_id == dealt.c.entry_id)
        .values(to_invoice=dealt.c.to_invoice)
    )
