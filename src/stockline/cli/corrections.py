"""Rows to change in the system the stock was loaded from: `stockline runs corrections`, and for `stockline resync`."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from stockline import ResyncCorrections
from stockline.cli.console import counted, fail, screen, stock_of
from stockline.cli.foreign import SYSTEMS, SystemName
from stockline.exchange.corrections import OWN, Corrections, corrections_of_run
from stockline.exchange.csv_files import write_csv
from stockline.exchange.overrides import Overrides, read_overrides
from stockline.exchange.sheets import SheetProblem


def corrections(
    context: typer.Context,
    run: Annotated[int, typer.Argument(help="The number of a resynchronization.")],
    folder: Annotated[Path, typer.Argument(help="Where to write the files.")],
    shape: Annotated[
        SystemName | None, typer.Option("--as", help="The system they are for; if left out, our own columns.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Names of sites and places that differ, as they were loaded.")
    ] = None,
) -> None:
    """Write what a resynchronization has changed as rows of another system: what stands there, and what should."""
    with stock_of(context) as stock:
        changed = stock.resync_corrections(run)
    write_corrections(shaped(changed, shape, mapping), folder)


def shaped(changed: ResyncCorrections, shape: SystemName | None, mapping: Path | None) -> list[Corrections]:
    """The corrections of a run on one's own database, in the columns of a system."""
    try:
        overrides = Overrides() if mapping is None else read_overrides(mapping)
    except SheetProblem as problem:
        fail(f"Nothing was written. {problem}")
    return corrections_of_run(OWN if shape is None else SYSTEMS[shape], changed, overrides)


def write_corrections(changes: Sequence[Corrections], folder: Path) -> None:
    """A CSV for each table in which something is to be changed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in changes:
            path = folder / f"corrections-{table.table.replace(' ', '-')}.csv"
            # In digits: a quantity may be a Decimal that is shown as 1E+3.
            rows = ([f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in row] for row in table.rows)
            write_csv(path, table.columns, rows)
            screen().print(f"See {path} for {counted(len(table.rows), 'row')} to change in {table.table}.")
    except OSError as error:
        fail(f"The corrections cannot be written to {folder}: {error.strerror}.")
