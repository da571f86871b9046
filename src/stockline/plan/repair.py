"""Which links of serials are to be changed so that stock lines agree: the cases, and where nothing is chosen (RS-5).

The best plans have the least difference between serials and quantities and among those the fewest changes (RS-4). A
case is what hangs together in them. It is carried out when every best plan makes the same changes and all is right
afterwards; else it is left alone, and the cause is said (RS-10).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from stockline.plan.best_places import best_places
from stockline.plan.placement import Allowed, Line, Place, SerialClass
from stockline.values import SCALE


class Reason(StrEnum):
    """Why a link is changed (RS-8)."""

    LEFT = "left"
    HOME = "home"
    ATTRIBUTES = "attributes"
    ONLY_FIT = "only_fit"
    DUPLICATE = "duplicate"
    EQUAL_LINES = "equal_lines"


class Cause(StrEnum):
    """Why a case is left alone (RS-10)."""

    AMBIGUOUS = "ambiguous"
    NO_SERIAL = "no_serial"
    NO_ROOM = "no_room"
    CONTRADICTION = "contradiction"
    OUTSIDE_SELECTION = "outside_selection"
    RESERVED = "reserved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Action:
    """One change of a link: a serial moves from line to line, is linked (from None) or unlinked (to None).

    Without a serial it is a line that becomes one with an equal one, to which it adds its quantity in engine units.
    """

    variant: str
    serial: str
    from_line: Place
    to_line: Place
    reason: str
    quantity: int = 0

    @property
    def name(self) -> Literal["merge", "move", "link", "unlink"]:
        """The word for it (RS-1)."""
        if not self.serial:
            return "merge"
        if self.to_line is None:
            return "unlink"
        return "link" if self.from_line is None else "move"


@dataclass(frozen=True, slots=True)
class Choice:
    """A class of serials that changes in some best plan, and where its serials stand in best plans."""

    serials: SerialClass
    places: tuple[Place, ...]
    reason: Reason

    @property
    def lines(self) -> set[int]:
        """The lines it touches: those the serials are linked to and those they can go to."""
        return {*self.serials.links, *(place for place in self.places if place is not None)}

    def actions(self, numbers: Iterable[str], place: Place) -> list[Action]:
        """What brings serials of the class, of these numbers, to the place: one action for each change (RS-4)."""
        return [action for number in numbers for action in self._actions(number, place)]

    def _actions(self, number: str, place: Place) -> Iterator[Action]:
        dropped = [link for link in self.serials.links if link != place]
        if place is not None and place not in self.serials.links:
            source = dropped.pop(0) if dropped else None
            yield Action(self.serials.variant, number, source, place, self.reason)
        for link in dropped:
            yield Action(self.serials.variant, number, link, None, self.reason)


@dataclass(frozen=True, slots=True)
class Case:
    """Lines that hang together, with the serials that change in best plans; without cause it is to be carried out."""

    lines: tuple[int, ...]
    choices: tuple[Choice, ...] = ()
    cause: Cause | None = None
    contradictory: tuple[SerialClass, ...] = ()
    """Serials whose last movement leads to no line they fit on, or to the dock: they stay as they are."""
    bounds: Mapping[int, tuple[int, int]] | None = None
    """Where something is chosen: how many serials of the choices best plans put on a line, at least and at most."""

    def actions(self, numbers: Mapping[SerialClass, Iterable[str]]) -> list[Action]:
        """The actions of the only best plan, given the numbers of the serials that change."""
        every = (choice.actions(numbers[choice.serials], choice.places[0]) for choice in self.choices)
        return [action for actions in every for action in actions]


def plan_repair(lines: Iterable[Line], classes: Iterable[SerialClass], site: int | None = None) -> list[Case]:
    """The cases of an item, by their lowest line: those to be carried out, and those left with their cause.

    `lines` are the item's, closed ones as far as serials are linked to them; `classes` all its serials with a link or a
    last movement in, no two alike. With a `site` only cases that touch it are answered, and none is carried out that
    reaches beyond it.
    """
    return _Cases(Allowed(lines, classes), site).answer()


class _Cases:
    """The best plans of an item taken apart into cases."""

    def __init__(self, allowed: Allowed, site: int | None) -> None:
        self._allowed = allowed
        self._site = site
        best = best_places(allowed)
        self._bounds = best.on_line
        self._choices: dict[int, list[Choice]] = defaultdict(list)
        """What changes, by the lines it touches."""
        self._doubted: dict[int, list[SerialClass]] = defaultdict(list)
        """Serials that stay on a line that is not theirs, by the lines they are linked to."""
        self._resting: Counter[Place] = Counter()
        """The serials on each line that change in no best plan."""
        for serials in (*allowed.frozen, *allowed.contradictory):
            self._resting.update(dict.fromkeys(serials.links, serials.count))
        for serials in (*allowed.contradictory, *allowed.astray):
            for number in serials.links:
                self._doubted[number].append(serials)
        for serials, place in allowed.proven.items():
            self._add(serials, (place,))
        for serials, places in best.of_class.items():
            self._add(serials, places)

    def _add(self, serials: SerialClass, places: tuple[Place, ...]) -> None:
        if not any(serials.moves_to(place) for place in places):
            self._resting[places[0]] += serials.count
            return
        choice = Choice(serials, places, self._reason(serials, places))
        for number in choice.lines:
            self._choices[number].append(choice)

    def _reason(self, serials: SerialClass, places: tuple[Place, ...]) -> Reason:
        if serials.direction:
            return Reason.HOME if serials.direction > 0 else Reason.LEFT
        left = [self._allowed.stock.get(number) for number in serials.links if number not in places]
        if any(line is not None and line.is_place and not serials.fits(line) for line in left):
            return Reason.ATTRIBUTES
        return Reason.DUPLICATE if len(serials.links) > 1 else Reason.ONLY_FIT

    # ------------------------------------------------------------ taking apart

    def answer(self) -> list[Case]:
        """All cases that touch the selection."""
        cases = [
            Case((), cause=Cause.CONTRADICTION, contradictory=(serials,))
            for serials in self._allowed.contradictory
            if not serials.links and self._site in (None, serials.site)
        ]
        seen: set[int] = set()
        for number in sorted({*self._choices, *self._doubted, *self._wrong_lines()}):
            if number not in seen:
                lines, choices = self._hanging_together(number)
                seen.update(lines)
                case = self._case(lines, choices)
                if self._site is None or self._site in self._sites(case):
                    cases.append(case)
        return cases

    def _wrong_lines(self) -> Iterator[int]:
        """Open lines on which something changes or is not right."""
        for number, line in self._allowed.stock.items():
            if line.is_place and self._resting[number] * SCALE != line.quantity:
                yield number

    def _hanging_together(self, start: int) -> tuple[list[int], dict[Choice, None]]:
        lines, choices = {start: None}, dict[Choice, None]()
        waiting = [start]
        for number in waiting:
            for choice in self._choices.get(number, ()):
                if choice not in choices:
                    choices[choice] = None
                    fresh = choice.lines.difference(lines)
                    lines.update(dict.fromkeys(fresh))
                    waiting.extend(fresh)
        return sorted(lines), choices

    def _case(self, lines: list[int], choices: Iterable[Choice]) -> Case:
        ordered = sorted(choices, key=lambda choice: (choice.serials.links, choice.serials.attributes))
        doubted = {serials: None for number in lines for serials in self._doubted.get(number, ())}
        case = Case(tuple(lines), tuple(ordered), contradictory=tuple(doubted))
        cause = self._cause(case)
        bounds = self._free_bounds(case) if cause is Cause.AMBIGUOUS else None
        return replace(case, cause=cause, bounds=bounds)

    def _free_bounds(self, case: Case) -> dict[int, tuple[int, int]]:
        bounds = {number: self._bounds[number] for number in case.lines if number in self._bounds}
        return {
            number: (least - self._resting[number], most - self._resting[number])
            for number, (least, most) in bounds.items()
        }

    # ------------------------------------------------------------ deciding

    def _cause(self, case: Case) -> Cause | None:
        """Why the case is left alone: the first condition of RS-5 that it fails."""
        if any(len(choice.places) > 1 for choice in case.choices):
            return Cause.AMBIGUOUS
        return self._wrong_afterwards(case) or self._held(case)

    def _wrong_afterwards(self, case: Case) -> Cause | None:
        known = [self._allowed.stock[number] for number in case.lines if number in self._allowed.stock]
        if case.contradictory or not all(line.is_whole for line in known):
            return Cause.CONTRADICTION
        placed = Counter({choice.places[0]: 0 for choice in case.choices})
        for choice in case.choices:
            placed[choice.places[0]] += choice.serials.count
        over = [
            (placed[line.number] + self._resting[line.number]) * SCALE - line.quantity
            for line in known
            if line.is_place
        ]
        if any(difference < 0 for difference in over):
            return Cause.NO_SERIAL
        return Cause.NO_ROOM if any(over) else None

    def _held(self, case: Case) -> Cause | None:
        if self._site is not None and self._sites(case) != {self._site}:
            return Cause.OUTSIDE_SELECTION
        if any(self._breaks_reservation(choice) for choice in case.choices):
            return Cause.RESERVED
        stock = self._allowed.stock
        doubtful = any(stock[number].doubtful for number in case.lines if number in stock)
        return Cause.CONTRADICTION if doubtful else None

    def _breaks_reservation(self, choice: Choice) -> bool:
        place, held = choice.places[0], choice.serials.reserved_at
        return held is not None and (place is None or self._allowed.stock[place].site != held)

    def _sites(self, case: Case) -> set[int]:
        """The sites the case touches; an unknown number lies at the site on the record of its serials, if any."""
        sites = {self._allowed.stock[number].site for number in case.lines if number in self._allowed.stock}
        for serials in (*(choice.serials for choice in case.choices), *case.contradictory):
            sites |= self._allowed.sites(serials)
        return sites
