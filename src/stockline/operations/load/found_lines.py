"""Stock lines that are loaded: characteristics, lines, twins, opening entries, totals."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from stockline.operations.stock.twins import tell_twins_apart
from stockline.rules.framework import BATCH
from stockline.schema.ledger import ledger_entry
from stockline.schema.stock import (
    CHARACTERISTICS,
    OF_LINE,
    characteristic_set,
    item_site,
    staged_line_found,
    stock_line,
)
from stockline.store.database import Transaction

FIRST = bindparam("first", type_=BigInteger)
NEGATIVE = bindparam("negative", type_=BigInteger)
TODAY = bindparam("today", type_=Date)

_found = staged_line_found.c
_OF_BATCH = _found.batch_id == BATCH
_SAME_SET = and_(
    characteristic_set.c.item_id == _found.item_id,
    *(characteristic_set.c[name] == _found[name] for name in CHARACTERISTICS),
)
_SAME_NUMBER = and_(stock_line.c.item_id == _found.item_id, stock_line.c.id == _found.stock_line_id)


def write(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Write the staged lines; equal open lines are told apart as twins."""
    sets = transaction.insert(characteristic_set).from_select(("item_id", "id", *CHARACTERISTICS), _SETS)
    transaction.execute(sets.on_conflict_do_nothing(), parameters)
    transaction.execute(_MARK_KNOWN, parameters)
    if transaction.execute(_MARK_TAKEN_OVER, parameters).rowcount:
        transaction.execute(_LOWER_FORMER_TOTALS, parameters)
        transaction.execute(_DELETE_FORMER, parameters)
    transaction.execute(count_stock_change(transaction, _FORMER_PLACES), parameters)
    transaction.execute(_OVERWRITE, parameters)
    transaction.execute(_INSERT, parameters)
    tell_twins_apart(transaction, _ITEMS, parameters)
    transaction.execute(_OPENING, parameters)
    transaction.execute(_EMPTY_TOTALS, parameters)
    totals = transaction.insert(item_site).from_select(
        ("item_id", "variant", "site_id", "quantity", "revision", "stock_revision"), _TOTALS
    )
    # Where the lines lie now has been counted by whoever locked it.
    values = {"quantity": totals.excluded.quantity, "revision": item_site.c.revision + 1}
    upsert = totals.on_conflict_do_update(index_elements=["item_id", "variant", "site_id"], set_=values)
    transaction.execute(upsert, parameters)


def count_stock_change(transaction: Transaction, places: Select[Any] | CompoundSelect[Any]) -> Update:
    """Stock or links change at these places, each an item, a variant and a site: figures begin anew there (RS-13)."""
    changed = update(item_site).where(transaction.is_among(item_site, select(places.subquery("places"))))
    return changed.values(stock_revision=item_site.c.stock_revision + 1)


_SETS = (
    select(_found.item_id, FIRST + func.min(_found.row), *(_found[name] for name in CHARACTERISTICS))
    .where(_OF_BATCH)
    .group_by(_found.item_id, *(_found[name] for name in CHARACTERISTICS))
)
_MARK_KNOWN = update(staged_line_found).where(_OF_BATCH, _SAME_NUMBER).values(known=1)

# A number is one line over all items: loaded for another item, it is that item's line from now on (ST-1, ST-14).
_of_other_item = and_(stock_line.c.id == _found.stock_line_id, stock_line.c.item_id != _found.item_id)
_MARK_TAKEN_OVER = (
    update(staged_line_found)
    .where(_OF_BATCH, _found.known == 0, select(stock_line.c.id).where(_of_other_item).exists())
    .values(known=2)
    .execution_options(preserve_rowcount=True)
)
_is_former = select(_found.row).where(_OF_BATCH, _found.known == 2, _of_other_item).exists()
_former = (
    select(
        stock_line.c.item_id,
        characteristic_set.c.variant,
        characteristic_set.c.site_id,
        func.sum(stock_line.c.quantity).label("quantity"),
    )
    .join(characteristic_set, OF_LINE)
    .where(_is_former)
    .group_by(stock_line.c.item_id, characteristic_set.c.variant, characteristic_set.c.site_id)
    .subquery("former")
)
_LOWER_FORMER_TOTALS = (
    update(item_site)
    .where(*(item_site.c[name] == _former.c[name] for name in ("item_id", "variant", "site_id")))
    .values(
        quantity=item_site.c.quantity - _former.c.quantity,
        revision=item_site.c.revision + 1,
        stock_revision=item_site.c.stock_revision + 1,
    )
)
_DELETE_FORMER = delete(stock_line).where(_is_former)

_ITEMS = select(_found.item_id).where(_OF_BATCH)
# A line joins the unique key of open lines only when it is known to be the lowest of its set: twins first.
_twin = _found.quantity != 0
_OVERWRITE = (
    update(stock_line)
    .where(_OF_BATCH, _found.known == 1, _SAME_NUMBER, _SAME_SET)
    .values(set_id=characteristic_set.c.id, quantity=_found.quantity, twin=_twin)
)
_FORMER_PLACES = (
    select(_found.item_id, characteristic_set.c.variant, characteristic_set.c.site_id)
    .join(stock_line, _SAME_NUMBER)
    .join(characteristic_set, OF_LINE)
    .where(_OF_BATCH, _found.known == 1)
    .distinct()
)
_INSERT = insert(stock_line).from_select(
    ("item_id", "id", "set_id", "quantity", "twin"),
    select(_found.item_id, _found.stock_line_id, characteristic_set.c.id, _found.quantity, _twin)
    .select_from(staged_line_found.join(characteristic_set, _SAME_SET))
    .where(_OF_BATCH, _found.known != 1),
)

_OPENING = insert(ledger_entry).from_select(
    ("item_id", "id", "kind", "variant", "site_id", "location", "quantity", "lot", "package", "posting_date"),
    select(
        _found.item_id,
        case((_found.quantity > 0, FIRST), else_=NEGATIVE) + _found.row,
        literal("opening"),
        _found.variant,
        _found.site_id,
        _found.location,
        _found.quantity,
        _found.lot,
        _found.package,
        TODAY,
    ).where(_OF_BATCH, _found.known == 0, _found.quantity != 0),
)

_EMPTY_TOTALS = update(item_site).where(item_site.c.item_id.in_(_ITEMS)).values(quantity=0)
_TOTALS = (
    select(
        stock_line.c.item_id,
        characteristic_set.c.variant,
        characteristic_set.c.site_id,
        func.sum(stock_line.c.quantity),
        literal(1),
        literal(1),
    )
    .join(characteristic_set, OF_LINE)
    .where(stock_line.c.item_id.in_(_ITEMS))
    .group_by(stock_line.c.item_id, characteristic_set.c.variant, characteristic_set.c.site_id)
)
