from datetime import date
from decimal import Decimal
from itertools import permutations
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from stockline.scenarios.problems import StepFailure
from stockline.scenarios.rows import add_up, check_facts, check_rows, equal, pair, show


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Decimal("5.0"), Decimal(5)),
        (Decimal(5), 5),
        (None, ""),
        ("", None),
        (None, None),
        ("1001", 1001),
        (1002, "1002"),
        ("2", Decimal("2.0")),
        ("2026-01-15", date(2026, 1, 15)),
        ("true", True),
        (["1001", "1002"], [1001, 1002]),
        (False, False),
    ],
)
def test_equal(expected: Any, found: Any) -> None:
    assert equal(expected, found)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Decimal(5), Decimal("5.00001")),
        (None, Decimal(0)),
        (None, False),
        ("L1", None),
        ("0012", "12"),
        ("L1", 5),
        (["1001"], [1001, 1002]),
        (["1001"], "1001"),
        (Decimal(0), None),
        (False, None),
    ],
)
def test_not_equal(expected: Any, found: Any) -> None:
    assert not equal(expected, found)


def test_rows_written_in_part_exchange_their_partners() -> None:
    expected: list[dict[str, Any]] = [{"lot": "L1"}, {"lot": "L1", "quantity": Decimal(2)}]
    found = [{"lot": "L1", "quantity": Decimal(2)}, {"lot": "L1", "quantity": Decimal(9)}]
    assert pair(expected, found) == {0: 1, 1: 0}


def test_a_chain_of_exchanges() -> None:
    expected = [{"b": "1"}, {"b": "1", "c": "1"}, {"a": "1", "b": "1", "c": "1"}]
    found = [{"a": "1", "b": "1", "c": "1"}, {"a": "2", "b": "1", "c": "1"}, {"a": "2", "b": "1", "c": "2"}]
    for order in permutations(found):
        check_rows(expected, order)


def test_the_matching_is_the_largest() -> None:
    chance = Random(7)
    for _ in range(300):
        expected = [{key: str(chance.randint(0, 2)) for key in "abc" if chance.random() < 0.5} for _ in range(5)]
        found = [{key: str(chance.randint(0, 2)) for key in "abc"} for _ in range(5)]
        partners = pair(expected, found)
        assert len(set(partners.values())) == len(partners)
        assert all(expected[row].items() <= found[at].items() for row, at in partners.items())
        best = max(
            sum(row.items() <= found[at].items() for row, at in zip(expected, order, strict=True))
            for order in permutations(range(5))
        )
        assert len(partners) == best


def test_many_rows_need_no_deep_stack() -> None:
    rows = [{"serial": f"S{number}"} for number in range(2000)]
    check_rows([{} for _ in rows[1:]] + [{"serial": "S0"}], rows)


def test_a_failure_shows_what_has_no_partner() -> None:
    found = [SimpleNamespace(lot="L1", quantity=Decimal(5)), SimpleNamespace(lot="L2", quantity=Decimal(3))]
    with pytest.raises(StepFailure) as failure:
        check_rows([{"lot": "L2"}, {"lot": "L1", "quantity": Decimal("4.50")}], found)
    assert str(failure.value) == "expected {lot: L1, quantity: 4.50}, found {lot: L1, quantity: 5} (1 row agrees)"


def test_a_failure_shows_rows_nobody_expected() -> None:
    with pytest.raises(StepFailure, match=r"^findings: expected no other row, found \{lot: L1, open: true\}$"):
        check_rows([], [{"lot": "L1", "open": True, "serial": "", "package": None}], "findings")


def test_a_failure_shows_few_of_many_rows() -> None:
    with pytest.raises(StepFailure, match=r"and 14 more$"):
        check_rows([], [{"serial": f"S{number}"} for number in range(20)])


def test_facts_are_compared_on_the_keys_written() -> None:
    found = SimpleNamespace(quantity=Decimal(2), handled=Decimal(1), invoiced=Decimal(0))
    check_facts({"quantity": Decimal(2)}, found)
    with pytest.raises(
        StepFailure, match=r"^SO1/1: expected \{handled: 2, reserved: 0\}, found \{handled: 1, reserved: not"
    ):
        check_facts({"quantity": Decimal(2), "handled": Decimal(2), "reserved": Decimal(0)}, found, "SO1/1")


def test_quantities_add_up_over_what_no_row_tells_apart() -> None:
    found = [
        {"supply": "stock", "supply_serial": "S1", "quantity": Decimal(1)},
        {"supply": "stock", "supply_serial": "S2", "quantity": Decimal(1)},
        {"supply": "PO1/1", "supply_serial": None, "quantity": Decimal(3)},
    ]
    assert add_up([{"supply": "stock", "quantity": Decimal(2)}, {"supply": "PO1/1"}], found) == [
        {"supply": "stock", "quantity": Decimal(2)},
        {"supply": "PO1/1", "quantity": Decimal(3)},
    ]
    assert len(add_up([{"supply": "stock"}, {"supply_serial": "S1"}], found)) == 3


def test_rows_are_shown_as_one_would_write_them() -> None:
    row = {
        "quantity": Decimal("1E+2"),
        "lot": None,
        "item": "A",
        "open": False,
        "expires": date(2026, 1, 15),
        "to": [1, 2],
    }
    assert show(row) == "{item: A, lot: null, expires: 2026-01-15, open: false, quantity: 100, to: [1, 2]}"
