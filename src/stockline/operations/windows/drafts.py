"""Windows that are open: making one of a line, finding it again, letting go of it (TW-7, TW-17).

A window is locked by raising its revision, so two editors of one window wait for each other and nobody else does.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, and_, bindparam, delete, func, insert, select, update

from stockline.codes import Code
from stockline.operations.lines import SourceLine, line_by_id
from stockline.operations.locks import hold_line
from stockline.operations.new_numbers import show_new_numbers
from stockline.operations.windows.view import Sums, shown_rows, sums
from stockline.refusal import Refusal
from stockline.rules.window import COMBINATION, ITEM, LINE, ROWS, WINDOW
from stockline.schema.documents import outgoing, source_line
from stockline.schema.reservations import DEMAND, SUPPLY, link
from stockline.schema.windows import SUMMED, tracking_window, window_entry, window_row, window_step
from stockline.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Visit:
    """Who comes to a window and when; a window that nobody touched since `abandoned_before` is no longer in the way."""

    now: dt.datetime
    abandoned_before: dt.datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """An open window, its revision the one this operation makes of it."""

    id: int
    line: SourceLine
    revision: int
    last_row: int
    step: int
    last_step: int
    tracked: Sums

    @property
    def has_gaps(self) -> bool:
        """Whether the key of a row may be another number than its place: rows have gone, or were refused."""
        return self.tracked.rows != self.last_row

    @property
    def undefined(self) -> int:
        """What of the line has no row yet, in engine units; negative when more is tracked than there is (TW-8)."""
        return abs(self.line.quantity) - self.tracked.quantity

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements about the window ask for."""
        return of_window(self.line, self.id) | {"revision": self.revision}


def of_window(line: SourceLine, window: int) -> dict[str, Any]:
    """What statements about the window of a line ask for; on an incoming side also what left on the other."""
    parameters = {"item": line.item.id, "window": window, "line": line.id, "variant": line.variant}
    if line.is_incoming:
        parameters |= {"outgoing": outgoing(line.id), "shipped": int(line.other_handled != 0)}
    return parameters


def require_tracked(line: SourceLine) -> None:
    """Refuse `not_tracked` for an item without tracking (TW-1)."""
    if not line.item.tracking.tracked:
        raise Refusal.of(
            Code.NOT_TRACKED, f"Item {line.item.code} is not tracked.", line=line.name, item=line.item.code
        )


def make_way(transaction: Transaction, line: SourceLine, abandoned_before: dt.datetime) -> None:
    """Refuse `window_open` while somebody has the window of a held line open; an abandoned one is discarded."""
    parameters = {"item": line.item.id, "line": line.id, "abandoned_before": abandoned_before}
    there = transaction.execute(_IN_THE_WAY, parameters).first()
    if there is None:
        return
    if not there.abandoned:
        by = f" by {there.opened_by}" if there.opened_by else ""
        message = f"The tracking window of line {line.name} is open{by} since {there.opened_at:%Y-%m-%d %H:%M} UTC."
        facts = {"window": there.id, "opened_by": there.opened_by, "opened_at": there.opened_at}
        raise Refusal.of(Code.WINDOW_OPEN, message, line=line.name, item=line.item.code, facts=facts)
    forget(transaction, line.item.id, there.id)


_IN_THE_WAY = select(
    tracking_window.c.id,
    tracking_window.c.opened_by,
    tracking_window.c.opened_at,
    (tracking_window.c.touched_at < bindparam("abandoned_before", type_=tracking_window.c.touched_at.type)).label(
        "abandoned"
    ),
).where(tracking_window.c.item_id == ITEM, tracking_window.c.line_id == LINE)


def open_window(transaction: Transaction, name: str, visit: Visit) -> int:
    """Open the window of a line with its active and historic numbers as one; the window's number (TW-7)."""
    line = hold_line(transaction, name)
    require_tracked(line)
    make_way(transaction, line, visit.abandoned_before)
    window = transaction.next_number()
    parameters = of_window(line, window)
    take_rows(transaction, line, parameters)
    show_new_numbers(transaction, line, parameters)
    transaction.execute(_take_entries(line.side.name), parameters)
    as_it_is = {name: getattr(line, name) for name in LINE_AS_IT_WAS}
    transaction.execute(
        insert(tracking_window).values(
            item_id=line.item.id,
            id=window,
            line_id=line.id,
            opened_by=visit.by,
            opened_at=visit.now,
            touched_at=visit.now,
            revision=0,
            last_row=transaction.execute(_LAST_ROW, parameters).scalar_one(),
            step=0,
            last_step=0,
            **sums_kept(sums(transaction, parameters)),
            **as_it_is,
        )
    )
    return window


def take_rows(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Make the rows of a window what its line carries, active and historic as one."""
    transaction.execute(_take_rows(line.side.name, line.item.tracking.uses_expiration), parameters)


def sums_kept(found: Sums) -> dict[str, int]:
    """Sums as `tracking_window` keeps them."""
    return {f"tracked_{name}": getattr(found, name) for name in SUMMED}


LINE_AS_IT_WAS = ("variant", "site_id", "unit", "quantity", "handled", "invoiced", "date")
"""What a window remembers of its line."""


@cache
def _take_rows(side: str, dated: bool) -> Insert:
    shown = shown_rows(side, dated).subquery("shown")
    taken = {
        "item_id": ITEM,
        "window_id": WINDOW,
        "row": func.row_number().over(order_by=shown.c.entered),
        "quantity": shown.c.active + shown.c.handled,
        "revision": 0 * shown.c.handled,
        **{name: shown.c[name] for name in (*COMBINATION, "handle", "invoice", "handled", "invoiced")},
        **{name: shown.c[name] for name in ("expires", "warranty", "apply_to", "apply_from")},
    }
    return insert(window_row).from_select(list(taken), select(*taken.values()))


_LAST_ROW = select(func.coalesce(func.max(window_row.c.row), 0)).where(*ROWS)


@cache
def _take_entries(side: str) -> Insert:
    query = line_entries(side)
    return insert(window_entry).from_select([column.name for column in query.selected_columns], query)


@cache
def line_entries(side: str) -> Select[Any]:
    """The entries of a line, as `window_entry` keeps them."""
    own, other = (DEMAND, SUPPLY) if side == "demand" else (SUPPLY, DEMAND)
    partner = source_line.alias("partner")
    return (
        select(
            link.c.item_id,
            WINDOW.label("window_id"),
            link.c.id.label("link_id"),
            link.c.status,
            link.c.quantity,
            *(getattr(own, name).label(name) for name in (*COMBINATION, "expires", "warranty")),
            partner.c.date.label("partner_date"),
        )
        .outerjoin(partner, and_(partner.c.item_id == link.c.item_id, partner.c.id == other.line_id))
        .where(link.c.item_id == ITEM, own.line_id == LINE)
    )


def hold_window(transaction: Transaction, window: int, visit: Visit) -> OpenWindow:
    """The open window of this number at its next revision, held until the transaction ends.

    Refused `not_found`, or `window_stale` when its line is gone.
    """
    raised = update(tracking_window).values(revision=tracking_window.c.revision + 1, touched_at=visit.now)
    return _read(transaction, window, raised.returning(*tracking_window.c))


def look_at_window(transaction: Transaction, window: int) -> OpenWindow:
    """The open window of this number, to read only. Refused like `hold_window`."""
    return _read(transaction, window, select(tracking_window))


def _read(transaction: Transaction, window: int, statement: Any) -> OpenWindow:
    item_id = find_item_id(transaction, window)
    found = transaction.execute(
        statement.where(tracking_window.c.item_id == item_id, tracking_window.c.id == window)
    ).first()
    if found is None:
        raise _no_window(window)
    line = line_by_id(transaction, item_id, found.line_id)
    if line is None:
        raise Refusal.of(Code.WINDOW_STALE, f"The line of window {window} is gone.", facts={"window": window})
    tracked = Sums(*(getattr(found, f"tracked_{name}") for name in SUMMED))
    return OpenWindow(window, line, found.revision, found.last_row, found.step, found.last_step, tracked)


def find_item_id(transaction: Transaction, window: int) -> int:
    """The item an open window is about; refused `not_found`."""
    found = transaction.execute(_ITEM_OF, {"window": window}).scalar()
    if found is None:
        raise _no_window(window)
    return int(found)


_ITEM_OF = select(tracking_window.c.item_id).where(tracking_window.c.id == WINDOW)


def _no_window(window: int) -> Refusal:
    return Refusal.of(Code.NOT_FOUND, f"There is no open tracking window {window}.", facts={"window": window})


def forget(transaction: Transaction, item_id: int, window: int) -> None:
    """Take a window away with all that was drafted in it."""
    parameters: Mapping[str, int] = {"item": item_id, "window": window}
    for statement in _FORGET:
        transaction.execute(statement, parameters)


# The window itself goes first: who is busy in it has its lock, and may still be adding rows.
_DRAFTED = tuple(
    delete(table).where(table.c.item_id == ITEM, table.c.window_id == WINDOW)
    for table in (window_row, window_step, window_entry)
)
_FORGET = (
    delete(tracking_window).where(tracking_window.c.item_id == ITEM, tracking_window.c.id == WINDOW),
    *_DRAFTED,
)


def empty_window_of(transaction: Transaction, line: SourceLine) -> None:
    """Take away what is drafted for a line that is deleted; who has the window open still hears that it is stale."""
    parameters = {"item": line.item.id, "line": line.id}
    for window in transaction.execute(_HOLD_OF_LINE, parameters).scalars().all():
        for statement in _DRAFTED:
            transaction.execute(statement, parameters | {"window": window})


_HOLD_OF_LINE = (
    update(tracking_window)
    .where(tracking_window.c.item_id == ITEM, tracking_window.c.line_id == LINE)
    .values(revision=tracking_window.c.revision + 1)
    .returning(tracking_window.c.id)
)
