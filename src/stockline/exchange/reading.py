"""From a sheet's text to movements: every row is read and checked on its own, then against the others of the file."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from stockline.codes import Code
from stockline.exchange.cells import BadCell, Remembered, date_in, found_in, name_in, number_in, quantity_in
from stockline.exchange.mapping import bind
from stockline.exchange.movements import BadRow, Movements, Place
from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from stockline.exchange.mapping import Mapping
    from stockline.exchange.sheets import Sheet

EVERY = 1 << 12
"""Rows between two reports of progress."""


class Reading:
    """A sheet being read: the movements and the bad rows so far, and how many rows have been read.

    A row counts as read when it passes the mapping's `where` filters. `found`: the rows say what was found, of items
    with numbers or without; a quantity may be 0.
    """

    def __init__(self, sheet: Sheet, mapping: Mapping, *, found: bool = False) -> None:
        self.sheet = sheet
        self.read = 0
        self.bad: list[BadRow] = []
        self.movements = Movements.none()
        self._bound = bind(mapping, sheet.columns)
        self._at = self._bound.at
        self._place_kinds = [kind for kind in ("item", "variant", "site", "location") if kind in self._at]
        # Two positions make `itemgetter` answer a tuple always.
        self._place_texts = itemgetter(self._at["item"], *(self._at[kind] for kind in self._place_kinds))
        self._places: dict[tuple[str, ...], int] = {}
        self._known: dict[Place, int] = {}
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._repeated: list[int] = []
        self._dates: dict[date, int] = {}
        self._expiry: dict[tuple[str, str, str], tuple[date, int]] = {}
        self._lots = Remembered(lambda text: self._number(text, "lot"))
        self._packages = Remembered(lambda text: self._number(text, "package"))
        self._found = found
        self._quantities = Remembered(found_in if found else quantity_in)
        self._date_of = Remembered(date_in)

    def run(self, tick: Callable[[int], None] = lambda _: None) -> None:
        """Read all rows and check each on its own; `tick` is told now and then how far in the file it has come."""
        constants, where = self._bound.constants, self._bound.where
        for line, fields, problem in self.sheet.rows():
            if problem:
                self.read += 1
                self.bad.append(BadRow(line, Code.INVALID, problem))
            elif all(fields[at].strip() == text for at, text in where):
                self.read += 1
                try:
                    self._take(line, fields + constants)
                except BadCell as cell:
                    self.bad.append(BadRow(line, cell.code, cell.reason))
            if not line % EVERY:
                tick(self.sheet.position)
        tick(self.sheet.size)

    def check(self) -> None:
        """Check the rows against each other: one date for all, no serial twice."""
        self._settle_date()
        self._drop_repeated()

    def _take(self, line: int, values: list[str]) -> None:
        """One row into the columns. Everything that can be bad about it is found before the first column grows."""
        texts = self._place_texts(values)
        place = self._places.get(texts)
        if place is None:
            place = self._new_place(texts)
        at = self._at
        serial = self._number(values[at["serial"]], "serial") if "serial" in at else ""
        lot = self._lots[values[at["lot"]]] if "lot" in at else ""
        package = self._packages[values[at["package"]]] if "package" in at else ""
        quantity = self._quantity(values, serial)
        if serial and quantity == 0:
            return
        day = self._date_of[values[at["date"]]] if "date" in at else None
        expires = self._expiration(values, line, place, lot)
        if day:
            self._dates.setdefault(day, line)
        if serial:
            self._see(place, serial)
        self._append(line, place, {"serial": serial, "lot": lot, "package": package}, quantity, expires)

    def _append(
        self, line: int, place: int, numbers: dict[str, str], quantity: Decimal | None, expires: date | None
    ) -> None:
        into = self.movements
        into.line.append(line)
        into.place.append(place)
        for kind, number in numbers.items():
            if kind in self._at:
                getattr(into, kind).append(number)
        if quantity is not None:
            into.quantity.append(quantity)
        if "expires" in self._at:
            into.expires.append(expires)

    def _number(self, text: str, kind: str) -> str:
        """A tracking number; only among what was found some rows have it and others do not."""
        return "" if self._found and not text.strip() else number_in(text, kind)

    def _quantity(self, values: list[str], serial: str) -> Decimal | None:
        """The quantity, if it is mapped; beside a serial it says nothing but 1, or 0 where it was not found."""
        if "quantity" not in self._at:
            return None
        quantity = self._quantities[values[self._at["quantity"]]]
        if serial and quantity != 1 and not (self._found and quantity == 0):
            raise BadCell(Code.SERIAL_QUANTITY_NOT_ONE, f"the serial {serial} stands for 1, not for {quantity}")
        return quantity if self._found or not serial else None

    def _new_place(self, texts: tuple[str, ...]) -> int:
        named = dict(zip(self._place_kinds, texts[1:], strict=True))
        names = {kind: name_in(text, kind) for kind, text in named.items()}
        place = Place(names["item"], names.get("variant", ""), names.get("site"), names.get("location"))
        known = self._known.setdefault(place, len(self._known))
        if known == len(self.movements.places):
            self.movements.places.append(place)
        self._places[texts] = known
        return known

    def _expiration(self, values: list[str], line: int, place: int, lot: str) -> date | None:
        """The expiration date, which may be blank; one lot has one."""
        text = values[self._at["expires"]] if "expires" in self._at else ""
        if not text.strip():
            return None
        expires = self._date_of[text]
        if lot:
            item, variant, *_ = self.movements.places[place]
            first, where = self._expiry.setdefault((item, variant, lot), (expires, line))
            if first != expires:
                raise BadCell(
                    Code.EXPIRATION_CONFLICT, f"lot {lot} expires {expires}, but {first} according to line {where}"
                )
        return expires

    def _see(self, place: int, serial: str) -> None:
        """Note a serial; the row that comes next is one too many when it has been seen."""
        item, variant, *_ = self.movements.places[place]
        seen = self._seen.setdefault((item, variant), set())
        if serial in seen:
            self._repeated.append(len(self.movements))
        seen.add(serial)

    def _settle_date(self) -> None:
        if len(self._dates) > 1:
            shown = ", ".join(f"{day} (first in line {line})" for day, line in sorted(self._dates.items())[:10])
            raise SheetProblem(
                f"{self.sheet.path} holds {len(self._dates)} dates: {shown}. "
                "An import is one posting, which has one date: take the rows of one date with --where, "
                f"or give all rows the same one, as in --date ={max(self._dates)}."
            )
        self.movements.date = next(iter(self._dates), None)

    def _drop_repeated(self) -> None:
        """A repeated serial is a bad row; where the repetition says something else, nobody knows which row is right."""
        if not self._repeated:
            return
        rows = self.movements
        wanted = {self._unit(row) for row in self._repeated}
        first: dict[tuple[str, str, str], int] = {}
        for row, serial in enumerate(rows.serial):
            item, variant, *_ = rows.places[rows.place[row]]
            if (item, variant, serial) in wanted:
                first.setdefault((item, variant, serial), row)
        drop: dict[int, BadRow] = {}
        for row in self._repeated:
            earlier = first[self._unit(row)]
            drop[row] = self._repetition(row, earlier, "already")
            if rows.says(row) != rows.says(earlier):
                drop.setdefault(earlier, self._repetition(earlier, row, "too, with other values"))
        self.bad = sorted([*self.bad, *drop.values()])
        self.movements = rows.without(drop)

    def _unit(self, row: int) -> tuple[str, str, str]:
        item, variant, *_ = self.movements.places[self.movements.place[row]]
        return item, variant, self.movements.serial[row]

    def _repetition(self, row: int, other: int, how: str) -> BadRow:
        item, _, serial = self._unit(row)
        lines = self.movements.line
        reason = f"the serial {serial} of {item} stands in line {lines[other]} {how}"
        return BadRow(lines[row], Code.TRACKING_DUPLICATE, reason)
