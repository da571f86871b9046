"""The way back: what a resynchronization has changed, as rows of the system that the stock came from.

Every row names what is to be changed by that system's own columns, and says what stands there and what should.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING

from stockline.exchange.found import FileRead, Found, links_of
from stockline.exchange.overrides import Overrides
from stockline.exchange.systems import Shape
from stockline.results import FoundSerial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stockline.exchange.found import LineKey, SerialKey
    from stockline.results import FoundStockLine, ResyncAction, ResyncCorrections

EQUAL_LINES = "equal_lines"


@dataclass(frozen=True, slots=True)
class Corrections:
    """The rows to change in one table: its columns, and what each row says."""

    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Decimal]]


class Places:
    """Stock lines by the columns that name them in their system, and those that help to find them there."""

    def __init__(self, system: Shape, found: Found) -> None:
        self.columns = (*system.line_columns, *system.shown_columns)
        self._width = len(system.line_columns)
        self._shown = tuple(system.shown_columns.values())
        self._keys = found.keys
        self._lines = {line.id: line for line in found.stock_lines}

    def of(self, number: int | None) -> tuple[str, ...]:
        """What each of the columns says of a line; blank where there is none, or the system does not have it."""
        key = self._keys.get(number) if number is not None else None
        named = key[-self._width :] if key else ("",) * self._width
        line = self._lines.get(number)
        return *named, *("" if line is None else getattr(line, name) for name in self._shown)


OWN = Shape(
    name="stockline",
    title="Stockline",
    serial_table="serials",
    serial_columns={"item": "item", "variant": "variant", "serial": "serial"},
    line_columns={"stock_line": "id"},
    shown_columns={name: name for name in ("site", "location", "lot", "sublot", "version", "status", "package")},
    stock_table="stock_lines",
    quantity_column="quantity",
)
"""Our own shape: the columns of `load`."""


def corrections_of_run(system: Shape, run: ResyncCorrections, overrides: Overrides) -> list[Corrections]:
    """What a run on one's own database changes in the system that the stock was loaded from."""
    found = Found(
        stock_lines=list(run.stock_lines),
        serials=list(run.serials),
        items={},
        sites={},
        keys={line.id: _key(system, line, overrides) for line in run.stock_lines if line.id is not None},
        made=frozenset(),
        unreadable=[],
        repeated=0,
        left_out=0,
        files=[FileRead("", system.serial_table, len(run.serials))],
    )
    return corrections(system, found, run.actions)


def _key(system: Shape, line: FoundStockLine, overrides: Overrides) -> LineKey:
    """What the system knows a stock line by."""
    site, location = overrides.place_there(line.site, line.location)
    path = "/".join(filter(None, (site, location)))
    names = {"site": site, "place": site, "path": path, "location": location}
    return tuple(names[its] if its in names else str(getattr(line, its)) for its in system.line_columns.values())


def corrections(system: Shape, found: Found, actions: Sequence[ResyncAction]) -> list[Corrections]:
    """What the actions change in the system's tables; a table in which nothing changes is left out."""
    changes = _Changes(system, found, actions)
    if system.serials_have_quantities:
        made = [changes.of_quantities()]
    else:
        made = [changes.of_serials(), *([changes.of_lines()] if system.stock_table else [])]
    return [table for table in made if table.rows]


class _Changes:
    """The links of serials and the quantities of lines, before and after the actions."""

    def __init__(self, system: Shape, found: Found, actions: Sequence[ResyncAction]) -> None:
        self._system = system
        self._found = found
        self._places = Places(system, found)
        self._lines = {line.id: line for line in found.stock_lines}
        self._merged = {
            action.from_line: action.to_line
            for action in actions
            if action.action == "merge" and action.from_line is not None and action.to_line is not None
        }
        self._moves: defaultdict[SerialKey, list[ResyncAction]] = defaultdict(list)
        for action in actions:
            if action.serial is not None:
                self._moves[action.item, action.variant, action.serial].append(action)

    def of_serials(self) -> Corrections:
        """A row for each link that changes: a link that goes and one that comes make one row."""
        columns = (
            *self._system.serial_columns,
            *(f"{name} before" for name in self._places.columns),
            *(f"{name} after" for name in self._places.columns),
            "reason",
        )
        read = {file.table for file in self._found.files}
        table = self._system.serial_table
        # Where the system has serials in two ways, they are in the table that was read.
        return Corrections(
            table if table in read else self._system.stock_table or table, columns, list(self._serial_rows())
        )

    def _serial_rows(self) -> Iterator[tuple[str, ...]]:
        for serial, gone, come, reason in self._changed():
            for old, new in zip_longest(gone, come):
                yield (*self._named(serial), *self._places.of(old), *self._places.of(new), reason)

    def _changed(self) -> Iterator[tuple[FoundSerial, list[int], list[int], str]]:
        """Every serial whose links change: the lines it leaves, those it comes to, and why."""
        # Without a table of lines equal ones are one place there: nothing changes by merging them.
        one_place = {} if self._system.stock_table else self._merged
        for serial in self._found.serials:
            before = links_of(serial)
            moves = self._moves.get((serial.item, serial.variant, serial.serial), [])
            if moves or not self._merged.keys().isdisjoint(before):
                after = self._after(before, moves)
                stood = [one_place.get(line, line) for line in before]
                gone = [line for line, where in zip(before, stood, strict=True) if where not in after]
                come = [line for line in after if line not in stood]
                yield serial, gone, come, ", ".join(dict.fromkeys(move.reason for move in moves)) or EQUAL_LINES

    def _named(self, serial: FoundSerial) -> tuple[str, ...]:
        return tuple(str(getattr(serial, name)) for name in self._system.serial_columns.values())

    def of_quantities(self) -> Corrections:
        """A row for each quantity of a serial that changes, and for each without serial that makes up for it."""
        quantity = self._system.quantity_column
        where = (*self._system.serial_columns, *self._system.line_columns)
        columns = (*where, f"{quantity} before", f"{quantity} after", "reason")
        return Corrections(self._system.serial_table, columns, list(self._quantity_rows()))

    def _quantity_rows(self) -> Iterator[tuple[str | Decimal, ...]]:
        without = self._without_serial()
        make_up: defaultdict[int, Decimal] = defaultdict(Decimal)
        reasons: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for serial, gone, come, reason in self._changed():
            for line in (*gone, *come):
                before, after = self._held(serial, line), Decimal(line in come)
                yield (*self._named(serial), *self._places.of(line), before, after, reason)
                make_up[line] += before - after
                reasons[line][reason] = None
        for number, change in make_up.items():
            stock, before = self._lines.get(number), without[number]
            if change and stock is not None:
                named = self._named(FoundSerial(item=stock.item, variant=stock.variant, serial=""))
                reason = ", ".join(reasons[number])
                yield (*named, *self._places.of(number), before, before + change, reason)

    def _held(self, serial: FoundSerial, line: int) -> Decimal:
        linked = Decimal(line in links_of(serial))
        return self._found.held.get(((serial.item, serial.variant, serial.serial), line), linked)

    def _without_serial(self) -> defaultdict[int, Decimal]:
        """Of each line, what of its quantity has no serial."""
        rest = defaultdict(Decimal, {number: self._quantity(number) for number in self._lines if number is not None})
        for serial in self._found.serials:
            for line in links_of(serial):
                if ((serial.item, serial.variant, serial.serial), line) not in self._found.held:
                    rest[line] -= 1
        for (_, line), held in self._found.held.items():
            rest[line] -= held
        return rest

    def _after(self, before: Iterable[int], moves: Iterable[ResyncAction]) -> list[int]:
        """The links of a serial afterwards; those to a line that was merged follow it."""
        after = dict.fromkeys(self._merged.get(line, line) for line in before)
        for move in moves:
            if move.from_line is not None:
                after.pop(move.from_line, None)
            if move.to_line is not None:
                after[move.to_line] = None
        return list(after)

    def of_lines(self) -> Corrections:
        """A row for each line whose quantity a merge changes."""
        after: dict[int, Decimal] = {}
        for old, new in self._merged.items():
            after[new] = after.get(new, self._quantity(new)) + self._quantity(old)
            after[old] = Decimal()
        quantity = self._system.quantity_column
        columns = (*self._system.line_columns, f"{quantity} before", f"{quantity} after", "reason")
        rows: list[Sequence[str | Decimal]] = [
            (*self._places.of(number)[: len(self._system.line_columns)], self._quantity(number), q, EQUAL_LINES)
            for number, q in after.items()
        ]
        return Corrections(self._system.stock_table or "", columns, rows)

    def _quantity(self, number: int) -> Decimal:
        line = self._lines.get(number)
        return Decimal(line.quantity if line else 0)
