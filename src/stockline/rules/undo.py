"""What stands against an undo, entry by entry (PO-38).

They look at the entries the undo has written: `origin_id` is the entry each takes back. Parameter: `batch`.
"""

from typing import Any

from sqlalchemy import and_, exists, select

from stockline.codes import Code
from stockline.rules.framework import Query, rule
from stockline.rules.posting import ENTRIES, OF_BATCH, offending
from stockline.schema.ledger import application, ledger_entry, staged_line
from stockline.schema.reservations import link, tracking_specification


def _taken_back(*conditions: Any, goods_in: bool | None = None) -> Query:
    """Entries of the undo that meet the conditions, of goods that had come in or gone out."""
    if goods_in is not None:
        conditions += (staged_line.c.sign == (-1 if goods_in else 1),)
    return offending(ledger_entry.c.origin_id.label("entry")).select_from(ENTRIES).where(OF_BATCH, *conditions)


@rule(Code.UNDO_NOT_POSSIBLE)
def undone_entry_invoiced() -> Query:
    """Line {line}: what was posted has been invoiced."""
    table = tracking_specification.c
    return _taken_back(
        exists().where(
            table.item_id == ledger_entry.c.item_id,
            table.line_id == staged_line.c.line_id,
            table.entry_id == ledger_entry.c.origin_id,
            table.invoiced != 0,
        )
    )


@rule(Code.UNDO_NOT_POSSIBLE)
def received_goods_taken() -> Query:
    """Line {line}: {item} {serial} {lot} {package} that came in has been used."""
    taken = and_(application.c.item_id == ledger_entry.c.item_id, application.c.inbound_id == ledger_entry.c.origin_id)
    return _taken_back(exists().where(taken), goods_in=True)


@rule(Code.UNDO_NOT_POSSIBLE)
def received_goods_reserved() -> Query:
    """Line {line}: {item} {serial} {lot} {package} that came in is reserved."""
    held = and_(
        link.c.item_id == ledger_entry.c.item_id,
        link.c.supply_entry_id == ledger_entry.c.origin_id,
        link.c.status == "reservation",
    )
    return _taken_back(exists().where(held), goods_in=True)


@rule(Code.UNDO_NOT_POSSIBLE)
def shipped_goods_returned() -> Query:
    """Line {line}: a part of {item} {serial} {lot} {package} that went out has been returned."""
    returned, undone = ledger_entry.alias("returned"), ledger_entry.alias("undone")
    came_back = select(returned.c.id).where(
        returned.c.item_id == ledger_entry.c.item_id,
        returned.c.origin_id == ledger_entry.c.origin_id,
        ~returned.c.correction,
        ~exists().where(
            undone.c.item_id == returned.c.item_id, undone.c.origin_id == returned.c.id, undone.c.correction
        ),
    )
    return _taken_back(came_back.exists(), goods_in=False)


UNDONE_ENTRIES = (undone_entry_invoiced, received_goods_taken, received_goods_reserved, shipped_goods_returned)
"""All of them have one code: every entry that breaks any is named."""
