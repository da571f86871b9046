"""Stock lines and serials of a posting: goods are put on lines and taken from them (ST-3 to ST-7, PO-22, PO-24)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Text,
    Update,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from stockline.operations.applications import shares
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_WAVE, steering, taken
from stockline.schema.catalog import location
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.stock import (
    CHARACTERISTICS,
    OPEN_LINE,
    characteristic_set,
    serial,
    staged_stock,
    staged_take,
    stock_line,
)
from stockline.store.database import Transaction
from stockline.values import SCALE

PLACE = ("item_id", "variant", "site_id", "location", "lot", "package")
"""What a ledger entry says of the stock line its goods lie on; the other characteristics of posted stock are blank."""

POSTED: dict[str, Any] = {"status": "A", "packing_factor": SCALE}
"""Characteristics of posted stock that are not blank (ST-7)."""


def is_posted_stock(row: Any) -> ColumnElement[bool]:
    """The characteristics say no more than a ledger entry can."""
    rest = [name for name in CHARACTERISTICS if name not in PLACE]
    return and_(*(row.c[name] == POSTED.get(name, "") for name in rest))


def put_stock(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """What came in joins the open line of its characteristics, else opens one; it first fills shortages of the site."""
    transaction.execute(_STAGE_INBOUND, parameters)
    if transaction.execute(_SHORT_LINES, parameters).scalar():
        transaction.execute(_STAGE_FILLS, parameters)
        transaction.execute(_FILL, parameters)
        transaction.execute(_LOWER_STAGED, parameters)
        transaction.execute(_CLEAR_TAKES, parameters)
    add_staged_stock(transaction, parameters)
    link = _link_serials(transaction)
    transaction.execute(link, parameters)
    transaction.execute(_CLEAR_STOCK, parameters)


def add_staged_stock(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Add what is staged to the stock lines of its characteristics, opening those that are not there."""
    new_sets = transaction.insert(characteristic_set).from_select(*_NEW_SETS)
    transaction.execute(new_sets.on_conflict_do_nothing(), parameters)
    transaction.execute(_RESOLVE_SETS, parameters)
    upsert = transaction.insert(stock_line).from_select(*_NEW_LINES)
    upsert = upsert.on_conflict_do_update(
        index_elements=["item_id", "set_id"],
        index_where=OPEN_LINE,
        set_={"quantity": stock_line.c.quantity + upsert.excluded.quantity},
    )
    transaction.execute(upsert, parameters)
    transaction.execute(_RESOLVE_LINES, parameters)


_STAGE_INBOUND = insert(staged_stock).from_select(
    ("item_id", "batch_id", "variant", "site_id", "location", "lot", "package", "number", "quantity"),
    select(
        ledger_entry.c.item_id,
        BATCH,
        *(ledger_entry.c[name] for name in PLACE[1:]),
        func.min(ledger_entry.c.id),
        func.sum(ledger_entry.c.quantity),
    )
    .select_from(ENTRIES)
    .where(OF_WAVE)
    .group_by(*(ledger_entry.c[name] for name in PLACE)),
)

_staged = staged_stock.c.batch_id == BATCH
_set_columns = ("item_id", "id", *CHARACTERISTICS)
_NEW_SETS = (
    _set_columns,
    select(
        staged_stock.c.item_id,
        staged_stock.c.number,
        *(
            staged_stock.c[name] if name in PLACE else literal(POSTED.get(name, ""), characteristic_set.c[name].type)
            for name in CHARACTERISTICS
        ),
    ).where(_staged, staged_stock.c.quantity != 0),
)


def _same_place(staged: Any = staged_stock) -> ColumnElement[bool]:
    """The set of characteristics of what is staged."""
    return and_(*(characteristic_set.c[name] == staged.c[name] for name in PLACE), is_posted_stock(characteristic_set))


_RESOLVE_SETS = update(staged_stock).where(_staged, _same_place()).values(set_id=characteristic_set.c.id)

_NEW_LINES = (
    ("item_id", "id", "set_id", "quantity", "twin"),
    select(
        staged_stock.c.item_id, staged_stock.c.number, staged_stock.c.set_id, staged_stock.c.quantity, false()
    ).where(_staged, staged_stock.c.quantity != 0),
)

_RESOLVE_LINES = (
    update(staged_stock)
    .where(
        _staged,
        stock_line.c.item_id == staged_stock.c.item_id,
        stock_line.c.set_id == staged_stock.c.set_id,
        OPEN_LINE,
    )
    .values(stock_line_id=stock_line.c.id)
)

_CLEAR_STOCK = delete(staged_stock).where(_staged)
_CLEAR_TAKES = delete(staged_take).where(staged_take.c.batch_id == BATCH)


def _link_serials(transaction: Transaction) -> Any:
    """Link the serials that came in to their line: it gives them its attributes and is their last movement (ST-6)."""
    names = (
        "item_id",
        "variant",
        "serial",
        "lot",
        "sublot",
        "version",
        "stock_line_id",
        "last_direction",
        "last_set_id",
        "last_batch_id",
        "last_date",
    )
    blank = literal("", Text)
    on_line = and_(staged_stock.c.batch_id == BATCH, *(staged_stock.c[name] == ledger_entry.c[name] for name in PLACE))
    arrived = (
        select(
            ledger_entry.c.item_id,
            ledger_entry.c.variant,
            ledger_entry.c.serial,
            ledger_entry.c.lot,
            blank,
            blank,
            staged_stock.c.stock_line_id,
            literal(1),
            staged_stock.c.set_id,
            BATCH,
            ledger_entry.c.posting_date,
        )
        .select_from(ENTRIES.join(staged_stock, on_line))
        .where(OF_WAVE, staged_line.c.steers_serial == 1)
    )
    statement = transaction.insert(serial).from_select(names, arrived)
    return statement.on_conflict_do_update(
        index_elements=["item_id", "variant", "serial"],
        set_={name: statement.excluded[name] for name in names[3:]},
    )


# ---------------------------------------------------------------- shortages filled by what comes in

_short = and_(
    stock_line.c.quantity < 0,
    stock_line.c.item_id.in_(select(staged_line.c.item_id).where(OF_WAVE)),
)
_SHORT_LINES = select(select(stock_line.c.id).where(_short).exists())

_lines = stock_line.join(
    characteristic_set,
    and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id),
)


def _steered(kind: str, row: Any) -> Any:
    """The number of a kind where it is specific for the item, else blank; a wave has one tracking code per item."""
    specific = select(func.max(staged_line.c[f"steers_{kind}"])).where(OF_WAVE, staged_line.c.item_id == row.c.item_id)
    return case((specific.scalar_subquery() == 1, row.c[kind]), else_="")


_FILL_KEYS = ("item_id", "variant", "site_id", "lot", "package")


def _running(rows: Any, order: list[Any], keys: tuple[str, ...]) -> Any:
    upto = func.sum(rows.c.quantity).over(partition_by=[rows.c[name] for name in keys], order_by=order)
    return select(*(rows.c[name] for name in keys), rows.c.id, rows.c.quantity, upto.label("upto"))


def _stage_fills() -> Insert:
    waiting = (
        select(
            stock_line.c.item_id,
            characteristic_set.c.variant,
            characteristic_set.c.site_id,
            _steered("lot", characteristic_set).label("lot"),
            _steered("package", characteristic_set).label("package"),
            stock_line.c.id,
            (-stock_line.c.quantity).label("quantity"),
        )
        .select_from(_lines)
        .where(_short)
        .subquery("waiting")
    )
    arrived = (
        select(
            staged_stock.c.item_id,
            staged_stock.c.variant,
            staged_stock.c.site_id,
            _steered("lot", staged_stock).label("lot"),
            _steered("package", staged_stock).label("package"),
            staged_stock.c.number.label("id"),
            staged_stock.c.quantity,
        )
        .where(_staged)
        .subquery("arrived")
    )
    demand = _running(waiting, [waiting.c.id], _FILL_KEYS).subquery("demand")
    supply = _running(arrived, [arrived.c.id], _FILL_KEYS).subquery("supply")
    dealt = shares(demand, supply, _FILL_KEYS).subquery("dealt")
    return insert(staged_take).from_select(
        ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
        select(dealt.c.item_id, BATCH, dealt.c.supply_id, dealt.c.demand_id, dealt.c.quantity),
    )


_STAGE_FILLS = _stage_fills()


def _of_takes(column: str) -> Any:
    return (
        select(
            staged_take.c.item_id, staged_take.c[column].label("id"), func.sum(staged_take.c.quantity).label("quantity")
        )
        .where(staged_take.c.batch_id == BATCH)
        .group_by(staged_take.c.item_id, staged_take.c[column])
        .subquery("moved")
    )


def _change_lines(sign: int) -> Update:
    moved = _of_takes("stock_line_id")
    return (
        update(stock_line)
        .where(stock_line.c.item_id == moved.c.item_id, stock_line.c.id == moved.c.id)
        .values(quantity=stock_line.c.quantity + sign * moved.c.quantity)
    )


def _lower_staged() -> Update:
    moved = _of_takes("entry_id")
    return (
        update(staged_stock)
        .where(_staged, staged_stock.c.item_id == moved.c.item_id, staged_stock.c.number == moved.c.id)
        .values(quantity=staged_stock.c.quantity - moved.c.quantity)
    )


_FILL = _change_lines(1)
_LOWER_STAGED = _lower_staged()

# ---------------------------------------------------------------- goods that leave


def stage_takes(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Choose the stock lines that entries without a specific serial take from (PO-22, ST-7).

    First what is bound to a location, then the rest; and each first from lines that carry the entry's other numbers.
    """
    for located in (True, False):
        for exact in (True, False):
            transaction.execute(_stage_takes(located, exact), parameters)


def take_stock(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Lower the lines chosen; what no line could give goes below 0 on a line of the movement's own numbers (PO-24)."""
    transaction.execute(_TAKE, parameters)
    transaction.execute(_STAGE_SHORTAGES, parameters)
    add_staged_stock(transaction, parameters)
    transaction.execute(_CLEAR_TAKES, parameters)
    transaction.execute(_CLEAR_STOCK, parameters)


def stage_serial_takes(transaction: Transaction, parameters: Mapping[str, Any]) -> int:
    """The stock lines that specific serials leave, those they are linked to (ST-4); how many serials can leave.

    A serial can when its line is at the entry's site and place and has the quantity for all that leave it (ST-15).
    """
    transaction.execute(_STAGE_SERIAL_TAKES, parameters)
    return int(transaction.execute(_CAN_LEAVE, parameters).scalar_one()) // SCALE


def take_serials(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Lower the lines the serials leave, and unlink them."""
    transaction.execute(_TAKE, parameters)
    transaction.execute(_UNLINK_SERIALS, parameters)
    transaction.execute(_CLEAR_TAKES, parameters)


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
    .group_by(serial.c.item_id, serial.c.stock_line_id, ledger_entry.c.site_id, ledger_entry.c.location),
)

_leaving = _of_takes("stock_line_id")
_CAN_LEAVE = (
    select(func.coalesce(func.sum(staged_take.c.quantity), 0))
    .select_from(
        staged_take.join(
            ledger_entry,
            and_(ledger_entry.c.item_id == staged_take.c.item_id, ledger_entry.c.id == staged_take.c.entry_id),
        )
        .join(_leaving, and_(_leaving.c.item_id == staged_take.c.item_id, _leaving.c.id == staged_take.c.stock_line_id))
        .join(
            stock_line,
            and_(stock_line.c.item_id == staged_take.c.item_id, stock_line.c.id == staged_take.c.stock_line_id),
        )
        .join(
            characteristic_set,
            and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id),
        )
    )
    .where(
        staged_take.c.batch_id == BATCH,
        stock_line.c.quantity >= _leaving.c.quantity,
        characteristic_set.c.site_id == ledger_entry.c.site_id,
        or_(ledger_entry.c.location == "", ledger_entry.c.location == characteristic_set.c.location),
    )
)
_TAKE = _change_lines(-1)

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

_put_away = (
    select(literal(1))
    .where(
        location.c.site_id == characteristic_set.c.site_id,
        location.c.code == characteristic_set.c.location,
        location.c.category == "put_away",
    )
    .exists()
)
_status = func.substr(characteristic_set.c.status, 1, 1)
PREFERENCE = (
    case((_put_away, 1), else_=0),
    case((_status == "A", 0), (_status == "Q", 1), (_status == "R", 2), else_=3),
)
"""Where there is a choice: accepted before quality control before rejected stock, the dock last (ST-7)."""


@cache
def _stage_takes(located: bool, exact: bool) -> Insert:
    keys = ("item_id", "variant", "site_id", *(("location",) if located else ()), "lot", "package")

    def number(kind: str, row: Any) -> Any:
        own = row.c[kind] if exact else (steering(kind) if row is ledger_entry else _steered(kind, row))
        return own.label(kind)

    rest = -ledger_entry.c.quantity - taken()
    asked = (
        select(
            *(number(name, ledger_entry) if name in ("lot", "package") else ledger_entry.c[name] for name in keys),
            ledger_entry.c.id,
            rest.label("quantity"),
        )
        .select_from(ENTRIES)
        .where(
            OF_WAVE,
            staged_line.c.steers_serial == 0,
            ledger_entry.c.location != "" if located else ledger_entry.c.location == "",
        )
    )
    if exact:  # only where a number of a kind that is not specific is given does it make a difference
        loose = [and_(staged_line.c[f"steers_{kind}"] == 0, ledger_entry.c[kind] != "") for kind in ("lot", "package")]
        asked = asked.where(or_(*loose))
    demand = asked.subquery("asked")
    demands = _running(demand, [demand.c.id], keys).where(demand.c.quantity > 0).subquery("demand")
    wanted = select(*(demand.c[name] for name in ("item_id", "variant", "site_id"))).distinct().subquery("wanted")
    given = (
        select(func.coalesce(func.sum(staged_take.c.quantity), 0))
        .where(
            staged_take.c.item_id == stock_line.c.item_id,
            staged_take.c.batch_id == BATCH,
            staged_take.c.stock_line_id == stock_line.c.id,
        )
        .scalar_subquery()
    )
    there = (
        select(
            *(
                number(name, characteristic_set) if name in ("lot", "package") else characteristic_set.c[name]
                for name in keys
            ),
            stock_line.c.id,
            (stock_line.c.quantity - given).label("quantity"),
            PREFERENCE[0].label("put_away"),
            PREFERENCE[1].label("rank"),
        )
        .select_from(
            wanted.join(
                characteristic_set,
                and_(*(characteristic_set.c[name] == wanted.c[name] for name in ("item_id", "variant", "site_id"))),
            ).join(
                stock_line,
                and_(
                    stock_line.c.item_id == characteristic_set.c.item_id, stock_line.c.set_id == characteristic_set.c.id
                ),
            )
        )
        .where(stock_line.c.quantity > 0)
        .subquery("there")
    )
    order = [there.c.put_away, there.c.rank, there.c.id]
    supply = _running(there, order, keys).where(there.c.quantity > 0).subquery("supply")
    dealt = shares(demands, supply, keys).subquery("dealt")
    return insert(staged_take).from_select(
        ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
        select(dealt.c.item_id, BATCH, dealt.c.demand_id, dealt.c.supply_id, dealt.c.quantity),
    )


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
