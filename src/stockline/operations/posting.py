"""Posting: the planned movements of orders and journals become ledger entries, all or nothing (spec part 20)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from stockline.codes import Code
from stockline.operations.applications import apply_outbound, apply_serials, close_serials, has_shortages, open_inbound
from stockline.operations.completeness import NOTHING, check_completeness, marked_numbers
from stockline.operations.documents import bury_documents, remove_lines
from stockline.operations.entries import stage_lines, use_up_numbers, write_entries, write_specification
from stockline.operations.fixed_applications import apply_fixed
from stockline.operations.invoicing import check_invoice, invoice_numbers, take_over_to_invoice
from stockline.operations.legs import Leg, legs
from stockline.operations.lines import SourceLine, find_document, lines_of, lock_documents
from stockline.operations.locks import EVERY_SITE, lock_item_sites
from stockline.operations.posting_lines import PostingLine, Quantities, chosen_lines
from stockline.operations.stock_in import put_stock
from stockline.operations.stock_out import stage_serial_takes, stage_takes, take_serials, take_stock
from stockline.refusal import Refusal
from stockline.results import Posting
from stockline.rules.framework import BATCH, Offence, Rule, enforce, offences, refuse_first
from stockline.rules.posting import (
    REQUIRED_NUMBERS,
    insufficient_stock,
    not_enough_at_location,
    number_not_at_location,
    number_not_in_stock,
    serial_already_in_stock,
    serial_issued_twice,
    serial_not_in_stock,
    serial_received_twice,
    stock_line_too_small,
)
from stockline.schema.documents import source_line
from stockline.schema.ledger import POSITIONS, posting, posting_line, staged_line
from stockline.store.database import Transaction
from stockline.values import SCALE


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
    lines = lines_of(transaction, documents)
    sequence = {document: place for place, document in enumerate(documents)}
    lines.sort(key=lambda line: (sequence[line.document_id], line.id))
    chosen = chosen_lines(lines, request.quantities)
    return post_lines(transaction, chosen, request.date or today, _targets(chosen, request.apply_to or {}))


def _targets(chosen: Sequence[PostingLine], named: Mapping[str, int]) -> dict[int, int]:
    """The entries named to apply to, by line."""
    ids = {one.line.name: one.line.id for one in chosen}
    for name in named:
        if name not in ids:
            raise Refusal.of(Code.NOT_FOUND, f"Line {name} is not a line of what is posted.", line=name)
    return {ids[name]: entry for name, entry in named.items()}


def post_lines(
    transaction: Transaction, posted: Sequence[PostingLine], posting_date: dt.date, apply_to: Mapping[int, int]
) -> Posting:
    """Post these lines, whose documents are held, in sequence."""
    lock_item_sites(transaction, _stock_changes(posted))
    batch = transaction.next_number()
    transaction.execute(_NEW_POSTING, {"id": batch, "kind": "posting", "posting_date": posting_date})
    marked = marked_numbers(transaction, posted)
    check_completeness(posted, marked)
    waves = stage_lines(transaction, batch, posted, marked, apply_to)
    write_entries(transaction, batch, posting_date, posted, marked)
    enforce(transaction, REQUIRED_NUMBERS, {"batch": batch})
    fixed = bool(apply_to) or any(found.applied for found in marked.values())
    for wave, wave_legs in enumerate(waves):
        move = _post_inbound if wave_legs[0].sign > 0 else _post_outbound
        move(transaction, {"batch": batch, "wave": wave}, wave_legs, fixed=fixed)
    _settle(transaction, batch, posted)
    entries = sum(len(legs(one)) * max(marked.get(one.line.id, NOTHING).entries, 1) for one in posted if one.quantity)
    return Posting(number=batch, entries=entries, entry=batch * POSITIONS + 1 if entries == 1 else None)


_NEW_POSTING = insert(posting)


def _stock_changes(posted: Sequence[PostingLine]) -> dict[tuple[int, str, int], int]:
    """What the posting adds to the quantity on hand, by item, variant and site: all it must hold."""
    changes: dict[tuple[int, str, int], int] = {}
    for leg in (leg for one in posted for leg in legs(one)):
        line = leg.posted.line
        key = (line.item.id, line.variant, leg.site_id)
        changes[key] = changes.get(key, 0) + leg.sign * leg.posted.quantity
        if leg.sign > 0 and line.item.tracking.steers("serial"):
            changes[line.item.id, line.variant, EVERY_SITE] = 0
    return changes


def _post_inbound(transaction: Transaction, parameters: Mapping[str, Any], wave: Sequence[Leg], *, fixed: bool) -> None:
    """A set of movements that bring goods in; `fixed`: somebody named entries to apply to."""
    if any(leg.posted.line.item.tracking.steers("serial") for leg in wave):
        rules = (serial_already_in_stock, *([serial_received_twice] if _share_items(wave) else []))
        refuse_first(transaction, _offences(transaction, rules, parameters))
    short = has_shortages(transaction, parameters)
    if fixed:
        apply_fixed(transaction, parameters)
    open_inbound(transaction, parameters, short=short)
    put_stock(transaction, parameters)


def _post_outbound(
    transaction: Transaction, parameters: Mapping[str, Any], wave: Sequence[Leg], *, fixed: bool
) -> None:
    """A set of movements that take goods out: specific serials leave as they are, the rest is dealt out."""
    by_serial = [leg for leg in wave if leg.posted.line.item.tracking.steers("serial")]
    found = []
    if fixed:
        refuse_first(transaction, _offences(transaction, [serial_not_in_stock], parameters))
        apply_fixed(transaction, parameters)
    if len(by_serial) < len(wave):
        apply_outbound(transaction, parameters)
        stage_takes(transaction, parameters)
        found += _offences(transaction, _DEALT_OUT, parameters)
        if not found:
            take_stock(transaction, parameters)
    if by_serial:
        if _share_items(by_serial):
            found += _offences(transaction, [serial_issued_twice], parameters)
        applied = apply_serials(transaction, parameters, fixed=fixed)
        leaving = stage_serial_takes(transaction, parameters)
        # The rules say which serials are missing; whether any is, the numbers tell faster.
        if min(applied, leaving) * SCALE < sum(leg.posted.quantity for leg in by_serial):
            found += _offences(transaction, (serial_not_in_stock, stock_line_too_small), parameters)
    refuse_first(transaction, found)
    if by_serial:
        close_serials(transaction, parameters)
        take_serials(transaction, parameters)


_DEALT_OUT = (number_not_in_stock, insufficient_stock, number_not_at_location, not_enough_at_location)


def _offences(transaction: Transaction, rules: Iterable[Rule], parameters: Mapping[str, Any]) -> list[Offence]:
    return [offence for rule in rules for offence in offences(transaction, rule, parameters)]


def _share_items(wave: Sequence[Leg]) -> bool:
    """Whether several lines are of one item: only then can a serial stand on two of them."""
    keys = [(leg.posted.line.item.id, leg.posted.line.variant) for leg in wave]
    return len(set(keys)) < len(keys)


def _settle(transaction: Transaction, batch: int, posted: Sequence[PostingLine]) -> None:
    """Take over what was posted to the lines and their numbers (PO-5)."""
    orders = [one for one in posted if not one.line.is_journal]
    journals = [one.line for one in posted if one.line.is_journal]
    transaction.execute(_POSTED_LINES, {"batch": batch})
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
        transaction.execute(_UPDATE_LINES, rows)
    if journals:
        _remove_journal_lines(transaction, journals)
    transaction.clear(staged_line, batch)


_POSTED_LINES = insert(posting_line).from_select(
    ("item_id", "posting_id", "line_id", "handled", "invoiced"),
    select(
        staged_line.c.item_id,
        staged_line.c.batch_id,
        staged_line.c.line_id,
        staged_line.c.quantity,
        staged_line.c.invoice,
    ).where(staged_line.c.batch_id == BATCH, staged_line.c.own == 1),
)

_UPDATE_LINES = (
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
