"""`stockline resync`: serials and stock lines brought back into agreement, here or in another system's files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

import stockline
from stockline import ResyncLeft, Stockline
from stockline.cli.console import Person, counted, fail, item_range, refusals_shown, screen, stock_of
from stockline.cli.corrections import shaped, write_corrections
from stockline.cli.foreign import SYSTEMS, SystemName, figures, list_unreadable, read_files, show_figures
from stockline.cli.load import UNREADABLE, load_found
from stockline.cli.progress import StepBar
from stockline.cli.resync_report import sheets, show, write_workbook
from stockline.cli.resynchronizing import Outcome, Selection, carry_out
from stockline.exchange.corrections import Corrections, Places, corrections
from stockline.exchange.found import Found
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import System

CANCELLED = 130
"""The status of a command that was cancelled, with Ctrl-C or from elsewhere."""


def resync(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", help="With --from: its tables, CSV files or workbooks.")
    ] = None,
    system: Annotated[
        SystemName | None, typer.Option("--from", help="Another system's files, and no database of one's own.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    items: Annotated[str | None, typer.Option(metavar="ITEM|FIRST..LAST", help="Only these items.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; write nothing.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE.xlsx", help="Write all of it as a workbook.")] = None,
    correct: Annotated[
        Path | None,
        typer.Option("--corrections", metavar="FOLDER", help="Write the rows to change in the system it came from."),
    ] = None,
    shape: Annotated[
        SystemName | None, typer.Option("--as", help="On one's own database: the system the corrections are for.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Names of columns, sites and places that differ.")
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Repair items that no unreadable row is about.")] = False,
    unreadable: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to list rows that cannot be read.")
    ] = UNREADABLE,
    encoding: Annotated[str | None, typer.Option(help="Of CSV files; UTF-8 if left out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of CSV files; found out if left out.")] = None,
    *,
    person: Person,
) -> None:
    """Bring serials and stock lines back into agreement where only one way is right; report the rest.

    With --from the files of another system are loaded into a database that is thrown away, controlled, repaired and
    reported. Ends with status 1 when something does not agree afterwards, or could not be read, and with 130 when it
    was cancelled, with Ctrl-C or `stockline runs cancel`: what has been done stays.
    """
    selection = Selection(site, item_range(items))
    if system is None:
        if files:
            fail("Files are resynchronized with --from: say which system they come from.")
        carried = partial(carry_out, repair=True, dry_run=dry_run, repairs=report is not None, person=person)
        with StepBar() as steps, stock_of(context) as stock:
            outcome = carried(stock, selection, steps, begun=partial(_found_by, steps))
            changes = _own_corrections(stock, outcome, shape, mapping)
        _hand_over(outcome, changes, None, places=None, folder=correct, report=report)
        return
    read = partial(read_files, SYSTEMS[system], files or [], mapping=mapping, encoding=encoding, delimiter=delimiter)
    with StepBar() as steps:
        found = _read(read, SYSTEMS[system], steps, unreadable)
        outcome = _repaired(found, selection, steps, skip_bad=skip_bad, dry_run=dry_run, repairs=report is not None)
    changes = corrections(SYSTEMS[system], found, outcome.run.actions if outcome.run else [])
    places = Places(SYSTEMS[system], found)
    _hand_over(outcome, changes, found, places=places, folder=correct, report=report)


def _read(read: Callable[[StepBar], Found], system: System, steps: StepBar, unreadable: Path) -> Found:
    """What was found in files, shown in figures, and the rows that cannot be read in a file of their own."""
    try:
        found = read(steps)
    except SheetProblem as problem:
        fail(f"Nothing was read. {problem}")
    show_figures(system, figures(found))
    if found.unreadable:
        list_unreadable(found.unreadable, unreadable)
    return found


def _found_by(steps: StepBar, run: int) -> None:
    """Tell at once how the run is found from elsewhere."""
    steps.say(
        f"Run {run}: 'stockline runs show {run} --follow' shows how far it is, 'stockline runs cancel {run}' ends it."
    )


def _repaired(
    found: Found, selection: Selection, steps: StepBar, *, skip_bad: bool, dry_run: bool, repairs: bool
) -> Outcome:
    """What comes of another system's stock, loaded into a database that is thrown away."""
    # With a stock line unread, its serials would seem to be on none, and to be moved or taken off.
    doubtful = found.doubtful
    repair = not doubtful or (skip_bad and "" not in doubtful)
    with refusals_shown(), _temporary() as stock:
        load_found(stock, found)
        selection = replace(selection, without=doubtful)
        outcome = carry_out(stock, selection, steps, repair=repair, dry_run=dry_run, repairs=repairs)
    if outcome.run is not None:
        left = [*outcome.run.left, *map(_left_unread, sorted(filter(selection.covers, doubtful)))]
        return replace(outcome, run=replace(outcome.run, left=left))
    if skip_bad:
        screen().print("Nothing was repaired: of an unreadable row the item is not known. Correct or delete such rows.")
    else:
        screen().print("Nothing was repaired: correct the unreadable rows, or repair the other items with --skip-bad.")
    return outcome


def _left_unread(item: str) -> ResyncLeft:
    """An item whose stock is not known in full is left alone."""
    message = f"Rows about {item} cannot be read, so what is right for it is not known."
    return ResyncLeft(item=item, variant="", cause="unreadable", message=message, lines=())


@contextmanager
def _temporary() -> Iterator[Stockline]:
    """A database that is thrown away; a file, so that it may be larger than the memory."""
    with (
        TemporaryDirectory(prefix="stockline-") as folder,
        stockline.open(Path(folder) / "stock.db") as stock,
    ):
        yield stock


def _own_corrections(
    stock: Stockline, outcome: Outcome, shape: SystemName | None, mapping: Path | None
) -> list[Corrections]:
    """What a run has changed; a dry run, and one that had nothing to do, have changed nothing."""
    if outcome.run is None or not outcome.run.number:
        return []
    return shaped(stock.resync_corrections(outcome.run.number), shape, mapping)


def _hand_over(
    outcome: Outcome,
    changes: Sequence[Corrections],
    found: Found | None,
    *,
    places: Places | None,
    folder: Path | None,
    report: Path | None,
) -> None:
    """Write the corrections and the report, print what has come of it, and end with the status that says so."""
    if folder is not None:
        write_corrections(changes, folder)
    show(outcome, places)
    if report is not None:
        write_workbook(report, sheets(outcome, changes, found.unreadable if found else None, places))
    if outcome.run is not None and outcome.run.cancelled:
        done = counted(len(outcome.run.actions), "action")
        screen(error=True).print(f"Cancelled: {done} done, which stay. Run it again to go on.", style="red")
        raise typer.Exit(CANCELLED)
    if outcome.after:
        fail(f"{counted(len(outcome.after), 'finding')} left.")
    if found is not None and found.unreadable:
        raise typer.Exit(1)
    screen().print("Everything agrees.", style="green")
