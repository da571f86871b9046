"""What the commands share that read a foreign system's files: reading them, and telling what they hold."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.table import Table

from stockline.cli.console import SHOWN, counted, fail, screen
from stockline.exchange import business_central, erpnext, odoo, x3
from stockline.exchange.csv_files import write_csv
from stockline.exchange.odoo_database import open_odoo
from stockline.exchange.opening import open_sheet
from stockline.exchange.overrides import Overrides, read_overrides
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import System, read_stock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockline.cli.progress import StepBar
    from stockline.exchange.found import Found
    from stockline.exchange.sheets import Sheet
    from stockline.exchange.tables import Unreadable

SystemName = Literal["x3", "erpnext", "odoo", "business-central"]
SYSTEMS: dict[SystemName, System] = {
    "x3": x3.SYSTEM,
    "erpnext": erpnext.SYSTEM,
    "odoo": odoo.SYSTEM,
    "business-central": business_central.SYSTEM,
}
UNREADABLE_COLUMNS = ("file", "line", "column", "reason", "item")


def read_files(
    system: System,
    files: Sequence[str],
    steps: StepBar,
    *,
    mapping: Path | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Found:
    """What the files hold, with a bar that shows how far reading is. A file that is no table is a `SheetProblem`."""
    overrides = read_overrides(mapping) if mapping else Overrides()
    with ExitStack() as opened:
        sheets: list[Sheet] = []
        for file in _each_once(files):
            if "://" in file and system is odoo.SYSTEM:
                sheets += opened.enter_context(open_odoo(file))
            else:
                sheets.append(open_sheet(Path(file), encoding=encoding, delimiter=delimiter))
        steps.begin("read", sum(sheet.size for sheet in sheets))
        found = read_stock(system, sheets, overrides, steps.reach)
        steps.reach(sum(sheet.size for sheet in sheets))
    return found


def _each_once(files: Sequence[str]) -> Iterator[str]:
    """The files; one given twice would count twice."""
    seen: set[Path] = set()
    for file in files:
        if "://" not in file:
            path = Path(file).resolve()
            if path in seen:
                raise SheetProblem(f"{file} is given twice.")
            seen.add(path)
        yield file


def figures(found: Found) -> list[tuple[str, int]]:
    """How much of what has been found."""
    counts = [(f"rows of {file.table} in {Path(file.path).name}", file.rows) for file in found.files]
    counts += [
        ("stock lines", len(found.stock_lines)),
        ("of which closed", sum(not line.quantity for line in found.stock_lines)),
        ("serials", len(found.serials)),
        ("with a last movement", sum(serial.last is not None for serial in found.serials)),
        ("links", found.links),
        ("duplicates: serials on several lines", found.duplicates),
        ("reservations", len(found.reservations)),
        ("documents that reserve", len({one.document for one in found.reservations})),
        ("reserved without an open move", found.unheld),
        ("repeated rows", found.repeated),
        ("rows of places without stock, left out", found.left_out),
        ("rows that reserve no stock, left out", found.not_reserved),
        ("unreadable rows", found.unreadable_rows),
        ("items", len(found.items)),
        ("sites", len(found.sites)),
    ]
    return counts


def show_figures(system: System, counts: Sequence[tuple[str, int]]) -> None:
    """Print how much of what has been found; what there is none of is left out, but for the things themselves."""
    screen().print(f"Stock of {system.title}", style="bold")
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for what, number in counts:
        if number or what in ("stock lines", "serials", "unreadable rows"):
            table.add_row(what, f"{number:,}")
    screen().print(table)


def list_unreadable(unreadable: Sequence[Unreadable], path: Path) -> None:
    """The first rows that cannot be read on the screen, all of them in a file."""
    table = Table(*UNREADABLE_COLUMNS[:-1])
    for row in unreadable[:SHOWN]:
        table.add_row(Path(row.file).name, str(row.line or ""), row.column, row.reason)
    screen().print(table)
    try:
        write_csv(path, UNREADABLE_COLUMNS, unreadable)
    except OSError as error:
        fail(f"The unreadable rows cannot be listed in {path}: {error.strerror}. Name another file with --unreadable.")
    screen().print(f"See {path} for all {counted(len(unreadable), 'unreadable cell')} with file, line and column.")
