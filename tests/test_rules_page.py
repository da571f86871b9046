"""Every rule is shown by a test in which it bites and one in which it does not, and the reference says so."""

import pytest

from tests.support.rules_page import OPEN, PAGE, SIDES, page, place, shown

FAMILIES = {
    "RE": [*range(1, 54), *range(60, 67)],
    "IN": range(1, 16),
    "SL": range(1, 6),
    "PK": range(1, 6),
    "EX": range(1, 6),
    "ST": range(1, 16),
    "CO": range(1, 5),
    "RS": range(1, 21),
}
"""The numbers of the rules that must be shown."""

CAUSES = [f"T{number}" for number in range(1, 19)]
"""How serials and stock fall out of step: of these, too, each is shown."""

RULES = [*(f"{family}-{number}" for family, numbers in FAMILIES.items() for number in numbers), *CAUSES]
SHOWN = {rule: tests for rules in shown().values() for rule, tests in rules.items()}


def test_the_page_is_as_it_should_be() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_bites_and_lets_a_near_miss_pass(rule: str) -> None:
    assert (rule in OPEN) != all(SHOWN.get(rule, {}).get(side) for side in SIDES)


@pytest.mark.parametrize("rule", sorted(SHOWN))
def test_every_test_named_exists(rule: str) -> None:
    named = [test for side in SIDES for test in SHOWN[rule].get(side, [])]
    assert [test for test in named if place(test) is None] == []


def test_no_rule_is_shown_twice() -> None:
    assert len(SHOWN) == sum(map(len, shown().values()))
