"""`stockline import`: goods in or out as a file lists them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Annotated

import typer
from rich.table import Table

from stockline import Stockline
from stockline.cli import columns
from stockline.cli.console import counted, fail, screen, show_refusal, stock_of
from stockline.cli.importing import KINDS, RECEIPTS, Kind, Outcome, Request, post_movements, read_sheet
from stockline.cli.progress import StepBar
from stockline.cli.refused_rows import list_refused
from stockline.exchange.mapping import Mapping
from stockline.exchange.opening import open_sheet
from stockline.exchange.sheets import Sheet, SheetProblem

CREATE = "Create items and sites that do not exist. Without this option: for goods in with numbers."
NAMES_SHOWN = 5


def import_(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    file: columns.File,
    item: columns.Item,
    site: columns.Site,
    serial: columns.Serial = None,
    lot: columns.Lot = None,
    package: columns.Package = None,
    quantity: columns.Quantity = None,
    variant: columns.Variant = None,
    location: columns.Location = None,
    date: columns.Date = None,
    expires: Annotated[str | None, typer.Option(metavar=columns.COLUMN, help="The expiration date.")] = None,
    where: columns.Where = None,
    kind: Annotated[Kind, typer.Option(metavar="KIND", help=f"What the rows are: {', '.join(KINDS)}.")] = "purchase",
    order: Annotated[str | None, typer.Option(metavar="ID", help="The order's id; made up if left out.")] = None,
    create: Annotated[bool | None, typer.Option("--create/--no-create", help=CREATE, show_default=False)] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Post the good rows even if others are bad.")] = False,
    refused: columns.Refused = None,
    encoding: columns.Encoding = None,
    delimiter: columns.Delimiter = None,
    sheet: columns.SheetName = None,
) -> None:
    """Post what a file lists: one order of it, with a line per item and site, tracked and posted in one step.

    An option names the column a value is read from; =TEXT gives all rows the same value. With bad rows nothing is
    posted, unless --skip-bad is given; every bad row is reported with its line in the file.
    """
    mapping = Mapping(
        item=item,
        variant=variant,
        serial=serial,
        lot=lot,
        package=package,
        quantity=quantity,
        site=site,
        location=location,
        date=date,
        expires=expires,
        where=columns.filters(where),
    )
    dated = expires is not None
    request = Request(order=order or _new_id(), kind=kind, create=create, skip_bad=skip_bad, expires=dated)
    try:
        source = open_sheet(file, encoding=encoding, delimiter=delimiter, sheet=sheet)
        opener = partial(stock_of, context, create=request.kind in RECEIPTS)
        outcome = run_import(opener, source, mapping, request)
    except SheetProblem as problem:
        fail(f"Nothing was posted. {problem}")
    report(request, source, outcome, refused)
    if outcome.posting is None:
        raise typer.Exit(1)


def run_import(
    opener: Callable[[], AbstractContextManager[Stockline]], source: Sheet, mapping: Mapping, request: Request
) -> Outcome:
    """Read, and if what was read may be posted, post; with a bar that shows how far each step is."""
    with StepBar() as steps:
        outcome = read_sheet(source, mapping, steps)
        if (outcome.bad and not request.skip_bad) or not len(outcome.movements):
            return outcome
        with opener() as stock:
            return post_movements(stock, request, outcome, steps)


def _new_id() -> str:
    """An id that says when the import was, by the user's clock, and is no other's."""
    return f"IMPORT-{datetime.now():%Y%m%d-%H%M%S}-{token_hex(2)}"  # noqa: DTZ005


def report(request: Request, source: Sheet, outcome: Outcome, refused: Path | None) -> None:
    """Print what an import has come to; list its refused rows, all of them in a file."""
    console = screen()
    posted = len(outcome.movements) if outcome.posting else 0
    console.print(f"Import of {source.path.name}", style="bold")
    table = Table(show_header=False)
    table.add_row("rows read", f"{outcome.read:,}")
    table.add_row("rows posted", f"{posted:,}")
    table.add_row("rows refused", f"{len(outcome.bad):,}")
    for name, value in _made(request, outcome):
        table.add_row(name, value)
    console.print(table)
    if outcome.posting is None:
        console.print("Nothing was posted.", style="bold red")
    if outcome.refusal:
        show_refusal(outcome.refusal, console)
    if outcome.bad:
        list_refused(console, source, outcome.bad, refused)
        if outcome.posting is None and len(outcome.movements):
            console.print("Correct them and import again, or post the other rows with --skip-bad.")


def _made(request: Request, outcome: Outcome) -> list[tuple[str, str]]:
    """What the posting has left in the database."""
    if outcome.posting is None:
        return []
    made = [
        ("order", f"{request.order} ({request.kind.replace('_', ' ')}, {counted(outcome.lines, 'line')})"),
        ("posting", f"{outcome.posting.number} ({counted(outcome.posting.entries, 'ledger entry')})"),
    ]
    if outcome.movements.date:
        made.append(("posting date", str(outcome.movements.date)))
    for what, names in (("items created", outcome.created_items), ("sites created", outcome.created_sites)):
        if names:
            more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
            made.append((what, f"{len(names):,}: {', '.join(names[:NAMES_SHOWN])}{more}"))
    return made
