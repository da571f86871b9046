"""Rules on stock selected for an open window (TW-32).

Parameters: those of `rules.window` and `rules.availability`; the rows selected are those from `first` to `last`.
"""

from functools import cache
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, case, select, union_all

from stockline.codes import Code
from stockline.rules.availability import BLANK, Numbers, at_location, drafted, pending, requested, total
from stockline.rules.framework import Query, Rule, rule
from stockline.rules.window import (
    CHANGED,
    FIRST,
    ITEM,
    LAST,
    LINE,
    WINDOW,
    lot_twice,
    row_out_of_limits,
    serial_quantity_not_one,
    serial_twice,
)
from stockline.schema.windows import window_row
from stockline.tracking_code import NUMBER_KINDS

_BEFORE = window_row.c.row < FIRST
"""The rows that were there before the selection."""


@rule(Code.INVALID)
def nothing_selected() -> Query:
    """Row {row}: a serial, lot or package is needed to select stock."""
    row = window_row.c
    shown = [row.row, row.row.label("position"), row.item_id, LINE.label("line_id")]
    return select(*shown).where(*CHANGED, *(row[kind] == BLANK for kind in NUMBER_KINDS))


@cache
def selected_too_much(steers: frozenset[str], located: bool) -> Rule:
    """The rule that no more is selected than is available, and lies in the line's location if it names one."""

    @rule(Code.INSUFFICIENT_STOCK)
    def beyond_available() -> Any:
        """Row {row}: {asked} of {serial} {lot} {package} selected, {there} available."""
        return union_all(*(_beyond(named, steers, located) for named in _ways_to_name()))

    return beyond_available


def _ways_to_name() -> list[tuple[str, ...]]:
    return [named for count in (1, 2, 3) for named in combinations(NUMBER_KINDS, count)]


def _beyond(named: tuple[str, ...], steers: frozenset[str], located: bool) -> Query:
    """Rows that name exactly these kinds and select too much."""
    row = window_row.alias("selected").c
    there = _selectable({kind: row[kind] for kind in named}, steers, located)
    exactly = [row[kind] != BLANK if kind in named else row[kind] == BLANK for kind in NUMBER_KINDS]
    shown = [row.row, row.row.label("position"), row.item_id, LINE.label("line_id")]
    numbers = [row[kind] for kind in NUMBER_KINDS]
    of_step = [row.item_id == ITEM, row.window_id == WINDOW, row.row.between(FIRST, LAST)]
    found = select(*shown, *numbers, row.quantity.label("asked"), there.label("there"))
    return found.where(*of_step, *exactly, row.quantity > there)


def _selectable(numbers: Numbers, steers: frozenset[str], located: bool) -> ColumnElement[int]:
    # A serial is one unit, whatever lot or package it is asked for with.
    asked = {"serial": numbers["serial"]} if "serial" in numbers else numbers
    available = total(numbers, steers) - requested(asked) - pending(asked, _BEFORE)
    if not located:
        return available
    left_there = at_location(asked, steers) - drafted(asked, _BEFORE)
    return case((left_there < available, left_there), else_=available)


def selection_rules(steers: frozenset[str], *, located: bool) -> tuple[Rule, ...]:
    """What rows selected by hand must obey, in sequence."""
    return (
        serial_quantity_not_one,
        row_out_of_limits,
        nothing_selected,
        serial_twice,
        lot_twice,
        selected_too_much(steers, located),
    )
