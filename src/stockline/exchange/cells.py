"""What one cell of a sheet says: a number, a quantity, a date; or why it cannot say that."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from stockline.codes import Code
from stockline.values import NUMBER_LENGTH, ValueProblem, parse_quantity

if TYPE_CHECKING:
    from decimal import Decimal

DECIMALS = 5
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ROUNDED = re.compile(r"\d\.?\d*[eE]\+\d{2,}")
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


def name_in(cell: str, kind: str) -> str:
    """The code of an item, variant, site or location; only a variant may be blank."""
    name = cell.strip()
    if not name and kind != "variant":
        raise BadCell(Code.INVALID, f"the {kind} is empty")
    return _printable(name, kind)


def number_in(cell: str, kind: str) -> str:
    """A tracking number: 1 to 50 characters, outer blanks cut."""
    number = cell.strip()
    if not number:
        raise BadCell(REQUIRED[kind], f"the {kind} is empty")
    if len(number) > NUMBER_LENGTH:
        raise BadCell(
            Code.INVALID, f"the {kind} {number[:20]}... has {len(number)} characters, {NUMBER_LENGTH} are allowed"
        )
    if number[0].isdigit() and ROUNDED.fullmatch(number):
        raise BadCell(
            Code.INVALID,
            f"the {kind} {number!r} has been rounded by a spreadsheet; format that column as text and export it again",
        )
    return _printable(number, kind)


def quantity_in(cell: str) -> Decimal:
    """A quantity above zero."""
    text = cell.strip()
    if not text:
        raise BadCell(Code.INVALID, "the quantity is empty")
    try:
        quantity = parse_quantity(text)
    except ValueProblem as problem:
        hint = "; write a decimal point and no separators, as in 1.5 or 1000" if "," in text else ""
        raise BadCell(Code.INVALID, f"the quantity {problem}{hint}") from None
    if quantity <= 0:
        raise BadCell(Code.INVALID, f"the quantity {text} is not greater than 0")
    exponent = quantity.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS:
        raise BadCell(Code.INVALID, f"the quantity {text} has more than {DECIMALS} decimals")
    return quantity


def date_in(cell: str) -> date:
    """A date, written YYYY-MM-DD; a time of day behind it is left out."""
    text = cell.strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        reason = f"{text!r} is not a date; write it as in 2013-04-10" if text else "the date is empty"
        raise BadCell(Code.INVALID, reason) from None


def _printable(text: str, kind: str) -> str:
    if not text.isprintable() and CONTROL.search(text):
        raise BadCell(Code.INVALID, f"the {kind} {text!r} holds a control character, such as a tab or a line break")
    return text
