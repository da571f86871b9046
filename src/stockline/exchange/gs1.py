"""Barcodes as scanners read them: a plain number, or a GS1 element string that says what each of its parts is."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import biip
from biip import ParseError
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from stockline.values import ValueProblem

GS1_SYMBOLS = ("]C1", "]d2", "]e0", "]Q3", "]J1")
"""What a scanner that names symbologies puts before a GS1 element string."""
SEPARATOR = "\x1d"
_GTIN, _LOT, _SERIAL = ("01", "02"), "10", "21"
_EXPIRES, _QUANTITY = ("17", "7003"), ("30", "37")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a code says: `plain` for a number of which it does not say what it is, the other parts for what it does."""

    plain: str | None = None
    gtin: str | None = None
    serial: str | None = None
    lot: str | None = None
    expires: dt.date | None = None
    quantity: Decimal | None = None


def read_code(code: str) -> Scanned:
    """Read a scanned code.

    It is a GS1 element string if its symbology says so, if it is written with parentheses, has separators, or is a GTIN
    whose check digit is right with a serial or lot after it. Anything else is a plain number, digits or not.

    Raises:
        ValueProblem: a symbology of GS1 with something else in it.
    """
    code = code.strip().strip(SEPARATOR)
    if code.startswith(GS1_SYMBOLS):
        message = _element_strings(code)
        if message is None:
            raise ValueProblem(f"{code!r} is no GS1 element string")
        return _parts(message)
    if code.startswith("("):
        message = _written_out(code)
    elif SEPARATOR in code:
        message = _element_strings(code)
    else:
        return _of_gtin(code) or Scanned(plain=code)
    return _parts(message) if message else Scanned(plain=code)


def _of_gtin(code: str) -> Scanned | None:
    message = _element_strings(code) if code.startswith(_GTIN) else None
    if message is None or not message.element_strings[0].gtin:
        return None
    found = _parts(message)
    return found if found.serial or found.lot else None


def _element_strings(code: str) -> GS1Message | None:
    try:
        return biip.parse(code).gs1_message
    except ParseError:
        return None


def _written_out(code: str) -> GS1Message | None:
    try:
        return GS1Message.parse_hri(code)
    except ParseError:
        return None


def _parts(message: GS1Message) -> Scanned:
    found = {element.ai.ai: element for element in message.element_strings}

    def first(*identifiers: str) -> GS1ElementString | None:
        return next((found[one] for one in identifiers if one in found), None)

    def value(*identifiers: str) -> str | None:
        element = first(*identifiers)
        return element.value if element else None

    expires, quantity = first(*_EXPIRES), value(*_QUANTITY)
    return Scanned(
        gtin=value(*_GTIN),
        serial=value(_SERIAL),
        lot=value(_LOT),
        expires=_day(expires) if expires else None,
        quantity=Decimal(quantity) if quantity else None,
    )


def _day(element: GS1ElementString) -> dt.date | None:
    return element.date or (element.datetime.date() if element.datetime else None)
