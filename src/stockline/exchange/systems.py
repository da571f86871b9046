"""The foreign systems whose stock can be read: what each of them is, told once and the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from stockline.exchange.found import FileRead, Found
from stockline.exchange.gathering import Gathering
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.tables import Row, Table, TableFile, Unreadable, recognize

if TYPE_CHECKING:
    from stockline.exchange.overrides import Overrides
    from stockline.exchange.sheets import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a system keeps which serial is where."""

    name: str
    title: str
    serial_table: str
    """The table whose rows say where serials are."""
    serial_columns: Mapping[str, str]
    """Its columns that name a serial, each with what it is here."""
    line_columns: Mapping[str, str]
    """Its columns that name the serial's stock line, the last parts of the line's key, each with its characteristic
    here; `place` is the site and location under the one name the system has for them, `path` the two with a slash."""
    shown_columns: Mapping[str, str]
    """Further columns of a stock line that help to find it, each with its characteristic here."""
    stock_table: str | None = None
    """The table with a row for each stock line, where the system has one."""
    quantity_column: str = ""
    """The column of quantities in it; without such a table in that of the serials, whose rows are a quantity each."""

    @property
    def serials_have_quantities(self) -> bool:
        """Whether a serial's row is a part of its stock line's quantity."""
        return bool(self.quantity_column) and self.stock_table is None


@dataclass(frozen=True, slots=True, kw_only=True)
class System(Shape):
    """A foreign system: its tables, and how stock is gathered from them."""

    tables: tuple[Table, ...]
    gather: Callable[[Tables, Gathering], None]
    quantities: Sequence[str]
    """Tables that say how much there is, of which one is needed: without it all serials would be on no line."""


class Tables:
    """The files given, as the tables of their system."""

    def __init__(
        self, files: Sequence[TableFile], gathering: Gathering, tick: Callable[[TableFile, int], None]
    ) -> None:
        self._files = files
        self._gathering = gathering
        self._tick = tick

    def has(self, table: str) -> bool:
        """Whether a file of this table was given."""
        return any(file.table.name == table for file in self._files)

    def lacks(self, table: str, column: str) -> bool:
        """Whether a file of this table lacks a column."""
        return any(file.lacks(column) for file in self._files if file.table.name == table)

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of all files of a table that can be read."""
        for _, _, row in self.numbered_rows(table):
            yield row

    def numbered_rows(self, table: str) -> Iterator[tuple[str, int, Row]]:
        """The same with the file and the line each row stands in."""
        for file in self._files:
            if file.table.name == table:
                unreadable = self._gathering.unreadable
                for line, row in file.rows(unreadable, partial(self._tick, file)):
                    yield str(file.sheet.path), line, row

    def told(self, *columns: str) -> Iterator[tuple[Any, ...]]:
        """What the rows of all files that have some columns say in them, whatever their tables."""
        for file in self._files:
            yield from file.told(columns)

    def once(self, table: str, *key: str) -> Iterator[tuple[str, int, Row]]:
        """The rows of a table that has one row for a key: of several the first, the others repeat or contradict it."""
        seen: dict[tuple[object, ...], tuple[int, str]] = {}
        item_column = next((file.table.item for file in self._files if file.table.name == table), "")
        for file, line, row in self.numbered_rows(table):
            named = tuple(row[column] for column in key)
            says = hash(tuple(row.values())), row.get(item_column, "")
            if named not in seen:
                seen[named] = says
                yield file, line, row
            elif seen[named] == says:
                self._gathering.repeated += 1
            else:
                reason = f"{' '.join(map(str, named))} stands in an earlier row, with other values"
                # Which of the two is right nobody knows: the items of both are in doubt.
                for item in dict.fromkeys((says[1], seen[named][1])):
                    self.refuse(file, line, key[-1], reason, item)

    def refuse(self, file: str, line: int, column: str, reason: str, item: str) -> None:
        """List a row that can be read but not be taken."""
        self._gathering.unreadable.append(Unreadable(file, line, column, reason, item))

    def refuse_sums(self, tables: Sequence[str]) -> None:
        """List the stock lines that the rows of these tables make larger than a quantity can be; they are not taken."""
        files = ", ".join(str(file.sheet.path) for file in self._files if file.table.name in tables)
        for line, quantity in self._gathering.take_out_huge():
            where = ", ".join(filter(None, (line.site, line.location, line.lot, line.package)))
            reason = f"the quantities of {line.item} at {where} add up to {quantity:,f}, which is out of range"
            self._gathering.unreadable.append(Unreadable(files, None, "", reason, line.item))


def read_stock(
    system: System, sheets: Iterable[Sheet], overrides: Overrides, tick: Callable[[int], None] = lambda _: None
) -> Found:
    """Read the files of a system; `tick` is told now and then how much of all of them has been read.

    A file that is none of its tables, and one that is needed and missing, is a `SheetProblem`.
    """
    unknown = sorted(overrides.columns.keys() - {table.name for table in system.tables})
    if unknown:
        names = ", ".join(table.name for table in system.tables)
        raise SheetProblem(f"{system.title} has no table {', '.join(unknown)}: its tables are {names}.")
    for table in system.tables:
        table.check_named(overrides.columns.get(table.name, {}))
    files = [recognize(sheet, system.tables, overrides) for sheet in sheets]
    if not any(file.table.name in system.quantities for file in files):
        raise SheetProblem(f"Of {system.title} a file of {' or '.join(system.quantities)} is needed.")
    done: dict[TableFile, int] = {}

    def follow(file: TableFile, position: int) -> None:
        done[file] = position
        tick(sum(done.values()))

    gathering = Gathering(overrides)
    tables = Tables(files, gathering, follow)
    system.gather(tables, gathering)
    tables.refuse_sums(system.quantities)
    found = gathering.found()
    found.files = [FileRead(str(file.sheet.path), file.table.name, file.read) for file in files]
    return found
