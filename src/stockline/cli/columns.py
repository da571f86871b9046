"""The options that say where a command reads what a file of goods lists."""

from pathlib import Path
from typing import Annotated

import typer

COLUMN = "COLUMN|=TEXT"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file or a workbook (XLSX, ODS).")]
Item = Annotated[str, typer.Option(metavar=COLUMN, help="The item.")]
Site = Annotated[str, typer.Option(metavar=COLUMN, help="Where the stock is: --site =EAST for all rows.")]
Serial = Annotated[str | None, typer.Option(metavar=COLUMN, help="The serial; each row is then one unit.")]
Lot = Annotated[str | None, typer.Option(metavar=COLUMN, help="The lot.")]
Package = Annotated[str | None, typer.Option(metavar=COLUMN, help="The package.")]
Quantity = Annotated[str | None, typer.Option(metavar=COLUMN, help="The quantity; 1 if left out.")]
Variant = Annotated[str | None, typer.Option(metavar=COLUMN, help="The variant of the item.")]
Location = Annotated[str | None, typer.Option(metavar=COLUMN, help="The place inside the site.")]
Date = Annotated[str | None, typer.Option(metavar=COLUMN, help="The posting date; today if left out.")]
Where = Annotated[list[str] | None, typer.Option(metavar="COLUMN=TEXT", help="Take only these rows. May be repeated.")]
Refused = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where to list refused rows; FILE-refused.csv if left out.")
]
Encoding = Annotated[str | None, typer.Option(help="Of a CSV; UTF-8 if left out.")]
Delimiter = Annotated[str | None, typer.Option(help="Of a CSV; found out if left out.")]
SheetName = Annotated[str | None, typer.Option(help="Which sheet of a workbook; must be said if it has several.")]


def filters(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """The columns and texts of `--where`."""
    return tuple(map(_filter, given or []))


def _filter(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column.strip():
        raise typer.BadParameter(f"{text!r} is not COLUMN=TEXT", param_hint="--where")
    return column, value
