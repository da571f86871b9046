"""`stockline runs`: resynchronizations, done or under way: listed, shown, followed, cancelled, taken back, audited."""

from pathlib import Path
from time import sleep
from typing import Annotated

import typer

from stockline import Stockline
from stockline.cli.console import SHOWN, Person, counted, fail, screen, stock_of
from stockline.cli.corrections import corrections
from stockline.cli.progress import StepBar, told
from stockline.cli.resync_report import write_workbook
from stockline.cli.run_view import audit_sheet, audit_table, heard_of, run_sheets, runs_table, show_run
from stockline.exchange.report import write_table

app = typer.Typer(no_args_is_help=True, help="Resynchronizations: what they did, how far they are; cancel, take back.")

PULSE = 1.0
"""Seconds between two looks at a run that is followed."""

RunNumber = Annotated[int, typer.Argument(metavar="RUN", help="The number of a resynchronization.")]


@app.command("list")
def list_runs(
    context: typer.Context, limit: Annotated[int, typer.Option(help="So many of the latest.", min=1)] = SHOWN
) -> None:
    """List resynchronizations, by machine or by hand, and what has been taken back; the latest first."""
    with stock_of(context) as stock:
        entries = stock.resync_log(limit=limit)
    if not entries:
        screen().print("Nothing has been resynchronized.")
        return
    screen().print(runs_table(entries))


@app.command()
def show(
    context: typer.Context,
    run: RunNumber,
    report: Annotated[Path | None, typer.Option(metavar="FILE.xlsx", help="Write all of it as a workbook.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for its end; Ctrl-C does not stop it.")] = False,
) -> None:
    """Show a resynchronization: how far it is, figures before and after, what was done, what was left, and why."""
    with stock_of(context) as stock:
        if follow:
            _follow(stock, run)
        kept = stock.resync_report(run)
    show_run(kept)
    if report is not None:
        write_workbook(report, run_sheets(kept))


def _follow(stock: Stockline, run: int) -> None:
    with StepBar() as steps:
        steps.begin("repair", 1)
        while (entry := stock.resync_entry(run)).under_way:
            progress = entry.progress
            steps.reach(progress.items_done, f"{told(progress)}; {heard_of(entry)}", progress.items_found)
            sleep(PULSE)


@app.command()
def cancel(context: typer.Context, run: RunNumber) -> None:
    """Let a resynchronization stop between two cases; what it has done stays."""
    with stock_of(context) as stock:
        before = stock.resync_entry(run)
        entry = stock.cancel_resync(run)
    if not before.under_way:
        fail(f"Run {run} has ended already: it is {entry.state}.")
    if entry.state == "cancelled":
        screen().print(f"Run {run} is ended: {heard_of(entry)}. What it has done stays.")
    else:
        screen().print(f"Run {run} stops as soon as the case it is at is done; {heard_of(entry)}.")


@app.command()
def undo(context: typer.Context, run: RunNumber, person: Person) -> None:
    """Put back every link that a resynchronization changed, all or none; merged stock lines stay merged."""
    with stock_of(context) as stock:
        undone = stock.undo_resync(run, person=person)
    what = counted(len(undone.actions), "action")
    screen().print(f"Run {undone.number} takes back run {run}: {what}.", style="green")


@app.command()
def audit(
    context: typer.Context,
    run: Annotated[int | None, typer.Option(help="What this resynchronization changed.")] = None,
    item: Annotated[str | None, typer.Option(help="What was changed of this item.")] = None,
    serial: Annotated[str | None, typer.Option(help="What was changed of this serial of the item or run.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only this variant of the item.")] = None,
    everything: Annotated[bool, typer.Option("--all", help=f"Show all of them, not {SHOWN}.")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all of them here: a workbook (.xlsx), else a CSV.")
    ] = None,
) -> None:
    """List every link that was changed: by whom, when and why, and what was known of the serial at that moment."""
    with stock_of(context) as stock:
        changes = stock.resync_audit(run=run, item=item, serial=serial, variant=variant)
    shown = changes if everything else changes[:SHOWN]
    if shown:
        screen().print(audit_table(shown))
    more = len(changes) - len(shown)
    screen().print(f"{counted(len(changes), 'changed link')}{f'; {more:,} more with --all' if more else ''}.")
    if output is not None:
        try:
            write_table(output, audit_sheet(changes))
        except OSError as error:
            fail(f"{output} cannot be written: {error.strerror}.")


app.command("corrections")(corrections)
