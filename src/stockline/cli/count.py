"""`stockline count`: what is really there, as a file lists it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stockline import Refusal
from stockline.cli import columns
from stockline.cli.console import SHOWN, counted, fail, screen, show_refusal, stock_of
from stockline.cli.importing import Outcome, read_sheet
from stockline.cli.progress import StepBar
from stockline.cli.refused_rows import list_refused
from stockline.exchange.mapping import Mapping
from stockline.exchange.movements import BadRow, blame
from stockline.exchange.opening import open_sheet
from stockline.exchange.report import ReportSheet, write_table
from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stockline import Counted, LedgerEntry, Stockline

SHEET = ("item", "variant", "site", "location", "serial", "lot", "package", "quantity")


def count(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    file: columns.File,
    item: columns.Item,
    site: columns.Site,
    serial: columns.Serial = None,
    lot: columns.Lot = None,
    package: columns.Package = None,
    quantity: Annotated[
        str | None, typer.Option(metavar=columns.COLUMN, help="What was found, which may be 0; 1 if left out.")
    ] = None,
    variant: columns.Variant = None,
    location: Annotated[
        str | None, typer.Option(metavar=columns.COLUMN, help="Where it was found; then only these places are counted.")
    ] = None,
    date: columns.Date = None,
    where: columns.Where = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the differences, but post nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to list all differences: a CSV or a workbook (XLSX).")
    ] = None,
    refused: columns.Refused = None,
    encoding: columns.Encoding = None,
    delimiter: columns.Delimiter = None,
    sheet: columns.SheetName = None,
) -> None:
    """Count the items a file names: what it lists is there, and nothing else of them at its sites or locations.

    The differences are posted, all of them or none. Stock that is out of step agrees afterwards: its quantity with its
    serials and with the ledger. An option names the column a value is read from; =TEXT gives all rows the same value.
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
        where=columns.filters(where),
    )
    try:
        source = open_sheet(file, encoding=encoding, delimiter=delimiter, sheet=sheet)
        with StepBar() as steps:
            outcome = read_sheet(source, mapping, steps, found=True)
    except SheetProblem as problem:
        fail(f"Nothing was counted. {problem}")
    counting = Counting(outcome)
    if not outcome.bad:
        with stock_of(context) as stock:
            counting.post(stock, dry_run=dry_run)
    counting.show(file.name, dry_run=dry_run)
    if outcome.bad:
        list_refused(screen(), source, outcome.bad, refused)
    if counting.failed:
        raise typer.Exit(1)
    if report is not None:
        _write(report, counting.differences, "nothing was posted" if dry_run else "they are posted")


class _Undone(Exception):
    """The differences are known, or some are refused; nothing of it is to stay."""


@dataclass(slots=True)
class Counting:
    """A count of what a file lists: item by item and site by site, in one transaction."""

    outcome: Outcome
    places: int = 0
    """How many items at a site were counted."""
    differences: list[LedgerEntry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """Those that are about no row of the file."""

    @property
    def failed(self) -> bool:
        """Nothing could be posted."""
        return bool(self.outcome.bad or self.refusals)

    def post(self, stock: Stockline, *, dry_run: bool) -> None:
        """Count all there is; of what is refused every row is told, and then, or for a dry run, nothing stays."""
        try:
            with stock.transaction():
                for key, rows in self._found().items():
                    self._count(stock, key, rows)
                if dry_run or self.failed:
                    raise _Undone
        except _Undone:
            self.outcome.bad.sort()

    def _found(self) -> dict[tuple[str, str, str], list[tuple[Counted, list[int]]]]:
        """What was found by item, variant and site, with the rows of the file that say so."""
        movements = self.outcome.movements
        found: defaultdict[tuple[str, str, str], list[tuple[Counted, list[int]]]] = defaultdict(list)
        rows = movements.by_place()
        for place in movements.places:
            of_site = found[place.item, place.variant, place.site or ""]
            of_site += movements.found(place, rows.get(place, ()))
        return found

    def _count(
        self, stock: Stockline, key: tuple[str, str, str], found: Sequence[tuple[Counted, Sequence[int]]]
    ) -> None:
        item, variant, site = key
        self.places += 1
        try:
            with stock.transaction():
                posting = stock.count(
                    item, site, [one for one, _ in found], variant=variant, date=self.outcome.movements.date
                )
                self.differences += stock.ledger(posting=posting.number) if posting.entries else []
        except Refusal as refusal:
            blamed = self._blamed(refusal, [rows for _, rows in found])
            lines = self.outcome.movements.line
            self.outcome.bad += [BadRow(lines[row], refusal.code, reason) for row, reason in blamed.items()]
            self.refusals += [] if blamed else [refusal]

    def _blamed(self, refusal: Refusal, rows: Sequence[Sequence[int]]) -> dict[int, str]:
        """The rows of the file, by position, that a refusal is about: those it numbers, else what it names."""
        numbered = ((finding, rows[finding.row - 1]) for finding in refusal.findings if finding.row)
        told = {row: one.message.removeprefix(f"Row {one.row}: ") for one, some in numbered for row in some}
        return told or blame(self.outcome.movements, refusal, {})

    def show(self, name: str, *, dry_run: bool) -> None:
        """Print what the count has come to."""
        console = screen()
        console.print(f"Count of {name}", style="bold")
        table = Table(show_header=False)
        table.add_row("rows read", f"{self.outcome.read:,}")
        table.add_row("rows refused", f"{len(self.outcome.bad):,}")
        table.add_row("counted", counted(self.places, "item at a site", "items at a site"))
        if not self.failed:
            for what, sign in (("missing", -1), ("found too much", 1)):
                table.add_row(what, f"{sum((_change(entry, sign) for entry in self.differences), Decimal(0)):,f}")
        console.print(table)
        for refusal in self.refusals:
            show_refusal(refusal, console)
        if self.failed or dry_run:
            console.print("Nothing was posted.", style="bold red" if self.failed else "bold")
        if self.differences and not self.failed:
            console.print(_table(self.differences))


def _change(entry: LedgerEntry, sign: int) -> Decimal:
    return max(sign * entry.quantity, Decimal(0))


def _table(entries: list[LedgerEntry]) -> Table:
    """The first differences, with the columns that any of them fills."""
    names = [name for name in SHEET if any(getattr(entry, name) for entry in entries[:SHOWN])]
    more = len(entries) - SHOWN
    caption = f"{counted(more, 'difference')} more: --report lists all." if more > 0 else None
    table = Table(*names[:-1], caption=caption)
    table.add_column("difference", justify="right")
    for entry in entries[:SHOWN]:
        table.add_row(*(str(getattr(entry, name)) for name in names[:-1]), f"{entry.quantity:+,f}")
    return table


def _write(report: Path, entries: Iterable[LedgerEntry], done: str) -> None:
    rows = ([getattr(entry, name) for name in SHEET] for entry in entries)
    try:
        write_table(report, ReportSheet("differences", SHEET, rows))
    except OSError as error:
        fail(f"The differences cannot be listed in {report}: {error.strerror}; {done}.")
