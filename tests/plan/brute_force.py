"""Repair by trying everything: the words of RS-3 to RS-5 taken literally, serial by serial and plan by plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from stockline.plan.placement import Attributes, Line
from stockline.values import SCALE

Where = frozenset[int]
"""The numbers of the lines a serial stands on."""
NOWHERE: Where = frozenset()
Last = Literal["", "in", "out", "to put-away"]
"""Where the last movement of a serial led, if there was one."""
Step = tuple[str, int | None, int | None]
"""A serial, from where, to where."""


@dataclass(frozen=True)
class Serial:
    name: str
    variant: str
    attributes: Attributes
    links: Where
    last: Last = ""
    homes: tuple[int, ...] = ()
    site: int | None = None
    reserved_at: int | None = None


@dataclass(frozen=True)
class Story:
    """An item: its lines, its serials, the site that is selected, if any."""

    lines: Sequence[Line]
    serials: Sequence[Serial]
    site: int | None = None

    def line(self, number: int) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)


@dataclass(frozen=True)
class Found:
    """A case as the rules define it: its lines, every best plan of it, and why it is left (None: carried out)."""

    lines: Where
    plans: frozenset[frozenset[Step]]
    cause: str | None


def compatible(serial: Serial, line: Line) -> bool:
    pairs = zip(serial.attributes, line.attributes, strict=True)
    return serial.variant == line.variant and all(own in ("", other) for own, other in pairs)


def is_open(line: Line | None) -> bool:
    return line is not None and line.quantity > 0


def is_contradictory(story: Story, serial: Serial) -> bool:
    return serial.last == "in" and not is_frozen(story, serial) and not fitting_homes(story, serial)


def is_doubted(story: Story, serial: Serial) -> bool:
    """It stays on a line that is not its own."""
    docked = any(line.put_away for line in story.lines if line.number in serial.links)
    return is_contradictory(story, serial) or (serial.last == "to put-away" and bool(serial.links) and not docked)


def fitting_homes(story: Story, serial: Serial) -> list[int]:
    return [line.number for line in story.lines if line.number in serial.homes and compatible(serial, line)]


def is_frozen(story: Story, serial: Serial) -> bool:
    docked = any(line.put_away for line in story.lines if line.number in serial.links)
    return docked or serial.last == "to put-away"


def allowed_places(story: Story, serial: Serial) -> list[Where]:
    """RS-3."""
    if is_frozen(story, serial) or is_contradictory(story, serial):
        return [serial.links]
    if serial.last == "in":
        return [frozenset({home}) for home in fitting_homes(story, serial)]
    if serial.last == "out" or not serial.links:
        return [NOWHERE]
    sites = linked_sites(story, serial)
    return [NOWHERE] + [
        frozenset({line.number})
        for line in story.lines
        if is_open(line) and not line.put_away and line.site in sites and compatible(serial, line)
    ]


def linked_sites(story: Story, serial: Serial) -> set[int]:
    found = {number: story.line(number) for number in serial.links}
    sites = {line.site if line else serial.site for line in found.values()}
    return {site for site in sites if site is not None}


Plan = tuple[Where, ...]


def cost(story: Story, plan: Plan) -> tuple[int, int]:
    """RS-4: the difference in engine units, the number of changes."""
    difference = sum(
        abs(SCALE * sum(line.number in where for where in plan) - line.quantity)
        for line in story.lines
        if not line.put_away
    )
    pairs = zip(story.serials, plan, strict=True)
    return difference, sum(max(len(serial.links - where), len(where - serial.links)) for serial, where in pairs)


def best_plans(story: Story) -> list[Plan]:
    plans = list(product(*(allowed_places(story, serial) for serial in story.serials)))
    costs = [cost(story, plan) for plan in plans]
    least = min(costs)
    return [plan for plan, its in zip(plans, costs, strict=True) if its == least]


def steps(serial: Serial, where: Where) -> list[Step]:
    """The actions that bring a serial there: a move instead of a link dropped and one added."""
    dropped, added = sorted(serial.links - where), sorted(where - serial.links)
    done: list[Step] = []
    for to in added:
        done.append((serial.name, dropped.pop(0) if dropped else None, to))
    return done + [(serial.name, number, None) for number in dropped]


def find_cases(story: Story) -> list[Found]:
    """RS-5, and lines that are wrong although nothing changes."""
    plans = best_plans(story)
    reach = [set().union({serial.links}, (plan[at] for plan in plans)) for at, serial in enumerate(story.serials)]
    changing = [at for at, serial in enumerate(story.serials) if any(plan[at] != serial.links for plan in plans)]
    groups = joined([frozenset().union(*reach[at]) for at in changing])
    cases = []
    for lines in groups:
        members = [at for at in changing if frozenset().union(*reach[at]) <= lines]
        of_case = {tuple(plan[at] for at in members) for plan in plans}
        walks = frozenset(
            frozenset(step for at, where in zip(members, one, strict=True) for step in steps(story.serials[at], where))
            for one in of_case
        )
        cases.append(Found(lines, walks, _cause(story, lines, members, plans)))
    covered = NOWHERE.union(*groups)
    for number in _wrong_lines(story, plans[0]) - covered:
        cases.append(Found(frozenset({number}), frozenset({frozenset()}), _cause(story, {number}, [], plans)))
    touched = [case for case in cases if story.site is None or story.site in _sites(story, case.lines, changing)]
    lost = [serial for serial in story.serials if is_contradictory(story, serial) and not serial.links]
    nothing = Found(NOWHERE, frozenset({frozenset()}), "contradiction")
    return touched + [nothing for serial in lost if story.site in (None, serial.site)]


def joined(sets: list[Where]) -> list[Where]:
    groups: list[Where] = []
    for one in sets:
        apart = [group for group in groups if not group & one]
        groups = [*apart, one.union(*(group for group in groups if group & one))]
    return groups


def _placed(plan: Plan, number: int) -> int:
    return SCALE * sum(number in where for where in plan)


def _wrong_lines(story: Story, plan: Plan) -> set[int]:
    places = [line for line in story.lines if is_open(line) and not line.put_away]
    differing = {line.number for line in places if _placed(plan, line.number) != line.quantity}
    return differing | {number for serial in story.serials if is_doubted(story, serial) for number in serial.links}


def _sites(story: Story, lines: Where | set[int], changing: list[int]) -> set[int]:
    sites = {line.site for line in story.lines if line.number in lines}
    for at, serial in enumerate(story.serials):
        if serial.links & lines and (at in changing or is_doubted(story, serial)):
            sites |= linked_sites(story, serial)
    return sites


def _cause(story: Story, lines: Where | set[int], members: list[int], plans: list[Plan]) -> str | None:
    """The first of conditions (a) to (e) of RS-5 that is not met."""
    plan = plans[0]
    known = [line for line in story.lines if line.number in lines]
    over = [_placed(plan, line.number) - line.quantity for line in known if is_open(line)]
    broken = [line for line in known if line.quantity < 0 or line.quantity % SCALE]
    contradictory = any(is_doubted(story, serial) and serial.links & lines for serial in story.serials)
    conditions = {
        "ambiguous": len({tuple(one[at] for at in members) for one in plans}) > 1,
        "contradiction": contradictory or bool(broken),
        "no_serial": any(difference < 0 for difference in over),
        "no_room": any(difference > 0 for difference in over),
        "outside_selection": story.site is not None and _sites(story, lines, members) != {story.site},
        "reserved": any(_ends_elsewhere(story, story.serials[at], plan[at]) for at in members),
    }
    doubtful = "contradiction" if any(line.doubtful for line in known) else None
    return next((cause for cause, holds in conditions.items() if holds), doubtful)


def _ends_elsewhere(story: Story, serial: Serial, where: Where) -> bool:
    sites = {line.site for line in story.lines if line.number in where}
    return serial.reserved_at is not None and sites != {serial.reserved_at}
