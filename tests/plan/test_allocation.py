"""Sharing free stock among demand lines: the examples of the specification, and what holds for any."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockline import WorksheetLine
from stockline.plan.allocation import Policy, allocate, basic, customer_priority, equal
from stockline.values import ValueProblem

POLICIES: dict[str, Policy] = {"basic": basic, "equal": equal, "customer_priority": customer_priority}
PLACE = ("BIKE", "", "EAST")


def line(number: int, remaining: str | Decimal, priority: int = 0) -> WorksheetLine:
    return WorksheetLine(
        line=f"SO{number}/1",
        item=PLACE[0],
        variant=PLACE[1],
        site=PLACE[2],
        date=dt.date(2026, 1, 15),
        party="",
        priority=priority,
        remaining=Decimal(remaining),
        available=Decimal(0),
    )


def lines(*wanted: str) -> list[WorksheetLine]:
    return [line(number, remaining) for number, remaining in enumerate(wanted, 1)]


def shares(found: Sequence[Decimal]) -> list[str]:
    return [str(share) for share in found]


def test_basic_gives_all_or_nothing() -> None:
    assert shares(basic(lines("6.3", "7.4", "8.5"), Decimal(7))) == ["0", "0", "0"]
    assert shares(basic(lines("6.3", "7.4", "8.5"), Decimal("22.2"))) == ["6.3", "7.4", "8.5"]


def test_equal_rounds_down_to_the_decimals_of_each_line() -> None:
    assert shares(equal(lines("8.5", "6.3", "7.4"), Decimal(7))) == ["2.4", "2.3", "2.3"]
    assert shares(equal(lines("10", "10", "10"), Decimal(8))) == ["2", "3", "3"]


def test_equal_leaves_what_a_small_line_does_not_want_to_the_others() -> None:
    assert shares(equal(lines("1", "10", "10"), Decimal(9))) == ["1", "4", "4"]


def test_customer_priority_stops_at_the_class_that_does_not_fit() -> None:
    wanted = [line(1, "100", 1), line(2, "100", 3), line(3, "100", 2), line(4, "5", 0)]
    assert shares(customer_priority(wanted, Decimal(130))) == ["0", "100", "0", "0"]
    assert shares(customer_priority(wanted, Decimal(300))) == ["100", "100", "100", "0"]


def test_policies_follow_each_other_on_what_is_not_accepted() -> None:
    wanted = [line(1, "100", 2), line(2, "100", 1), line(3, "20", 1)]
    found = allocate(wanted, {PLACE: Decimal(130)}, {"customer_priority": customer_priority, "equal": equal})
    assert shares([one.to_reserve for one in found]) == ["100", "15", "15"]
    assert [one.accepted for one in found] == [True, False, False]
    assert shares([one.available for one in found]) == ["100", "15", "15"]


def test_each_place_has_its_own_stock() -> None:
    there = WorksheetLine(
        line="SO9/1",
        item="BIKE",
        variant="RED",
        site="EAST",
        date=dt.date(2026, 1, 15),
        party="",
        priority=0,
        remaining=Decimal(2),
        available=Decimal(0),
    )
    found = allocate([*lines("3"), there], {PLACE: Decimal(3), ("BIKE", "RED", "EAST"): Decimal(1)}, {"basic": basic})
    assert shares([one.to_reserve for one in found]) == ["3", "0"]
    assert shares([one.available for one in found]) == ["3", "1"]


@pytest.mark.parametrize("share", ["4", "-1"])
def test_a_policy_that_gives_what_it_may_not(share: str) -> None:
    with pytest.raises(ValueProblem, match="greedy"):
        allocate(lines("3", "9"), {PLACE: Decimal(20)}, {"greedy": lambda waiting, _: [Decimal(share)] * len(waiting)})
    with pytest.raises(ValueProblem, match="greedy"):
        allocate(lines("5", "9"), {PLACE: Decimal(7)}, {"greedy": lambda waiting, _: [Decimal(4)] * len(waiting)})


quantities = st.decimals(min_value="0.001", max_value=1000, places=3).map(Decimal.normalize)
wants = st.lists(st.tuples(quantities, st.integers(0, 3)), min_size=1, max_size=8).map(
    lambda rows: [line(number, remaining, priority) for number, (remaining, priority) in enumerate(rows)]
)


@given(wants, st.decimals(min_value=0, max_value=3000, places=3), st.permutations(list(POLICIES)))
def test_nobody_gets_more_than_there_is(wanted: list[WorksheetLine], free: Decimal, order: list[str]) -> None:
    found = allocate(wanted, {PLACE: free}, {name: POLICIES[name] for name in order})
    assert [one.line for one in found] == [one.line for one in wanted]
    assert sum(one.to_reserve for one in found) <= free
    for one in found:
        assert 0 <= one.to_reserve <= one.remaining
        assert one.to_reserve <= one.available <= free


@given(wants, st.decimals(min_value=0, max_value=3000, places=3))
def test_equal_is_equal_up_to_rounding(wanted: list[WorksheetLine], free: Decimal) -> None:
    found = equal(wanted, free)
    most = max(found)
    for one, share in zip(wanted, found, strict=True):
        step = Decimal(1).scaleb(int(one.remaining.as_tuple().exponent))
        coarsest = max(Decimal(1).scaleb(int(other.remaining.as_tuple().exponent)) for other in wanted)
        assert share == one.remaining or share > most - step - len(wanted) * coarsest


@given(wants, st.decimals(min_value=0, max_value=3000, places=3))
def test_priority_is_kept(wanted: list[WorksheetLine], free: Decimal) -> None:
    found = customer_priority(wanted, free)
    served = [one.priority for one, share in zip(wanted, found, strict=True) if share]
    unserved = [one.priority for one, share in zip(wanted, found, strict=True) if not share]
    assert not served or not unserved or min(served) > max(unserved)
    assert all(share in (0, one.remaining) for one, share in zip(wanted, found, strict=True))
    if unserved:
        first = max(unserved)
        assert sum(found) + sum(one.remaining for one in wanted if one.priority == first) > free
