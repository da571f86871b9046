"""What the combinations of a reclassification line are to become (PO-44, TW-41)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, delete, func, insert, literal, or_, select, update

from stockline.operations.lines import SourceLine
from stockline.results import KEEP
from stockline.rules.window import COMBINATION, GOOD_ROWS, ITEM, LINE, ROWS, WINDOW, same_combination
from stockline.schema.reservations import renumbering
from stockline.schema.windows import window_row
from stockline.store.database import Transaction

NEW_NUMBERS = tuple(f"new_{name}" for name in COMBINATION)
_ROW, _NOTED = window_row.c, renumbering.c
_OF_LINE = and_(_NOTED.item_id == ITEM, _NOTED.line_id == LINE)


def note_new_numbers(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Write what the rows of a window make of their numbers, instead of what was noted before; other lines have none.

    Rows whose only numbers are new ones have then done their part: what has no number is nobody's active number.
    """
    if line.renumbers:
        for statement in (_FORGET, _NOTE, _DROP_UNNUMBERED):
            transaction.execute(statement, parameters)


_FORGET = delete(renumbering).where(_OF_LINE)
_NOTE = insert(renumbering).from_select(
    ("item_id", "line_id", *COMBINATION, *NEW_NUMBERS, "dated", "new_expires"),
    select(
        ITEM,
        LINE,
        *(_ROW[name] for name in COMBINATION),
        *(func.coalesce(_ROW[f"new_{name}"], _ROW[name]) for name in COMBINATION),
        _ROW.dated,
        _ROW.new_expires,
    ).where(*GOOD_ROWS),
)
_DROP_UNNUMBERED = delete(window_row).where(*ROWS, *(_ROW[name] == "" for name in COMBINATION))


def take_from(transaction: Transaction, line: SourceLine, stock_lines: Mapping[tuple[str, ...], int]) -> None:
    """Say from which stock line a reclassification takes each combination of a line, of goods without number too."""
    noted = transaction.insert(renumbering)
    noted = noted.on_conflict_do_update(index_elements=_KEY, set_={"stock_line_id": noted.excluded.stock_line_id})
    rows = [
        dict(zip(_KEY, (line.item.id, line.id, *numbers), strict=True)) | {"stock_line_id": stock_line}
        for numbers, stock_line in stock_lines.items()
    ]
    if rows:
        transaction.execute(noted, rows)


_KEY = ("item_id", "line_id", *COMBINATION)


def forget_new_numbers(transaction: Transaction, lines: Sequence[SourceLine]) -> None:
    """Take away what was noted of reclassification lines."""
    for line in lines:
        if line.renumbers:
            transaction.execute(_FORGET, {"item": line.item.id, "line": line.id})


def show_new_numbers(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Give the rows of a window that opens what was noted of their numbers.

    What becomes of goods without number is a row too, for the whole line: no entry carries it.
    """
    if line.renumbers:
        transaction.execute(_SHOW, parameters)
        transaction.execute(_SHOW_UNNUMBERED, {**parameters, "all": abs(line.quantity)})


_STAYS_OR_NEW = {f"new_{name}": func.nullif(_NOTED[f"new_{name}"], _NOTED[name]) for name in COMBINATION}
_SHOW = (
    update(window_row)
    .where(*ROWS, _OF_LINE, same_combination(renumbering, window_row))
    .values(**_STAYS_OR_NEW, dated=_NOTED.dated, new_expires=_NOTED.new_expires)
)

_LAST = select(func.coalesce(func.max(_ROW.row), 0)).where(*ROWS).scalar_subquery()
_ALL = bindparam("all", type_=BigInteger)
_SHOW_UNNUMBERED = insert(window_row).from_select(
    ("item_id", "window_id", "row", "quantity", "handle", "invoice", "revision", *NEW_NUMBERS, "dated", "new_expires"),
    select(
        *(ITEM, WINDOW, _LAST + 1, _ALL, _ALL, _ALL, literal(0)),
        *(func.nullif(_NOTED[name], "") for name in NEW_NUMBERS),
        _NOTED.dated,
        _NOTED.new_expires,
    ).where(
        _OF_LINE, *(_NOTED[name] == "" for name in COMBINATION), or_(*(_NOTED[name] != "" for name in NEW_NUMBERS))
    ),
)


def becomes(row: Any) -> dict[str, Any]:
    """What a row makes of its numbers, under the names of a `WindowRow`."""
    return {name: getattr(row, name) for name in NEW_NUMBERS} | {"new_expires": row.new_expires if row.dated else KEEP}


def noted_new_numbers(transaction: Transaction, line: SourceLine) -> dict[tuple[str, ...], dict[str, Any]]:
    """What is noted of each combination of a line; nothing of a line that is no reclassification."""
    if not line.renumbers:
        return {}
    rows = transaction.execute(_LIST, {"item": line.item.id, "line": line.id})
    return {tuple(getattr(row, name) for name in COMBINATION): becomes(row) for row in rows}


_LIST = select(
    *(_NOTED[name] for name in COMBINATION),
    *(new.label(name) for name, new in _STAYS_OR_NEW.items()),
    _NOTED.dated,
    _NOTED.new_expires,
).where(_OF_LINE)
