"""The steps of an open window: what each changed, so that it can be undone and done again.

A step keeps its rows as they were before it. Undoing it exchanges them with the rows as they are, which the step then
keeps for doing it again. A new step makes an end of those that were undone.
"""

from typing import Any

from sqlalchemy import BigInteger, Insert, and_, bindparam, delete, exists, insert, literal, select, update

from stockline.codes import Code
from stockline.operations.windows.contents import changed
from stockline.operations.windows.drafts import OpenWindow, Visit, hold_window
from stockline.operations.windows.staleness import require_latest
from stockline.refusal import Refusal
from stockline.results import WindowChanged
from stockline.rules.window import CHANGED, ITEM, ROWS, STEP, WINDOW, in_same_window
from stockline.schema.windows import tracking_window, window_row, window_step
from stockline.store.database import Transaction

_SAID = [column.name for column in window_row.columns if not column.primary_key]
"""What a row says."""
_KEY = ["item_id", "window_id", "row"]


def begin_step(transaction: Transaction, window: OpenWindow, new_rows: int = 0) -> dict[str, Any]:
    """Begin a step that adds so many rows, after the last one numbered; the parameters of its statements."""
    parameters = window.parameters | {"step": window.step + 1, "last_row": window.last_row + new_rows}
    if window.last_step > window.step:
        transaction.execute(_CUT, parameters)
    transaction.execute(_COUNT, parameters)
    return parameters | {"first": window.last_row + 1, "last": window.last_row + new_rows}


_STEPS = (window_step.c.item_id == ITEM, window_step.c.window_id == WINDOW)
_OF_STEP = (*_STEPS, window_step.c.step == STEP)
_CUT = delete(window_step).where(*_STEPS, window_step.c.step >= STEP)
_THIS_WINDOW = (tracking_window.c.item_id == ITEM, tracking_window.c.id == WINDOW)
_COUNT = (
    update(tracking_window)
    .where(*_THIS_WINDOW)
    .values(step=STEP, last_step=STEP, last_row=bindparam("last_row", type_=BigInteger))
)


def keep_rows(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Keep the rows `first` to `last` as they are before the step changes them."""
    transaction.execute(_KEEP, parameters)


def keeping(*conditions: Any) -> Insert:
    """Keeps rows of the window as they are before the step changes them."""
    said = (window_row.c[name] for name in _SAID)
    rows = select(*(window_row.c[name] for name in _KEY), STEP, literal(1), *said).where(*conditions)
    return insert(window_step).from_select([*_KEY, "step", "present", *_SAID], rows)


_KEEP = keeping(*CHANGED)


def keep_new_rows(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Keep that the rows `first` to `last` were not there before the step."""
    transaction.execute(_KEEP_NEW, parameters)


_KEEP_NEW = insert(window_step).from_select(
    [*_KEY, "step"], select(*(window_row.c[name] for name in _KEY), STEP).where(*CHANGED)
)


def undo_step(transaction: Transaction, number: int, visit: Visit, seen: int | None) -> WindowChanged:
    """Take the last step back that is in force.

    Refused `invalid` when there is none, `window_stale` when the window has changed since the revision `seen`.
    """
    window = hold_window(transaction, number, visit)
    require_latest(transaction, window, seen)
    if not window.step:
        raise Refusal.of(Code.INVALID, "There is no step to undo.", line=window.line.name)
    return _exchange(transaction, window, window.step, in_force=window.step - 1)


def redo_step(transaction: Transaction, number: int, visit: Visit, seen: int | None) -> WindowChanged:
    """Do the step again that was undone last; refused like undoing."""
    window = hold_window(transaction, number, visit)
    require_latest(transaction, window, seen)
    if window.step == window.last_step:
        raise Refusal.of(Code.INVALID, "There is no step to do again.", line=window.line.name)
    return _exchange(transaction, window, window.step + 1, in_force=window.step + 1)


def _exchange(transaction: Transaction, window: OpenWindow, step: int, in_force: int) -> WindowChanged:
    """Exchange the rows a step keeps with those of the window."""
    parameters = window.parameters | {"step": step, "in_force": in_force}
    for statement in _EXCHANGE:
        transaction.execute(statement, parameters)
    return changed(transaction, window, step)


_kept = window_step.alias("kept")
_KEPT = (_kept.c.item_id == ITEM, _kept.c.window_id == WINDOW, _kept.c.step == STEP)
_same_row = and_(in_same_window(window_row, _kept), window_row.c.row == _kept.c.row)
# The sum hides from planners that the step is known, as `in_same_window` hides the window.
_of_this_step = _kept.c.step == STEP + 0 * window_row.c.row
_is_kept = and_(in_same_window(_kept, window_row), _of_this_step, _kept.c.row == window_row.c.row)
_PARK = -STEP
"""Where what the window says now waits until the step's own rows are out of its way."""
_EXCHANGE = (
    insert(window_step).from_select(
        [*_KEY, "step", "present", *_SAID],
        select(*(_kept.c[name] for name in _KEY), _PARK, literal(1), *(window_row.c[name] for name in _SAID))
        .join(window_row, _same_row)
        .where(*_KEPT),
    ),
    insert(window_step).from_select(
        [*_KEY, "step"],
        select(*(_kept.c[name] for name in _KEY), _PARK).where(
            *_KEPT, ~exists(select(window_row.c.row).where(_same_row))
        ),
    ),
    delete(window_row).where(*ROWS, exists(select(_kept.c.row).where(_is_kept))),
    insert(window_row).from_select(
        [*_KEY, *_SAID],
        select(
            *(window_step.c[name] for name in _KEY),
            *(bindparam("revision", type_=BigInteger) if name == "revision" else window_step.c[name] for name in _SAID),
        ).where(*_OF_STEP, window_step.c.present == 1),
    ),
    delete(window_step).where(*_OF_STEP),
    update(window_step).where(*_STEPS, window_step.c.step == _PARK).values(step=STEP),
    update(tracking_window).where(*_THIS_WINDOW).values(step=bindparam("in_force", type_=BigInteger)),
)
