"""What has been resynchronized: runs, and every link they changed with the evidence of that moment (RS-10, RS-18)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, and_, bindparam, case, exists, select, update

from stockline.codes import Code
from stockline.operations.catalog import find_item, item_codes, site_codes
from stockline.operations.resync.log import CANCELLED, CANCELLING, PROGRESS, UNDER_WAY
from stockline.refusal import Refusal
from stockline.results import (
    LineCount,
    ResyncAction,
    ResyncAudit,
    ResyncEvidence,
    ResyncFigure,
    ResyncLeft,
    ResyncLogEntry,
    ResyncProgress,
    ResyncReport,
)
from stockline.schema.ledger import posting_line
from stockline.schema.resync import (
    resync_change,
    resync_figure,
    resync_left,
    resync_line,
    resync_run,
    resync_serial,
)
from stockline.schema.stock import characteristic_set
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity

SILENT = timedelta(minutes=10)
"""A run that has told nothing for so long is taken for dead: it tells something every second but while it plans."""

_RUN = bindparam("run", type_=BigInteger)
_ITEMS = select(posting_line.c.item_id).where(posting_line.c.posting_id == _RUN)


def log(transaction: Transaction, *, before: int | None, limit: int) -> list[ResyncLogEntry]:
    """Runs, the latest first: at most `limit` of those before the run `before`."""
    query = select(resync_run).order_by(resync_run.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(resync_run.c.id < before)
    return [_entry(row) for row in transaction.execute(query)]


def _entry(row: Row[Any]) -> ResyncLogEntry:
    return ResyncLogEntry(
        run=row.id,
        kind=row.kind,
        person=row.person,
        started_at=row.started_at,
        reason=row.stated_reason,
        site=row.site or None,
        items=(row.first_item, row.last_item) if row.first_item or row.last_item else None,
        state=row.state,
        undoes=row.undoes,
        progress=ResyncProgress(run=row.id, **{name: row._mapping[name] for name in PROGRESS}),
    )


def entry_of(transaction: Transaction, run: int) -> ResyncLogEntry:
    """A run in the log, and how far it is; refused `not_found`."""
    found = _entries(transaction, [run])
    if not found:
        raise Refusal.of(Code.NOT_FOUND, f"There is no resynchronization {run}.")
    return found[run]


def _entries(transaction: Transaction, runs: Collection[int]) -> dict[int, ResyncLogEntry]:
    rows = (
        row
        for some in in_parts(sorted(runs))
        for row in transaction.execute(select(resync_run).where(resync_run.c.id.in_(some)))
    )
    return {row.id: _entry(row) for row in rows}


def cancel(transaction: Transaction, run: int, now: datetime) -> ResyncLogEntry:
    """Let a run stop between two cases; one that has ended stays as it is. Refused `not_found`.

    One that has not been heard of for long has nobody left who would stop: it ends at once. Should it be alive after
    all, it stops when it next tells how far it is.
    """
    state = CANCELLED if now - entry_of(transaction, run).heard_of > SILENT else CANCELLING
    under_way = update(resync_run).where(resync_run.c.id == run, resync_run.c.state.in_(UNDER_WAY))
    transaction.execute(under_way.values(state=state))
    return entry_of(transaction, run)


# ---------------------------------------------------------------- one run


def report(transaction: Transaction, run: int) -> ResyncReport:
    """All that is kept of a run; refused `not_found`."""
    entry = entry_of(transaction, run)
    figures, changes, left = (transaction.execute(query, {"run": run}).all() for query in (_FIGURES, _CHANGES, _LEFT))
    items = item_codes(transaction, {row.item_id for row in (*figures, *changes, *left)})
    sites = site_codes(transaction, {row.site_id for row in figures})
    return ResyncReport(
        entry=entry,
        figures=[
            ResyncFigure(
                item=items[row.item_id],
                variant=row.variant,
                site=sites[row.site_id],
                quantity=to_quantity(int(row.quantity)),
                serials_before=row.serials_before,
                serials_after=row.serials_after,
            )
            for row in figures
        ],
        actions=[_action(row, items) for row in changes],
        left=[_left(row, items) for row in left],
    )


def _of_run(table: Any, *order: str) -> Any:
    columns = [table.c[name] for name in ("item_id", *order)]
    return select(table).where(table.c.item_id.in_(_ITEMS), table.c.run_id == _RUN).order_by(*columns)


_FIGURES = _of_run(resync_figure, "variant", "site_id")
_CHANGES = _of_run(resync_change, "position")
_LEFT = select(resync_left).where(resync_left.c.run_id == _RUN).order_by(resync_left.c.position)


def _action(row: Row[Any], items: Mapping[int, str]) -> ResyncAction:
    facts = {name: row._mapping[name] for name in ("action", "variant", "from_line", "to_line", "reason")}
    return ResyncAction(item=items[row.item_id], serial=row.serial or None, **facts)


def _left(row: Row[Any], items: Mapping[int, str]) -> ResyncLeft:
    item = items[row.item_id]
    facts = {name: row._mapping[name] for name in ("variant", "cause", "message", "lines", "serials")}
    plans = [[ResyncAction(item=item, **action) for action in plan] for plan in row.plans]
    return ResyncLeft(item=item, plans=plans, **facts)


# ---------------------------------------------------------------- changed links


def audit(
    transaction: Transaction, *, run: int | None, item: str | None, serial: str | None, variant: str | None
) -> list[ResyncAudit]:
    """The changed links of a run, or of an item, of one of its serials; the latest run first."""
    if run is None and item is None:
        raise Refusal.of(Code.INVALID, "Name the run, or the item whose changed links are asked for.")
    query = _AUDIT
    if run is not None:
        entry_of(transaction, run)
        query = query.where(resync_change.c.item_id.in_(_ITEMS), resync_change.c.run_id == _RUN)
    if item is not None:
        query = query.where(resync_change.c.item_id == find_item(transaction, item).id)
    for name, value in (("serial", serial), ("variant", variant)):
        if value is not None:
            query = query.where(resync_change.c[name] == value)
    rows = transaction.execute(query, {"run": run} if run is not None else {}).all()
    entries = _entries(transaction, {row.run_id for row in rows})
    items = item_codes(transaction, {row.item_id for row in rows})
    sites = site_codes(transaction, {row.last_site for row in rows if row.last_site is not None})
    return [_audited(row, entries, items, sites) for row in rows]


def _audited(
    row: Row[Any], entries: Mapping[int, ResyncLogEntry], items: Mapping[int, str], sites: Mapping[int, str]
) -> ResyncAudit:
    return ResyncAudit(
        entry=entries[row.run_id],
        action=_action(row, items),
        old_line=_count(row.from_line, row.old_before, row.old_after),
        new_line=_count(row.to_line, row.new_before, row.new_after),
        evidence=ResyncEvidence(
            lot=row.own_lot,
            sublot=row.own_sublot,
            version=row.own_version,
            direction=row.last_direction,
            date=row.last_date,
            site=sites.get(row.last_site),
            location=row.last_location,
            movement_lot=row.last_lot,
            package=row.last_package,
            posted=bool(row.posted),
        ),
    )


def _count(line: int | None, before: int | None, after: int | None) -> LineCount | None:
    if line is None:
        return None
    return LineCount(stock_line=line, before=before or 0, after=after or 0)


_old, _new = resync_line.alias("old"), resync_line.alias("new")
_seen = characteristic_set.alias("seen")


def _of_line(table: Any, line: Any) -> Any:
    same = (table.c[name] == resync_change.c[name] for name in ("item_id", "run_id"))
    return and_(*same, table.c.stock_line_id == line)


_same_serial = and_(*(resync_serial.c[name] == resync_change.c[name] for name in ("item_id", "run_id", "variant")))
_of_resync = exists().where(resync_run.c.id == resync_serial.c.last_batch_id)
_AUDIT = (
    select(
        resync_change,
        _old.c.serials_before.label("old_before"),
        _old.c.serials_after.label("old_after"),
        _new.c.serials_before.label("new_before"),
        _new.c.serials_after.label("new_after"),
        *(resync_serial.c[name].label(f"own_{name}") for name in ("lot", "sublot", "version")),
        resync_serial.c.last_direction,
        resync_serial.c.last_date,
        _seen.c.site_id.label("last_site"),
        *(_seen.c[name].label(f"last_{name}") for name in ("location", "lot", "package")),
        case((and_(resync_serial.c.last_batch_id.isnot(None), ~_of_resync), 1), else_=0).label("posted"),
    )
    .select_from(
        resync_change.join(resync_serial, and_(_same_serial, resync_serial.c.serial == resync_change.c.serial))
        .outerjoin(_old, _of_line(_old, resync_change.c.from_line))
        .outerjoin(_new, _of_line(_new, resync_change.c.to_line))
        .outerjoin(_seen, and_(_seen.c.item_id == resync_serial.c.item_id, _seen.c.id == resync_serial.c.last_set_id))
    )
    .where(resync_change.c.serial != "")
    .order_by(resync_change.c.run_id.desc(), resync_change.c.item_id, resync_change.c.position)
)
