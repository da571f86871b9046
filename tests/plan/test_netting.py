"""Order-to-order planning case by case: who wants what of whom, and what becomes of the supply that is there."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from stockline.plan.held_stock import ANYTHING, Numbers
from stockline.plan.netting import Change, Demand, Supply, balance, new_bonds

PLACE = ("", 1)
L1, L2 = Numbers(lot="L1"), Numbers(lot="L2")
LOTS = ("lot",)


def day(number: int) -> dt.date:
    return dt.date(2026, 1, 15) + dt.timedelta(number)


def demand(line: int, on: int, rank: int = 1, **open_: int) -> Demand:
    """A demand with open parts by lot, `blank` without."""
    return Demand(line, PLACE, day(on), rank, {_lot(lot): quantity for lot, quantity in open_.items()})


def supply(line: int, on: int, quantity: int, free: Mapping[Numbers, int], **more: Any) -> Supply:
    return Supply(line, day(on), quantity, 0, free, **more)


def _lot(lot: str) -> Numbers:
    return ANYTHING if lot == "blank" else Numbers(lot=lot)


def test_each_number_is_wanted_apart_and_those_with_numbers_first() -> None:
    found = balance([demand(1, 5, blank=3, L2=2, L1=4), demand(2, 4, blank=1), demand(3, 5, 0, blank=6)], [], LOTS)
    wants = [(want.demand.line, want.numbers.lot, want.quantity) for want in found.new]
    assert wants == [(2, "", 1), (1, "L1", 4), (1, "L2", 2), (3, "", 6), (1, "", 3)]


def test_numbers_the_supply_does_not_decide_do_not_divide_it() -> None:
    (want,) = balance([demand(1, 5, blank=3, L1=4)], [], ()).new
    assert (want.numbers, want.quantity) == (ANYTHING, 7)
    assert {(bond.carried, bond.numbers, bond.quantity) for bond in new_bonds(want, 9)} == {
        (L1, ANYTHING, 4),
        (ANYTHING, ANYTHING, 3),
    }


def test_a_demand_adds_to_its_own_supply_only() -> None:
    own = supply(10, 5, 10, {ANYTHING: 0}, bound={1: {ANYTHING}}, needed=day(5))
    other = supply(11, 5, 10, {ANYTHING: 10})
    found = balance([demand(1, 5, blank=15)], [own, other], LOTS)
    assert found.new == []
    assert found.changes == [Change(10, 25, day(5)), Change(11, 0, day(5))]


def test_a_number_adds_to_the_supply_that_has_it_and_else_is_new() -> None:
    own = supply(10, 5, 10, {}, numbered=True, bound={1: {L1}}, needed=day(5))
    found = balance([demand(1, 5, L1=3, L2=4)], [own], LOTS)
    assert [(want.numbers, want.quantity) for want in found.new] == [(L2, 4)]
    assert found.changes == [Change(10, 13, day(5))]


def test_of_several_own_supplies_the_one_without_number_the_latest_the_newest() -> None:
    several = [
        supply(10, 5, 1, {}, bound={1: {ANYTHING}}, needed=day(9)),
        supply(11, 6, 1, {}, bound={1: {ANYTHING}}, needed=day(9)),
        supply(12, 6, 1, {}, bound={1: {ANYTHING}}, needed=day(9)),
        supply(13, 7, 1, {}, numbered=True, bound={1: {L1}}, needed=day(9)),
    ]
    changes = balance([demand(1, 9, blank=5)], several, LOTS).changes
    assert [(change.line, change.quantity) for change in changes] == [(10, 1), (11, 1), (12, 6), (13, 1)]
    assert {change.date for change in changes} == {day(9)}


def test_supply_is_moved_later_to_the_earliest_that_needs_it_and_never_earlier() -> None:
    early = supply(10, 3, 10, {}, bound={1: {ANYTHING}}, needed=day(8))
    late = supply(11, 9, 10, {}, bound={2: {ANYTHING}}, needed=day(8))
    assert balance([demand(1, 6, blank=2)], [early, late], LOTS).changes == [Change(10, 12, day(6))]


def test_what_is_used_of_a_supply_stays_and_numbers_of_nobody_are_fixed() -> None:
    used = supply(10, 5, 10, {ANYTHING: 7}, needed=day(5))
    fixed = supply(11, 5, 10, {L1: 10}, numbered=True)
    overdue = supply(12, -1, 10, {ANYTHING: 10})
    bound = supply(13, -1, 10, {ANYTHING: 4}, bound={1: {ANYTHING}}, needed=day(-1))
    changes = balance([], [used, fixed, overdue, bound], LOTS, day(0)).changes
    assert changes == [Change(10, 3, day(5)), Change(13, 6, day(-1))]


def test_what_is_free_of_its_own_supply_is_bound() -> None:
    own = supply(10, 5, 10, {ANYTHING: 4, L2: 3}, numbered=True, bound={1: {L1}}, needed=day(5))
    found = balance([demand(1, 5, L1=2, blank=6)], [own], LOTS)
    bonds = [(bond.carried, bond.given, bond.numbers, bond.quantity) for bond in found.bonds]
    assert bonds == [(L1, ANYTHING, L1, 2), (ANYTHING, ANYTHING, ANYTHING, 2), (ANYTHING, L2, L2, 3)]
    assert found.changes == [Change(10, 11, day(5))]
