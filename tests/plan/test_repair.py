"""The planner of repairs against trying everything, and on the worked examples of the specification."""

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from stockline.plan.alternatives import best_plans
from stockline.plan.placement import Line, SerialClass
from stockline.plan.repair import Case, Cause, plan_repair
from stockline.values import SCALE
from tests.plan.brute_force import Found, Last, Serial, Story, find_cases

CASES = 20_000
NEVER_FOUND = 10_000
"""More plans than any small story has."""


def as_class(serial: Serial, count: int = 1) -> SerialClass:
    return SerialClass(
        variant=serial.variant,
        attributes=serial.attributes,
        links=tuple(sorted(serial.links)),
        count=count,
        direction={"": 0, "out": -1}.get(serial.last, 1),
        homes=serial.homes if serial.last == "in" else (),
        to_put_away=serial.last == "to put-away",
        site=serial.site,
        reserved_at=serial.reserved_at,
    )


def planned(story: Story) -> tuple[list[Case], dict[SerialClass, list[str]]]:
    names: dict[SerialClass, list[str]] = defaultdict(list)
    for serial in story.serials:
        names[as_class(serial)].append(serial.name)
    classes = [replace(one, count=len(found)) for one, found in names.items()]
    return plan_repair(story.lines, classes, story.site), names


def told(case: Case, names: dict[SerialClass, list[str]]) -> Found:
    plans = best_plans(case, names, NEVER_FOUND)
    taken = frozenset(frozenset((one.serial, one.from_line, one.to_line) for one in plan) for plan in plans)
    return Found(frozenset(case.lines), taken, case.cause and str(case.cause))


def random_story(chance: random.Random) -> Story:
    """A few lines and serials, wrong in any way; often alike, so that there is something to choose."""
    lots = chance.choice([[""], ["", "L1"], ["", "L1", "L2"]])
    sites = chance.choice([[1], [1], [1, 2]])
    variants = chance.choice([[""], [""], ["", "RED"]])
    lines = [
        Line(
            number=number,
            variant=chance.choice(variants),
            site=chance.choice(sites),
            attributes=(chance.choice(lots), "", chance.choice(["", "", "V1"])),
            quantity=chance.choice([0, 1, 1, 1, 2, 2, 3]) * SCALE
            + chance.choice([0] * 20 + [SCALE // 4, SCALE // 2, -4 * SCALE]),
            put_away=chance.random() < 0.04,
            doubtful=chance.random() < 0.04,
        )
        for number in range(1, chance.choice([2, 3, 3, 4, 4, 5]))
    ]
    serials = [random_serial(chance, f"S{at}", lines, lots, sites) for at in range(chance.choice([1, 2, 3, 3, 4, 4]))]
    return Story(lines, serials, chance.choice([None, None, 1]))


def random_serial(chance: random.Random, name: str, lines: list[Line], lots: list[str], sites: list[int]) -> Serial:
    numbers = [line.number for line in lines]
    links = chance.sample([*numbers, 99], chance.choice([0, 1, 1, 1, 1, 2])) if chance.random() < 0.9 else [numbers[0]]
    near = next((line for line in lines if line.number in links), lines[0])
    moved: list[Last] = ["", "", "", "", "", "in", "in", "out", "to put-away"]
    last = chance.choice(moved) if chance.random() < 0.6 else ""
    homes = chance.sample(numbers, min(len(numbers), chance.choice([0, 1, 1, 1, 2])))
    open_homes = tuple(line.number for line in lines if line.number in homes and line.is_place)
    return Serial(
        name,
        near.variant if chance.random() < 0.9 else "",
        (chance.choice(["", *lots, near.attributes[0]]), "", chance.choice(["", "", near.attributes[2]])),
        frozenset(links),
        last,
        open_homes if last == "in" else (),
        chance.choice([None, *sites]),
        chance.choice([None] * 8 + [*sites]),
    )


def test_random_stories_are_repaired_as_if_everything_had_been_tried() -> None:
    chance = random.Random(5)
    causes: dict[Cause | None, int] = defaultdict(int)
    for number in range(CASES):
        story = random_story(chance)
        cases, names = planned(story)
        assert {told(case, names) for case in cases} == set(find_cases(story)), f"story {number}: {story}"
        for case in cases:
            causes[case.cause] += 1
    assert min(causes[cause] for cause in (None, *Cause) if cause is not Cause.CHANGED) > 40, dict(causes)


# ---------------------------------------------------------------- worked examples of the specification, part 5


def line(number: int, quantity: int, lot: str = "", site: int = 1) -> Line:
    return Line(number, "", site, (lot, "", ""), quantity * SCALE)


def at(name: str, *links: int, lot: str = "", home: int | None = None, out: bool = False) -> Serial:
    homes = () if home is None else (home,)
    return Serial(name, "", (lot, "", ""), frozenset(links), "out" if out else "in" if homes else "", homes)


def repaired(lines: list[Line], serials: list[Serial], site: int | None = None) -> list[str]:
    """What is done, in words, and why the rest is left."""
    cases, names = planned(Story(lines, serials, site))
    done = [
        f"{action.serial} {action.from_line}-{action.to_line} {action.reason}"
        for case in cases
        if case.cause is None
        for action in case.actions(names)
    ]
    return sorted(done) + [str(case.cause) for case in cases if case.cause]


EXAMPLES = {
    "1 swap of two lots": (
        [line(1001, 1, "L1"), line(1002, 1, "L2")],
        [at("SB", 1001, lot="L2"), at("SA", 1002, lot="L1")],
        ["SA 1002-1001 attributes", "SB 1001-1002 attributes"],
    ),
    "2 nobody can decide": (
        [line(1001, 1), line(1002, 2)],
        [at("S1", 1001), at("S2", 1001), at("S3", 1002)],
        ["ambiguous"],
    ),
    "2 one came in there": (
        [line(1001, 1), line(1002, 2)],
        [at("S1", 1001), at("S2", 1001, home=1002), at("S3", 1002)],
        ["S2 1001-1002 home"],
    ),
    "2 the other is pinned": (
        [line(1001, 1), line(1002, 2)],
        [at("S1", 1001, home=1001), at("S2", 1001), at("S3", 1002)],
        ["S2 1001-1002 only_fit"],
    ),
    "3 surplus": ([line(1001, 2)], [at("S1", 1001), at("S2", 1001), at("S3", 1001)], ["ambiguous"]),
    "3 one was issued": (
        [line(1001, 2)],
        [at("S1", 1001), at("S2", 1001), at("S3", 1001, out=True)],
        ["S3 1001-None left"],
    ),
    "3 home is full": (
        [line(1001, 2)],
        [at("S1", 1001, home=1001), at("S2", 1001, home=1001), at("S4", home=1001)],
        ["no_room"],
    ),
    "4 missing": ([line(1001, 2)], [at("S1", 1001), at("S2")], ["no_serial"]),
    "4 missing, but it came in": ([line(1001, 2)], [at("S1", 1001), at("S2", home=1001)], ["S2 None-1001 home"]),
    "5 closed line, one gap": (
        [line(1001, 0), line(1002, 2)],
        [at("S1", 1001), at("S2", 1002)],
        ["S1 1001-1002 only_fit"],
    ),
    "5 closed line, no gap": (
        [line(1001, 0), line(1002, 1)],
        [at("S1", 1001), at("S2", 1002)],
        ["S1 1001-None only_fit"],
    ),
    "5 closed line, two gaps": (
        [line(1001, 0), line(1002, 2), line(1003, 1)],
        [at("S1", 1001), at("S2", 1002)],
        ["ambiguous"],
    ),
    "6 duplicate": (
        [line(1001, 1), line(1002, 1)],
        [at("S1", 1001, 1002), at("S2", 1002)],
        ["S1 1002-None duplicate"],
    ),
    "6 duplicate, both need it": ([line(1001, 1), line(1002, 1)], [at("S1", 1001, 1002)], ["ambiguous"]),
    "7 another site": (
        [line(2001, 1, site=2), line(1001, 1)],
        [at("S1", 2001), at("S2", 2001)],
        ["no_serial", "ambiguous"],
    ),
    "7 received there": (
        [line(2001, 1, site=2), line(1001, 1)],
        [at("S1", 2001, home=1001), at("S2", 2001)],
        ["S1 2001-1001 home"],
    ),
    "8 issued on paper": ([line(1001, 2)], [at("S1", 1001), at("S2", 1001, out=True)], ["no_serial"]),
    "9 chain": (
        [line(1001, 1, "L1"), line(1002, 1, "L2"), line(1003, 0, "L2")],
        [at("S1", 1002), at("S2", 1003, lot="L2")],
        ["S1 1002-1001 only_fit", "S2 1003-1002 only_fit"],
    ),
}


@pytest.mark.parametrize(("lines", "serials", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_worked_example(lines: list[Line], serials: list[Serial], expected: list[str]) -> None:
    assert repaired(lines, serials) == expected


def test_a_case_that_reaches_beyond_the_selection_is_only_reported() -> None:
    lines, serials, _ = EXAMPLES["7 received there"]
    assert repaired(lines, serials, site=1) == ["outside_selection"]
    assert repaired(lines, serials, site=3) == []


def test_best_plans_are_shown_up_to_a_limit() -> None:
    cases, names = planned(Story([line(1001, 30)], [at(f"S{number}", 1001) for number in range(60)]))
    (case,) = cases
    plans = best_plans(case, names)
    assert len(plans) == 20
    assert {len(plan) for plan in plans} == {30}
    assert len({frozenset(action.serial for action in plan) for plan in plans}) == 20


def test_large_stock_with_little_damage_is_one_small_problem() -> None:
    """A hundred wrong lines among 20,000 where every serial fits everywhere, and one that is forced."""
    lines = [line(number, 10) for number in range(20_000)] + [line(20_000, 5, "L1"), line(20_001, 0, "L1")]
    classes = [
        SerialClass("", ("", "", ""), (number,), 11 if number % 400 == 0 else 9 if number % 400 == 1 else 10)
        for number in range(20_000)
    ]
    classes += [SerialClass("", ("L1", "", ""), (20_000,), 4), SerialClass("", ("L1", "", ""), (20_001,), 1)]
    ambiguous, forced = plan_repair(lines, classes)
    assert (ambiguous.cause, len(ambiguous.lines)) == (Cause.AMBIGUOUS, 100)
    assert (forced.cause, forced.lines) == (None, (20_000, 20_001))
