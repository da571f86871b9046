"""Quantities are exact, numbers are kept as typed, and what makes no sense is refused."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockline.values import (
    LARGEST,
    SCALE,
    ValueProblem,
    base_units,
    clean_number,
    in_unit,
    parse_date,
    parse_quantity,
    to_quantity,
    to_units,
)

UNITS = st.integers(-LARGEST, LARGEST)
QUANTITIES = st.decimals(-(10**9), 10**9, allow_nan=False, places=8)
FACTORS = st.decimals("0.00001", 10_000, allow_nan=False, places=5).filter(lambda factor: factor > 0)
ROUNDINGS = st.sampled_from([1, 10, 1000, SCALE // 4, SCALE, 12 * SCALE])


@pytest.mark.parametrize(
    ("given", "read"),
    [(3, 3), ("3", 3), ("-1.5", "-1.5"), (Decimal("0.00001"), "0.00001"), (" 2 ", 2), ("1e3", 1000), (0, 0)],
    ids=repr,
)
def test_a_quantity_is_a_decimal_a_whole_number_or_text(given: Decimal | int | str, read: str | int) -> None:
    assert parse_quantity(given) == Decimal(read)


@pytest.mark.parametrize(
    "given", [1.5, 1.0, True, "1,5", "", "two", "NaN", "Infinity", None, Decimal("sNaN"), [1], "1e30", "1_0"], ids=repr
)
def test_anything_else_is_a_problem(given: object) -> None:
    with pytest.raises(ValueProblem):
        parse_quantity(given)  # type: ignore[arg-type]


def test_the_largest_quantity_is_just_in_range() -> None:
    assert to_units(parse_quantity(Decimal(LARGEST) / SCALE)) == LARGEST
    with pytest.raises(ValueProblem, match="out of range"):
        parse_quantity(Decimal(LARGEST + 1) / SCALE)


@pytest.mark.parametrize(
    ("quantity", "units"),
    [("0.000005", 1), ("-0.000005", -1), ("0.0000049", 0), ("0.000015", 2), ("-0.000025", -3), ("1", SCALE)],
)
def test_halves_are_rounded_away_from_zero(quantity: str, units: int) -> None:
    assert to_units(Decimal(quantity)) == units


@given(UNITS)
def test_units_come_back_as_they_went(units: int) -> None:
    assert to_units(to_quantity(units)) == units


@given(UNITS)
def test_a_quantity_is_written_without_trailing_zeros(units: int) -> None:
    written = f"{to_quantity(units):f}"
    assert Decimal(written) * SCALE == units
    assert "." not in written or not written.endswith("0")


@given(QUANTITIES)
def test_rounding_does_not_depend_on_the_sign(quantity: Decimal) -> None:
    assert to_units(-quantity) == -to_units(quantity)
    assert to_units(quantity) == int((quantity * SCALE).to_integral_value(ROUND_HALF_UP))


@given(QUANTITIES, FACTORS, ROUNDINGS)
def test_a_base_quantity_is_the_nearest_multiple_of_the_rounding(
    quantity: Decimal, factor: Decimal, rounding: int
) -> None:
    exact = Fraction(quantity) * Fraction(factor) * SCALE
    units = base_units(quantity, factor, rounding)
    assert units % rounding == 0
    assert abs(units - exact) <= Fraction(rounding, 2)
    if abs(units - exact) == Fraction(rounding, 2):
        assert abs(units) > abs(exact)


@given(st.integers(-(10**14), 10**14), FACTORS)
def test_a_base_quantity_in_another_unit_is_the_nearest_of_5_decimals(units: int, factor: Decimal) -> None:
    shown = Fraction(in_unit(units, factor)) * SCALE
    assert shown.denominator == 1
    assert abs(shown - Fraction(units) / Fraction(factor)) <= Fraction(1, 2)


@given(st.integers(-(10**9), 10**9), st.sampled_from(["1", "12", "0.5", "144", "2.5"]))
def test_whole_quantities_survive_a_change_of_unit(quantity: int, factor: str) -> None:
    base = base_units(Decimal(quantity), Decimal(factor), 1)
    assert in_unit(base, Decimal(factor)) == quantity


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(None, ""), ("", ""), ("  ", ""), (" S1\t", "S1"), ("a B", "a B"), ("0001", "0001"), ("ß", "ß"), ("s1", "s1")],
)
def test_a_number_is_kept_as_typed_but_for_outer_blanks(typed: str | None, kept: str) -> None:
    assert clean_number(typed) == kept


def test_dates_are_dates_or_their_iso_form() -> None:
    assert parse_date(dt.date(2026, 2, 28)) == parse_date("2026-02-28") == dt.date(2026, 2, 28)
    for wrong in ("28.02.2026", "2026-02-30", ""):
        with pytest.raises(ValueProblem, match="YYYY-MM-DD"):
            parse_date(wrong)
