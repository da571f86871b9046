"""Late binding against an oracle: the same verdict, quantities, moved units and days (RE-62, RE-63)."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from stockline.plan.matching import Assignment, Cut, Request, competition, match
from tests.plan.matching_instances import TODAY, Instance, admits, random_instance
from tests.plan.matching_oracle import Best, by_linear_programming, by_trying, in_turn

Oracle = Callable[[Instance], Best]


@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize(
    ("oracle", "instances", "entries", "largest"),
    [(by_trying, 750, 6, 2), (by_linear_programming, 250, 14, 6)],
    ids=["small", "larger"],
)
def test_matching_is_as_good_as_can_be(oracle: Oracle, instances: int, entries: int, largest: int, part: int) -> None:
    random = Random(f"{entries} {part}")
    seen: Counter[str] = Counter()
    for _ in range(instances):
        instance = random_instance(random, entries=entries, largest=largest)
        seen[check(instance, oracle(instance))] += 1
    assert min(seen[kind] for kind in ("refused", "partly", "moved", "free")) >= instances // 40, seen


def check(instance: Instance, best: Best) -> str:
    """Compare the matching with the best there is; what kind of answer it was."""
    result = match(instance.stock(), instance.requests)
    if isinstance(result, Cut):
        check_refusal(instance, result, best)
        return "refused"
    check_assignment(instance, result)
    served = tuple(result.quantity(place) for place in range(len(instance.requests)))
    days = sum(move.quantity * (move.link.date - TODAY).days for move in result.moves)
    assert Best(served, sum(move.quantity for move in result.moves), days) == best
    for cut in result.cuts:
        assert cut.missing == instance.requests[cut.request].quantity - served[cut.request]
        check_cut(instance, cut, served)
    if result.cuts:
        return "partly"
    return "moved" if result.moves else "free"


def check_refusal(instance: Instance, cut: Cut, best: Best) -> None:
    """The first request that must be served, and is not in the best assignment, is the one refused."""
    wanted = [request.quantity for request in instance.requests]
    lacking = [place for place in in_turn(instance.requests) if best.served[place] < wanted[place]]
    assert not instance.requests[cut.request].partial
    assert cut.request == lacking[0]
    assert cut.missing == wanted[cut.request] - best.served[cut.request]
    turn = in_turn(instance.requests)
    before = turn[: turn.index(cut.request)]
    served = [wanted[place] if place in before else 0 for place in range(len(wanted))]
    served[cut.request] = best.served[cut.request]
    check_cut(instance, cut, tuple(served))


def check_assignment(instance: Instance, assignment: Assignment) -> None:
    """Nothing stands where it may not, and no entry gives more than there is."""
    load = Counter({units.entry.number: -units.quantity for units in instance.on_hand})
    left: Counter[int] = Counter()
    for link in instance.links:
        load[link.entry.number] += link.quantity
    for move in assignment.moves:
        assert move.quantity > 0
        assert move.to.number != move.link.entry.number
        assert move.to.number in instance.suitable(move.link)
        load.subtract({move.link.entry.number: move.quantity})
        load[move.to.number] += move.quantity
        left[move.link.id] += move.quantity
    for taken in assignment.taken:
        assert taken.quantity > 0
        assert admits(instance.requests[taken.request].need, taken.entry)
        load[taken.entry.number] += taken.quantity
    assert max(load.values()) <= 0
    assert all(left[link.id] <= link.quantity for link in instance.links)
    for place, request in enumerate(instance.requests):
        assert request.partial or assignment.quantity(place) == request.quantity


def check_cut(instance: Instance, cut: Cut, served: tuple[int, ...]) -> None:
    """Demands that can have nothing but the numbers of the cut want more than there is of them."""
    contested = set().union(*(instance.suitable(Request(need, 1)) for need in cut.needs))
    supply = sum(units.quantity for units in instance.on_hand if units.entry.number in contested)
    bound = [link for link in instance.links if instance.suitable(link) <= contested]
    requested = sum(
        quantity
        for request, quantity in zip(instance.requests, served, strict=True)
        if instance.suitable(request) <= contested
    )
    assert sum(link.quantity for link in bound) + requested == supply
    shown = competition(instance.stock(), cut, most=100)
    assert (shown.on_hand, shown.wanted) == (supply, supply + cut.missing)
    assert {link.id for link in shown.links} == {link.id for link in bound}
