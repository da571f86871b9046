"""What an open window shows: its rows, those that were refused, and the header matrix (TW-7, TW-8)."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, exists, func, select, update

from stockline.codes import Code
from stockline.operations.new_numbers import becomes
from stockline.operations.windows.drafts import OpenWindow, look_at_window, sums_kept
from stockline.operations.windows.shortages import shortages
from stockline.operations.windows.view import Sums, shown_row, summed
from stockline.refusal import Refusal, Warning
from stockline.results import KEEP, RefusedRow, TrackingRow, Window, WindowChanged, WindowRow
from stockline.rules.window import GOOD_ROWS, ITEM, ROWS, STEP, WINDOW, in_same_window
from stockline.schema.windows import SUMMED, tracking_window, window_row, window_step
from stockline.store.database import Transaction


def contents(transaction: Transaction, number: int, after: int, limit: int | None) -> Window:
    """An open window with its rows after a key, `limit` of them; refused `not_found`."""
    window = look_at_window(transaction, number)
    parameters = window.parameters | {"after": after}
    found = transaction.execute(_ROWS_AFTER.limit(limit), parameters).all()
    before = after if not window.has_gaps else transaction.execute(_COUNT_UP_TO, parameters).scalar_one()
    refused = transaction.execute(_REFUSED, parameters) if window.has_gaps else ()
    return Window(
        number=window.id,
        line=window.line.name,
        revision=window.revision,
        opened_by=transaction.execute(_OPENED_BY, parameters).scalar_one(),
        rows=[_row(window, row, before + place) for place, row in enumerate(found, 1)],
        refused=[_refused(row) for row in refused],
        **window.tracked.header(window.line).matrix,
    )


AFTER = bindparam("after", type_=BigInteger)
_ROWS_AFTER = select(window_row).where(*GOOD_ROWS, window_row.c.row > AFTER).order_by(window_row.c.row)
_COUNT_UP_TO = select(func.count()).select_from(window_row).where(*GOOD_ROWS, window_row.c.row <= AFTER)
_REFUSED = select(window_row).where(*ROWS, window_row.c.refusal != "").order_by(window_row.c.row)
_OPENED_BY = select(tracking_window.c.opened_by).where(
    tracking_window.c.item_id == ITEM, tracking_window.c.id == WINDOW
)


def row_at(transaction: Transaction, number: int, position: int) -> WindowRow:
    """The row at a position counted from 1; refused `not_found`."""
    window = look_at_window(transaction, number)
    found = None
    if position > 0:
        after, passed = (0, position - 1) if window.has_gaps else (position - 1, 0)
        found = transaction.execute(_ROWS_AFTER.limit(1).offset(passed), window.parameters | {"after": after}).first()
    if found is None:
        raise Refusal.of(Code.NOT_FOUND, f"Window {number} has no row {position}.", line=window.line.name)
    return _row(window, found, position)


def changed(
    transaction: Transaction, window: OpenWindow, step: int | None, warnings: Sequence[Warning] = ()
) -> WindowChanged:
    """The end of a step: the sums are brought up to date; answers the rows it changed and removed, and the header."""
    parameters = window.parameters | {"step": step}
    found = transaction.execute(_CHANGED, parameters).all() if step else []
    removed = transaction.execute(_REMOVED, parameters).scalars().all() if step else []
    good = [row for row in found if not row.refusal]
    if step:
        window = _summed_anew(transaction, window, good, parameters)
    places = _places(transaction, window, [row.row for row in good])
    return WindowChanged(
        number=window.id,
        line=window.line.name,
        revision=window.revision,
        rows=[_row(window, row, place) for row, place in zip(good, places, strict=True)],
        removed=removed,
        refused=[_refused(row) for row in found if row.refusal],
        warnings=[*warnings, *_shortages(transaction, window, [row.row for row in good])],
        **window.tracked.header(window.line).matrix,
    )


def _summed_anew(
    transaction: Transaction, window: OpenWindow, changed: Sequence[Any], parameters: dict[str, Any]
) -> OpenWindow:
    """The window with its sums as they are now that a step has made these rows of those it keeps."""
    before = Sums(*map(int, transaction.execute(_BEFORE, parameters).one()))
    figures = {name: sum(getattr(row, name) for row in changed) for name in SUMMED[:-1]}
    after = Sums(**figures, rows=len(changed))
    tracked = window.tracked.changed(after, before)
    of_window = update(tracking_window).where(tracking_window.c.item_id == ITEM, tracking_window.c.id == WINDOW)
    transaction.execute(of_window.values(sums_kept(tracked)), window.parameters)
    last_row = max(window.last_row, *(row.row for row in changed)) if changed else window.last_row
    return replace(window, tracked=tracked, last_row=last_row)


def _shortages(transaction: Transaction, window: OpenWindow, keys: Sequence[int]) -> list[Warning]:
    """The warnings of the rows from the first to the last of these."""
    return shortages(transaction, window.line, window.parameters | {"first": keys[0], "last": keys[-1]}) if keys else []


_OF_STEP = and_(in_same_window(window_row, window_step), window_row.c.row == window_step.c.row)
_THE_STEP = (
    window_step.c.item_id == ITEM,
    window_step.c.window_id == WINDOW,
    window_step.c.step == STEP,
)
_BEFORE = summed(window_step).where(*_THE_STEP, window_step.c.present == 1, window_step.c.refusal == "")
_CHANGED = (
    select(window_row).select_from(window_step.join(window_row, _OF_STEP)).where(*_THE_STEP).order_by(window_step.c.row)
)
_REMOVED = (
    select(window_step.c.row)
    .where(*_THE_STEP, window_step.c.present == 1, ~exists(select(window_row.c.row).where(_OF_STEP)))
    .order_by(window_step.c.row)
)


def _places(transaction: Transaction, window: OpenWindow, keys: Sequence[int]) -> Sequence[int]:
    """The positions of rows, counted from 1."""
    if not keys or not window.has_gaps:
        return keys
    # Rows entered together follow each other, so it is enough to count those before them.
    if keys[-1] - keys[0] == len(keys) - 1:
        first = transaction.execute(_COUNT_UP_TO, window.parameters | {"after": keys[0]}).scalar_one()
        return range(first, first + len(keys))
    ranked = {row.row: row.place for row in transaction.execute(_RANKED, window.parameters)}
    return [ranked[key] for key in keys]


_RANKED = select(window_row.c.row, func.row_number().over(order_by=window_row.c.row).label("place")).where(*GOOD_ROWS)


def _row(window: OpenWindow, row: Any, position: int) -> WindowRow:
    new = becomes(row) if window.line.renumbers else None
    return shown_row(window.line, row.row, position, row, quantity=row.quantity, becomes=new)


def _refused(row: Any) -> RefusedRow:
    return RefusedRow(key=row.row, code=Code(row.refusal), message=row.message, given=given_row(row.given))


def given_row(text: str) -> TrackingRow:
    """A row as a person gave it, from the form it is kept in."""
    values = json.loads(text)
    for name in ("expires", "warranty", "new_expires"):
        if values.get(name) not in (None, KEEP):
            values[name] = dt.date.fromisoformat(values[name])
    return TrackingRow(**values)


def given_text(row: TrackingRow) -> str:
    """The form in which a row that was refused is kept: JSON of what was given."""
    # All but a new date is None by default.
    values = {name: value for name, value in asdict(row).items() if value is not None or name == "new_expires"}
    return json.dumps(values, default=str)
