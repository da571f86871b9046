"""What one cell of a sheet says: a number, a quantity, a date; or why it cannot say that."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from stockline.codes import Code
from stockline.values import LARGEST_LINE, NUMBER_LENGTH, ValueProblem, parse_quantity

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")
REMEMBERED = 100_000
"""Texts whose value is remembered: columns such as lots and dates say a few things over and over."""

DECIMALS = 5
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ROUNDED = re.compile(r"-?\d\.?\d*[eE]\+\d{2,}")
"""A number of more than 15 digits as a spreadsheet shows it: its true digits are lost."""

REQUIRED = {
    "serial": Code.SERIAL_REQUIRED,
    "lot": Code.LOT_REQUIRED,
    "package": Code.PACKAGE_REQUIRED,
}


class BadCell(Exception):
    """A row that cannot be taken because of what one of its cells says."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Remembered(dict[str, T], Generic[T]):
    """The value of each text met so far; a text that has none raises `BadCell` every time."""

    def __init__(self, parse: Callable[[str], T]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> T:
        value = self._parse(text)
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = value
        return value


def text_in(cell: str) -> str:
    """Any text, which may be blank; outer blanks cut."""
    return _intact(cell.strip(), "text")


def name_in(cell: str, kind: str) -> str:
    """The code of an item, variant, site or location; only a variant may be blank."""
    name = cell.strip()
    if not name and kind != "variant":
        raise BadCell(Code.INVALID, f"the {kind} is empty")
    return _intact(name, kind)


def number_in(cell: str, kind: str) -> str:
    """A tracking number: 1 to 50 characters, outer blanks cut."""
    number = cell.strip()
    if not number:
        raise BadCell(REQUIRED[kind], f"the {kind} is empty")
    if len(number) > NUMBER_LENGTH:
        raise BadCell(
            Code.INVALID, f"the {kind} {number[:20]}... has {len(number)} characters, {NUMBER_LENGTH} are allowed"
        )
    return _intact(number, kind)


def quantity_in(cell: str) -> Decimal:
    """A quantity above zero, of at most 5 decimals."""
    quantity = number_of(cell)
    if quantity <= 0:
        raise BadCell(Code.INVALID, f"the quantity {cell.strip()} is not greater than 0")
    return _exact(quantity, cell)


def found_in(cell: str) -> Decimal:
    """A quantity that was found, which may be 0, of at most 5 decimals."""
    quantity = number_of(cell)
    if quantity < 0:
        raise BadCell(Code.INVALID, f"the quantity {cell.strip()} is below 0")
    return _exact(quantity, cell)


def _exact(quantity: Decimal, cell: str) -> Decimal:
    exponent = quantity.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS:
        raise BadCell(Code.INVALID, f"the quantity {cell.strip()} has more than {DECIMALS} decimals")
    return quantity


def number_of(cell: str) -> Decimal:
    """A quantity as it stands, of any sign and any number of decimals."""
    text = cell.strip()
    if not text:
        raise BadCell(Code.INVALID, "the quantity is empty")
    try:
        return parse_quantity(text)
    except ValueProblem as problem:
        hint = "; write a decimal point and no separators, as in 1.5 or 1000" if "," in text else ""
        raise BadCell(Code.INVALID, f"the quantity {problem}{hint}") from None


def whole_in(cell: str) -> int:
    """A whole number, as ids are; spreadsheets write them with decimals too."""
    text = _intact(cell.strip(), "number")
    digits = text.partition(".")[0] if re.fullmatch(r"-?\d+\.0*", text) else text
    if not re.fullmatch(r"-?\d{1,19}", digits):
        raise BadCell(Code.INVALID, f"{text!r} is not a whole number")
    return int(digits)


def line_in(cell: str) -> int:
    """The number of a stock line."""
    number = whole_in(cell)
    if not 0 < number <= LARGEST_LINE:
        raise BadCell(Code.INVALID, f"stock lines have numbers from 1 to {LARGEST_LINE}, not {number}")
    return number


def link_in(cell: str) -> int | None:
    """The number of the stock line that something is linked to; 0, like a blank cell, is none."""
    return line_in(cell) if whole_in(cell) else None


def yes_in(cell: str) -> bool:
    """Whether a box is ticked."""
    text = cell.strip().casefold()
    if text in ("1", "true", "yes", "y", "x"):
        return True
    if text in ("0", "false", "no", "n", ""):
        return False
    raise BadCell(Code.INVALID, f"{text!r} is neither yes nor no")


def date_in(cell: str) -> date:
    """A date, written YYYY-MM-DD; a time of day behind it is left out."""
    return moment_in(cell).date()


def moment_in(cell: str) -> datetime:
    """A date with the time of day, midnight if it has none, by whatever clock wrote it."""
    text = cell.strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        reason = f"{text!r} is not a date; write it as in 2013-04-10" if text else "the date is empty"
        raise BadCell(Code.INVALID, reason) from None


def time_in(cell: str) -> timedelta:
    """A time of day, as 9:05 or 09:05:00.25."""
    text = cell.strip()
    if not re.fullmatch(r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d*)?)?", text):
        raise BadCell(Code.INVALID, f"{text!r} is not a time of day; write it as in 09:05:00")
    hours, minutes, seconds = [*text.split(":"), "0"][:3]
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _intact(text: str, kind: str) -> str:
    """The text, unless a program has changed it on the way: rounded it as a number, or broken it."""
    if "+" in text and ROUNDED.fullmatch(text):
        raise BadCell(
            Code.INVALID,
            f"the {kind} {text!r} has been rounded by a spreadsheet; format that column as text and export it again",
        )
    if not text.isprintable() and CONTROL.search(text):
        raise BadCell(Code.INVALID, f"the {kind} {text!r} holds a control character, such as a tab or a line break")
    return text
