"""Resynchronizations on the screen: the log, one run, and the links they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from stockline.cli.console import SHOWN, moment, screen
from stockline.cli.progress import told
from stockline.cli.resync_report import ACTIONS, LEFT, action_row, left_row, show_actions, show_left
from stockline.exchange.report import ReportSheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stockline import LineCount, ResyncAudit, ResyncEvidence, ResyncFigure, ResyncLogEntry, ResyncReport
    from stockline.exchange.report import Cell

FIGURES = ("item", "variant", "site", "quantity", "serials before", "serials after")
AUDIT = (
    *("run", "kind", "person", "began", "item", "variant", "serial", "action", "reason"),
    *("old line", "old line before", "old line after", "new line", "new line before", "new line after"),
    *("own lot", "own sublot", "own version", "last movement"),
)


def runs_table(entries: Iterable[ResyncLogEntry]) -> Table:
    """Runs, a row each."""
    table = Table("run", "kind", "person", "began", "over", "state", "items", "cases", "reason")
    for entry in entries:
        state = f"{entry.state}, {heard_of(entry)}" if entry.under_way else entry.state
        began = moment(entry.started_at)
        table.add_row(
            str(entry.run), _kind(entry), entry.person, began, _over(entry), state, *_done(entry), entry.reason
        )
    return table


def show_run(report: ResyncReport) -> None:
    """Print a run: who, when, over what, how far, the figures, what was done and what was left."""
    console, entry = screen(), report.entry
    about = (_kind(entry), entry.person, moment(entry.started_at), _over(entry), entry.state)
    console.print(f"Run {entry.run}: {', '.join(filter(None, about))}", style="bold")
    if entry.reason:
        console.print(f"Reason: {entry.reason}")
    if entry.kind == "automatic":
        console.print(told(entry.progress))
    if entry.under_way:
        console.print(heard_of(entry))
    if report.figures:
        console.print(_figures_table(report.figures[:SHOWN]))
    show_actions(report.actions, report.left, console)
    if report.actions:
        console.print(_actions_table(report))
    show_left(report.left, console)
    longest = max(len(report.figures), len(report.actions), len(report.left))
    if longest > SHOWN:
        console.print(f"Of each the first {SHOWN} are shown; all of them are in the workbook of --report.")


def run_sheets(report: ResyncReport) -> list[ReportSheet]:
    """The sheets of a workbook about a run."""
    return [
        ReportSheet("Figures", FIGURES, map(_figure, report.figures)),
        ReportSheet("Actions", ACTIONS, map(action_row, report.actions)),
        ReportSheet("Left", LEFT, [left_row(case) for case in report.left]),
    ]


def audit_table(changes: Iterable[ResyncAudit]) -> Table:
    """Changed links, a row each."""
    table = Table("run", "person", "began", "item", "serial", "old line", "new line", "why", "known of it then")
    for one in changes:
        entry, action = one.entry, one.action
        item = f"{action.item} {action.variant}".strip()
        lines = _count(one.old_line), _count(one.new_line)
        why = action.reason or entry.kind
        began = moment(entry.started_at)
        table.add_row(
            str(entry.run), entry.person, began, item, action.serial, *lines, why, "; ".join(_known(one.evidence))
        )
    return table


def audit_sheet(changes: Iterable[ResyncAudit]) -> ReportSheet:
    """Changed links with all that is kept of them."""
    return ReportSheet("Changed links", AUDIT, map(_audited, changes))


def _kind(entry: ResyncLogEntry) -> str:
    return entry.kind if entry.undoes is None else f"{entry.kind} of {entry.undoes}"


def _over(entry: ResyncLogEntry) -> str:
    """What an automatic run looks at."""
    first, last = entry.items or ("", "")
    items = first if first == last else f"{first}..{last}"
    everything = "everything" if entry.kind == "automatic" else ""
    return ", ".join(filter(None, (entry.site, items))) or everything


def _done(entry: ResyncLogEntry) -> tuple[str, str]:
    """Items and cases done; a person's changes are one."""
    if entry.kind != "automatic":
        return "", ""
    done = entry.progress
    return f"{done.items_done:,} of {done.items_found:,}", f"{done.cases_done:,} of {done.cases_found:,}"


def heard_of(entry: ResyncLogEntry) -> str:
    """When a run under way last told how far it is: one that is dead tells nothing any more."""
    return f"last heard of {moment(entry.heard_of)}"


def _figures_table(figures: Iterable[ResyncFigure]) -> Table:
    table = Table(*FIGURES[:3])
    for heading in FIGURES[3:]:
        table.add_column(heading, justify="right")
    for figure in figures:
        numbers = figure.quantity, figure.serials_before, figure.serials_after
        table.add_row(figure.item, figure.variant, figure.site, *(f"{number:,}" for number in numbers))
    return table


def _actions_table(report: ResyncReport) -> Table:
    table = Table(*ACTIONS)
    for action in report.actions[:SHOWN]:
        table.add_row(*(str(cell or "") for cell in action_row(action)))
    return table


def _figure(figure: ResyncFigure) -> Sequence[Cell]:
    counts = figure.quantity, figure.serials_before, figure.serials_after
    return figure.item, figure.variant, figure.site, *counts


def _count(line: LineCount | None) -> str:
    """A stock line, with the number of its serials before and after."""
    return "" if line is None else f"{line.stock_line} ({line.before} to {line.after})"


def _known(evidence: ResyncEvidence) -> Iterator[str]:
    own = {"lot": evidence.lot, "sublot": evidence.sublot, "version": evidence.version}
    yield from (f"own {name} {value}" for name, value in own.items() if value)
    yield _movement(evidence)


def _movement(evidence: ResyncEvidence) -> str:
    """The last movement of a serial in words."""
    if not evidence.direction:
        return "never moved"
    way = "in" if evidence.direction > 0 else "issued" if evidence.posted else "out"
    where = (evidence.site, evidence.location, evidence.movement_lot, evidence.package)
    when = f"on {evidence.date}" if evidence.date else None
    return " ".join(filter(None, (way, when, *where)))


def _audited(one: ResyncAudit) -> Sequence[Cell]:
    entry, action, known = one.entry, one.action, one.evidence
    began = entry.started_at.astimezone().replace(tzinfo=None, microsecond=0)  # a sheet has no zones
    run = str(entry.run), _kind(entry), entry.person, began
    link = action.item, action.variant, action.serial, action.action, action.reason
    own = known.lot, known.sublot, known.version
    return (*run, *link, *_counts(one.old_line), *_counts(one.new_line), *own, _movement(known))


def _counts(line: LineCount | None) -> Sequence[Cell]:
    return (None, None, None) if line is None else (str(line.stock_line), line.before, line.after)
