"""The tables of a foreign system, known by their columns in the files a person gives, and read row by row.

A table's columns have the system's own names. Every cell is read by its column's kind; a row of which one cannot be
read is not taken but listed, with its file, its line and the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
LOWER_TO_UPPER = re.compile(r"(?<=[a-z])(?=[A-Z])")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
NOT_NAMED, AMONG_OTHERS, NOTHING_ELSE = range(3)
"""How far a file's name says that it is a table: `x`, `STOCK of May`, `STOCK 2025-05`."""
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

    def check_named(self, columns: Iterable[str]) -> None:
        """Check that columns which a mapping names are some of the table's."""
        unknown = sorted(set(columns) - {column.name for column in self.columns})
        if unknown:
            raise SheetProblem(f"{self.name} has no column {', '.join(unknown)} that a mapping could name.")

    def with_suffix(self, suffix: str) -> Table:
        """The same, its columns also known by a suffixed name."""
        columns = (replace(column, also=(*column.also, column.name + suffix)) for column in self.columns)
        return replace(self, columns=tuple(columns), never=(*self.never, *(name + suffix for name in self.never)))


class TableFile:
    """A file as one table: where its columns are, what it lacks of them, and its rows."""

    def __init__(self, table: Table, sheet: Sheet, overrides: Overrides) -> None:
        self.table = table
        self.sheet = sheet
        self.read = 0
        self.missing: list[str] = []
        """A sentence for each column that the table needs and the file lacks, or has twice."""
        self._constants: list[str] = []
        self._plan: list[tuple[str, int, Callable[[str], Any]]] = []
        self._absent: dict[str, Any] = {}
        self._bind(overrides)

    @property
    def explained(self) -> set[int]:
        """The positions of the file's columns that the table has."""
        return {position for _, position, _ in self._plan if position < len(self.sheet.columns)}

    @property
    def named(self) -> int:
        """How far the file's name says that it is this table: not, among other words, or by nothing else."""
        # tabBin is Bin, a cabinet is not.
        stem = LOWER_TO_UPPER.sub(" ", self.sheet.path.stem).casefold()
        words = r"[^a-z0-9]*".join(re.findall(r"[a-z0-9]+", self.table.name.casefold()))
        said = re.search(rf"(?<![^\W\d_]){words}(?![^\W\d_])", stem)
        if said is None:
            return NOT_NAMED
        rest = stem[: said.start()] + stem[said.end() :]
        return AMONG_OTHERS if any(map(str.isalpha, rest)) else NOTHING_ELSE

    @property
    def problem(self) -> str:
        """Why the file is not this table."""
        names = ", ".join(self.sheet.columns)
        return f"{self.sheet.path} as {self.table.name}: {' '.join(self.missing)} The columns are: {names}."

    @property
    def is_another(self) -> bool:
        """Whether the file has a column that the table never has."""
        names = {_plain(name) for name in self.sheet.columns}
        return any(_plain(name) in names for name in self.table.never)

    def lacks(self, column: str) -> bool:
        """Whether the file does not have one of the table's columns."""
        return column in self._absent

    def _bind(self, overrides: Overrides) -> None:
        """Find the columns in the header, and note those that are needed and not there."""
        named = overrides.columns.get(self.table.name, {})
        for column in self.table.columns:
            try:
                position = self._position(column, named.get(column.name))
            except SheetProblem as twice:
                position = None
                self.missing.append(str(twice))
            if position is None:
                self._absent[column.name] = _blank(column.kind)
            else:
                self._plan.append((column.name, position, _reader(column, overrides, typed=self.sheet.typed)))

    def _position(self, column: Column, wanted: str | None) -> int | None:
        columns = self.sheet.columns
        if wanted is not None and wanted.startswith("="):
            self._constants.append(constant(column.name, wanted))
            return len(columns) + len(self._constants) - 1
        if wanted is not None and (position := find_column(wanted, columns, self.missing)) is not None:
            return position
        names = (column.name, *column.also)
        for name in names:
            if (position := find_column(name, columns, [])) is not None:
                return position
        # Item No., Item_No and item no are one column: exports differ in what they make of blanks and stops.
        plain = [_plain(name) for name in columns]
        for name in map(_plain, names):
            if name in plain:
                return plain.index(name)
        if column.needed and wanted is None:
            find_column(column.name, columns, self.missing)
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

    def told(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """What the rows say in some columns, read ahead of the rows themselves; unreadable ones say nothing."""
        plan = {name: (position, read) for name, position, read in self._plan}
        if any(name not in plan for name in names):
            return
        wanted = [plan[name] for name in names]
        for _, fields, problem in self.sheet.rows():
            cells = fields + self._constants
            try:
                if not problem:
                    yield tuple(read(cells[position]) for position, read in wanted)
            except BadCell:
                continue

    def _damaged(self, fields: Sequence[str]) -> str:
        """The column whose characters cannot be read, if there is one."""
        damaged = [name for name, field in zip(self.sheet.columns, fields, strict=False) if REPLACED in field]
        return damaged[0] if damaged else ""

    def _header(self, name: str, position: int) -> str:
        return self.sheet.columns[position] if position < len(self.sheet.columns) else name


def recognize(sheet: Sheet, tables: Sequence[Table], overrides: Overrides) -> TableFile:
    """The file as the table it is: the one its name tells, else the one that explains most columns.

    A file that its name, or nearly all of its columns, say is a table of which it lacks something is refused.
    """
    files = [TableFile(table, sheet, overrides) for table in tables]
    files = [file for file in files if file.named == NOTHING_ELSE] or files
    fitting = [file for file in files if not file.missing]
    if not fitting:
        raise SheetProblem(max(files, key=_nearness).problem)
    best = max(fitting, key=lambda file: (not file.is_another, file.named, len(file.explained)))
    rather = [file for file in files if file.missing and _is_rather(file, best)]
    if rather:
        hint = f"If it is {best.table.name}, name the file {best.table.name}{sheet.path.suffix}."
        raise SheetProblem(f"{max(rather, key=_nearness).problem} {hint}")
    return best


def _nearness(file: TableFile) -> tuple[int, int, int]:
    return file.named, -len(file.missing), len(file.explained)


def _is_rather(file: TableFile, best: TableFile) -> bool:
    """Whether a file seems to be a table that it is not quite, rather than the poorer one that it is.

    Its name says so; or it has nothing of the other alone, and of the one more than it lacks.
    """
    if file.named > best.named and len(file.explained) > len(best.explained):
        return True
    more = len(file.explained) - len(best.explained)
    is_nearly = best.is_another or more > len(file.missing)
    return is_nearly and file.named >= best.named and file.explained > best.explained


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
