"""Posting: the planned movements of orders and journals become ledger entries, all or nothing (spec part 20)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, insert, select, update

from stockline.codes import Code
from stockline.operations.documents.deletion import bury_documents, remove_lines
from stockline.operations.lines import SourceLine, find_document, lines_of, lock_documents
from stockline.operations.locks import lock_item_sites
from stockline.operations.posting.cards import settle_cards
from stockline.operations.posting.completeness import NOTHING, check_completeness, marked_numbers
from stockline.operations.posting.dates import settle_dates
from stockline.operations.posting.entries import stage_lines, write_entries, write_specification
from stockline.operations.posting.invoicing import check_invoice, invoice_numbers, take_over_to_invoice
from stockline.operations.posting.legs import Leg, legs
from stockline.operations.posting.lines import PostingLine, Quantities, chosen_lines, names_of, of_side
from stockline.operations.posting.movements import post_inbound, post_outbound, stock_changes
from stockline.operations.posting.reservations import PostedReservations, fit_transfers, reserved_places
from stockline.operations.posting.transfer_numbers import mark_receivable, mark_shipping
from stockline.operations.posting.used_numbers import use_up_numbers
from stockline.operations.posting.waves import post_waves
from stockline.operations.stock.further_links import take_over_links
from stockline.operations.windows.transfers import mirror_carried
from stockline.refusal import Refusal
from stockline.results import Posting
from stockline.rules.framework import BATCH, enforce
from stockline.rules.posting import REQUIRED_NUMBERS
from stockline.schema.documents import is_component, source_line
from stockline.schema.ledger import POSITIONS, posting, posting_line, staged_application, staged_line
from stockline.store.database import Transaction


@dataclass(frozen=True, slots=True)
class PostRequest:
    """What is to be posted, as a person says it."""

    orders: Sequence[str]
    quantities: Quantities = field(default_factory=Quantities)
    date: dt.date | None = None
    apply_to: Mapping[str, int] | None = None


def post(transaction: Transaction, request: PostRequest, today: dt.date) -> Posting:
    """Post orders and journals in the sequence given (PO-1 to PO-3)."""
    documents = [find_document(transaction, code) for code in request.orders]
    if len(set(documents)) < len(documents):
        raise Refusal.of(Code.INVALID, "An order is named twice.")
    lock_documents(transaction, documents)
    side = request.quantities.side
    lines = of_side(lines_of(transaction, documents), side)
    sequence = {document: place for place, document in enumerate(documents)}
    # Components before what is made of them; the incoming side of a transfer line has the higher id.
    lines.sort(key=lambda line: (sequence[line.document_id], not is_component(line.id), line.id))
    chosen = chosen_lines(lines, request.quantities)
    if side is None:
        _mark_shipped_through(transaction, lines, chosen)
    return post_lines(transaction, chosen, request.date or today, _targets(chosen, request))


def _mark_shipped_through(transaction: Transaction, lines: Sequence[SourceLine], chosen: Sequence[PostingLine]) -> None:
    """What transfers ship in this posting they receive in it too; a line left out gives nothing."""
    through = {one.line.document_id for one in chosen if one.line.is_incoming}
    if through:
        posted = {one.line.id for one in chosen}
        waiting = [line.id for line in lines if line.kind == "transfer" and not line.is_incoming and line.outstanding]
        mark_shipping(transaction, sorted(through), but=[line for line in waiting if line not in posted])


def _targets(chosen: Sequence[PostingLine], request: PostRequest) -> dict[int, int]:
    """The entries named to apply to, by line."""
    named = request.apply_to or {}
    ids = {name: one.line.id for one in chosen for name in names_of(one.line, request.quantities.side)}
    for name in named:
        if name not in ids:
            raise Refusal.of(Code.NOT_FOUND, f"Line {name} is not a line of what is posted.", line=name)
    return {ids[name]: entry for name, entry in named.items()}


def post_lines(
    transaction: Transaction, posted: Sequence[PostingLine], posting_date: dt.date, apply_to: Mapping[int, int]
) -> Posting:
    """Post these lines, whose documents are held, in sequence."""
    lock_item_sites(transaction, stock_changes(leg for one in posted for leg in legs(one)))
    batch = transaction.next_number()
    transaction.execute(_NEW_POSTING, {"id": batch, "kind": "posting", "posting_date": posting_date})
    marked = marked_numbers(transaction, posted)
    check_completeness(posted, marked)
    waves = stage_lines(transaction, batch, posting_date, posted, marked, apply_to)
    write_entries(transaction, batch, posting_date, posted, marked)
    enforce(transaction, REQUIRED_NUMBERS, {"batch": batch})
    settle_dates(transaction, batch, posted)
    settle_cards(transaction, batch, posted)
    fixed = bool(apply_to) or any(found.applied for found in marked.values())
    places = reserved_places(transaction, batch)
    reservations = PostedReservations(transaction, batch, places) if places else None

    def post_wave(wave: int, moved: Sequence[Leg]) -> None:
        parameters = {"batch": batch, "wave": wave}
        held = reservations is not None
        if moved[0].sign > 0:
            if reservations:
                reservations.come_in(wave, moved)
            post_inbound(transaction, parameters, moved, fixed=fixed, held=held)
        else:
            if reservations:
                reservations.go_out(wave, moved)
            post_outbound(transaction, parameters, moved, fixed=fixed, decided=held, held=held)

    post_waves(transaction, batch, waves, post_wave)
    if any(one.line.item.tracking.steers("serial") for one in posted):
        take_over_links(transaction, batch)
    _settle(transaction, batch, posted, reserved=reservations is not None)
    for item_id, leaving in sorted(reservations.bound_transfers) if reservations else ():
        mirror_carried(transaction, item_id, leaving)
    entries = sum(len(legs(one)) * max(marked.get(one.line.id, NOTHING).entries, 1) for one in posted if one.quantity)
    return Posting(number=batch, entries=entries, entry=batch * POSITIONS + 1 if entries == 1 else None)


_NEW_POSTING = insert(posting)


def _settle(transaction: Transaction, batch: int, posted: Sequence[PostingLine], *, reserved: bool) -> None:
    """Take over what was posted to the lines and their numbers (PO-5)."""
    orders = [one for one in posted if not one.line.is_journal]
    journals = [one.line for one in posted if one.line.is_journal]
    transaction.execute(POSTED_LINES, {"batch": batch})
    if orders:
        write_specification(transaction, batch)
        if any(one.invoice for one in orders):
            take_over_to_invoice(transaction, batch)
            check_invoice(transaction, orders)
            invoice_numbers(transaction, batch)
        use_up_numbers(transaction, batch, orders)
        rows = [
            {
                "of_item": one.line.item.id,
                "of_line": one.line.id,
                "handled": one.line.handled + one.line.sign * one.quantity,
                "invoiced": one.line.invoiced + one.line.sign * one.invoice,
            }
            for one in orders
        ]
        transaction.execute(UPDATE_LINES, rows)
        mark_receivable(transaction, [one.line for one in orders])
        if reserved:
            fit_transfers(transaction, orders)
    if journals:
        _remove_journal_lines(transaction, journals)
    transaction.clear(staged_line, batch)
    if reserved or any(one.line.is_incoming for one in posted):
        transaction.clear(staged_application, batch)


POSTED_LINES = insert(posting_line).from_select(
    ("item_id", "posting_id", "line_id", "handled", "invoiced"),
    select(
        staged_line.c.item_id,
        staged_line.c.batch_id,
        staged_line.c.line_id,
        staged_line.c.quantity,
        staged_line.c.invoice,
    ).where(staged_line.c.batch_id == BATCH, staged_line.c.own == 1),
)

UPDATE_LINES = (
    update(source_line)
    .where(source_line.c.item_id == bindparam("of_item"), source_line.c.id == bindparam("of_line"))
    .values(handled=bindparam("handled"), invoiced=bindparam("invoiced"))
)


def _remove_journal_lines(transaction: Transaction, lines: Sequence[SourceLine]) -> None:
    """A journal line that is posted is gone, and a journal with its last line (PO-3, PO-6)."""
    remove_lines(transaction, lines)
    documents = sorted({line.document_id for line in lines})
    left = {line.document_id for line in lines_of(transaction, documents)}
    bury_documents(transaction, [document for document in documents if document not in left])
