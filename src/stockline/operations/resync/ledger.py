"""The ledger follows the links of serials: corrections that leave every sum as it is (RS-9, invariant 10)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Insert, Text, and_, bindparam, case, func, insert, literal, or_, select

from stockline.operations.catalog import Item
from stockline.operations.ledger.applications import (
    apply_outbound,
    apply_serials,
    close_serials,
    has_shortages,
    open_inbound,
)
from stockline.operations.number_dates import take_dates
from stockline.operations.resync.reservations import follow, welcome
from stockline.rules.framework import BATCH
from stockline.schema.ledger import ledger_entry, open_entry, staged_line
from stockline.schema.resync import staged_resync
from stockline.schema.stock import OF_LINE, characteristic_set, stock_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE

KIND = "resynchronization"
_WAVES = ((0, -1, True), (1, 1, True), (2, 1, False), (3, -1, False))
"""The corrections in sequence: number, sign, and whether they carry the serial. What leaves by number is put back
without, what comes by number is taken from what has none."""

FIRST = bindparam("first", type_=BigInteger)
WIDTH = bindparam("width", type_=BigInteger)
TODAY = bindparam("today", type_=Date)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a resynchronization posts for staged serials: under which posting, with which numbers, on which day."""

    item: Item
    batch: int
    first: int
    """The number before that of the first entry; as many follow as `entries_for` says."""
    serials: int
    today: date

    @staticmethod
    def entries_for(serials: int) -> int:
        """How many numbers are kept for the entries of so many serials: in each wave one a serial."""
        return len(_WAVES) * serials


def correct(transaction: Transaction, corrections: Corrections) -> bool:
    """Make the ledger say of the staged serials what their places say; False when it does already."""
    parameters: dict[str, Any] = {
        "batch": corrections.batch,
        "item": corrections.item.id,
        "first": corrections.first,
        "width": corrections.serials,
        "today": corrections.today,
        **{f"steers_{kind}": int(corrections.item.tracking.steers(kind)) for kind in ("lot", "package")},
    }
    if not transaction.execute(_DIFFERS, parameters).scalar():
        return False
    left = transaction.execute(_LEAVE, parameters).rowcount
    come = transaction.execute(_COME, parameters).rowcount
    stage_waves(transaction, corrections.item, corrections.batch, _waves(corrections))
    wave = {number: {"batch": corrections.batch, "wave": number} for number, _, _ in _WAVES}
    if left:
        apply_serials(transaction, wave[0], fixed=False)
        close_serials(transaction, wave[0])
        transaction.execute(_PUT_BACK, parameters)
        open_inbound(transaction, wave[2], short=has_shortages(transaction, wave[2]))
    if come:
        open_inbound(transaction, wave[1], short=False)
        transaction.execute(_TAKE, parameters)
        apply_outbound(transaction, wave[3])
    if left:
        follow(transaction, corrections.item, wave[0])
    if come:
        welcome(transaction, corrections.item, wave[1], wave[3])
    if corrections.item.tracking.uses_expiration:
        take_dates(transaction, {"batch": corrections.batch, "items": [corrections.item.id]})
    transaction.clear(staged_line, corrections.batch)
    return True


@dataclass(frozen=True, slots=True)
class Wave:
    """Entries that move one way, numbered from `first` to `last`; `numbered`: they carry specific serials."""

    number: int
    sign: int
    first: int
    last: int
    numbered: bool = False


def stage_waves(transaction: Transaction, item: Item, batch: int, waves: Iterable[Wave]) -> None:
    """Stage the lines of these entries, as those of a posting are."""
    steers = {kind: int(item.tracking.steers(kind)) for kind in NUMBER_KINDS}
    rows = []
    for wave in waves:
        flags = (steers["serial"] * wave.numbered, steers["lot"], steers["package"])
        rows.append((item.id, wave.number, 1, wave.number, wave.sign, KIND, 0, wave.first, wave.last, *flags))
    columns = ("item_id", "line_id", "own", "wave", "sign", "kind", "site_id", "first_entry", "last_entry")
    names = (*columns, *(f"steers_{kind}" for kind in ("serial", "lot", "package")))
    transaction.stage(staged_line, names, rows, {"batch_id": batch})


def _waves(corrections: Corrections) -> Iterator[Wave]:
    for wave, sign, numbered in _WAVES:
        first = corrections.first + wave * corrections.serials
        yield Wave(wave, sign, first + 1, first + corrections.serials, numbered)


_ITEM = bindparam("item", type_=BigInteger)
_OF_BATCH = and_(staged_resync.c.item_id == _ITEM, staged_resync.c.batch_id == BATCH)
_place = characteristic_set.c
_TO_LINE = staged_resync.outerjoin(
    stock_line,
    and_(
        stock_line.c.item_id == staged_resync.c.item_id,
        stock_line.c.id == staged_resync.c.place,
        stock_line.c.quantity != 0,
    ),
).outerjoin(characteristic_set, OF_LINE)
"""The staged serials with the characteristics of their places; on a closed line a serial is in no stock."""


def _steered(kind: str) -> Any:
    return case((bindparam(f"steers_{kind}", type_=BigInteger) == 1, _place[kind]), else_=literal("", Text))


_of_serial = and_(
    open_entry.c.item_id == staged_resync.c.item_id,
    open_entry.c.variant == staged_resync.c.variant,
    open_entry.c.serial == staged_resync.c.serial,
)
_as_placed = and_(
    _place.site_id.isnot(None),
    open_entry.c.variant == _place.variant,
    open_entry.c.site_id == _place.site_id,
    open_entry.c.lot == _steered("lot"),
    open_entry.c.package == _steered("package"),
)
_REMAINS = and_(_of_serial, open_entry.c.remaining > 0)
_NOT_THERE = or_(_place.site_id.is_(None), ~_as_placed)
_opened = and_(ledger_entry.c.item_id == open_entry.c.item_id, ledger_entry.c.id == open_entry.c.entry_id)
_PLACE = ("variant", "site_id", "location", "lot", "package")
_ENTRY = ("item_id", "id", "kind", "posting_date", "quantity", *_PLACE)


def _number(wave: int, order: Any) -> Any:
    return FIRST + wave * WIDTH + func.row_number().over(order_by=order)


def _leave() -> Insert:
    """Serials leave where the ledger has them and they are not."""
    old = ledger_entry.c
    number = _number(0, [open_entry.c.serial, open_entry.c.entry_id])
    facts = (old.item_id, number, literal(KIND, Text), TODAY, -open_entry.c.remaining, *(old[name] for name in _PLACE))
    found = _TO_LINE.join(open_entry, _REMAINS).join(ledger_entry, _opened)
    return insert(ledger_entry).from_select(
        (*_ENTRY, "serial"),
        select(*facts, old.serial).select_from(found).where(_OF_BATCH, _NOT_THERE),
    )


def _come() -> Insert:
    """Serials come in where they are and the ledger has them not; with the warranty they left with."""
    number = _number(1, [staged_resync.c.serial])
    item = staged_resync.c.item_id
    facts = (item, number, literal(KIND, Text), TODAY, literal(SCALE), *(_place[name] for name in _PLACE))
    old = ledger_entry.c
    found = _TO_LINE.outerjoin(open_entry, and_(_of_serial, open_entry.c.remaining > 0)).outerjoin(
        ledger_entry, _opened
    )
    return insert(ledger_entry).from_select(
        (*_ENTRY, "serial", "warranty"),
        select(*facts, staged_resync.c.serial, old.warranty)
        .select_from(found)
        .where(_OF_BATCH, _place.site_id.isnot(None), or_(open_entry.c.entry_id.is_(None), ~_as_placed)),
    )


def _opposite(of_wave: int, wave: int) -> Insert:
    """What a wave moved by number, moved the other way without, one entry a place."""
    entry = ledger_entry.c
    number = _number(wave, [func.min(entry.id)])
    place = [entry[name] for name in _PLACE]
    facts = (entry.item_id, number, literal(KIND, Text), TODAY, -func.sum(entry.quantity), *place)
    moved = entry.id.between(FIRST + of_wave * WIDTH + 1, FIRST + (of_wave + 1) * WIDTH)
    return insert(ledger_entry).from_select(
        _ENTRY, select(*facts).where(entry.item_id == _ITEM, moved).group_by(entry.item_id, *place)
    )


_DIFFERS = select(
    select(staged_resync.c.serial)
    .select_from(_TO_LINE.outerjoin(open_entry, _REMAINS))
    .where(
        _OF_BATCH,
        or_(
            and_(open_entry.c.entry_id.isnot(None), _NOT_THERE),
            and_(open_entry.c.entry_id.is_(None), _place.site_id.isnot(None)),
        ),
    )
    .exists()
)
_LEAVE = _leave().execution_options(preserve_rowcount=True)
_COME = _come().execution_options(preserve_rowcount=True)
_PUT_BACK = _opposite(0, 2)
_TAKE = _opposite(1, 3)
