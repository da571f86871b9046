"""Allocation: how free stock is shared among demand lines of one item, variant and site (RE-52, RE-53)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from itertools import groupby

from stockline.results import WorksheetLine
from stockline.values import ValueProblem

Policy = Callable[[Sequence[WorksheetLine], Decimal], Sequence[Decimal]]
"""What each of these lines is to reserve of so much that is free: at most its remaining, together at most that."""

Place = tuple[str, str, str]
"""Item, variant and site."""

NOTHING = Decimal(0)


def basic(lines: Sequence[WorksheetLine], available: Decimal) -> list[Decimal]:
    """All lines in full if they fit together, else none."""
    fits = sum(line.remaining for line in lines) <= available
    return [line.remaining if fits else NOTHING for line in lines]


def equal(lines: Sequence[WorksheetLine], available: Decimal) -> list[Decimal]:
    """The same for all, but nobody more than remains: by rising remaining, rounded down to its decimals."""
    shares = [NOTHING] * len(lines)
    left = available
    rising = sorted(range(len(lines)), key=lambda place: lines[place].remaining)
    for served, place in enumerate(rising):
        remaining = lines[place].remaining
        share = (left / (len(lines) - served)).quantize(remaining, ROUND_DOWN)
        shares[place] = min(share, remaining)
        left -= shares[place]
    return shares


def customer_priority(lines: Sequence[WorksheetLine], available: Decimal) -> list[Decimal]:
    """The highest priority first; lines of one that does not fit in full, and of all lower ones, get nothing."""
    shares = [NOTHING] * len(lines)
    left = available
    falling = sorted(range(len(lines)), key=lambda place: -lines[place].priority)
    for _, places in groupby(falling, key=lambda place: lines[place].priority):
        of_class = list(places)
        wanted = sum(lines[place].remaining for place in of_class)
        if wanted > left:
            break
        left -= wanted
        for place in of_class:
            shares[place] = lines[place].remaining
    return shares


def allocate(
    lines: Sequence[WorksheetLine], free: Mapping[Place, Decimal], policies: Mapping[str, Policy]
) -> list[WorksheetLine]:
    """The lines with what they are to reserve: each policy in turn, on those not accepted yet (RE-53).

    Raises `ValueProblem` for a policy that gives more than there is, or than a line wants.
    """
    places: dict[Place, list[WorksheetLine]] = defaultdict(list)
    for line in lines:
        places[line.item, line.variant, line.site].append(line)
    shared = {}
    for place, fellows in places.items():
        for line in _share(fellows, free.get(place, NOTHING), policies):
            shared[line.line] = line
    return [shared[line.line] for line in lines]


def _share(lines: list[WorksheetLine], free: Decimal, policies: Mapping[str, Policy]) -> list[WorksheetLine]:
    """What the lines of one place get."""
    for name, policy in policies.items():
        accepted = [line for line in lines if line.accepted]
        left = free - sum(line.to_reserve for line in accepted)
        waiting = [replace(line, available=left) for line in lines if not line.accepted]
        shares = policy(waiting, left)
        _check(name, waiting, left, shares)
        lines = accepted + [replace(line, to_reserve=share) for line, share in zip(waiting, shares, strict=True)]
    taken = sum(line.to_reserve for line in lines)
    return [replace(line, available=free - taken + line.to_reserve) for line in lines]


def _check(name: str, lines: Sequence[WorksheetLine], left: Decimal, shares: Sequence[Decimal]) -> None:
    fits = all(0 <= share <= line.remaining for line, share in zip(lines, shares, strict=True))
    if not fits or sum(shares) > max(left, NOTHING):
        raise ValueProblem(f"the allocation policy {name} gives more than is wanted or free")
