"""Where a serial went last, told by movements that come in any order and several at one time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from stockline.results import LastMovement

T = TypeVar("T")
When = tuple[datetime, int]
"""When a movement was, and its number among those of that time where the system numbers them."""
Place = tuple[str, ...]
"""A place by the system's own names, as precisely as each of its movements tells it."""


class Step(NamedTuple):
    """A movement of a serial, with the places it left and reached; what the system does not tell is None."""

    last: LastMovement
    left: Place | None = None
    reached: Place | None = None


class Latest(Generic[T]):
    """What there was at the latest time noted so far."""

    __slots__ = ("those", "when")

    def __init__(self) -> None:
        self.when: When | None = None
        self.those: list[T] = []

    @property
    def of_a_day(self) -> bool:
        """Whether no more is told of the time than the day."""
        return self.when is not None and self.when == (datetime.combine(self.when[0], time()), 0)

    def note(self, when: When, one: T) -> None:
        """Note what there was at some time, earlier or later than what has been noted."""
        if self.when is None or when > self.when:
            self.when, self.those = when, [one]
        elif when == self.when:
            self.those.append(one)


def last_of(moves: Latest[Step]) -> LastMovement | None:
    """The last of movements at one time: the one to the place that none of them leaves again.

    A transfer is an issue and a receipt of one time, so inward goes before outward where the places do not tell. None
    when nobody knows which was the last: inward ones end in several places, or a place was reached and left on a day of
    which no time is told.
    """
    steps = moves.those
    if len(steps) <= 1:
        return steps[0].last if steps else None
    stays = Counter(step.reached for step in steps)
    stays.subtract(step.left for step in steps)
    ends = [step.last for step in steps if step.reached is not None and stays[step.reached] > 0]
    lasts = set(ends or [step.last for step in steps])
    inward = {last for last in lasts if last.direction == "in"}
    if not ends and 0 < len(inward) < len(lasts) and moves.of_a_day:
        return None
    if inward:
        return inward.pop() if len(inward) == 1 else None
    return min(lasts, key=lambda last: (last.site or "", last.location, last.lot, last.package))
