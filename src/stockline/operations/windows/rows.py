"""Reading the rows a person gives for a tracking window into the form they are staged in."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from stockline.codes import Code
from stockline.operations.lines import SourceLine
from stockline.operations.new_numbers import NEW_NUMBERS
from stockline.operations.problems import Problems
from stockline.operations.windows.drafts import OpenWindow
from stockline.refusal import Finding
from stockline.results import KEEP, TrackingRow
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import (
    LARGEST,
    NUMBER_LENGTH,
    SCALE,
    QuantityLike,
    ValueProblem,
    base_units,
    clean_number,
    parse_quantity,
    to_units,
)

COLUMNS = ("row", "serial", "lot", "package", "quantity", "handle", "invoice")
EXTRA_COLUMNS = ("expires", "warranty", "apply_to", "apply_from")
NEW_COLUMNS = (*NEW_NUMBERS, "dated", "new_expires")


_but_serial = attrgetter(*(field.name for field in fields(TrackingRow) if field.name != "serial"))
_NOTHING_SAID = _but_serial(TrackingRow())


def bare_serials(line: SourceLine, given: Sequence[TrackingRow]) -> Sequence[str] | None:
    """The serials of a list that gives nothing else, each once; None for any other list.

    No rule about numbers and quantities can bite such a list of a line that nothing has been handled of.
    """
    if line.handled or line.is_incoming or line.renumbers:
        return None
    if any(not row.serial or _but_serial(row) != _NOTHING_SAID for row in given):
        return None
    serials = [clean_number(row.serial) for row in given]
    sound = all(serials) and max(map(len, serials), default=0) <= NUMBER_LENGTH and len(set(serials)) == len(serials)
    return serials if sound else None


def stage_serials(transaction: Transaction, line: SourceLine, window: int, serials: Sequence[str]) -> None:
    """Write a list of bare serials to `window_row`: one base unit each, to be handled and invoiced (TW-14)."""
    same = {"item_id": line.item.id, "window_id": window, "quantity": SCALE, "handle": SCALE, "invoice": SCALE}
    transaction.stage(window_row, ("row", "serial"), enumerate(serials, 1), same)


def stage_rows(transaction: Transaction, line: SourceLine, window: int, given: Sequence[TrackingRow]) -> Problems:
    """Write a list given whole to `window_row`; what is wrong with rows that cannot be read (`invalid`).

    Rows without any number, old or new, are dropped (TW-16). Rows of quantity 0 are checked like the others; closing
    drops them, for their active part is 0.
    """
    problems = Problems((Code.INVALID,))
    fresh = line.handled == 0 and not line.is_incoming
    rows = _read(RowReader(line, fresh=fresh), given, 1, problems)
    numbered = (row for row in rows if row[1] or row[2] or row[3] or gives_new_numbers(given[row[0] - 1]))
    _stage(transaction, line, given, 1, numbered, {"item_id": line.item.id, "window_id": window})
    return problems


def stage_new_rows(
    transaction: Transaction, window: OpenWindow, first: int, given: Sequence[TrackingRow], *, selected: bool = False
) -> dict[int, Finding]:
    """Write rows entered in an open window, numbered from `first`; what is wrong with those that cannot be read.

    `selected`: they say how much stock is taken, which is positive whatever the sign of the line (TW-32).
    """
    problems = Problems((Code.INVALID,))
    reader = RowReader(window.line, fresh=True, sign=1 if selected else window.line.sign)
    rows = _read(reader, given, first, problems)
    same = {"item_id": window.line.item.id, "window_id": window.id, "revision": window.revision}
    _stage(transaction, window.line, given, first, rows, same)
    return {finding.row or 0: finding for finding in problems.findings(Code.INVALID)}


def _stage(
    transaction: Transaction,
    line: SourceLine,
    given: Sequence[TrackingRow],
    first: int,
    rows: Iterable[tuple[Any, ...]],
    same: dict[str, int],
) -> None:
    columns: tuple[str, ...] = COLUMNS
    # Most rows say nothing of dates and applications; what is not bound costs nothing.
    if any(any(getattr(row, name) is not None for name in EXTRA_COLUMNS) for row in given):
        columns += EXTRA_COLUMNS
        rows = (row + _extras(line, given[row[0] - first], transaction) for row in rows)
    if line.renumbers:
        columns += NEW_COLUMNS
        rows = (row + _becomes(given[row[0] - first], transaction) for row in rows)
    transaction.stage(window_row, columns, rows, same)


def _extras(line: SourceLine, row: TrackingRow, transaction: Transaction) -> tuple[Any, ...]:
    date_value = transaction.dialect.date_value
    expires = row.expires if carries_dates(line) else None
    return (date_value(expires), date_value(row.warranty), row.apply_to, row.apply_from)


def _becomes(row: TrackingRow, transaction: Transaction) -> tuple[Any, ...]:
    """What the row makes of its numbers and its date; None where they stay."""
    given = (getattr(row, name) for name in NEW_NUMBERS)
    numbers = (None if number is None else clean_number(number) for number in given)
    expires = None if row.new_expires == KEEP else row.new_expires
    return (*numbers, row.new_expires != KEEP, transaction.dialect.date_value(expires))


def carries_dates(line: SourceLine) -> bool:
    """Whether its rows are given expiration dates: what goes out has that of the ledger, whatever is said (TW-36)."""
    return line.movement > 0 and line.item.tracking.uses_expiration


def _read(
    reader: "RowReader", rows: Sequence[TrackingRow], first: int, problems: Problems
) -> Iterator[tuple[Any, ...]]:
    """The rows with their numbers and quantities; problems with those that make no sense."""
    line = reader.line
    for row, given in enumerate(rows, first):
        serial, lot, package = clean_number(given.serial), clean_number(given.lot), clean_number(given.package)
        try:
            if len(serial) > NUMBER_LENGTH or len(lot) > NUMBER_LENGTH or len(package) > NUMBER_LENGTH:
                raise ValueProblem(f"a number has more than {NUMBER_LENGTH} characters")
            if given.expires is not None:
                reader.require_dates()
            if gives_new_numbers(given):
                reader.check_new(given.new_expires, given.new_serial, given.new_lot, given.new_package)
            quantities = reader.quantities(given, bool(serial or clean_number(given.new_serial)))
        except ValueProblem as problem:
            where = {"serial": serial or None, "lot": lot or None, "package": package or None}
            problems.add(Code.INVALID, f"Row {row}: {problem}.", line=line.name, row=row, item=line.item.code, **where)
            continue
        yield (row, serial, lot, package, *quantities)


def gives_new_numbers(row: TrackingRow) -> bool:
    """Whether the row says what becomes of its combination (TW-41)."""
    new = (row.new_serial, row.new_lot, row.new_package)
    return row.new_expires != KEEP or new != (None, None, None)


def _says_nothing(given: TrackingRow) -> bool:
    return given.quantity is None and given.base_quantity is None and given.handle is None and given.invoice is None


class RowReader:
    """Reads the quantities of one line's rows: base, and positive when they have the line's sign.

    `fresh`: nothing of the rows has been handled yet; `sign`: that of what is typed, by default the line's.
    """

    def __init__(self, line: SourceLine, *, fresh: bool, sign: int | None = None) -> None:
        self.line = line
        self._sign = sign or line.sign
        self._fresh = fresh
        self._coarse = line.item.rounding > 1

    def quantities(self, given: TrackingRow, has_serial: bool) -> tuple[int, int | None, int | None]:
        """Quantity, to handle and to invoice with their defaults (TW-14); None where the historic part decides."""
        if self._fresh and has_serial and _says_nothing(given):
            return SCALE, SCALE, SCALE
        if given.quantity is None and given.base_quantity is None:
            quantity = SCALE if has_serial else 0
        else:
            quantity = self.units(given.quantity, given.base_quantity, has_serial)
        handle = self.units(given.handle, None, has_serial) if given.handle is not None else None
        said = given.invoice if self.line.has_invoice_column else None
        invoice = self.units(said, None, has_serial) if said is not None else None
        if self._fresh:
            handle = quantity if handle is None else handle
            invoice = handle if invoice is None else invoice
        return quantity, handle, invoice

    def require_dates(self) -> None:
        """Raise `ValueProblem` if the item uses no expiration dates (TW-35)."""
        if not self.line.item.tracking.uses_expiration:
            raise ValueProblem(f"item {self.line.item.code} uses no expiration dates")

    def check_new(self, expires: dt.date | str | None, *numbers: str | None) -> None:
        """Raise `ValueProblem` if these cannot become of a row's date and numbers (TW-41, TW-42)."""
        if not self.line.renumbers:
            raise ValueProblem("only a reclassification says what becomes of numbers")
        if any(len(clean_number(number)) > NUMBER_LENGTH for number in numbers):
            raise ValueProblem(f"a number has more than {NUMBER_LENGTH} characters")
        if expires not in (KEEP, None):
            self.require_dates()

    def units(self, given: QuantityLike | None, base: QuantityLike | None, has_serial: bool) -> int:
        """Engine units of a quantity given in the line's unit or in base units (PO-48). Raises `ValueProblem`."""
        line = self.line
        if base is not None or has_serial or line.factor == 1:  # a serial is a base unit, whatever the line's unit
            quantity = parse_quantity(base if base is not None else given or 0)
            units = to_units(quantity)
            if self._coarse and not has_serial and units % line.item.rounding:
                raise ValueProblem(f"{quantity} is not a multiple of {line.item.rounding / SCALE}")
        else:
            quantity = parse_quantity(given or 0)
            units = base_units(quantity, line.factor, line.item.rounding)
        if quantity != 0 and units == 0:
            raise ValueProblem(f"{quantity} rounds to 0")
        if abs(units) > LARGEST:
            raise ValueProblem(f"{quantity} is out of range in {line.item.unit}")
        return units * self._sign
