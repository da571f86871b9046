"""What makes a window stale: its line or the line's entries have changed (TW-17), or a row has that an editor saw."""

from typing import Any

from sqlalchemy import BigInteger, bindparam, exists, select

from stockline.codes import Code
from stockline.operations.windows.drafts import LINE_AS_IT_WAS, OpenWindow, line_entries
from stockline.operations.windows.view import FIGURES
from stockline.refusal import Finding, Refusal
from stockline.rules.window import COMBINATION, ITEM, ROWS, WINDOW
from stockline.schema.windows import tracking_window, window_entry, window_row
from stockline.store.database import Transaction
from stockline.values import to_quantity


def require_fresh(transaction: Transaction, window: OpenWindow) -> None:
    """Refuse `window_stale` when the line or its entries are not as they were when the window opened."""
    findings = [*_line_findings(transaction, window), *_entry_findings(transaction, window)]
    if findings:
        raise Refusal(Code.WINDOW_STALE, findings)


def require_latest(transaction: Transaction, window: OpenWindow, seen: int | None) -> None:
    """Refuse `window_stale` when anything in the window has changed since the revision `seen`."""
    if seen is not None and seen != window.revision - 1:
        message = f"Window {window.id} is at revision {window.revision - 1}, not {seen}."
        raise Refusal(
            Code.WINDOW_STALE,
            [Finding(message, line=window.line.name), *_changed_rows(transaction, window, seen, _CHANGED_ROWS)],
        )


def require_seen(transaction: Transaction, window: OpenWindow, row: int, seen: int | None) -> None:
    """Refuse `window_stale` when a row has changed since the revision at which an editor saw it, saying how it is now.

    Rows changed by others are no hindrance: two editors merge by row.
    """
    if seen is None:
        return
    findings = _changed_rows(transaction, window, seen, _CHANGED_ROWS.where(window_row.c.row == row))
    if findings:
        raise Refusal(Code.WINDOW_STALE, findings)


def _changed_rows(transaction: Transaction, window: OpenWindow, seen: int, query: Any) -> list[Finding]:
    return [
        Finding(
            f"Row {found.row} has changed: it is now {to_quantity(found.quantity)} of {_numbers(found)}.",
            line=window.line.name,
            row=found.row,
            **{name: getattr(found, name) or None for name in COMBINATION},
            facts={name: to_quantity(getattr(found, name) * window.line.sign) for name in FIGURES},
        )
        for found in transaction.execute(query, window.parameters | {"seen": seen})
    ]


_CHANGED_ROWS = (
    select(*(window_row.c[name] for name in ("row", *COMBINATION, *FIGURES)))
    .where(*ROWS, window_row.c.revision > bindparam("seen", type_=BigInteger))
    .order_by(window_row.c.row)
)


def _numbers(row: Any) -> str:
    return " ".join(getattr(row, name) for name in COMBINATION if getattr(row, name)) or "no number"


def _line_findings(transaction: Transaction, window: OpenWindow) -> list[Finding]:
    """What of the line is not as it was. Its date is that of its entries, so it counts as far as there are some."""
    was = transaction.execute(_WAS, window.parameters).one()
    changed = [name for name in LINE_AS_IT_WAS if getattr(was, name) != getattr(window.line, name)]
    if changed == ["date"] and not was.has_entries:
        return []
    return [
        Finding(f"Line {window.line.name} has another {name.removesuffix('_id')} now.", line=window.line.name)
        for name in changed
    ]


_OF_WINDOW = (window_entry.c.item_id == ITEM, window_entry.c.window_id == WINDOW)
_WAS = select(
    *(tracking_window.c[name] for name in LINE_AS_IT_WAS),
    exists(select(window_entry.c.link_id).where(*_OF_WINDOW)).label("has_entries"),
).where(tracking_window.c.item_id == ITEM, tracking_window.c.id == WINDOW)


def _entry_findings(transaction: Transaction, window: OpenWindow) -> list[Finding]:
    """The entries of the line that are new, gone, or not as they were."""
    now = line_entries(window.line.side.name)
    was = select(*(window_entry.c[column.name] for column in now.selected_columns)).where(*_OF_WINDOW)
    new = {row.link_id: row for row in transaction.execute(now.except_(was), window.parameters)}
    old = {row.link_id: row for row in transaction.execute(was.except_(now), window.parameters)}
    return [_entry_finding(window, old.get(id), new.get(id)) for id in sorted({*old, *new})]


def _entry_finding(window: OpenWindow, old: Any, new: Any) -> Finding:
    shown = new or old
    said = [f"{row.status} {to_quantity(row.quantity)} of {_numbers(row)}" if row else "none" for row in (old, new)]
    return Finding(
        f"An entry of line {window.line.name} has changed: was {said[0]}, is {said[1]}.",
        line=window.line.name,
        **{name: getattr(shown, name) or None for name in COMBINATION},
        facts={"was": said[0], "is": said[1]},
    )
