"""The best plans of a case in which something is chosen, one by one, for the person who has to choose (RS-10)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, islice, product

from stockline.plan.placement import Place, SerialClass
from stockline.plan.repair import Action, Case, Choice

PLANS = 20
"""As many plans of a case are shown at most."""
_LARGE = 200
"""A case in which more classes of serials change is not laid out."""

Shares = tuple[int, ...]
"""How many serials of a class go to each of its places."""
Room = tuple[int, int]
"""How many serials a place takes, at least and at most."""


def best_plans(case: Case, numbers: Mapping[SerialClass, Sequence[str]], limit: int = PLANS) -> list[list[Action]]:
    """Best plans of a case, at most `limit` of them, given the numbers of the serials that change."""
    if len(case.choices) > _LARGE:
        return []
    later: Counter[Place] = Counter()
    for choice in case.choices:
        later.update(dict.fromkeys(choice.places, choice.serials.count))
    plans = (
        list(chain.from_iterable(chosen))
        for shares in _distributions(case.choices, case.bounds or {}, later)
        for chosen in product(
            *(
                list(islice(_dealt(choice, share, numbers[choice.serials]), limit))
                for choice, share in zip(case.choices, shares, strict=True)
            )
        )
    )
    return list(islice(plans, limit))


def _dealt(choice: Choice, shares: Shares, numbers: Sequence[str]) -> Iterator[list[Action]]:
    """The actions of a class for each way to choose which of its serials go where."""
    if not shares:
        yield []
        return
    place = choice.places[len(choice.places) - len(shares)]
    for some in combinations(numbers, shares[0]):
        actions = choice.actions(some, place)
        left = [number for number in numbers if number not in some]
        yield from (actions + others for others in _dealt(choice, shares[1:], left))


def _distributions(
    choices: Sequence[Choice], bounds: Mapping[int, Room], later: Counter[Place]
) -> Iterator[list[Shares]]:
    """For each class how many go where, such that the lines hold what they hold in best plans.

    `bounds` are what the lines still take, `later` how many of these classes could come to each place.
    """
    if not choices:
        yield []
        return
    places, count = choices[0].places, choices[0].serials.count
    later = later - Counter(dict.fromkeys(places, count))
    for shares in _shares(count, [_room(bounds, later, place, count) for place in places]):
        left = dict(bounds)
        for place, share in zip(places, shares, strict=True):
            if place in left:
                left[place] = (left[place][0] - share, left[place][1] - share)
        yield from ([shares, *others] for others in _distributions(choices[1:], left, later))


def _room(bounds: Mapping[int, Room], later: Counter[Place], place: Place, count: int) -> Room:
    """How many of a class a place takes, if the later ones are to give it the rest."""
    if place is None or place not in bounds:
        return 0, count
    least, most = bounds[place]
    return max(least - later[place], 0), min(most, count)


def _shares(count: int, rooms: Sequence[Room]) -> Iterator[Shares]:
    """Every way to deal so many serials out to places."""
    if not rooms:
        if count == 0:
            yield ()
        return
    least, most = rooms[0]
    for share in range(max(least, count - sum(room for _, room in rooms[1:])), min(most, count) + 1):
        yield from ((share, *others) for others in _shares(count - share, rooms[1:]))
