"""What all commands share: where they print, which database they open, how a refusal looks."""

from __future__ import annotations

from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

import stockline
from stockline.codes import SENTENCES
from stockline.exchange.csv_files import write_csv
from stockline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from stockline import Finding, Refusal, Stockline

SHOWN = 20
"""Rows of a long list that are shown on the screen."""

PIPED_WIDTH = 160
FINDING_COLUMNS = ("line", "row", "item", "variant", "site", "location", "serial", "lot", "package")


def screen(*, error: bool = False) -> Console:
    """A console that prints what it is given: codes and numbers may hold brackets and colons, which mean nothing."""
    console = Console(stderr=error, markup=False, emoji=False, highlight=False)
    # A pipe has no width; lines must not be cut to the 80 columns that are then taken for granted.
    return (
        console
        if console.is_terminal
        else Console(stderr=error, markup=False, emoji=False, highlight=False, width=PIPED_WIDTH)
    )


def fail(message: str) -> NoReturn:
    """Say why the command could not do what it was asked for, and end with status 1."""
    screen(error=True).print(message, style="red")
    raise typer.Exit(1)


def counted(number: int, what: str, plural: str = "") -> str:
    """A number of things, as in `1 row` or `2 entries`."""
    plural = plural or (what[:-1] + "ies" if what.endswith("y") else what + "s")
    return f"{number:,} {what if number == 1 else plural}"


def item_range(text: str | None) -> tuple[str, str] | None:
    """The items that `ITEM` or `FIRST..LAST` names."""
    first, _, last = (text or "").partition("..")
    return (first, last or first) if text else None


def moment(time: datetime) -> str:
    """A point in time, as the clock here shows it."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def login_name() -> str:
    """Who is logged in; blank where the system cannot tell."""
    try:
        return getuser()
    except (KeyError, OSError):
        return ""


Person = Annotated[
    str, typer.Option(default_factory=login_name, show_default="the login name", help="Who does it, for the log.")
]


def database_of(context: typer.Context) -> str:
    """The database the command works on: `--database`, else STOCKLINE_DATABASE, else stockline.db."""
    return str(context.obj or Settings().database)


@contextmanager
def stock_of(context: typer.Context, *, create: bool = False) -> Iterator[Stockline]:
    """The open database of a command. Only commands that write make a SQLite file that is not there yet."""
    database = database_of(context)
    file = sqlite_file(database)
    if file is not None and not create and not file.exists():
        fail(f"There is no database {file}. Say which one with --database, or make one with 'stockline import'.")
    with refusals_shown():
        with unusable_told():
            opened = stockline.open(database)
        with opened as stock:
            yield stock


@contextmanager
def unusable_told() -> Iterator[None]:
    """Say why a database cannot be used, and end with status 1."""
    try:
        yield
    except stockline.UnusableDatabase as error:
        fail(str(error))


def sqlite_file(database: str) -> Path | None:
    """The file of a SQLite database, None for any other."""
    if "://" not in database:
        return Path(database)
    scheme, _, path = database.partition(":///")
    return Path(path) if scheme.startswith("sqlite") and path and path != ":memory:" else None


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Print a refusal and end with status 1."""
    try:
        yield
    except stockline.Refusal as refusal:
        show_refusal(refusal, screen(error=True))
        raise typer.Exit(1) from None


def show_refusal(refusal: Refusal, console: Console) -> None:
    """The code, its sentence and the offending rows; more than fit on a screen go to a file that is named."""
    console.print(f"Refused: {refusal.code}. {SENTENCES[refusal.code]}", style="bold red")
    console.print(findings_table(refusal.findings[:SHOWN]))
    if len(refusal.findings) > SHOWN:
        path = Path(f"refused-{refusal.code}.csv")
        write_findings(path, refusal.findings)
        console.print(f"All {len(refusal.findings):,} rows are in {path}.")


def findings_table(findings: Sequence[Finding]) -> Table:
    """The rows of a refusal, with the columns that any of them fills."""
    columns = [name for name in FINDING_COLUMNS if any(getattr(finding, name) for finding in findings)]
    table = Table(*("order line" if name == "line" else name for name in columns), "why")
    for finding in findings:
        table.add_row(*(str(getattr(finding, name) or "") for name in columns), finding.message)
    return table


def write_findings(path: Path, findings: Sequence[Finding]) -> None:
    """All rows of a refusal as a CSV."""
    rows = ([*(getattr(finding, name) or "" for name in FINDING_COLUMNS), finding.message] for finding in findings)
    write_csv(path, [*FINDING_COLUMNS, "why"], rows)
