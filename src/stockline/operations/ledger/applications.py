"""What outbound entries take from inbound ones, and what remains open (PO-20 to PO-24)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    FromClause,
    Insert,
    Update,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    update,
)

from stockline.operations.ledger.dealing import deal
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_WAVE, WAVE, carried, covers, reserved_of, steering
from stockline.schema.ledger import SHORT, application, ledger_entry, open_entry, staged_application, staged_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

KEYS = ("item_id", "variant", "serial", "site_id", "lot", "package")
"""What an application keeps together: item, variant, site and the specific numbers."""


def has_shortages(transaction: Transaction, parameters: Mapping[str, Any]) -> bool:
    """Whether any entry of the wave's items waits for stock."""
    return bool(transaction.execute(_SHORTAGES, parameters).scalar())


def open_inbound(transaction: Transaction, parameters: Mapping[str, Any], *, short: bool, held: bool = False) -> None:
    """Inbound entries close shortages, oldest first, where there are any; the rest of them is open (PO-24).

    `held`: some may be reserved already, and keep so much (RE-9, RE-30).
    """
    if not short:
        transaction.execute(_OPEN_WHOLE, parameters)
        return
    transaction.execute(_apply(inbound=True, held=held), parameters)
    transaction.execute(_use_up(inbound=True), parameters)
    transaction.execute(_USED_UP, parameters)
    transaction.execute(_open_rest(inbound=True), parameters)


def apply_staged(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Apply outbound entries of the wave without a specific serial to what was decided before any search."""
    transaction.execute(_APPLY_STAGED, parameters)
    transaction.execute(_use_up_staged(), parameters)
    transaction.execute(_USED_UP, parameters)


def apply_outbound(transaction: Transaction, parameters: Mapping[str, Any], *, held: bool = False) -> None:
    """Outbound entries without a specific serial take from open entries, oldest first (PO-21).

    `held`: some of the stock may be reserved; they take what is free (RE-32).
    """
    transaction.execute(_apply(inbound=False, held=held), parameters)
    transaction.execute(_use_up(inbound=False), parameters)
    transaction.execute(_USED_UP, parameters)
    transaction.execute(_open_rest(inbound=False), parameters)


def apply_serials(transaction: Transaction, parameters: Mapping[str, Any], *, fixed: bool) -> int:
    """Outbound entries of specific serials take the very serial; how many found it.

    `fixed`: some may have been applied already, to the entry that somebody named.
    """
    applied = transaction.execute(_apply_serials(fixed), parameters).rowcount
    return applied + (int(transaction.execute(_FIXED_SERIALS, parameters).scalar_one()) if fixed else 0)


def close_serials(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """What specific serials were taken from is used up: a serial has one open entry at most (PO-16)."""
    transaction.execute(delete(open_entry).where(transaction.is_among(open_entry, _LEFT_SERIALS)), parameters)


@cache
def _apply_serials(fixed: bool) -> Insert:
    found = (
        select(ledger_entry.c.item_id, ledger_entry.c.id, open_entry.c.entry_id, -ledger_entry.c.quantity)
        .select_from(ENTRIES.join(open_entry, and_(covers(), open_entry.c.serial == ledger_entry.c.serial)))
        .where(OF_WAVE, staged_line.c.steers_serial == 1, open_entry.c.remaining > 0)
    )
    if fixed:
        found = found.where(~exists().where(_OF_ENTRY))
    names = ("item_id", "outbound_id", "inbound_id", "quantity")
    return insert(application).from_select(names, found).execution_options(preserve_rowcount=True)


_OF_ENTRY = and_(application.c.item_id == ledger_entry.c.item_id, application.c.outbound_id == ledger_entry.c.id)
_FIXED_SERIALS = (
    select(func.count())
    .select_from(ENTRIES.join(application, _OF_ENTRY))
    .where(OF_WAVE, staged_line.c.steers_serial == 1, application.c.fixed)
)

_OF_STAGED = and_(
    staged_application.c.item_id == ledger_entry.c.item_id,
    staged_application.c.batch_id == BATCH,
    staged_application.c.entry_id == ledger_entry.c.id,
)
_DECIDED = and_(OF_WAVE, staged_line.c.steers_serial == 0, staged_line.c.sign == -1)
_APPLY_STAGED = insert(application).from_select(
    ("item_id", "outbound_id", "inbound_id", "quantity", "fixed"),
    select(
        ledger_entry.c.item_id, ledger_entry.c.id, staged_application.c.other_id, staged_application.c.quantity, true()
    )
    .select_from(ENTRIES.join(staged_application, _OF_STAGED))
    .where(_DECIDED),
)

_LEFT_SERIALS = (
    select(*(ledger_entry.c[name] for name in ("item_id", "variant", "serial")))
    .select_from(ENTRIES)
    .where(OF_WAVE, staged_line.c.steers_serial == 1)
)

_SHORTAGES = select(
    select(open_entry.c.entry_id)
    .where(
        SHORT,
        open_entry.c.remaining < 0,
        open_entry.c.item_id.in_(select(staged_line.c.item_id).where(OF_WAVE)),
    )
    .exists()
)


def _applied(inbound: bool) -> Any:
    """What the new entry has been applied for so far."""
    column = application.c.inbound_id if inbound else application.c.outbound_id
    return (
        select(func.coalesce(func.sum(application.c.quantity), 0))
        .where(application.c.item_id == ledger_entry.c.item_id, column == ledger_entry.c.id)
        .scalar_subquery()
    )


def _brought_back() -> Any:
    """The open entry is one whose goods the wave brings back: what comes back never fills that very gap (PO-36)."""
    new, line = ledger_entry.alias("new"), staged_line.alias("of_new")
    of_line = and_(new.c.item_id == line.c.item_id, new.c.id >= line.c.first_entry, new.c.id <= line.c.last_entry)
    return (
        select(new.c.id)
        .select_from(line.join(new, of_line))
        .where(
            line.c.item_id == open_entry.c.item_id,
            line.c.batch_id == BATCH,
            line.c.wave == WAVE,
            new.c.origin_id == open_entry.c.entry_id,
        )
        .exists()
    )


def _free_of_open(inbound: bool, held: bool) -> Any:
    """How much of an open entry a new one may be applied to."""
    if held and not inbound:
        return open_entry.c.remaining - reserved_of(open_entry.c.entry_id)
    return func.abs(open_entry.c.remaining)


def _keys_of_entry() -> list[Any]:
    numbers = {"serial", "lot", "package"}
    return [(steering(name) if name in numbers else ledger_entry.c[name]).label(name) for name in KEYS]


@cache
def _apply(inbound: bool, held: bool = False) -> Insert:
    rest = func.abs(ledger_entry.c.quantity) - _applied(inbound)
    if inbound and held:
        rest -= reserved_of(ledger_entry.c.id)
    asked = (
        select(*_keys_of_entry(), ledger_entry.c.id, rest.label("quantity"))
        .select_from(ENTRIES)
        .where(OF_WAVE, *([] if inbound else [staged_line.c.steers_serial == 0]))
        .subquery("asked")
    )
    wanted = select(*(asked.c[name] for name in KEYS)).distinct().subquery("wanted")
    there = (
        select(
            *(open_entry.c[name] for name in KEYS),
            open_entry.c.entry_id.label("id"),
            _free_of_open(inbound, held).label("quantity"),
            open_entry.c.posting_date,
        )
        .select_from(wanted.join(open_entry, and_(*(wanted.c[name] == open_entry.c[name] for name in KEYS))))
        .where(*([open_entry.c.remaining < 0, ~_brought_back()] if inbound else [open_entry.c.remaining > 0]))
        .subquery("there")
    )
    dealt = deal(asked, [asked.c.id], there, [there.c.posting_date, there.c.id], KEYS)
    outbound, taken_from = (dealt.c.supply_id, dealt.c.demand_id) if inbound else (dealt.c.demand_id, dealt.c.supply_id)
    return insert(application).from_select(
        ("item_id", "outbound_id", "inbound_id", "quantity"),
        select(dealt.c.item_id, outbound, taken_from, dealt.c.quantity),
    )


_other = ledger_entry.alias("other")
"""The entry a new one was applied to."""


@cache
def _use_up(inbound: bool) -> Update:
    """Lower what remains of the entries the new ones were applied to."""
    new, other = (
        (application.c.inbound_id, application.c.outbound_id)
        if inbound
        else (application.c.outbound_id, application.c.inbound_id)
    )
    of_entry = and_(application.c.item_id == ledger_entry.c.item_id, new == ledger_entry.c.id)
    to_other = and_(application.c.item_id == _other.c.item_id, other == _other.c.id)
    return _lower(
        ENTRIES.join(application, of_entry).join(_other, to_other),
        application.c.quantity if not inbound else -application.c.quantity,
        and_(OF_WAVE, ~application.c.fixed, *([] if inbound else [staged_line.c.steers_serial == 0])),
    )


@cache
def _use_up_staged() -> Update:
    """Lower what remains of the entries that were decided on."""
    to_other = and_(staged_application.c.item_id == _other.c.item_id, staged_application.c.other_id == _other.c.id)
    applied = ENTRIES.join(staged_application, _OF_STAGED).join(_other, to_other)
    return _lower(applied, staged_application.c.quantity, _DECIDED)


def _lower(applied: FromClause, quantity: Any, which: Any) -> Update:
    """Lower what remains of the other entries, each found by its whole key, of which it knows its date and number."""
    of_other = (*_keys_of_entry(), _other.c.posting_date, _other.c.id.label("entry_id"))
    used = (
        select(*of_other, func.sum(quantity).label("quantity"))
        .select_from(applied)
        .where(which)
        .group_by(*of_other)
        .subquery("used")
    )
    return (
        update(open_entry)
        .where(*(open_entry.c[name] == used.c[name] for name in (*KEYS, "posting_date", "entry_id")))
        .values(remaining=open_entry.c.remaining - used.c.quantity)
    )


_USED_UP = delete(open_entry).where(
    SHORT, open_entry.c.remaining == 0, open_entry.c.item_id.in_(select(staged_line.c.item_id).where(OF_WAVE))
)


_OPENED = (*KEYS, "posting_date", "entry_id", "remaining", *(f"carried_{kind}" for kind in NUMBER_KINDS))
_CARRIED = [carried(kind) for kind in NUMBER_KINDS]


@cache
def _open_rest(inbound: bool) -> Insert:
    sign = -1 if inbound else 1
    rest = ledger_entry.c.quantity + sign * _applied(inbound)
    opened = (
        select(*_keys_of_entry(), ledger_entry.c.posting_date, ledger_entry.c.id, rest, *_CARRIED)
        .select_from(ENTRIES)
        .where(OF_WAVE, rest != 0)
    )
    if not inbound:
        opened = opened.where(staged_line.c.steers_serial == 0)
    return insert(open_entry).from_select(_OPENED, opened)


_OPEN_WHOLE = insert(open_entry).from_select(
    _OPENED,
    select(*_keys_of_entry(), ledger_entry.c.posting_date, ledger_entry.c.id, ledger_entry.c.quantity, *_CARRIED)
    .select_from(ENTRIES)
    .where(OF_WAVE),
)
