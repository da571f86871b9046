"""Reading the rows a person gives for a tracking window into the form they are staged in."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from stockline.codes import Code
from stockline.operations.lines import SourceLine
from stockline.operations.problems import Problems
from stockline.results import TrackingRow
from stockline.values import (
    NUMBER_LENGTH,
    SCALE,
    QuantityLike,
    ValueProblem,
    base_units,
    clean_number,
    parse_quantity,
    to_units,
)

COLUMNS = (
    "item_id",
    "window_id",
    "row",
    "serial",
    "lot",
    "package",
    "quantity",
    "handle",
    "invoice",
    "expires",
    "warranty",
    "apply_to",
    "apply_from",
)


def staged_rows(
    line: SourceLine, window: int, rows: Iterable[TrackingRow], date_value: Callable[[date | None], Any]
) -> Iterator[tuple[Any, ...]]:
    """The rows of `window_row`, in the sequence given; rows without any number are dropped (TW-16).

    Rows of quantity 0 are checked like the others; closing drops them, for their active part is 0.

    Once all are read it refuses `invalid`, naming every row that could not be read.
    """
    problems = Problems((Code.INVALID,))
    reader = _RowReader(line)
    item = line.item.id
    for row, given in enumerate(rows, 1):
        serial, lot, package = clean_number(given.serial), clean_number(given.lot), clean_number(given.package)
        try:
            if len(serial) > NUMBER_LENGTH or len(lot) > NUMBER_LENGTH or len(package) > NUMBER_LENGTH:
                raise ValueProblem(f"a number has more than {NUMBER_LENGTH} characters")
            quantity, handle, invoice = reader.quantities(given, bool(serial))
        except ValueProblem as problem:
            message = f"Row {row}: {problem}."
            where = {"serial": serial or None, "lot": lot or None, "package": package or None}
            problems.add(Code.INVALID, message, line=line.name, row=row, item=line.item.code, **where)
            continue
        if serial or lot or package:
            yield (
                item,
                window,
                row,
                serial,
                lot,
                package,
                quantity,
                handle,
                invoice,
                date_value(given.expires),
                date_value(given.warranty),
                given.apply_to,
                given.apply_from,
            )
    problems.refuse()


class _RowReader:
    """Reads the quantities of one line's rows: base, and positive when they have the line's sign."""

    def __init__(self, line: SourceLine) -> None:
        self._line = line
        self._fresh = line.handled == 0
        self._coarse = line.item.rounding > 1

    def quantities(self, given: TrackingRow, has_serial: bool) -> tuple[int, int | None, int | None]:
        """Quantity, to handle and to invoice with their defaults (TW-14); None where the historic part decides."""
        if given.quantity is None and given.base_quantity is None:
            quantity = SCALE if has_serial else 0
        else:
            quantity = self._units(given.quantity, given.base_quantity, has_serial)
        handle = self._units(given.handle, None, has_serial) if given.handle is not None else None
        invoice = self._units(given.invoice, None, has_serial) if given.invoice is not None else None
        if self._fresh:
            handle = quantity if handle is None else handle
            invoice = handle if invoice is None else invoice
        return quantity, handle, invoice

    def _units(self, given: QuantityLike | None, base: QuantityLike | None, has_serial: bool) -> int:
        line = self._line
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
        return units * line.sign
