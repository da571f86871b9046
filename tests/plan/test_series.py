"""Numbers that follow each other (TW-26, TW-27)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockline.plan.series import LONGEST, first_of_series, number_after, numbers_between, numbers_from
from stockline.values import ValueProblem


@pytest.mark.parametrize(
    ("first", "increment", "expected"),
    [
        ("A8", 1, ["A8", "A9", "A10"]),
        ("A-099X", 1, ["A-099X", "A-100X", "A-101X"]),
        ("2024-B7", 1, ["2024-B7", "2024-B8", "2024-B9"]),
        ("7", 10, ["7", "17", "27"]),
        ("009", 1, ["009", "010", "011"]),
        ("S1", 0, ["S1", "S2", "S3"]),
        ("S1", -4, ["S1", "S2", "S3"]),
        ("A٣1", 1, ["A٣1", "A٣2", "A٣3"]),
    ],
)
def test_the_last_digits_are_raised(first: str, increment: int, expected: list[str]) -> None:
    assert numbers_from(first, 3, increment) == expected


@pytest.mark.parametrize(
    ("first", "problem"), [("ABC", "no digit"), ("", "no digit"), ("A" * 49 + "9", "50 characters")]
)
def test_what_cannot_be_raised(first: str, problem: str) -> None:
    with pytest.raises(ValueProblem, match=problem):
        numbers_from(first, 2)


def test_a_series_goes_on_where_it_ended() -> None:
    assert first_of_series("LOT") == "LOT00001"
    assert number_after("LOT99999") == "LOT100000"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("A8", "A10", ["A8", "A9", "A10"]),
        ("S-09/X", "S-11/X", ["S-09/X", "S-10/X", "S-11/X"]),
        ("S1", "S1", ["S1"]),
        ("099", "100", ["099", "100"]),
    ],
)
def test_a_series_between_its_ends(first: str, last: str, expected: list[str]) -> None:
    assert numbers_between(first, last) == expected


@pytest.mark.parametrize(
    ("first", "last"),
    [("S2", "S1"), ("S1", "T2"), ("S1", "S02"), ("S1X", "S2Y"), ("A", "B"), ("", ""), ("S1", f"S{LONGEST + 1}")],
)
def test_ends_of_no_series(first: str, last: str) -> None:
    with pytest.raises(ValueProblem, match=r"is no series|no digit"):
        numbers_between(first, last)


def test_the_longest_series_between_its_ends() -> None:
    assert len(numbers_between("S1", f"S{LONGEST}")) == LONGEST


def test_no_number_of_no_quantity() -> None:
    assert numbers_from("A1", 0) == []


@given(
    st.text("AB-", max_size=5),
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.text("XY/", max_size=5),
    st.integers(1, 200),
    st.integers(1, 50),
)
def test_numbers_differ_and_follow_each_other(
    before: str, value: int, width: int, after: str, quantity: int, increment: int
) -> None:
    numbers = numbers_from(f"{before}{value:0{width}d}{after}", quantity, increment)
    assert len(set(numbers)) == quantity
    raised = [int(number[len(before) : len(number) - len(after)]) for number in numbers]
    assert raised == [value + increment * place for place in range(quantity)]


def test_a_hundred_thousand_numbers_take_no_time() -> None:
    start = time.process_time()
    assert numbers_from("SN00001", 100_000)[-1] == "SN100000"
    assert time.process_time() - start < 1
