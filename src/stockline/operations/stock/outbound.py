"""Goods that leave: from which stock lines, and what that leaves behind (ST-4, ST-7, PO-22, PO-24)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Insert,
    Select,
    Text,
    and_,
    case,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)

from stockline.operations.ledger.dealing import deal
from stockline.operations.stock.changes import (
    CLEAR_STOCK,
    CLEAR_TAKES,
    add_staged_stock,
    change_lines,
)
from stockline.operations.stock.twins import settle_twins
from stockline.rules.control import AWAITING_PUT_AWAY
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_WAVE, steering, taken
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.stock import (
    OF_LINE,
    OPEN_LINE,
    TWIN_LINE,
    characteristic_set,
    serial,
    staged_stock,
    staged_take,
    stock_line,
)
from stockline.store.database import Transaction
from stockline.values import SCALE


def stage_takes(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Choose the stock lines that entries without a specific serial take from (PO-22, ST-7).

    First what is bound to a location, then the rest; and each first from lines that carry the entry's other numbers.
    """
    for located in (True, False):
        for exact in (True, False):
            transaction.execute(_stage_takes(located, exact), parameters)


def take_stock(transaction: Transaction, parameters: Mapping[str, Any], *, put_down: bool = False) -> None:
    """Lower the lines chosen; what no line could give goes below 0 on a line of the movement's own numbers (PO-24).

    `put_down`: what was taken from where is asked for once more, when it is put down again.
    """
    transaction.execute(_TAKE, parameters)
    transaction.execute(_STAGE_SHORTAGES, parameters)
    add_staged_stock(transaction, parameters)
    if not put_down:
        transaction.execute(CLEAR_TAKES, parameters)
    transaction.execute(CLEAR_STOCK, parameters)
    settle_twins(transaction, _ITEMS, parameters)


def stage_serial_takes(transaction: Transaction, parameters: Mapping[str, Any]) -> int:
    """The stock lines that specific serials leave, those they are linked to (ST-4); how many serials can leave.

    A serial can when its line is of the entry's variant, site, place and specific numbers, so that line and ledger lose
    the same, and has the quantity for all that leave it (ST-15, invariant 3).
    """
    transaction.execute(_STAGE_SERIAL_TAKES, parameters)
    return int(transaction.execute(_CAN_LEAVE, parameters).scalar_one()) // SCALE


def take_serials(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Lower the lines the serials leave, and unlink them."""
    transaction.execute(_TAKE, parameters)
    transaction.execute(_UNLINK_SERIALS, parameters)
    transaction.execute(CLEAR_TAKES, parameters)
    settle_twins(transaction, _ITEMS, parameters)


_ITEMS = select(staged_line.c.item_id).where(OF_WAVE)
_of_entry = and_(*(serial.c[name] == ledger_entry.c[name] for name in ("item_id", "variant", "serial")))
_STAGE_SERIAL_TAKES = insert(staged_take).from_select(
    ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
    select(
        serial.c.item_id,
        BATCH,
        func.min(ledger_entry.c.id),
        serial.c.stock_line_id,
        func.sum(-ledger_entry.c.quantity),
    )
    .select_from(ENTRIES.join(serial, _of_entry))
    # Serials are found by their key: a bare IS NOT NULL would tempt the planner to read all that are linked.
    .where(OF_WAVE, staged_line.c.steers_serial == 1, (serial.c.stock_line_id + 0).isnot(None))
    .group_by(
        serial.c.item_id,
        serial.c.stock_line_id,
        *(ledger_entry.c[name] for name in ("variant", "site_id", "location", "lot", "package")),
    ),
)

_of_line = func.sum(staged_take.c.quantity).over(partition_by=[staged_take.c.item_id, staged_take.c.stock_line_id])
_takes = (
    select(
        *(staged_take.c[name] for name in ("item_id", "entry_id", "stock_line_id", "quantity")),
        _of_line.label("leaving"),
    )
    .where(staged_take.c.batch_id == BATCH)
    .subquery("takes")
)
"""What is taken, with all that is taken from the same line: nothing is looked up in it, however many rows it has."""
_CAN_LEAVE = (
    select(func.coalesce(func.sum(_takes.c.quantity), 0))
    .select_from(
        _takes.join(
            ledger_entry, and_(ledger_entry.c.item_id == _takes.c.item_id, ledger_entry.c.id == _takes.c.entry_id)
        )
        .join(
            staged_line,
            and_(
                OF_WAVE,
                staged_line.c.item_id == ledger_entry.c.item_id,
                ledger_entry.c.id.between(staged_line.c.first_entry, staged_line.c.last_entry),
            ),
        )
        .join(stock_line, and_(stock_line.c.item_id == _takes.c.item_id, stock_line.c.id == _takes.c.stock_line_id))
        .join(characteristic_set, OF_LINE)
    )
    .where(
        stock_line.c.quantity >= _takes.c.leaving,
        characteristic_set.c.variant == ledger_entry.c.variant,
        characteristic_set.c.site_id == ledger_entry.c.site_id,
        or_(ledger_entry.c.location == "", ledger_entry.c.location == characteristic_set.c.location),
        *(
            or_(staged_line.c[f"steers_{kind}"] == 0, characteristic_set.c[kind] == ledger_entry.c[kind])
            for kind in ("lot", "package")
        ),
    )
)
_TAKE = change_lines(-1)

_left_set = (
    select(stock_line.c.set_id)
    .where(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id)
    .scalar_subquery()
)
_left = (
    select(ledger_entry.c.item_id, ledger_entry.c.variant, ledger_entry.c.serial, ledger_entry.c.posting_date)
    .select_from(ENTRIES)
    .where(OF_WAVE, staged_line.c.steers_serial == 1)
    .subquery("leaving")
)
_UNLINK_SERIALS = (
    update(serial)
    .where(*(serial.c[name] == _left.c[name] for name in ("item_id", "variant", "serial")))
    .values(
        stock_line_id=null(),
        last_direction=-1,
        last_set_id=_left_set,
        last_batch_id=BATCH,
        last_date=_left.c.posting_date,
    )
)

_status = func.substr(characteristic_set.c.status, 1, 1)
PREFERENCE = (
    case((AWAITING_PUT_AWAY, 1), else_=0),
    case((_status == "A", 0), (_status == "Q", 1), (_status == "R", 2), else_=3),
)
"""Where there is a choice: accepted before quality control before rejected stock, the dock last (ST-7)."""


@cache
def _stage_takes(located: bool, exact: bool) -> Insert:
    keys = ("item_id", "variant", "site_id", *(("location",) if located else ()), "lot", "package")
    asked = _asked(keys, located=located, exact=exact).subquery("asked")
    there = _there(keys, asked, exact=exact).subquery("there")
    dealt = deal(asked, [asked.c.id], there, [there.c.put_away, there.c.rank, there.c.id], keys)
    return insert(staged_take).from_select(
        ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
        select(dealt.c.item_id, BATCH, dealt.c.demand_id, dealt.c.supply_id, dealt.c.quantity),
    )


def _asked(keys: tuple[str, ...], *, located: bool, exact: bool) -> Select[Any]:
    """What entries still want, with the numbers that bind them: all they carry (`exact`), or the specific ones."""

    def key(name: str) -> Any:
        if name in _NUMBERS and not exact:
            return steering(name).label(name)
        return ledger_entry.c[name]

    place = ledger_entry.c.location
    wanted = (
        select(*(key(name) for name in keys), ledger_entry.c.id, (-ledger_entry.c.quantity - taken()).label("quantity"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 0, place != "" if located else place == "")
    )
    if not exact:
        return wanted
    # Only where a number of a kind that is not specific is given does it make a difference.
    return wanted.where(or_(*(and_(staged_line.c[f"steers_{k}"] == 0, ledger_entry.c[k] != "") for k in _NUMBERS)))


def _there(keys: tuple[str, ...], asked: FromClause, *, exact: bool) -> CompoundSelect[Any]:
    """The stock lines of what is asked for, with what is left on them, and how they are preferred.

    They are found by lot, else by package, else all of the site are read; twins, which are few, are found apart.
    """
    own, line = characteristic_set.c, stock_line.c
    wanted = select(*(asked.c[name] for name in (*_SITE, *_NUMBERS))).distinct().subquery("wanted")
    # As expressions, so that no planner looks up what is wanted for every line there is.
    sought = {name: wanted.c[name] + (0 if name in _IDS else "") for name in (*_SITE, *_NUMBERS)}

    def key(name: str) -> Any:
        return _steered(name, characteristic_set).label(name) if name in _NUMBERS and not exact else own[name]

    def lines(source: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
        preferred = (rank.label(name) for name, rank in zip(("put_away", "rank"), PREFERENCE, strict=True))
        columns = (line.id, (line.quantity - _given()).label("quantity"), *preferred)
        fits = (key(name) == sought[name] for name in _NUMBERS)
        return select(*(key(name) for name in keys), *columns).select_from(source).where(*fits, *conditions)

    def by(number: str | None, *conditions: ColumnElement[bool]) -> Select[Any]:
        names = (*_SITE, number) if number else _SITE
        of_wanted = and_(*(own[name] == sought[name] for name in names))
        of_set = and_(line.item_id == own.item_id, line.set_id == own.id, OPEN_LINE)
        known = [own[number] != literal_column("''")] if number else []
        there = wanted.join(characteristic_set, of_wanted).join(stock_line, of_set)
        return lines(there, line.quantity > 0, *known, *conditions)

    lot, package = (sought[name] for name in _NUMBERS)
    twins = and_(line.item_id == sought["item_id"], TWIN_LINE)
    of_twin = and_(own.item_id == line.item_id, own.id == line.set_id, *(own[name] == sought[name] for name in _SITE))
    return union_all(
        by("lot", lot != ""),
        by("package", lot == "", package != ""),
        by(None, lot == "", package == ""),
        lines(wanted.join(stock_line, twins).join(characteristic_set, of_twin), line.quantity > 0),
    )


def _steered(kind: str, row: Any) -> Any:
    """The number of a kind where it is specific for the item, else blank; a wave has one tracking code per item."""
    specific = select(func.max(staged_line.c[f"steers_{kind}"])).where(OF_WAVE, staged_line.c.item_id == row.c.item_id)
    return case((specific.scalar_subquery() == 1, row.c[kind]), else_="")


def _given() -> ColumnElement[int]:
    """What has been taken from the stock line so far."""
    of_line = (staged_take.c.item_id == stock_line.c.item_id, staged_take.c.stock_line_id == stock_line.c.id)
    taken_from = select(func.coalesce(func.sum(staged_take.c.quantity), 0))
    return taken_from.where(*of_line, staged_take.c.batch_id == BATCH).scalar_subquery()


_SITE = ("item_id", "variant", "site_id")
_IDS = ("item_id", "site_id")
_NUMBERS = ("lot", "package")


_STAGE_SHORTAGES = insert(staged_stock).from_select(
    ("item_id", "batch_id", "variant", "site_id", "location", "lot", "package", "number", "quantity"),
    select(
        ledger_entry.c.item_id,
        BATCH,
        ledger_entry.c.variant,
        ledger_entry.c.site_id,
        literal("", Text),
        ledger_entry.c.lot,
        ledger_entry.c.package,
        func.min(ledger_entry.c.id),
        func.sum(ledger_entry.c.quantity + taken()),
    )
    .select_from(ENTRIES)
    .where(OF_WAVE, staged_line.c.steers_serial == 0, -ledger_entry.c.quantity > taken())
    .group_by(*(ledger_entry.c[name] for name in ("item_id", "variant", "site_id", "lot", "package"))),
)
