"""The reference of refusals is as the code list, the rules and the scenarios are, and no code is without them."""

import pytest

from stockline.codes import RULES, SENTENCES, WARNING_SENTENCES, Code, WarningCode
from tests.support.refusals_page import PAGE, bites, checks, page


def test_the_page_is_as_it_should_be() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("code", sorted(Code))
def test_every_code_bites_in_a_scenario(code: Code) -> None:
    assert bites().get(code)


@pytest.mark.parametrize("code", sorted(WarningCode))
def test_every_warning_is_given_in_a_scenario(code: WarningCode) -> None:
    assert bites().get(code)


def test_every_code_has_a_sentence_and_rules() -> None:
    assert set(SENTENCES) == set(RULES) == set(Code)
    assert all(RULES.values())
    assert set(WARNING_SENTENCES) == set(WarningCode)


def test_the_queries_are_found() -> None:
    found = checks()
    assert ("posting", "serial_already_in_stock") in found[Code.SERIAL_ALREADY_IN_STOCK]
    assert ("window", "serial_twice") in found[Code.TRACKING_DUPLICATE]
