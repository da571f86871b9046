"""Invoicing makes no ledger entry, it raises `invoiced` on lines and their specification (PO-11, TW-24)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, case, func, or_, select, update

from stockline.codes import Code
from stockline.operations.posting.lines import PostingLine
from stockline.operations.problems import Problems
from stockline.rules.posting import OF_BATCH
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link, tracking_specification
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity


def take_over_to_invoice(transaction: Transaction, batch: int) -> None:
    """What the window said is to be invoiced of the numbers handled just now goes to their specification."""
    for side in (DEMAND, SUPPLY):
        transaction.execute(_TAKE_OVER[side.name], {"batch": batch})


def _take_over(side: LinkSide) -> Any:
    said = (
        select(
            ledger_entry.c.item_id,
            staged_line.c.line_id,
            ledger_entry.c.id,
            func.sum(side.invoice).label("invoice"),
        )
        .select_from(
            staged_line.join(
                link,
                and_(
                    link.c.item_id == staged_line.c.item_id,
                    side.line_id == staged_line.c.line_id,
                    staged_line.c.own == 1,
                    side.handle != 0,
                    side.invoice != side.handle,
                    side.is_numbered,
                ),
            ).join(
                ledger_entry,
                and_(
                    ledger_entry.c.item_id == staged_line.c.item_id,
                    ledger_entry.c.id >= staged_line.c.first_entry,
                    ledger_entry.c.id <= staged_line.c.last_entry,
                    ledger_entry.c.serial == side.serial,
                    ledger_entry.c.lot == side.lot,
                    ledger_entry.c.package == side.package,
                ),
            )
        )
        .where(OF_BATCH)
        .group_by(ledger_entry.c.item_id, staged_line.c.line_id, ledger_entry.c.id)
        .subquery("said")
    )
    table = tracking_specification
    return (
        update(table)
        .where(table.c.item_id == said.c.item_id, table.c.line_id == said.c.line_id, table.c.entry_id == said.c.id)
        .values(to_invoice=said.c.invoice)
    )


_TAKE_OVER = {side.name: _take_over(side) for side in (DEMAND, SUPPLY)}


def check_invoice(transaction: Transaction, posted: Sequence[PostingLine]) -> None:
    """Refuse `tracking_incomplete` where the numbers are not to be invoiced for as much as the line is.

    A single combination left may be marked for more; what was handled without numbers makes up for less.
    """
    invoiced = [one for one in posted if one.invoice]
    problems = Problems((Code.TRACKING_INCOMPLETE,))
    sums: dict[int, list[Any]] = {}
    for some in in_parts(invoiced):
        parameters = {"items": sorted({p.line.item.id for p in some}), "lines": [p.line.id for p in some]}
        for row in transaction.execute(_TO_INVOICE, parameters):
            sums.setdefault(row.line_id, []).append(row)
    for one in invoiced:
        marked, single, plain = _marked(sums.get(one.line.id, []))
        enough = marked <= one.invoice <= marked + plain
        if marked + plain and not enough and not (single and marked > one.invoice):
            asked, said = to_quantity(one.invoice), to_quantity(marked)
            message = f"Line {one.line.name}: {asked} are to be invoiced, its numbers say {said}."
            problems.add(Code.TRACKING_INCOMPLETE, message, line=one.line.name, item=one.line.item.code)
    problems.refuse()


def _marked(rows: Sequence[Any]) -> tuple[int, bool, int]:
    """Of the handled rows of a line: marked to invoice, whether of one combination only, and the unnumbered rest."""
    numbered = [row for row in rows if row.numbered]
    plain = sum(int(row.marked) for row in rows if not row.numbered)
    return sum(int(row.marked) for row in numbered), all(row.one for row in numbered), plain


_ITEMS = bindparam("items", expanding=True, type_=BigInteger)
_LINES = bindparam("lines", expanding=True, type_=BigInteger)


def _historic() -> Select[Any]:
    """Per line, apart with and without numbers: what is to be invoiced, and whether it is of one combination."""
    table, entry = tracking_specification, ledger_entry
    numbers = (entry.c.serial, entry.c.lot, entry.c.package)
    amount = func.coalesce(table.c.to_invoice, table.c.quantity - table.c.invoiced)
    numbered = case((or_(*(number != "" for number in numbers)), 1), else_=0)
    alike = and_(*(func.min(number) == func.max(number) for number in numbers))
    return (
        select(
            table.c.line_id,
            numbered.label("numbered"),
            func.sum(amount).label("marked"),
            case((alike, 1), else_=0).label("one"),
        )
        .join(entry, and_(entry.c.item_id == table.c.item_id, entry.c.id == table.c.entry_id))
        .where(table.c.item_id.in_(_ITEMS), table.c.line_id.in_(_LINES), amount != 0)
        .group_by(table.c.line_id, numbered)
    )


_TO_INVOICE = _historic()


def invoice_numbers(transaction: Transaction, batch: int) -> None:
    """Raise `invoiced` of the lines' specification rows by what is to be invoiced, oldest first."""
    transaction.execute(_INVOICE, {"batch": batch})


def _invoice() -> Any:
    table, line = tracking_specification, staged_line.c
    amount = func.coalesce(table.c.to_invoice, table.c.quantity - table.c.invoiced)
    before = func.sum(amount).over(partition_by=(table.c.item_id, table.c.line_id), order_by=table.c.entry_id) - amount
    share = line.invoice - before
    dealt = (
        select(
            table.c.item_id,
            table.c.line_id,
            table.c.entry_id,
            case((share <= 0, 0), (share >= amount, amount), else_=share).label("share"),
        )
        .select_from(staged_line.join(table, and_(table.c.item_id == line.item_id, table.c.line_id == line.line_id)))
        .where(OF_BATCH, line.own == 1, line.invoice != 0)
        .subquery("dealt")
    )
    return (
        update(table)
        .where(
            table.c.item_id == dealt.c.item_id,
            table.c.line_id == dealt.c.line_id,
            table.c.entry_id == dealt.c.entry_id,
            dealt.c.share != 0,
        )
        .values(invoiced=table.c.invoiced + dealt.c.share)
    )


_INVOICE = _invoice()
