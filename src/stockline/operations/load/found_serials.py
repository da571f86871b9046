"""Serials that are loaded: their own attributes, their links, their last movement, and their opening entries."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    union,
    update,
)

from stockline.operations.load.found_lines import TODAY, count_stock_change
from stockline.rules.framework import BATCH
from stockline.schema.ledger import ledger_entry
from stockline.schema.stock import (
    CHARACTERISTICS,
    OF_LINE,
    characteristic_set,
    extra_link,
    item_site,
    serial,
    staged_serial_found,
    stock_line,
)
from stockline.store.database import Transaction
from stockline.values import SCALE

SERIALS = bindparam("serials", type_=BigInteger)
SECOND = bindparam("second", type_=BigInteger)

_found = staged_serial_found.c
_OF_BATCH = _found.batch_id == BATCH
_KEY = ("item_id", "variant", "serial")
_SAME_SERIAL = and_(*(serial.c[name] == _found[name] for name in _KEY))
_MAIN = and_(_OF_BATCH, _found.main == 1)


def write(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Write the staged serials; of several links one is the serial's own, the others are kept beside it."""
    transaction.execute(_COUNT_CHANGE, parameters)
    for places in (_FORMER_PLACES, _PLACES):
        transaction.execute(count_stock_change(transaction, places), parameters)
    transaction.execute(_MARK_KNOWN, parameters)
    transaction.execute(_MARK_MAIN, parameters)
    sets = transaction.insert(characteristic_set).from_select(("item_id", "id", *CHARACTERISTICS), _SEEN)
    transaction.execute(sets.on_conflict_do_nothing(), parameters)
    transaction.execute(_FORGET_EXTRA, parameters)
    upsert = transaction.insert(serial).from_select((*_KEY, *_OWN), _NEW)
    upsert = upsert.on_conflict_do_update(
        index_elements=list(_KEY), set_={name: upsert.excluded[name] for name in _OWN}
    )
    transaction.execute(upsert, parameters)
    transaction.execute(_LAST_MOVEMENT, parameters)
    extra = transaction.insert(extra_link).from_select((*_KEY, "stock_line_id"), _EXTRA)
    transaction.execute(extra.on_conflict_do_nothing(), parameters)
    transaction.execute(_OPENING, parameters)
    transaction.execute(_COUNTER, parameters)


_COUNT_CHANGE = (
    update(item_site)
    .where(item_site.c.item_id.in_(select(_found.item_id).where(_OF_BATCH)))
    .values(revision=item_site.c.revision + 1)
)


def _places_of(links: FromClause, number: Any, on_record: Any) -> Select[Any]:
    """Where links to these numbers lead: an unknown one to the variant and the site of the serial."""
    to_line = and_(stock_line.c.item_id == _found.item_id, stock_line.c.id == number)
    variant = func.coalesce(characteristic_set.c.variant, _found.variant).label("variant")
    site = func.coalesce(characteristic_set.c.site_id, on_record).label("site_id")
    lines = links.outerjoin(stock_line, to_line).outerjoin(characteristic_set, OF_LINE)
    return select(_found.item_id, variant, site).select_from(lines).where(_OF_BATCH, number.isnot(None))


_known = staged_serial_found.join(serial, _SAME_SERIAL)
_further = and_(*(extra_link.c[name] == _found[name] for name in _KEY))
_FORMER_PLACES = union(
    _places_of(_known, serial.c.stock_line_id, serial.c.site_id),
    _places_of(_known.join(extra_link, _further), extra_link.c.stock_line_id, serial.c.site_id),
)
_PLACES = _places_of(staged_serial_found, _found.stock_line_id, _found.site_id).distinct()
_MARK_KNOWN = update(staged_serial_found).where(_OF_BATCH, _SAME_SERIAL).values(known=1)

_is_open = case((stock_line.c.quantity != 0, 0), else_=1)
_ranked = (
    select(
        _found.item_id,
        _found.row,
        func.row_number()
        .over(
            partition_by=[_found[name] for name in _KEY],
            order_by=[func.coalesce(_is_open, 1), case((_found.stock_line_id.is_(None), 1), else_=0), _found.row],
        )
        .label("nth"),
    )
    .select_from(
        staged_serial_found.outerjoin(
            stock_line, and_(stock_line.c.item_id == _found.item_id, stock_line.c.id == _found.stock_line_id)
        )
    )
    .where(_OF_BATCH)
    .subquery("ranked")
)
_MARK_MAIN = (
    update(staged_serial_found)
    .where(_OF_BATCH, _found.item_id == _ranked.c.item_id, _found.row == _ranked.c.row, _ranked.c.nth == 1)
    .values(main=1)
)

# What a last movement saw: only the place and the numbers are told, the rest is as posted goods have it.
_seen_values: dict[str, Any] = {
    "variant": _found.variant,
    "site_id": _found.last_site_id,
    "location": _found.last_location,
    "lot": _found.last_lot,
    "package": _found.last_package,
    "status": literal("A", Text),
    "packing_factor": literal(SCALE, BigInteger),
}
_seen_columns = [_seen_values.get(name, literal("", Text)) for name in CHARACTERISTICS]
_told = and_(_MAIN, _found.last_direction != 0, _found.last_site_id.isnot(None))
_SEEN = (
    select(_found.item_id, SERIALS + func.min(_found.row), *_seen_columns)
    .where(_told)
    .group_by(_found.item_id, *(value for value in _seen_values.values() if getattr(value, "table", None) is not None))
)

_OWN = ("lot", "sublot", "version", "site_id", "stock_line_id")
_NEW = select(*(_found[name] for name in (*_KEY, *_OWN))).where(_MAIN)

_is_seen = and_(
    characteristic_set.c.item_id == _found.item_id,
    *(characteristic_set.c[name] == value for name, value in zip(CHARACTERISTICS, _seen_columns, strict=True)),
)
_seen_id = select(characteristic_set.c.id).where(_is_seen).scalar_subquery()
_LAST_MOVEMENT = (
    update(serial)
    .where(_MAIN, _SAME_SERIAL, _found.last_direction != 0)
    .values(
        last_direction=_found.last_direction,
        last_set_id=_seen_id,
        last_batch_id=null(),
        last_date=_found.last_date,
    )
)

_loaded = select(_found.serial).where(_OF_BATCH, *(extra_link.c[name] == _found[name] for name in _KEY)).exists()
_FORGET_EXTRA = delete(extra_link).where(_loaded)
_EXTRA = (
    select(*(_found[name] for name in _KEY), _found.stock_line_id)
    .join(serial, _SAME_SERIAL)
    .where(
        _OF_BATCH, _found.main == 0, _found.stock_line_id.isnot(None), _found.stock_line_id != serial.c.stock_line_id
    )
    .distinct()
)

_ON_LINE = staged_serial_found.join(
    stock_line, and_(stock_line.c.item_id == _found.item_id, stock_line.c.id == _found.stock_line_id)
).join(characteristic_set, OF_LINE)
# Its variant is the serial's own, as it is the serial that is there: a line of another one does not make it another.
_place = [_found.variant, *(characteristic_set.c[name] for name in ("site_id", "location", "lot", "package"))]
_new_on_open = and_(_MAIN, _found.known == 0, _found.steers_serial == 1, stock_line.c.quantity != 0)
_OPENING = insert(ledger_entry).from_select(
    ("item_id", "id", "kind", "serial", "quantity", "posting_date", "variant", "site_id", "location", "lot", "package"),
    select(_found.item_id, SERIALS + _found.row, literal("opening"), _found.serial, literal(SCALE), TODAY, *_place)
    .select_from(_ON_LINE)
    .where(_new_on_open),
)
_COUNTER = insert(ledger_entry).from_select(
    ("item_id", "id", "kind", "quantity", "posting_date", "variant", "site_id", "location", "lot", "package"),
    select(_found.item_id, SECOND + func.min(_found.row), literal("opening"), -SCALE * func.count(), TODAY, *_place)
    .select_from(_ON_LINE)
    .where(_new_on_open)
    .group_by(_found.item_id, stock_line.c.id, *_place),
)
