"""What a matching has to reach, found in other ways: by trying everything, and by linear programming."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import linprog

from stockline.plan.held_stock import Link
from stockline.plan.matching import Request
from tests.plan.matching_instances import TODAY, Instance

MANY = 1000
"""More than all quantities of an instance times its largest day."""


@dataclass(frozen=True)
class Best:
    """The most each request can get, those that must be served first, and the earlier before the later.

    And at the price of how few moved units, and of these the greatest sum of the days on which they are due.
    """

    served: tuple[int, ...]
    moved: int
    days: int


def in_turn(requests: tuple[Request, ...]) -> list[int]:
    """Places of the requests, those first that must be served."""
    return sorted(range(len(requests)), key=lambda place: requests[place].partial)


def by_trying(instance: Instance) -> Best:
    """Every unit of every link and request tries every entry."""
    turn = in_turn(instance.requests)
    requests = [instance.requests[place] for place in turn]
    everyone: list[Link | Request] = [*instance.links, *requests]
    claims = [claim for claim in everyone for _ in range(claim.quantity)]
    suitable = {id(claim): instance.suitable(claim) for claim in claims}
    numbers = [units.entry.number for units in instance.on_hand]
    nothing = (0,) * (len(requests) + 2)

    def gain(claim: Link | Request, number: int) -> tuple[int, ...]:
        if isinstance(claim, Link):
            return nothing if number == claim.entry.number else (*nothing[2:], -1, (claim.date - TODAY).days)
        return (*(int(request is claim) for request in requests), 0, 0)

    @cache
    def best(place: int, left: tuple[int, ...]) -> tuple[int, ...] | None:
        if place == len(claims):
            return nothing
        claim = claims[place]
        tries = [] if isinstance(claim, Link) else [best(place + 1, left)]
        for at, number in enumerate(numbers):
            if left[at] and number in suitable[id(claim)]:
                rest = best(place + 1, (*left[:at], left[at] - 1, *left[at + 1 :]))
                tries.append(rest and tuple(map(sum, zip(rest, gain(claim, number), strict=True))))
        return max((found for found in tries if found is not None), default=None)

    found = best(0, tuple(units.quantity for units in instance.on_hand))
    assert found is not None
    *served, moved, days = found
    return Best(_in_place(turn, served), -moved, days)


def by_linear_programming(instance: Instance) -> Best:
    """One variable for each claim and entry that suits it; the matrix is totally unimodular, so corners are whole."""
    turn = in_turn(instance.requests)
    requests = [instance.requests[place] for place in turn]
    claims: list[Link | Request] = [*instance.links, *requests]
    pairs = [(row, number) for row, claim in enumerate(claims) for number in sorted(instance.suitable(claim))]
    if not pairs:
        return Best((0,) * len(requests), 0, 0)
    rows, numbers = np.array(pairs).T
    by_claim = (rows == np.arange(len(claims))[:, None]).astype(float)
    by_entry = (numbers == np.array([units.entry.number for units in instance.on_hand])[:, None]).astype(float)
    days = np.array([(claim.date - TODAY).days if isinstance(claim, Link) else 0 for claim in claims])[rows]
    moves = np.array([isinstance(claim := claims[row], Link) and claim.entry.number != at for row, at in pairs])
    first_request = len(instance.links)
    worth = np.where(rows >= first_request, len(claims) - rows, 0) * MANY**2
    quantities = np.array([claim.quantity for claim in claims])
    result = linprog(
        -worth + moves * (MANY - days),
        A_ub=np.vstack([by_entry, by_claim[first_request:]]),
        b_ub=[*(units.quantity for units in instance.on_hand), *quantities[first_request:]],
        A_eq=by_claim[:first_request] if first_request else None,
        b_eq=quantities[:first_request] if first_request else None,
        method="highs",
    )
    assert result.status == 0
    flow = np.rint(result.x).astype(int)
    served = (by_claim.astype(int) @ flow)[first_request:]
    return Best(_in_place(turn, [int(one) for one in served]), int(flow @ moves), int(flow @ (moves * days)))


def _in_place(turn: list[int], served: list[int]) -> tuple[int, ...]:
    return tuple(quantity for _, quantity in sorted(zip(turn, served, strict=True)))
