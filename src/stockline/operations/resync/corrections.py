"""What a run has changed, read from its log, with the stock lines and serials as they were before (RS-18)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, bindparam, select

from stockline.codes import Code
from stockline.operations.catalog import item_codes, site_codes
from stockline.operations.resync.log import state_of
from stockline.refusal import Refusal
from stockline.results import FoundSerial, FoundStockLine, ResyncAction, ResyncCorrections
from stockline.rules.control import LINES
from stockline.schema.ledger import posting_line
from stockline.schema.resync import resync_change, resync_follow, resync_line
from stockline.schema.stock import CHARACTERISTICS, characteristic_set, stock_line
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity

SerialKey = tuple[int, str, str]
"""Item, variant and serial."""

_RUN = bindparam("run", type_=BigInteger)
_ITEMS = select(posting_line.c.item_id).where(posting_line.c.posting_id == _RUN)


def _of_run(table: Any) -> Select[Any]:
    return select(table).where(table.c.item_id.in_(_ITEMS), table.c.run_id == _RUN)


_CHANGES = _of_run(resync_change).order_by(resync_change.c.item_id, resync_change.c.position)
_FOLLOWED = _of_run(resync_follow).order_by(*resync_follow.primary_key)
_MERGED_INTO = (
    select(resync_line.c.stock_line_id, resync_line.c.quantity)
    .join(
        resync_change,
        and_(
            resync_change.c.item_id == resync_line.c.item_id,
            resync_change.c.run_id == resync_line.c.run_id,
            resync_change.c.to_line == resync_line.c.stock_line_id,
        ),
    )
    .where(resync_line.c.item_id.in_(_ITEMS), resync_line.c.run_id == _RUN, resync_change.c.serial == "")
)
_LINES = select(
    stock_line.c.item_id,
    stock_line.c.id,
    stock_line.c.quantity,
    *(characteristic_set.c[name] for name in CHARACTERISTICS),
).select_from(LINES)


def run_corrections(transaction: Transaction, run: int) -> ResyncCorrections:
    """The changes of a run and what they are about; refused `not_found`."""
    if state_of(transaction, run) is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no resynchronization {run}.")
    changes = transaction.execute(_CHANGES, {"run": run}).all()
    followed = transaction.execute(_FOLLOWED, {"run": run}).all()
    items = item_codes(transaction, {row.item_id for row in changes})
    return ResyncCorrections(
        run=run,
        actions=[_action(row, items[row.item_id]) for row in changes],
        stock_lines=list(_stock_lines(transaction, run, changes, items)),
        serials=[
            FoundSerial(item=items[item], variant=variant, serial=number, stock_line=tuple(links))
            for (item, variant, number), links in _links_before(changes, followed).items()
        ],
    )


def _action(row: Row[Any], item: str) -> ResyncAction:
    facts = {name: row._mapping[name] for name in ("action", "variant", "from_line", "to_line", "reason")}
    return ResyncAction(item=item, serial=row.serial or None, **facts)


def _links_before(changes: Iterable[Row[Any]], followed: Iterable[Row[Any]]) -> Mapping[SerialKey, list[int]]:
    """The links that serials lost, as they were before lines were merged."""
    links: dict[SerialKey, list[int]] = defaultdict(list)
    merged: dict[SerialKey, set[int]] = defaultdict(set)
    for row in followed:
        key = (row.item_id, row.variant, row.serial)
        links[key].append(row.from_line)
        merged[key].add(row.to_line)
    for row in changes:
        key = (row.item_id, row.variant, row.serial)
        if row.serial and row.from_line not in merged[key]:
            links[key] += [] if row.from_line is None else [row.from_line]
    return links


def _stock_lines(
    transaction: Transaction, run: int, changes: Sequence[Row[Any]], items: Mapping[int, str]
) -> Iterator[FoundStockLine]:
    """The lines of the changes; a number that is none is left out."""
    before = _quantities_before(transaction, run, changes)
    numbers = {number for row in changes for number in (row.from_line, row.to_line)} - {None}
    rows = [
        row
        for some in in_parts(sorted(numbers))
        for row in transaction.execute(_LINES.where(stock_line.c.id.in_(some)))
    ]
    sites = site_codes(transaction, {row.site_id for row in rows})
    for row in rows:
        facts = {name: row._mapping[name] for name in CHARACTERISTICS if name not in ("site_id", "packing_factor")}
        yield FoundStockLine(
            id=row.id,
            item=items[row.item_id],
            site=sites[row.site_id],
            quantity=to_quantity(int(before.get(row.id, row.quantity))),
            packing_factor=to_quantity(int(row.packing_factor)),
            **facts,
        )


def _quantities_before(transaction: Transaction, run: int, changes: Iterable[Row[Any]]) -> dict[int, int]:
    """The quantities of merged lines before they were."""
    before = {row.stock_line_id: int(row.quantity) for row in transaction.execute(_MERGED_INTO, {"run": run})}
    for row in changes:
        if not row.serial:
            before[row.from_line] = int(row.quantity)
            before[row.to_line] -= int(row.quantity)
    return before
