"""`stockline load`: another system's stock as its files have it, right or wrong."""

from pathlib import Path
from typing import Annotated

import typer

from stockline import Loaded, Stockline
from stockline.cli.console import SHOWN, counted, database_of, fail, screen, sqlite_file, stock_of
from stockline.cli.foreign import SYSTEMS, SystemName, figures, list_unreadable, read_files, show_figures
from stockline.cli.progress import StepBar
from stockline.cli.reports import every_stock_line
from stockline.exchange.found import Found
from stockline.exchange.renumbering import renumbered
from stockline.exchange.sheets import SheetProblem

UNREADABLE = Path("unreadable.csv")


def load(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="CSV files or workbooks, each one table.")],
    system: Annotated[SystemName, typer.Option("--from", help="The system the files come from.")],
    mapping: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Names of columns, sites and places that differ.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "--apply", help="Load it; without this it is only counted.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Load even if some rows cannot be read.")] = False,
    unreadable: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to list rows that cannot be read.")
    ] = UNREADABLE,
    encoding: Annotated[str | None, typer.Option(help="Of CSV files; UTF-8 if left out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of CSV files; found out if left out.")] = None,
) -> None:
    """Take over the stock of another system as it is, right or wrong; `control` then says what is wrong in it.

    First everything is read and counted, and rows that cannot be read are listed. With --yes it is then loaded, in one
    transaction; items, sites and places that do not exist are made.
    """
    with StepBar() as steps:
        try:
            found = read_files(SYSTEMS[system], files, steps, mapping=mapping, encoding=encoding, delimiter=delimiter)
        except SheetProblem as problem:
            fail(f"Nothing was loaded. {problem}")
        own: list[str] = []
        file = sqlite_file(database_of(context))
        if file is None or file.exists():
            with stock_of(context) as stock:
                found = for_database(found, stock)
                own = stock.own_documents({one.document for one in found.reservations})
        show_figures(SYSTEMS[system], figures(found))
        if found.unreadable:
            list_unreadable(found.unreadable, unreadable)
            if not skip_bad:
                fail("Nothing was loaded. Correct these rows, or load the others with --skip-bad.")
        if own and not yes:
            fail(f"Nothing was loaded, and it would be refused: {_named(own)} of your own, not to be reserved anew.")
        if not yes:
            screen().print("Nothing was loaded: this was a dry run. Load it with --yes.")
            return
        with stock_of(context, create=True) as stock:
            steps.begin("load", 1)
            loaded = load_found(stock, found)
            steps.reach(1)
        made = f"{counted(len(loaded.items), 'item')} and {counted(len(loaded.sites), 'site')} were new"
        what = f"{counted(loaded.stock_lines, 'stock line')} and {counted(loaded.serials, 'serial')}"
        reserved = f", {counted(loaded.reservations, 'reservation')}" if loaded.reservations else ""
        screen().print(f"Loaded {what}{reserved}; {made}.", style="green")


def _named(documents: list[str]) -> str:
    """The first of the documents."""
    shown = ", ".join(documents[:SHOWN])
    more = f" and {len(documents) - SHOWN:,} more" if len(documents) > SHOWN else ""
    return f"{shown}{more} {'is a document' if len(documents) == 1 else 'are documents'}"


def for_database(found: Found, stock: Stockline) -> Found:
    """What was found, with numbers of stock lines that fit those in a database."""
    return renumbered(found, stock.owners_of_numbers, every_stock_line(stock))


def load_found(stock: Stockline, found: Found) -> Loaded:
    """Load what was found, with the items and places it needs."""
    return stock.load(
        stock_lines=found.stock_lines,
        serials=found.serials,
        reservations=found.reservations,
        items=found.items,
        sites=found.sites,
    )
