"""Quantities, units, numbers and dates: the plain values everything else is made of.

Inside the engine a quantity is an integer count of 0.00001 base units, so that sums are exact (PO-48, PO-49).
Outside it is a `Decimal`.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Literal

SCALE = 100_000
"""Engine units in one base unit."""

QuantityLike = Decimal | int | str
DocumentKind = Literal[
    "purchase", "purchase_return", "sale", "sale_return", "transfer", "production", "assembly", "journal", "planned"
]

NUMBER_LENGTH = 50
LARGEST_LINE = 2**62 - 1
"""The largest number a stock line can be loaded with; beyond it there are as many for our own."""
LARGEST = 2**53
"""Above this many engine units a quantity is taken for an error (it is 90 billion base units)."""


class ValueProblem(ValueError):
    """A value that cannot be what it is given as; the message is for a person."""


def parse_quantity(value: QuantityLike) -> Decimal:
    """The decimal a person or file gave. Refuses what is not a finite number (also `1,5`)."""
    if isinstance(value, float | bool):
        raise ValueProblem(f"{value!r} is not a decimal number: give a Decimal, int or text")
    if isinstance(value, str) and "_" in value:
        raise ValueProblem(f"{value!r} is not a number")
    try:
        quantity = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueProblem(f"{value!r} is not a number") from None
    if not quantity.is_finite():
        raise ValueProblem(f"{value!r} is not a finite number")
    if abs(quantity) * SCALE > LARGEST:
        raise ValueProblem(f"{value!r} is out of range")
    return quantity


def to_units(quantity: Decimal) -> int:
    """Engine units of a base quantity, halves away from zero."""
    return int((quantity * SCALE).quantize(Decimal(1), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def to_quantity(units: int) -> Decimal:
    """The base quantity of engine units, without trailing zeros."""
    whole, rest = divmod(units, SCALE)
    return (Decimal(units) / SCALE).normalize() if rest else Decimal(whole)


def base_units(quantity: Decimal, factor: Decimal, rounding: int) -> int:
    """Engine units of `quantity` in a unit of `factor` base units, rounded to the item's `rounding` (PO-48)."""
    with localcontext() as context:
        context.prec = 60
        steps = (quantity * factor * SCALE / rounding).quantize(Decimal(1), ROUND_HALF_UP)
    return int(steps) * rounding


def in_unit(units: int, factor: Decimal) -> Decimal:
    """A base quantity in engine units expressed in a unit of `factor` base units, 5 decimals (PO-48)."""
    return to_quantity(int((Decimal(units) / factor).quantize(Decimal(1), ROUND_HALF_UP)))


def clean_number(number: str | None) -> str:
    """A tracking number as it is kept: outer blanks cut, otherwise exactly as typed; blank is the empty text (TW-1)."""
    return "" if number is None else number.strip()


def parse_date(value: date | str) -> date:
    """A date, or its ISO form."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueProblem(f"{value!r} is not a date (YYYY-MM-DD)") from None
