from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from stockline.scenarios.expectations import EXPECTATIONS
from stockline.scenarios.grammar import GRAMMAR
from stockline.scenarios.kinds import DATE, FLAG, INTEGER, NUMBER, QUANTITY, TEXT, Place, Word
from stockline.scenarios.operations import OPERATIONS
from stockline.scenarios.problems import GrammarProblem

TODAY = date(2026, 1, 15)


def read(operation: str, raw: Any) -> Any:
    return GRAMMAR[operation].read(raw, Place(TODAY))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (DATE, "2026-03-01", date(2026, 3, 1)),
        (DATE, "+3", date(2026, 1, 18)),
        (DATE, "3", date(2026, 1, 18)),
        (DATE, "-15", date(2025, 12, 31)),
        (DATE, "+0", TODAY),
        (NUMBER, "0.33333", Decimal("0.33333")),
        (NUMBER, "-2", Decimal(-2)),
        (NUMBER, "1e2", Decimal(100)),
        (NUMBER, ".5", Decimal("0.5")),
        (QUANTITY, "1,5", "1,5"),
        (QUANTITY, "1_000", "1_000"),
        (QUANTITY, "0.1", Decimal("0.1")),
        (INTEGER, "1001", 1001),
        (INTEGER, "0010", 10),
        (TEXT, "0012", "0012"),
        (FLAG, "true", True),
        (FLAG, "No", False),
    ],
)
def test_texts_become_values(kind: Word, text: str, value: object) -> None:
    assert kind.read(text, Place(TODAY)) == value
    assert kind.read(None, Place(TODAY)) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DATE, "2026-02-30"),
        (DATE, "tomorrow"),
        (DATE, "20260115"),
        (DATE, "+99999999"),
        (DATE, "1.5"),
        (NUMBER, "1,5"),
        (NUMBER, "NaN"),
        (NUMBER, "1_000"),
        (NUMBER, ""),
        (INTEGER, "1.0"),
        (INTEGER, "٣"),
        (FLAG, "maybe"),
    ],
)
def test_texts_that_are_no_such_value(kind: Word, text: str) -> None:
    with pytest.raises(GrammarProblem):
        kind.read(text, Place(TODAY))


def test_the_keys_written_and_no_others() -> None:
    assert read(
        "order", {"id": "PO1", "kind": "purchase", "date": "+5", "lines": [{"item": "B", "quantity": "0.5"}]}
    ) == {
        "id": "PO1",
        "kind": "purchase",
        "date": date(2026, 1, 20),
        "lines": [{"item": "B", "quantity": Decimal("0.5")}],
    }


def test_null_is_kept_where_it_is_written() -> None:
    assert read("change_line", {"line": "SO1/1", "location": None}) == {"line": "SO1/1", "location": None}


@pytest.mark.parametrize(
    ("operation", "raw", "message"),
    [
        ("site", {"id": "E", "colour": "red"}, "unknown key `colour`"),
        (
            "order",
            {"id": "A", "kind": "sale", "lines": [{"item": "B", "quantity": "1", "qty": "1"}]},
            r"lines\[1\]: unknown",
        ),
        ("item", {"unit": "PCS"}, "`id` is missing"),
        ("item", {"id": None}, "`id` is missing"),
        ("item", "BIKE", "a mapping is expected"),
        ("item", {"id": ["A"]}, "id: a text is expected, not a list"),
        ("item", {"id": "A", "variants": "RED"}, "variants: a list is expected"),
        ("item", {"id": "A", "units": ["BOX"]}, "units: a mapping is expected"),
        ("post", {"order": "A", "date": "soon"}, "date: 'soon' is not a date"),
        ("expect_line", {"line": "A/1"}, "a list is expected"),
        ("expect_line", [{"line": "A/1", "quantity": "many"}], r"\[1\].quantity: 'many' is not a number"),
        ("expect_tracking", {"line": "A/1", "totals": {"all": {}}}, "totals: unknown key `all`"),
    ],
)
def test_what_the_grammar_refuses(operation: str, raw: Any, message: str) -> None:
    with pytest.raises(GrammarProblem, match=message):
        read(operation, raw)


FORMAT = """item site serial_info lot_info package_info change_item order change_line delete_line delete_order post undo
adjust reclassify count tracking open_tracking enter edit remove assign_serials assign_lot assign_package select_entries
scan refresh close_tracking discard_tracking reserve unreserve track_orders plan accept promise load control resync_auto
resync_remove resync_add resync_candidates move_stock undo_resync expect_stock expect_serial expect_ledger
expect_application expect_reservations expect_tracking expect_specification expect_line expect_availability expect_item
expect_actions expect_untracked expect_trace expect_recall expect_navigate expect_sync"""


def test_the_table_is_the_format() -> None:
    assert set(GRAMMAR) == set(FORMAT.split())


def test_every_expectation_is_compared() -> None:
    assert {name for name in GRAMMAR if name.startswith("expect_")} == set(EXPECTATIONS)


def test_every_handler_is_in_the_table() -> None:
    assert set(OPERATIONS) <= set(GRAMMAR)
