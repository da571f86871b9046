"""Orders and journals are deleted, line by line or whole."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update

from stockline.codes import Code
from stockline.operations.documents.new_orders import MADE
from stockline.operations.lines import SourceLine, find_document, lines_of, lock_documents
from stockline.operations.locks import lock_item_sites
from stockline.operations.new_numbers import forget_new_numbers
from stockline.operations.problems import Problems
from stockline.operations.reservation.release import end_links
from stockline.operations.windows.drafts import empty_window_of
from stockline.schema.documents import document, is_component, line_id, outgoing, source_line
from stockline.schema.ledger import posting_line
from stockline.schema.reservations import link, tracking_specification
from stockline.store.database import Transaction


def delete_lines(transaction: Transaction, lines: Sequence[SourceLine], *, confirm: bool) -> None:
    """Delete lines with their numbers (TW-44, IN-5); of a transfer line give both sides.

    Refused `already_handled` for goods not invoiced or not received, `has_tracking` for numbers without `confirm`.
    """
    problems = Problems((Code.ALREADY_HANDLED, Code.HAS_TRACKING))
    held = {(line.item.id, line.variant, line.site_id): 0 for line in lines}
    lock_item_sites(transaction, held, stock_changes=False)
    named = [line for line in lines if not line.is_incoming]
    for line in named:
        if line.unsettled and not line.is_journal:
            rest = "received" if line.kind == "transfer" else "invoiced"
            message = f"Line {line.name} has been handled but not {rest} in full."
            problems.add(Code.ALREADY_HANDLED, message, line=line.name)
    if not confirm:
        for line in named:
            if carries_numbers(transaction, line):
                problems.add(Code.HAS_TRACKING, f"Line {line.name} carries tracking numbers.", line=line.name)
    problems.refuse()
    for line in lines:
        end_links(transaction, line)
        empty_window_of(transaction, line)
    remove_lines(transaction, lines)


def remove_lines(transaction: Transaction, lines: Sequence[SourceLine]) -> None:
    """Take lines away with all that hangs on them; what has been posted stays in the ledger."""
    forget_new_numbers(transaction, lines)
    for line in lines:
        transaction.execute(delete(link).where(link.c.item_id == line.item.id, line.side.line_id == line.id))
        for table in (tracking_specification.c.line_id, source_line.c.id):
            transaction.execute(delete(table.table).where(table.table.c.item_id == line.item.id, table == line.id))


def delete_order(transaction: Transaction, code: str, *, confirm: bool) -> None:
    """Delete an order with its lines; refused like its lines are."""
    document_id = find_document(transaction, code)
    lock_documents(transaction, [document_id])
    delete_lines(transaction, lines_of(transaction, [document_id]), confirm=confirm)
    remove_document(transaction, document_id)


def remove_document(transaction: Transaction, document_id: int) -> None:
    """Take a document away whose lines are gone; one with ledger entries stays behind as their name."""
    first, last = line_id(document_id, 0), line_id(document_id + 1, 0)
    posted = select(exists().where(posting_line.c.line_id >= first, posting_line.c.line_id < last))
    if transaction.execute(posted).scalar():
        bury_documents(transaction, [document_id])
    else:
        transaction.execute(delete(document).where(document.c.id == document_id))


def bury_documents(transaction: Transaction, ids: Sequence[int]) -> None:
    """Documents that are gone, but whose ledger entries need their name."""
    transaction.execute(update(document).where(document.c.id.in_(ids)).values(deleted=True))


def delete_line(transaction: Transaction, line: SourceLine, *, confirm: bool) -> None:
    """Delete one line, refused as in `delete_lines`: of a transfer both sides, with an output what it is made of."""
    of_order = lines_of(transaction, [line.document_id])
    if line.kind in MADE and not is_component(line.id):
        delete_lines(transaction, of_order, confirm=confirm)
    else:
        own = outgoing(line.id)
        delete_lines(transaction, [side for side in of_order if outgoing(side.id) == own], confirm=confirm)


def carries_numbers(transaction: Transaction, line: SourceLine) -> bool:
    """Whether the line carries active numbers."""
    side = line.side
    carried = exists().where(
        link.c.item_id == line.item.id,
        side.line_id == line.id,
        side.is_numbered,
    )
    return bool(transaction.execute(select(carried)).scalar())
