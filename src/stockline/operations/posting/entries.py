"""Ledger entries of a posting, written from the numbers marked on its lines, and what is handled of these."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Insert,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    select,
)

from stockline.codes import Code
from stockline.operations.posting.completeness import NOTHING, Marked, is_cut
from stockline.operations.posting.dates import default_dates, keeps_expired
from stockline.operations.posting.legs import Leg, legs, waves_of
from stockline.operations.posting.lines import PostingLine
from stockline.refusal import Refusal
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_BATCH
from stockline.schema.ledger import POSITIONS, ledger_entry, staged_line
from stockline.schema.reservations import SIDES, SUPPLY, LinkSide, link, renumbering, tracking_specification
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

POSTING_DATE = bindparam("posting_date", type_=Date)
DOCUMENTS = bindparam("documents", expanding=True, type_=BigInteger)

_STAGED = (
    "item_id",
    "line_id",
    "own",
    "ledger_line_id",
    "wave",
    "sign",
    "kind",
    "variant",
    "site_id",
    "location",
    "quantity",
    "invoice",
    "first_entry",
    "last_entry",
    "first_place",
    "numbered",
    "cut",
    *(f"requires_{kind}" for kind in NUMBER_KINDS),
    *(f"steers_{kind}" for kind in NUMBER_KINDS),
    "may_go_negative",
    "renumbers",
    "apply_to",
    "expires_by_default",
    "warranty_by_default",
    "keeps_expired",
)


def stage_lines(
    transaction: Transaction,
    batch: int,
    posting_date: date,
    posted: Sequence[PostingLine],
    marked: Mapping[int, Marked],
    apply_to: Mapping[int, int],
) -> list[list[Leg]]:
    """Stage the lines of a posting, in sequence; the legs of each wave (PO-2)."""
    waves = list(waves_of(posted))
    wave_of = {(leg.posted.line.id, leg.own): number for number, wave in enumerate(waves) for leg in wave}
    rows = []
    next_entry = batch * POSITIONS + 1
    for one in posted:
        found = marked.get(one.line.id, NOTHING)
        entries = (found.span if found.compact else max(found.entries, 1)) if one.quantity else 0
        for leg in legs(one):
            wave = wave_of.get((one.line.id, leg.own), NO_WAVE)
            defaults = [transaction.dialect.date_value(day) for day in default_dates(one.line, posting_date)]
            staged = _staged(leg, found, wave, (next_entry, entries), apply_to.get(one.line.id))
            rows.append((*staged, *defaults, int(keeps_expired(one.line))))
            next_entry += entries
    if next_entry > (batch + 1) * POSITIONS:
        raise Refusal.of(Code.INVALID, f"One posting can make at most {POSITIONS - 1} ledger entries.")
    transaction.stage(staged_line, _STAGED, rows, {"batch_id": batch})
    return waves


NO_WAVE = -1
"""The wave of lines that are only invoiced."""


def _staged(leg: Leg, found: Marked, wave: int, numbered: tuple[int, int], apply_to: int | None) -> tuple[Any, ...]:
    """A row of `staged_line`; `numbered` is the first number of its entries and how many are kept for them."""
    one, line = leg.posted, leg.posted.line
    code = line.item.tracking
    first, entries = numbered
    return (
        line.item.id,
        line.id,
        int(leg.own),
        line.ledger_id,
        wave,
        leg.sign,
        line.entry_kind,
        line.variant,
        leg.site_id,
        leg.location,
        one.quantity,
        one.invoice,
        first,
        first + entries - 1,
        found.first if found.compact else None,
        int(found.entries > 0),
        int(is_cut(one, found)),
        *(int(code.requires(kind, line.occasion)) for kind in NUMBER_KINDS),
        *(int(code.steers(kind)) for kind in NUMBER_KINDS),
        int(line.may_go_negative),
        int(line.renumbers),
        apply_to if leg.own else None,
    )


def write_entries(
    transaction: Transaction,
    batch: int,
    posting_date: date,
    posted: Sequence[PostingLine],
    marked: Mapping[int, Marked],
) -> None:
    """One ledger entry per combination marked, one without numbers per line that has none (PO-8)."""
    parameters = {"batch": batch, "posting_date": posting_date}
    lines = [(one.line.side.name, marked.get(one.line.id, NOTHING)) for one in posted if one.quantity]
    # Which statements there is work for is known; an idle one would still read every number of the lines.
    for side in sorted({name for name, found in lines if found.entries and found.compact}):
        transaction.execute(_placed_entries(side), parameters)
    for side in sorted({name for name, found in lines if found.entries and not found.compact}):
        transaction.execute(_summed_entries(side), parameters)
    if any(not found.entries for _, found in lines):
        transaction.execute(_plain_entries(), parameters)
    if any(len(legs(one)) > 1 for one in posted if one.quantity):
        transaction.execute(_COUNTERPARTS, parameters)


_ENTRY = (
    "item_id",
    "id",
    "line_id",
    "kind",
    "variant",
    "site_id",
    "location",
    "quantity",
    "serial",
    "lot",
    "package",
    "expires",
    "warranty",
    "posting_date",
    "origin_id",
    "correction",
    "entered",
)


def _marked_links(side: LinkSide) -> Any:
    """Links of the staged lines, on their side, with a number that is to be handled.

    `+ 0`: links are found by line. The other way round all links would be read, whoever's they are.
    """
    line = staged_line.c
    return and_(
        link.c.item_id == line.item_id,
        side.line_id == line.line_id + 0,
        line.own == 1,
        line.sign == (1 if side is SUPPLY else -1),
        side.handle != 0,
        side.is_numbered,
    )


@cache
def _placed_entries(side_name: str) -> Insert:
    """Entries of lines whose combinations are one link each: numbered by their place in the window."""
    side, line = SIDES[side_name], staged_line.c
    values = (
        link.c.item_id,
        line.first_entry + side.entered - line.first_place,
        line.ledger_line_id,
        line.kind,
        line.variant,
        line.site_id,
        line.location,
        line.sign * case((line.cut == 1, line.quantity), else_=side.handle),
        side.serial,
        side.lot,
        side.package,
        side.expires,
        func.coalesce(side.warranty, line.warranty_by_default),
        POSTING_DATE,
        side.apply_from,
        false(),
        side.entered,
    )
    placed = select(*values).select_from(staged_line.join(link, _marked_links(side)))
    return insert(ledger_entry).from_select(_ENTRY, placed.where(OF_BATCH, line.first_place.isnot(None)))


@cache
def _summed_entries(side_name: str) -> Insert:
    """Entries of lines whose combinations may lie on several links: summed, and numbered in the order of the window."""
    side = SIDES[side_name]
    line = staged_line.c
    key = (link.c.item_id, side.line_id, side.serial, side.lot, side.package)
    marked = (
        select(
            *(column.label(name) for column, name in zip(key, ("item_id", "line_id", *NUMBER_KINDS), strict=True)),
            func.sum(side.handle).label("handle"),
            func.min(side.entered).label("entered"),
            func.max(side.expires).label("expires"),
            func.max(side.warranty).label("warranty"),
            func.max(side.apply_from).label("origin"),
        )
        .select_from(staged_line.join(link, _marked_links(side)))
        .where(OF_BATCH, line.numbered == 1, line.first_place.is_(None))
        .group_by(*key)
        .subquery("marked")
    )
    position = func.row_number().over(partition_by=marked.c.line_id, order_by=marked.c.entered)
    quantity = line.sign * case((line.cut == 1, line.quantity), else_=marked.c.handle)
    values = (
        marked.c.item_id,
        line.first_entry + position - 1,
        line.ledger_line_id,
        line.kind,
        line.variant,
        line.site_id,
        line.location,
        quantity,
        *(marked.c[kind] for kind in NUMBER_KINDS),
        marked.c.expires,
        func.coalesce(marked.c.warranty, line.warranty_by_default),
        POSTING_DATE,
        marked.c.origin,
        false(),
        marked.c.entered,
    )
    of_line = and_(
        line.item_id == marked.c.item_id, line.batch_id == BATCH, line.line_id == marked.c.line_id, line.own == 1
    )
    return insert(ledger_entry).from_select(_ENTRY, select(*values).select_from(marked.join(staged_line, of_line)))


@cache
def _plain_entries() -> Insert:
    line = staged_line.c
    names = (
        "item_id",
        "id",
        "line_id",
        "kind",
        "variant",
        "site_id",
        "location",
        "quantity",
        "posting_date",
        "entered",
    )
    values = (
        line.item_id,
        line.first_entry,
        line.ledger_line_id,
        line.kind,
        line.variant,
        line.site_id,
        line.location,
        line.sign * line.quantity,
        POSTING_DATE,
        line.first_entry,
    )
    plain = select(*values).where(OF_BATCH, line.own == 1, line.numbered == 0, line.quantity != 0)
    return insert(ledger_entry).from_select(names, plain)


def _counterparts() -> Insert:
    """The other legs: what leaves here arrives there, with its numbers and dates or with those it is given."""
    own, other, entry = staged_line.alias("own_leg"), staged_line.c, ledger_entry.c
    values: dict[str, Any] = {name: entry[name] for name in _ENTRY}
    values |= {
        "id": other.first_entry + entry.id - own.c.first_entry,
        "site_id": other.site_id,
        "location": other.location,
        "quantity": other.sign * func.abs(entry.quantity),
        "expires": case((renumbering.c.dated, renumbering.c.new_expires), else_=entry.expires),
    }
    values |= {kind: func.coalesce(renumbering.c[f"new_{kind}"], entry[kind]) for kind in NUMBER_KINDS}
    same_line = and_(
        other.item_id == own.c.item_id, other.batch_id == BATCH, other.line_id == own.c.line_id, other.own == 0
    )
    of_line = and_(entry.item_id == own.c.item_id, entry.id >= own.c.first_entry, entry.id <= own.c.last_entry)
    renumbered = and_(
        renumbering.c.item_id == own.c.item_id,
        renumbering.c.line_id == own.c.line_id,
        *(renumbering.c[kind] == entry[kind] for kind in NUMBER_KINDS),
    )
    moved = (
        select(*values.values())
        .select_from(own.join(staged_line, same_line).join(ledger_entry, of_line).outerjoin(renumbering, renumbered))
        .where(own.c.batch_id == BATCH, own.c.own == 1)
    )
    return insert(ledger_entry).from_select(list(values), moved)


_COUNTERPARTS = _counterparts()


def write_specification(transaction: Transaction, batch: int) -> None:
    """A tracking specification per entry of an order line; journals keep none (PO-10, TW-22)."""
    transaction.execute(_SPECIFICATION, {"batch": batch})


_SPECIFICATION = insert(tracking_specification).from_select(
    ("item_id", "line_id", "entry_id", "quantity"),
    select(ledger_entry.c.item_id, staged_line.c.line_id, ledger_entry.c.id, func.abs(ledger_entry.c.quantity))
    .select_from(ENTRIES)
    .where(OF_BATCH, staged_line.c.own == 1),
)
