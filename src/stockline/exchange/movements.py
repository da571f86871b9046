"""The movements a sheet asks for, as columns: a few plain lists, whatever the number of rows."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from stockline.results import Counted, OrderLine, TrackingRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import date

    from stockline.codes import Code
    from stockline.refusal import Finding, Refusal


class BadRow(NamedTuple):
    """A row that is not taken: its line in the file, and why."""

    line: int
    code: Code
    reason: str


class Place(NamedTuple):
    """What makes the rows of one order line: item and variant, site and location."""

    item: str
    variant: str
    site: str | None
    location: str | None


@dataclass(slots=True, kw_only=True)
class Movements:
    """The rows of a sheet that can be posted. Columns that are not mapped are empty lists; a quantity is then 1."""

    places: list[Place]
    place: array[int]
    """Of each row, the position of its place in `places`."""
    line: array[int]
    """Of each row, its line in the file."""
    serial: list[str]
    lot: list[str]
    package: list[str]
    quantity: list[Decimal]
    expires: list[date | None]
    date: date | None

    @classmethod
    def none(cls) -> Movements:
        """No rows, to begin with."""
        columns: dict[str, list[Any]] = {name: [] for name in ("serial", "lot", "package", "quantity", "expires")}
        return cls(places=[], place=array("I"), line=array("I"), date=None, **columns)

    def __len__(self) -> int:
        return len(self.line)

    @property
    def tracked(self) -> bool:
        """Whether the rows carry tracking numbers."""
        return bool(self.serial or self.lot or self.package)

    def says(self, row: int) -> tuple[object, ...]:
        """All that a row says besides its serial."""
        columns = (self.lot, self.package, self.expires)
        return self.place[row], *(column[row] for column in columns if column)

    def without(self, rows: Collection[int]) -> Movements:
        """The same without some rows, named by position."""
        keep = bytearray(b"\1") * len(self)
        for row in rows:
            keep[row] = 0
        return replace(
            self,
            place=array("I", compress(self.place, keep)),
            line=array("I", compress(self.line, keep)),
            serial=list(compress(self.serial, keep)),
            lot=list(compress(self.lot, keep)),
            package=list(compress(self.package, keep)),
            quantity=list(compress(self.quantity, keep)),
            expires=list(compress(self.expires, keep)),
        )

    def by_place(self) -> dict[Place, array[int]]:
        """The positions of the rows of every place that has any, places in the order they first come in the file."""
        members = [array("I") for _ in self.places]
        for row, place in enumerate(self.place):
            members[place].append(row)
        return {place: rows for place, rows in zip(self.places, members, strict=True) if rows}

    def total(self, rows: Sequence[int]) -> Decimal:
        """The quantity of some rows together."""
        return sum((self.quantity[row] for row in rows), Decimal()) if self.quantity else Decimal(len(rows))

    def order_line(self, place: Place, rows: Sequence[int], *, kind: str | None = None) -> OrderLine:
        """The order line for the rows of a place."""
        return OrderLine(
            item=place.item,
            variant=place.variant,
            site=place.site,
            location=place.location,
            quantity=self.total(rows),
            date=self.date,
            type=kind,
        )

    def tracking_rows(self, rows: Iterable[int]) -> Iterator[TrackingRow]:
        """The rows of one tracking window: one a serial, without serials one for each lot and package."""
        return self._serial_rows(rows) if self.serial else self._lot_rows(rows)

    def found(self, place: Place, rows: Iterable[int]) -> Iterator[tuple[Counted, list[int]]]:
        """What a count has found at a place, added up by numbers; with the positions of the rows that say so."""
        alike: defaultdict[tuple[str | None, ...], list[int]] = defaultdict(list)
        for row in rows:
            numbers = (column[row] or None if column else None for column in (self.serial, self.lot, self.package))
            alike[tuple(numbers)].append(row)
        for (serial, lot, package), some in alike.items():
            numbers_found = {"serial": serial, "lot": lot, "package": package}
            yield Counted(**numbers_found, base_quantity=self.total(some), location=place.location), some

    def _serial_rows(self, rows: Iterable[int]) -> Iterator[TrackingRow]:
        for row in rows:
            yield TrackingRow(
                self.serial[row],
                self.lot[row] if self.lot else None,
                self.package[row] if self.package else None,
                base_quantity=1,
                expires=self.expires[row] if self.expires else None,
            )

    def _lot_rows(self, rows: Iterable[int]) -> Iterator[TrackingRow]:
        quantities: defaultdict[tuple[str | None, str | None], Decimal] = defaultdict(Decimal)
        expires: dict[tuple[str | None, str | None], date | None] = {}
        for row in rows:
            numbers = self.lot[row] if self.lot else None, self.package[row] if self.package else None
            quantities[numbers] += self.quantity[row] if self.quantity else 1
            if self.expires:
                expires[numbers] = expires.get(numbers) or self.expires[row]
        for (lot, package), quantity in quantities.items():
            yield TrackingRow(None, lot, package, base_quantity=quantity, expires=expires.get((lot, package)))


def blame(movements: Movements, refusal: Refusal, line_names: dict[str, Place]) -> dict[int, str]:
    """The rows, by position, that a refusal is about, each with its message. `line_names` leads to their places."""
    serials = _by_number(refusal.findings, "serial")
    lots = _by_number([finding for finding in refusal.findings if not finding.serial], "lot")
    rest = [finding for finding in refusal.findings if not finding.serial and not finding.lot]
    blamed: dict[int, str] = {}
    for row, position in enumerate(movements.place):
        place = movements.places[position]
        about = serials.get(movements.serial[row], []) if movements.serial else []
        about = about + (lots.get(movements.lot[row], []) if movements.lot else []) + rest
        for finding in about:
            if _is_about(finding, place, line_names) and _same_package(finding, movements, row):
                blamed.setdefault(row, finding.message)
    return blamed


def _by_number(findings: Iterable[Finding], kind: str) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if number := getattr(finding, kind):
            found.setdefault(number, []).append(finding)
    return found


def _is_about(finding: Finding, place: Place, line_names: dict[str, Place]) -> bool:
    """Whether a finding is about a place: its order line says so, or its item and variant do."""
    if finding.line in line_names:
        return line_names[finding.line] == place
    if finding.item is None and finding.site is None:
        return False
    if finding.item is None:
        return finding.site is not None and finding.site == place.site
    return finding.item == place.item and finding.variant in (None, place.variant)


def _same_package(finding: Finding, movements: Movements, row: int) -> bool:
    """Whether a finding without serial that names a package names this row's."""
    if finding.serial or not finding.package or not movements.package:
        return True
    return finding.package == movements.package[row]
