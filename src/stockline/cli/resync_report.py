"""The report of a resynchronization: what is told on the screen, and the sheets of its workbook."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.table import Table

from stockline.cli.console import SHOWN, counted, fail, screen
from stockline.cli.foreign import UNREADABLE_COLUMNS
from stockline.exchange.report import ReportSheet, write_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from stockline import ControlFinding, ResyncAction, ResyncLeft
    from stockline.cli.resynchronizing import Outcome
    from stockline.exchange.corrections import Corrections, Places
    from stockline.exchange.report import Cell
    from stockline.exchange.tables import Unreadable

SUMMARY = (
    *("item", "variant", "site", "quantity", "serials before", "serials after", "verdict before", "verdict after"),
    *("findings before", "findings after"),
)
FINDINGS = (
    ("item", "variant", "site", "control", "finding", "stock line"),
    ("serial", "lot", "package", "expected", "found", "repair", "settled", "message"),
)
"""Up to the stock line, and behind it."""
ACTIONS = ("item", "variant", "action", "serial", "from line", "to line", "reason")
LEFT = ("item", "variant", "cause", "message", "stock lines", "serials", "best plans")
PLANS_SHOWN = 3
"""Best plans of a case that are shown on the screen; the workbook has them all."""


def sheets(
    outcome: Outcome,
    changes: Sequence[Corrections],
    unreadable: Sequence[Unreadable] | None,
    places: Places | None = None,
) -> list[ReportSheet]:
    """The sheets of the workbook; with `unreadable` one of the rows of files that could not be read.

    With `places` every stock line is named as in the system it came from; the numbers it has here may be made ones.
    """
    run = outcome.run
    made = [
        ReportSheet("Summary", SUMMARY, _summary(outcome)),
        ReportSheet("Findings", _findings_columns(places), _findings(outcome, places)),
        ReportSheet("Actions", *_actions(run.actions if run else (), places)),
        ReportSheet("Left", LEFT, [left_row(case, places) for case in (run.left if run else ())]),
    ]
    made += [ReportSheet(f"Change {table.table}"[:31], table.columns, table.rows) for table in changes]
    if unreadable is not None:
        made.append(ReportSheet("Unreadable", UNREADABLE_COLUMNS, unreadable))
    return made


def write_workbook(path: Path, sheets: Iterable[ReportSheet]) -> None:
    """Write a report, and say where it is."""
    try:
        write_report(path, sheets)
    except OSError as error:
        fail(f"The report cannot be written to {path}: {error.strerror}.")
    screen().print(f"See {path} for all of it.")


def show(outcome: Outcome, places: Places | None = None) -> None:
    """Print what was found, done and left, in figures, and the first of the cases left."""
    console, run = screen(), outcome.run
    table = Table("finding", "before", "after")
    before, after = (Counter(one.finding for one in found) for found in (outcome.before, outcome.after))
    for finding, number in sorted(before.items()):
        table.add_row(finding, f"{number:,}", f"{after[finding]:,}")
    if before:
        console.print(table)
    if run is not None:
        show_actions(run.actions, run.left, console)
        show_left(run.left, console, places)


def show_actions(actions: Sequence[ResyncAction], left: Sequence[ResyncLeft], console: Console) -> None:
    """Print how much was done, for which reason, and how much was left."""
    console.print(f"{counted(len(actions), 'action')}, {counted(len(left), 'case')} left alone.", style="bold")
    for (action, reason), number in sorted(Counter((one.action, one.reason) for one in actions).items()):
        console.print(f"  {action} ({reason}): {number:,}")


def show_left(left: Sequence[ResyncLeft], console: Console, places: Places | None = None) -> None:
    """Print the first of the cases left alone: why, and between which plans there is nothing to choose."""
    if not left:
        return
    table = Table("item", "cause", "stock lines", "why")
    for case in left[:SHOWN]:
        table.add_row(case.item, case.cause, _lines(case, places, SHOWN), case.message)
    console.print(table)
    for case in left[:SHOWN]:
        if len(case.plans) > 1:
            console.print(f"Best plans for {case.item}, stock lines {_numbers(case.lines)}:")
            console.print(_plans(case, PLANS_SHOWN))


def _summary(outcome: Outcome) -> Iterator[Sequence[Cell]]:
    before, after = (Counter(map(_place, found)) for found in (outcome.before, outcome.after))
    for place, first, last in outcome.states:
        serials = first.serials_new, last.serials_new
        yield (*place, first.quantity, *serials, first.verdict, last.verdict, before[place], after[place])


def _place(finding: ControlFinding) -> tuple[str, str, str]:
    return finding.item, finding.variant, finding.site or ""


def _findings_columns(places: Places | None) -> Sequence[str]:
    before, behind = FINDINGS
    return (*before, *(places.columns if places else ()), *behind)


def _findings(outcome: Outcome, places: Places | None) -> Iterator[Sequence[Cell]]:
    """What was found, and whether it is settled; then what is there only since, which nothing should be."""
    before, left = set(map(_known_by, outcome.before)), set(map(_known_by, outcome.after))
    for one in outcome.before:
        yield _finding(one, "no" if _known_by(one) in left else "yes", places)
    for one in outcome.after:
        if _known_by(one) not in before:
            yield _finding(one, "new", places)


def _known_by(one: ControlFinding) -> tuple[object, ...]:
    return one.finding, one.item, one.variant, one.site, one.stock_line, one.serial, one.lot, one.package


def _finding(one: ControlFinding, settled: str, places: Places | None) -> Sequence[Cell]:
    line = _text(one.stock_line), *(places.of(one.stock_line) if places else ())
    figures = _figure(one.expected), _figure(one.found)
    where = (*_place(one), one.control, one.finding, *line, one.serial, one.lot, one.package)
    return (*where, *figures, one.repair, settled, one.message)


def _actions(actions: Iterable[ResyncAction], places: Places | None) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
    """The columns of the actions, and their rows; behind each what their lines are called elsewhere."""
    if places is None:
        return ACTIONS, map(action_row, actions)
    columns = (*ACTIONS, *(f"{way} {name}" for way in ("from", "to") for name in places.columns))
    rows = ((*action_row(one), *places.of(one.from_line), *places.of(one.to_line)) for one in actions)
    return columns, rows


def action_row(action: ResyncAction) -> Sequence[Cell]:
    """An action in the columns of `ACTIONS`."""
    lines = _text(action.from_line), _text(action.to_line)
    return action.item, action.variant, action.action, action.serial, *lines, action.reason


def left_row(case: ResyncLeft, places: Places | None = None) -> Sequence[Cell]:
    """A case left alone in the columns of `LEFT`, with all its plans."""
    serials, plans = ", ".join(case.serials), _plans(case, len(case.plans))
    return case.item, case.variant, case.cause, case.message, _lines(case, places, len(case.lines)), serials, plans


def _lines(case: ResyncLeft, places: Places | None, shown: int) -> str:
    """The stock lines of a case; with `places` the first of them, each with what it is called elsewhere."""
    if places is None:
        return _numbers(case.lines)
    called = [f"{line}: {_called(line, places)}" for line in case.lines[:shown]]
    more = len(case.lines) - shown
    return "\n".join([*called, f"and {more} more"] if more > 0 else called)


def _called(line: int, places: Places) -> str:
    named = zip(places.columns, places.of(line), strict=True)
    return ", ".join(f"{column} {value}" for column, value in named if value)


def _plans(case: ResyncLeft, shown: int) -> str:
    """The best plans of a case, the first of them in words."""
    plans = [f"{nth}. {'; '.join(map(_step, plan))}" for nth, plan in enumerate(case.plans[:shown], start=1)]
    more = len(case.plans) - shown
    return "\n".join([*plans, f"and {more} more"] if more > 0 else plans)


def _step(action: ResyncAction) -> str:
    parts = (action.action, action.serial, action.from_line and f"from {action.from_line}")
    return " ".join(str(part) for part in (*parts, action.to_line and f"to {action.to_line}") if part)


def _numbers(lines: Iterable[int]) -> str:
    return ", ".join(map(str, lines))


def _figure(value: object) -> Cell:
    """What was expected or found: a quantity as a number, a place or status as the text it is."""
    return value if isinstance(value, int | Decimal) else _text(value)


def _text(value: object) -> str:
    return "" if value is None else str(value)
