"""From the keys of a step to the call of the library."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from stockline.results import FoundSerial, FoundStockLine, LastMovement, Location, OrderLine, TrackingRow
from stockline.tracking_code import TrackingCode
from tests.scenarios_runner.conftest import Play
from tests.scenarios_runner.fake import FakeStock

LINE = OrderLine(item="BIKE", quantity=Decimal(7), unit="BOX", date=date(2026, 1, 20))


@pytest.mark.parametrize(
    ("step", "method", "args", "keywords"),
    [
        (
            "item: {id: 001, units: {BOX: 6}, variants: [RED], rounding: 0.1, lead_time: 3, reserve: null,"
            " tracking: {serial: specific, lot: [sale_in], package: [], use_expiration: true, warranty_days: 10}}",
            "create_item",
            ("001",),
            {
                "units": {"BOX": Decimal(6)},
                "variants": ["RED"],
                "rounding": Decimal("0.1"),
                "lead_time": 3,
                "tracking": TrackingCode(
                    serial="specific", lot=["sale_in"], package=[], use_expiration=True, warranty_days=10
                ),
            },
        ),
        ("change_item: {id: A, maximum: null}", "change_item", ("A",), {"maximum": None}),
        (
            "site: {id: EAST, locations: [A1, {id: DOCK, category: put_away}], in_transit: false}",
            "create_site",
            ("EAST",),
            {"locations": ["A1", Location(id="DOCK", category="put_away")], "in_transit": False},
        ),
        (
            "lot_info: {item: A, lot: 0012, blocked: true, expires: +1}",
            "set_information_card",
            ("lot", "A", "0012"),
            {"blocked": True, "expires": date(2026, 1, 16)},
        ),
        (
            "order: {id: PO1, kind: purchase, site: EAST, date: +5,"
            " lines: [{item: BIKE, quantity: 7, unit: BOX, date: +5}]}",
            "create_order",
            ("PO1", "purchase"),
            {"site": "EAST", "date": date(2026, 1, 20), "lines": [LINE]},
        ),
        (
            "order: {id: AO1, kind: assembly, item: KIT, quantity: 2, components: [{item: A, quantity: 0.5}]}",
            "create_order",
            ("AO1", "assembly"),
            {
                "lines": [],
                "item": "KIT",
                "quantity": Decimal(2),
                "components": [OrderLine(item="A", quantity=Decimal("0.5"))],
            },
        ),
        ("change_line: {line: A/1, location: null}", "change_line", ("A/1",), {"location": None}),
        ("delete_line: {line: A/1, confirm: true}", "delete_line", ("A/1",), {"confirm": True}),
        ("delete_order: {order: A}", "delete_order", ("A",), {}),
        (
            "post: {orders: [A, B], invoice: true, quantities: {A/1: 3}, side: out, date: -1}",
            "post",
            (["A", "B"],),
            {"invoice": True, "quantities": {"A/1": Decimal(3)}, "side": "out", "date": date(2026, 1, 14)},
        ),
        (
            "adjust: {item: A, site: E, quantity: -2.5, location: A1, lines: [{lot: L1, base_quantity: 2.5}]}",
            "adjust",
            ("A", "E", Decimal("-2.5")),
            {"location": "A1", "rows": [TrackingRow(lot="L1", base_quantity=Decimal("2.5"))]},
        ),
        (
            "tracking: {line: TO1/1, side: in, lines: [{serial: S1, handle: 0, expires: 2026-02-01}]}",
            "track",
            ("TO1/1", [TrackingRow(serial="S1", handle=Decimal(0), expires=date(2026, 2, 1))]),
            {"side": "in"},
        ),
        (
            "load: {stock_lines: [{id: 1001, item: A, site: E, lot: 07, quantity: 3}], serials:"
            " [{item: A, serial: S1, stock_line: [1001, 1002], last: {direction: in, date: -3}},"
            " {item: A, serial: S2}]}",
            "load",
            (),
            {
                "stock_lines": [FoundStockLine(id=1001, item="A", site="E", lot="07", quantity=Decimal(3))],
                "serials": [
                    FoundSerial(
                        item="A",
                        serial="S1",
                        stock_line=[1001, 1002],
                        last=LastMovement(direction="in", date=date(2026, 1, 12)),
                    ),
                    FoundSerial(item="A", serial="S2"),
                ],
            },
        ),
        (
            "control: {site: E, items: [A, B], only: [serials]}",
            "control",
            (),
            {"site": "E", "items": ("A", "B"), "only": ["serials"]},
        ),
    ],
)
def test_calls(play: Play, step: str, method: str, args: Any, keywords: Any) -> None:
    stock = FakeStock(**{method: []})
    outcome = play(f"- {step}", stock)
    assert outcome.passed, outcome.message
    assert stock.asked(method) == [(args, keywords)]


def test_all_findings_of_a_control_are_compared(play: Play) -> None:
    found = [{"control": "serials", "finding": "misplaced", "serial": "S1", "expected": 2, "found": [1001, 1002]}]
    stock = FakeStock(control=found)
    assert play("- control: {expect: [{finding: misplaced, expected: 2, found: [1001, 1002]}]}", stock).passed
    assert play("- control: {}", stock).passed
    outcome = play("- control: {expect: []}", stock)
    assert str(outcome.message).startswith(
        "control: findings: expected no other row, found {serial: S1, control: serials"
    )


def test_a_range_has_two_ends(play: Play) -> None:
    assert play("- control: {items: [A]}", FakeStock(control=[])).message == "control: items: a range is [FROM, TO]"


def test_the_work_date(play: Play) -> None:
    stock = FakeStock(post=None)
    assert play("- post: {order: A, date: +1}", stock, head="today: 2027-12-31\n").passed
    assert stock.calls[0] == ("open", (date(2027, 12, 31),), {})
    assert stock.asked("post") == [(("A",), {"date": date(2028, 1, 1)})]
