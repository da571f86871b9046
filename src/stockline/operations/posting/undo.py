"""Undo: a posting, or one line of it, is taken back by entries opposite to its own (PO-37 to PO-39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert, and_, case, delete, func, insert, literal_column, select, true, tuple_, update

from stockline.codes import Code
from stockline.operations.lines import SourceLine, lines_of, lock_documents
from stockline.operations.locks import lock_item_sites
from stockline.operations.number_dates import remember_dates
from stockline.operations.posting.legs import Leg
from stockline.operations.posting.lines import PostingLine
from stockline.operations.posting.movements import post_inbound, post_outbound, stock_changes
from stockline.operations.posting.post import POSTED_LINES, UPDATE_LINES
from stockline.operations.posting.transfer_numbers import mark_receivable
from stockline.operations.posting.undone_numbers import give_numbers_back
from stockline.operations.problems import Problems
from stockline.operations.stock.further_links import take_over_links
from stockline.refusal import Refusal
from stockline.results import Posting
from stockline.rules.framework import BATCH, offences, refuse_first
from stockline.rules.posting import ENTRIES, OF_BATCH
from stockline.rules.undo import UNDONE_ENTRIES
from stockline.schema.documents import document_of, incoming, is_incoming
from stockline.schema.ledger import POSITIONS, ledger_entry, posting, posting_line, staged_application, staged_line
from stockline.schema.reservations import SUPPLY, link, tracking_specification
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

UNDOABLE = ("purchase", "purchase_return", "sale", "sale_return", "transfer", "assembly")
"""Kinds of document whose postings can be undone; an assembly only whole."""


@dataclass(frozen=True, slots=True)
class _Undone:
    """A leg that takes back the entries of a line numbered from `first` to `last`."""

    leg: Leg
    first: int
    last: int
    entries: int

    @property
    def wave(self) -> int:
        """What had come in leaves first, so that what had gone out finds its place again."""
        return 0 if self.leg.sign < 0 else 1


@dataclass(frozen=True, slots=True)
class Undo:
    """The posting to take back, whole or one line of it."""

    posting: int
    line: str | None = None


def undo(transaction: Transaction, given: Undo) -> Posting:
    """Undo a posting, or one line of it. Refused `not_found`, `undo_not_possible`, `serial_already_in_stock`."""
    number, line = given.posting, given.line
    posted = transaction.execute(select(posting).where(posting.c.id == number)).one_or_none()
    if posted is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no posting {number}.")
    if posted.kind == "undo":
        raise Refusal.of(Code.UNDO_NOT_POSSIBLE, f"Posting {number} is itself an undo.")
    undone = _legs(transaction, number, _undone_lines(transaction, number, line))
    lock_item_sites(transaction, stock_changes(one.leg for one in undone))
    batch = transaction.next_number()
    transaction.execute(insert(posting).values(id=batch, kind="undo", posting_date=posted.posting_date))
    _stage(transaction, batch, undone)
    transaction.execute(_OPPOSITE_ENTRIES, {"batch": batch})
    items = [one.leg.posted.line.item for one in undone]
    remember_dates(transaction, batch, {item.id: item.tracking for item in items})
    refuse_first(transaction, [one for rule in UNDONE_ENTRIES for one in offences(transaction, rule, {"batch": batch})])
    transaction.execute(_TO_THE_ORIGINAL, {"batch": batch})
    for wave, legs in enumerate([one.leg for one in undone if one.wave == wave] for wave in (0, 1)):
        parameters = {"batch": batch, "wave": wave}
        if legs and legs[0].sign < 0:
            post_outbound(transaction, parameters, legs, decided=True)
        elif legs:
            post_inbound(transaction, parameters, legs)
    take_over_links(transaction, batch)
    _settle(transaction, batch, number, [one.leg.posted for one in undone if one.leg.own])
    entries = sum(one.entries for one in undone)
    return Posting(number=batch, entries=entries, entry=batch * POSITIONS + 1 if entries == 1 else None)


# ---------------------------------------------------------------- which lines


def _undone_lines(transaction: Transaction, number: int, name: str | None) -> list[SourceLine]:
    """The lines to undo, their documents held: of a whole posting those not undone before."""
    query = select(posting_line).where(posting_line.c.posting_id == number).order_by(posting_line.c.line_id)
    documents = {document_of(row.line_id) for row in transaction.execute(query)}
    lock_documents(transaction, documents)
    known = {line.id: line for line in lines_of(transaction, documents)}
    rows = transaction.execute(query).all()
    if name is not None:
        rows = [row for row in rows if row.line_id in known and name in _names(known[row.line_id])]
        if not rows:
            raise Refusal.of(Code.NOT_FOUND, f"Posting {number} has no line {name}.", line=name)
    problems = Problems((Code.UNDO_NOT_POSSIBLE,))
    open_rows = [row for row in rows if row.handled and row.undone_id is None]
    if not open_rows:
        problems.add(Code.UNDO_NOT_POSSIBLE, f"Nothing of posting {number} is left to undo.", line=name)
    lines = [known.get(row.line_id) for row in open_rows]
    for line in lines:
        if reason := _fixed(transaction, line, known, one_line=name is not None):
            problems.add(Code.UNDO_NOT_POSSIBLE, reason, line=line and line.name)
    problems.refuse()
    return [line for line in lines if line is not None]


def _names(line: SourceLine) -> tuple[str, ...]:
    return (line.name, f"{line.name}:out")


def _fixed(
    transaction: Transaction, line: SourceLine | None, known: dict[int, SourceLine], *, one_line: bool
) -> str | None:
    """Why a line cannot be undone, whatever its entries; None when nothing stands against it."""
    if line is None or line.kind not in UNDOABLE:
        return "Journals, productions and counts cannot be undone."
    if line.kind == "assembly" and one_line:
        return f"Line {line.name}: an assembly can only be undone whole."
    if line.kind != "transfer":
        return None
    if is_incoming(line.id) or known[incoming(line.id)].handled:
        return f"Line {line.name}: a part of the transfer has been received."
    held = select(link.c.id).where(
        link.c.item_id == line.item.id, SUPPLY.line_id == incoming(line.id), link.c.status == "reservation"
    )
    return f"Line {line.name}: what arrives is reserved." if transaction.execute(held.limit(1)).scalar() else None


def _legs(transaction: Transaction, number: int, lines: Sequence[SourceLine]) -> list[_Undone]:
    """The legs opposite to those of the posting, each with its quantity and its range of entries."""
    undone = {(line.item.id, line.ledger_id): line for line in lines}
    found = []
    for row in transaction.execute(_POSTED, {"batch": number}):
        line = undone.get((row.item_id, row.line_id))
        if line is not None:
            one = PostingLine(line, int(row.quantity), 0)
            own = row.sign == line.movement
            leg = Leg(one, own=own, sign=-row.sign, site_id=row.site_id, location=row.location)
            found.append(_Undone(leg, row.first, row.last, row.entries))
    return found


_entry = ledger_entry.c
_of_posting = and_(
    _entry.item_id == posting_line.c.item_id,
    _entry.id.between(BATCH * POSITIONS, BATCH * POSITIONS + (POSITIONS - 1)),
)
_sign = case((_entry.quantity < literal_column("0"), literal_column("-1")), else_=literal_column("1"))
_POSTED = (
    select(
        _entry.item_id,
        _entry.line_id,
        _entry.site_id,
        _entry.location,
        _sign.label("sign"),
        func.sum(func.abs(_entry.quantity)).label("quantity"),
        func.min(_entry.id).label("first"),
        func.max(_entry.id).label("last"),
        func.count().label("entries"),
    )
    .select_from(posting_line.join(ledger_entry, and_(_of_posting, _entry.line_id == posting_line.c.line_id)))
    .where(posting_line.c.posting_id == BATCH)
    .group_by(_entry.item_id, _entry.line_id, _entry.site_id, _entry.location, _sign)
    .order_by(func.min(_entry.id))
)


# ---------------------------------------------------------------- what is written


def _stage(transaction: Transaction, batch: int, undone: Sequence[_Undone]) -> None:
    rows = []
    first = batch * POSITIONS + 1
    for one in undone:
        line, leg = one.leg.posted.line, one.leg
        steers = (int(line.item.tracking.steers(kind)) for kind in NUMBER_KINDS)
        last = first + one.last - one.first
        place = (line.variant, leg.site_id, leg.location)
        numbered = (leg.posted.quantity, first, last, one.first)
        rows.append(
            (line.item.id, line.id, int(leg.own), line.ledger_id, one.wave, leg.sign, *place, *numbered, *steers)
        )
        first = last + 1
    transaction.stage(staged_line, _STAGED, rows, {"batch_id": batch})


_STAGED = (
    *("item_id", "line_id", "own", "ledger_line_id", "wave", "sign", "variant", "site_id", "location"),
    *("quantity", "first_entry", "last_entry", "first_undone"),
    *(f"steers_{kind}" for kind in NUMBER_KINDS),
)


def _opposite_entries() -> Insert:
    """The entries taken back, with their numbers, dates and posting date, the other way round."""
    line = staged_line.c
    values: dict[str, Any] = {name: _entry[name] for name in _entry.keys() if name != "origin_id"}  # noqa: SIM118
    values |= {
        "id": line.first_entry + _entry.id - line.first_undone,
        "quantity": -_entry.quantity,
        "correction": true(),
        "origin_id": _entry.id,
    }
    undone = and_(
        _entry.item_id == line.item_id,
        _entry.id >= line.first_undone,
        _entry.id <= line.first_undone + line.last_entry - line.first_entry,
        _entry.line_id == line.ledger_line_id,
        _entry.quantity * line.sign < 0,
    )
    opposite = select(*values.values()).select_from(staged_line.join(ledger_entry, undone)).where(OF_BATCH)
    return insert(ledger_entry).from_select(list(values), opposite)


_OPPOSITE_ENTRIES = _opposite_entries()
_TO_THE_ORIGINAL = insert(staged_application).from_select(
    ("item_id", "batch_id", "entry_id", "other_id", "quantity"),
    select(_entry.item_id, BATCH, _entry.id, _entry.origin_id, -_entry.quantity)
    .select_from(ENTRIES)
    .where(OF_BATCH, staged_line.c.sign == -1, staged_line.c.steers_serial == 0),
)


def _settle(transaction: Transaction, batch: int, number: int, undone: Sequence[PostingLine]) -> None:
    """The lines are as they were before the posting, their numbers active again (PO-39)."""
    parameters = {"batch": batch}
    transaction.execute(POSTED_LINES, parameters)
    transaction.execute(_MARK_UNDONE.where(posting_line.c.posting_id == number), parameters)
    transaction.execute(_FORGET_SPECIFICATION, parameters)
    give_numbers_back(transaction, parameters)
    rows = [
        {
            "of_item": one.line.item.id,
            "of_line": one.line.id,
            "handled": one.line.handled - one.line.sign * one.quantity,
            "invoiced": one.line.invoiced,
        }
        for one in undone
    ]
    transaction.execute(UPDATE_LINES, rows)
    mark_receivable(transaction, [one.line for one in undone])
    for table in (staged_application, staged_line):
        transaction.clear(table, batch)


_MARK_UNDONE = (
    update(posting_line)
    .where(
        tuple_(posting_line.c.item_id, posting_line.c.line_id).in_(
            select(staged_line.c.item_id, staged_line.c.line_id).where(OF_BATCH, staged_line.c.own == 1)
        )
    )
    .values(undone_id=BATCH)
)
_specification = tracking_specification.c
_FORGET_SPECIFICATION = delete(tracking_specification).where(
    tuple_(_specification.item_id, _specification.line_id, _specification.entry_id).in_(
        select(staged_line.c.item_id, staged_line.c.line_id, _entry.origin_id)
        .select_from(ENTRIES)
        .where(OF_BATCH, staged_line.c.own == 1)
    )
)
