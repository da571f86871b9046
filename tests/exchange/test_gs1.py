"""What a scanned code says."""

import datetime as dt
from decimal import Decimal

import pytest

from stockline.exchange.gs1 import Scanned, read_code
from stockline.values import ValueProblem

GTIN = "07032069804988"
LAST_DAY = dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    "code", ["S1", "10123", "7032069804988", f"01{GTIN}", "01LOT", "0107032069804989102345", "(x)", "(10)"]
)
def test_a_plain_number(code: str) -> None:
    assert read_code(code) == Scanned(plain=code)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"(01){GTIN}(10)L1(17)261231(30)12", Scanned(gtin=GTIN, lot="L1", expires=LAST_DAY, quantity=Decimal(12))),
        (f"]C101{GTIN}1726123110L1\x1d3012", Scanned(gtin=GTIN, lot="L1", expires=LAST_DAY, quantity=Decimal(12))),
        (f"]d201{GTIN}21S1\x1d10L1", Scanned(gtin=GTIN, serial="S1", lot="L1")),
        (f"01{GTIN}10L1", Scanned(gtin=GTIN, lot="L1")),
        ("10L1\x1d21S1", Scanned(serial="S1", lot="L1")),
        ("\x1d10L1\x1d21S1\x1d", Scanned(serial="S1", lot="L1")),
        ("(10)L1(17)261200", Scanned(lot="L1", expires=LAST_DAY)),
        ("(10)L1(7003)2612312359", Scanned(lot="L1", expires=LAST_DAY)),
        (f"(02){GTIN}(37)5(10)L1", Scanned(gtin=GTIN, lot="L1", quantity=Decimal(5))),
    ],
)
def test_an_element_string(code: str, expected: Scanned) -> None:
    assert read_code(code) == expected


def test_a_gs1_symbol_with_something_else_in_it() -> None:
    with pytest.raises(ValueProblem, match="no GS1 element string"):
        read_code("]C1zzz")
