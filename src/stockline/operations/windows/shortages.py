"""Rows of a window that ask for more of a specific number than is available: a warning, never a refusal (TW-34)."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select

from stockline.codes import WarningCode
from stockline.operations.lines import SourceLine
from stockline.operations.lookups.summaries import steering, stock_for
from stockline.refusal import Finding, Warning
from stockline.rules.availability import BLANK, Numbers, is_on_hand, requested, sum_of, total
from stockline.rules.framework import tidy
from stockline.rules.window import CHANGED, COMBINATION, ITEM, LINE, ROWS
from stockline.schema.reservations import DEMAND, link
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import to_quantity


def shortages(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> list[Warning]:
    """`not_available` for the rows `first` to `last` of a window, if the line takes stock and any asks for too much."""
    steers = steering(line.item.tracking)
    if line.movement > 0 or not steers:
        return []
    asked = {**parameters, **stock_for(line).parameters}
    findings: dict[int, Finding] = {}
    for kind in [kind for kind in NUMBER_KINDS if kind in steers]:
        # Mostly nobody else asks for numbers of the item: then two questions a row are saved.
        others = bool(transaction.execute(_ASKED_FOR[kind], asked).scalar())
        for row, left in _short_rows(transaction, kind, steers, others, asked):
            findings.setdefault(row.row, _finding(line, kind, row, left))
    return [Warning(WarningCode.NOT_AVAILABLE, [findings[row] for row in sorted(findings)])] if findings else []


def _short_rows(
    transaction: Transaction, kind: str, steers: frozenset[str], others: bool, asked: Mapping[str, Any]
) -> Iterator[tuple[Any, int]]:
    """Rows whose number of the kind has less than nothing available, counting the whole window; and how much it has.

    Mostly no number is short. Where some are, rows are looked through here: joined to them, planners pair all with all.
    """
    found = transaction.execute(_short_numbers(kind, steers, others), asked)
    short = {row.number: int(row.available) for row in found}
    for row in transaction.execute(_NUMBERED[kind], asked) if short else ():
        if (number := getattr(row, kind)) in short:
            yield row, short[number]


def _finding(line: SourceLine, kind: str, row: Any, left: int) -> Finding:
    numbers = {name: getattr(row, name) for name in COMBINATION}
    available = to_quantity(left)
    message = f"Row {row.row}: {kind} {numbers[kind]} is available at {line.site} with {available} {line.item.unit}."
    where = {name: number or None for name, number in numbers.items()}
    facts = {"kind": kind, "available": available}
    return Finding(
        tidy(message), line=line.name, row=row.row, item=line.item.code, site=line.site, **where, facts=facts
    )


def _anybody_asks(kind: str) -> Select[Any]:
    # The range leads databases to the index of such numbers; by that of lines they would read all demands of the item.
    number = getattr(DEMAND, kind)
    asked = (link.c.item_id == ITEM, DEMAND.line_id.isnot(None), number != BLANK, number > BLANK)
    return select(exists(select(link.c.id).where(*asked)))


_ASKED_FOR = {kind: _anybody_asks(kind) for kind in NUMBER_KINDS}

_OPEN = window_row.c.quantity - window_row.c.handled
_NUMBERED: dict[str, Select[Any]] = {
    kind: select(*(window_row.c[name] for name in ("row", *COMBINATION))).where(*CHANGED, window_row.c[kind] != BLANK)
    for kind in NUMBER_KINDS
}


@cache
def _short_numbers(kind: str, steers: frozenset[str], others: bool) -> Select[Any]:
    """Numbers of the kind that changed rows name and the whole window asks too much of, with what is available."""
    number = window_row.c[kind]
    if kind == "serial":  # a serial stands in one row of a window
        left = _left({kind: number}, steers, others) - _OPEN
        lacking = left < 0 if others else ~is_on_hand({kind: number}, steers)
        short = (*CHANGED, number != BLANK, _OPEN > 0, lacking)
        return select(number.label("number"), left.label("available")).where(*short)
    changed = func.max(case((and_(*CHANGED), 1), else_=0))
    drafts = (
        select(number.label("number"), sum_of(_OPEN).label("drafted"))
        .where(*ROWS, number != BLANK)
        .group_by(number)
        .having(changed == 1)
        .subquery("drafts")
    )
    left = _left({kind: drafts.c.number}, steers, others) - drafts.c.drafted
    return select(drafts.c.number, left.label("available")).where(left < 0)


def _left(numbers: Numbers, steers: frozenset[str], others: bool) -> ColumnElement[int]:
    """What is available but for what the window drafts."""
    on_hand = total(numbers, steers)
    return on_hand - requested(numbers) + requested(numbers, saved_by=LINE) if others else on_hand
