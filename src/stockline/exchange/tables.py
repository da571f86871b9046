"""The tables of a foreign system, known by their columns in the files a person gives, and read row by row.

A table's columns have the system's own names. Every cell is read by its column's kind; a row of which one cannot be
read is not taken but listed, with its file, its line and the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stockline.codes import Code
from stockline.exchange.cells import (
    BadCell,
    Remembered,
    line_in,
    link_in,
    moment_in,
    name_in,
    number_in,
    number_of,
    text_in,
    time_in,
    whole_in,
    yes_in,
)
from stockline.exchange.csv_files import REPLACED
from stockline.exchange.mapping import constant, find_column
from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from decimal import Decimal

    from stockline.exchange.overrides import Overrides
    from stockline.exchange.sheets import Sheet

Kind = Literal[
    "text", "item", "site", "document", "serial", "line", "link", "quantity", "whole", "moment", "time", "yes", "list"
]
Row = Mapping[str, Any]
"""The values of a row by the system's column names. A blank text or name is "", anything else blank is None."""

WITH_COMMA = re.compile(r"[+-]?(\d*|\d{1,3}(\.\d{3})+)(,\d*)?")
"""A number with a decimal comma; points stand between thousands only, so that 1.5 is not taken for 15."""
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
EVERY = 1 << 12
"""Rows between two reports of progress."""


class Unreadable(NamedTuple):
    """What is not taken: a row, or the sum of several, which has no line; with the column to blame, if any, and why."""

    file: str
    line: int | None
    column: str
    reason: str
    item: str = ""
    """The item it is about, "" where that is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: what it holds, and the other names exports give it."""

    name: str
    kind: Kind = "text"
    also: tuple[str, ...] = ()
    needed: bool = False
    """A file without this column is not this table."""
    filled: bool = False
    """A row without a value in it cannot be read."""


def filled(name: str, kind: Kind, *also: str) -> Column:
    """A column that a file must have and every row must fill."""
    return Column(name=name, kind=kind, also=also, needed=True, filled=True)


def needed(name: str, kind: Kind = "text", *also: str) -> Column:
    """A column that a file must have."""
    return Column(name=name, kind=kind, also=also, needed=True)


def optional(name: str, kind: Kind = "text", *also: str) -> Column:
    """A column that a file may have."""
    return Column(name=name, kind=kind, also=also)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a foreign system."""

    name: str
    columns: tuple[Column, ...]
    never: tuple[str, ...] = ()
    """Columns that another table has and this one has not, where a file may seem to be either."""

    @property
    def item(self) -> str:
        """The column that tells the item a row is about, "" where there is none."""
        return next((column.name for column in self.columns if column.kind == "item"), "")

    def with_suffix(self, suffix: str) -> Table:
        """The same, its columns also known by a suffixed name."""
        columns = (replace(column, also=(*column.also, column.name + suffix)) for column in self.columns)
        return replace(self, columns=tuple(columns), never=(*self.never, *(name + suffix for name in self.never)))


class TableFile:
    """A file as one table: where its columns are, and its rows."""

    def __init__(self, table: Table, sheet: Sheet, overrides: Overrides) -> None:
        self.table = table
        self.sheet = sheet
        self.read = 0
        self._constants: list[str] = []
        self._plan: list[tuple[str, int, Callable[[str], Any]]] = []
        self._absent: dict[str, Any] = {}
        self._bind(overrides)

    @property
    def found(self) -> int:
        """How many of the table's columns the file has."""
        return len(self._plan)

    @property
    def is_another(self) -> bool:
        """Whether the file has a column that the table never has."""
        names = {_plain(name) for name in self.sheet.columns}
        return any(_plain(name) in names for name in self.table.never)

    def lacks(self, column: str) -> bool:
        """Whether the file does not have one of the table's columns."""
        return column in self._absent

    def _bind(self, overrides: Overrides) -> None:
        """Find the columns in the header. Refuses needed columns that it lacks, all in one message."""
        missing: list[str] = []
        named = overrides.columns.get(self.table.name, {})
        unknown = sorted(named.keys() - {column.name for column in self.table.columns})
        if unknown:
            raise SheetProblem(f"{self.table.name} has no column {', '.join(unknown)} that a mapping could name.")
        for column in self.table.columns:
            position = self._position(column, named.get(column.name), missing)
            if position is None:
                self._absent[column.name] = _blank(column.kind)
            else:
                self._plan.append((column.name, position, _reader(column, overrides, typed=self.sheet.typed)))
        if missing:
            names = ", ".join(self.sheet.columns)
            raise SheetProblem(f"{self.sheet.path} as {self.table.name}: {' '.join(missing)} The columns are: {names}.")

    def _position(self, column: Column, wanted: str | None, missing: list[str]) -> int | None:
        columns = self.sheet.columns
        if wanted is not None and wanted.startswith("="):
            self._constants.append(constant(column.name, wanted))
            return len(columns) + len(self._constants) - 1
        if wanted is not None:
            return find_column(wanted, columns, missing)
        names = (column.name, *column.also)
        for name in names:
            if (position := find_column(name, columns, [])) is not None:
                return position
        # Item No., Item_No and item no are one column: exports differ in what they make of blanks and stops.
        plain = [_plain(name) for name in columns]
        for name in map(_plain, names):
            if name in plain:
                return plain.index(name)
        if column.needed:
            find_column(column.name, columns, missing)
        return None

    def rows(self, unreadable: list[Unreadable], tick: Callable[[int], None]) -> Iterator[tuple[int, Row]]:
        """The rows that can be read, each with its line; the others go to `unreadable`."""
        plan, constants, file = self._plan, self._constants, str(self.sheet.path)
        for line, fields, problem in self.sheet.rows():
            self.read += 1
            if self.read % EVERY == 0:
                tick(self.sheet.position)
            if problem:
                unreadable.append(Unreadable(file, line, self._damaged(fields), problem))
                continue
            cells = fields + constants if constants else fields
            row = self._absent.copy()
            bad: list[tuple[str, str]] = []
            for name, position, read in plan:
                try:
                    row[name] = read(cells[position])
                except BadCell as cell:
                    bad.append((self._header(name, position), cell.reason))
            if not bad:
                yield line, row
            for column, reason in bad:
                unreadable.append(Unreadable(file, line, column, reason, row.get(self.table.item, "")))

    def _damaged(self, fields: Sequence[str]) -> str:
        """The column whose characters cannot be read, if there is one."""
        damaged = [name for name, field in zip(self.sheet.columns, fields, strict=False) if REPLACED in field]
        return damaged[0] if damaged else ""

    def _header(self, name: str, position: int) -> str:
        return self.sheet.columns[position] if position < len(self.sheet.columns) else name


def recognize(sheet: Sheet, tables: Sequence[Table], overrides: Overrides) -> TableFile:
    """The file as the table it is: one its name tells, if its columns fit, else the one that explains most columns."""
    stem = _plain(sheet.path.stem)
    fitting: list[tuple[bool, bool, int, int, TableFile]] = []
    problems: list[tuple[bool, int, str]] = []
    for rank, table in enumerate(tables):
        named = _plain(table.name) in stem
        try:
            file = TableFile(table, sheet, overrides)
        except SheetProblem as problem:
            problems.append((named, -str(problem).count("There is no column"), str(problem)))
        else:
            fitting.append((named, not file.is_another, file.found, -rank, file))
    if fitting:
        return max(fitting, key=lambda fit: fit[:4])[-1]
    raise SheetProblem(max(problems)[-1])


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _blank(kind: Kind) -> str | None:
    return "" if kind in ("text", "item", "site", "document", "serial") else None


def _reader(column: Column, overrides: Overrides, *, typed: bool) -> Callable[[str], Any]:
    """What reads a cell of a column, remembering what it has read: most columns say a few things over and over."""
    read = _of_kind(column, overrides, typed=typed)
    if column.kind == "serial":
        return read if column.filled else partial(_or_blank, read, "")
    return Remembered(read if column.filled else partial(_or_blank, read, _blank(column.kind))).__getitem__


def _or_blank(read: Callable[[str], Any], blank: Any, cell: str) -> Any:
    return read(cell) if cell.strip() else blank


def _of_kind(column: Column, overrides: Overrides, *, typed: bool) -> Callable[[str], Any]:
    readers: dict[Kind, Callable[[str], Any]] = {
        "text": text_in,
        "item": partial(name_in, kind="item"),
        "site": partial(name_in, kind="site"),
        "document": partial(name_in, kind="document"),
        "serial": partial(number_in, kind="serial"),
        "quantity": partial(_quantity, decimal=overrides.decimal, typed=typed),
        "whole": whole_in,
        "line": line_in,
        "link": link_in,
        "moment": partial(_moment, written=overrides.dates, typed=typed),
        "time": time_in,
        "yes": yes_in,
        "list": _lines,
    }
    return readers[column.kind]


def _lines(cell: str) -> list[str]:
    return [text_in(line) for line in cell.splitlines() if line.strip()]


def _quantity(cell: str, decimal: str, *, typed: bool) -> Decimal:
    if decimal == "." or (typed and "," not in cell):
        return number_of(cell)
    text = cell.strip()
    if not WITH_COMMA.fullmatch(text):
        raise BadCell(Code.INVALID, f"the quantity {text!r} is not a number with a decimal comma, as in 1.000,5")
    return number_of(text.replace(".", "").replace(",", "."))


def _moment(cell: str, written: str | None, *, typed: bool) -> datetime:
    if written is None or (typed and ISO_DATE.match(cell)):
        return moment_in(cell)
    try:
        return datetime.strptime(cell.strip(), written)  # noqa: DTZ007 - by whatever clock wrote it
    except ValueError:
        raise BadCell(Code.INVALID, f"{cell.strip()!r} is not a date as in {written}") from None
