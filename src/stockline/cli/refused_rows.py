"""Rows of a file that were refused: the first on the screen, all of them in a file."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from stockline.cli.console import SHOWN, counted, fail
from stockline.codes import SENTENCES, Code
from stockline.exchange.movements import BadRow
from stockline.exchange.refused import write_refused
from stockline.exchange.sheets import Sheet


def list_refused(console: Console, source: Sheet, bad: list[BadRow], refused: Path | None) -> None:
    """Show the rows and write them to `refused`, or beside where the command runs."""
    counts: dict[Code, int] = {}
    for row in bad:
        counts[row.code] = counts.get(row.code, 0) + 1
    for code in sorted(counts, key=counts.__getitem__, reverse=True):
        console.print(f"{code}: {counted(counts[code], 'row')}. {SENTENCES[code]}", style="red")
    table = Table("line", "code", "reason")
    for row in bad[:SHOWN]:
        table.add_row(str(row.line), row.code, row.reason)
    console.print(table)
    file = refused or Path(f"{source.path.stem}-refused.csv")
    if file.resolve() == source.path.resolve():
        fail(f"The refused rows are not listed: {file} is the file that was read.")
    try:
        write_refused(file, source, bad)
    except OSError as error:
        fail(f"The refused rows cannot be listed in {file}: {error.strerror}. Name another file with --refused.")
    rows = counted(len(bad), "refused row")
    console.print(f"See {file} for {'all ' * (len(bad) > 1)}{rows} with line and reason.")
