from dataclasses import make_dataclass
from decimal import Decimal
from typing import Any

import pytest

from stockline.codes import Code
from tests.scenarios_runner.conftest import Play
from tests.scenarios_runner.fake import FakeStock, posting, refusal, result

D = Decimal


def row(**facts: Any) -> Any:
    return make_dataclass("Row", facts)(**facts)


WINDOW = row(
    rows=[row(serial="", lot="L1", quantity=D(4), handle=D(4)), row(serial="", lot="L2", quantity=D(2), handle=D(0))],
    source=row(quantity=D(10), handle=D(10)),
    tracked=row(quantity=D(6), handle=D(4)),
    undefined=row(quantity=D(4), handle=D(6)),
)
LEDGER = [row(number=1, quantity=D(5), lot="L1", open=True), row(number=2, quantity=D(-2), lot="L1", open=False)]
LINKS = [
    row(status="reservation", quantity=D(1), demand="SO1/1", supply="stock", supply_serial="S1"),
    row(status="reservation", quantity=D(1), demand="SO1/1", supply="stock", supply_serial="S2"),
    row(status="surplus", quantity=D(3), demand=None, supply="PO1/1", supply_serial=None),
]
SERIAL = row(on_hand=True, site="EAST", location="A1", stock_line=1001, lot="")
SYNC = row(quantity=D(3), serials=2, verdict="total_mismatch", lines=[row(stock_line=1001, quantity=D(3), serials=2)])
STOCK: dict[str, Any] = {
    "quantity_on_hand": D("2.5"),
    "serial": SERIAL,
    "ledger": LEDGER,
    "applied": D(2),
    "links": LINKS,
    "line": row(quantity=D(7), outstanding=D(3)),
    "tracking": WINDOW,
    "window": WINDOW,
    "specification": row(active=D(3), historic=D(4), handled=D(4), invoiced=D(0)),
    "availability": row(total=D(4), available=D(-1)),
    "sync_state": SYNC,
    "item_availability": row(inventory=D(4), available=D(1)),
    "actions": [row(type="new", line="PO1/1", quantity=D(5))],
    "untracked": [row(line="PO1/1", quantity=D(5), cause="safety")],
    "trace": [row(item="A", depth=0), row(item="A", depth=1)],
    "recall": row(on_hand=[row(item="A", quantity=D(1))], held=[], open=[]),
    "navigate": [row(kind="ledger entries", count=2)],
}


@pytest.mark.parametrize(
    "step",
    [
        "expect_stock: [{item: A, site: E, quantity: 2.50000}]",
        "expect_serial: [{item: A, serial: S1, on_hand: true, lot: null, stock_line: 1001}]",
        "expect_ledger: {where: {item: A}, rows: [{quantity: -2}, {open: true, lot: L1}]}",
        "expect_ledger: {rows: [{}, {}]}",
        "expect_application: {outbound: {quantity: -2}, inbound: {quantity: 5}, quantity: 2}",
        "expect_application: {outbound: {quantity: -2}, inbound: {lot: L1}, quantity: 4}",
        "expect_application: {outbound: {quantity: -2}, inbound: {lot: L1}}",
        "expect_reservations: {where: {item: A}, rows: [{demand: SO1/1, quantity: 2}, {demand: null, quantity: 3}]}",
        "expect_reservations: {rows: [{supply_serial: S1}, {supply_serial: S2, quantity: 1}, {supply_serial: null}]}",
        "expect_line: [{line: SO1/1, outstanding: 3}, {line: SO1/2, quantity: 7}]",
        "expect_tracking: {line: SO1/1, rows: [{lot: L2}, {lot: L1, handle: 4}], totals: {undefined: {handle: 6}}}",
        "expect_tracking: {line: SO1/1, side: out, totals: {source: {quantity: 10}, tracked: {quantity: 6}}}",
        "expect_specification: {line: SO1/1, active: {quantity: 3}, historic: {quantity: 4, handled: 4, invoiced: 0}}",
        "expect_availability: [{item: A, site: E, lot: L1, total: 4, available: -1}]",
        "expect_sync: {site: E, item: A, serials: 2, verdict: total_mismatch, lines: [{stock_line: 1001, serials: 2}]}",
        "expect_item: [{item: A, site: E, from: -1, until: +4, inventory: 4}]",
        "expect_actions: {where: {item: A}, rows: [{type: new, quantity: 5}]}",
        "expect_untracked: {where: {item: A}, rows: [{cause: safety}]}",
        "expect_trace: {from: {item: A, lot: L1}, direction: usage, rows: [{depth: 1}, {depth: 0}]}",
        "expect_recall: {from: {item: A, lot: L1}, on_hand: [{item: A}], held: []}",
        "expect_navigate: {lot: L1, item: A, rows: [{kind: ledger entries, count: 2}]}",
    ],
)
def test_holds(play: Play, step: str) -> None:
    outcome = play(f"- {step}", FakeStock(**STOCK))
    assert outcome.passed, outcome.message


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("expect_stock: [{item: A, quantity: 2}]", "{item: A}: expected {quantity: 2}, found {quantity: 2.5}"),
        ("expect_serial: [{item: A, serial: S1, site: W}]", "S1: expected {site: W}, found {site: EAST}"),
        ("expect_ledger: {rows: [{quantity: 5}]}", "expected no other row, found {quantity: -2} (1 row agrees)"),
        ("expect_ledger: {rows: []}", "expected no other row, found {lot: L1, number: 1, open: true, quantity: 5}, "),
        ("expect_ledger: {rows: [{quantity: 5}, {quantity: 3}]}", "expected {quantity: 3}, found {quantity: -2}"),
        ("expect_application: {outbound: {quantity: -2}, inbound: {quantity: 5}, quantity: 1}", "applied: expected"),
        (
            "expect_application: {outbound: {lot: L9}, inbound: {lot: L1}, quantity: 1}",
            "expected outbound ledger entries {lot: L9}, found none",
        ),
        ("expect_reservations: {rows: [{status: reservation, quantity: 3}]}", "expected {quantity: 3, status: res"),
        ("expect_reservations: {rows: []}", "expected no other row, found "),
        ("expect_line: [{line: SO1/1, outstanding: 0}]", "SO1/1: expected {outstanding: 0}, found {outstanding: 3}"),
        ("expect_tracking: {line: SO1/1, rows: []}", "expected no other row, found {lot: L1"),
        ("expect_tracking: {line: SO1/1, totals: {source: {handle: 9}}}", "totals source: expected {handle: 9}, found"),
        ("expect_tracking: {rows: []}", "exactly one of line, window is needed"),
        ("expect_specification: {line: A/1, historic: {quantity: 3}}", "historic: expected {quantity: 3}, found"),
        ("expect_availability: [{item: A, lot: L1, total: 5}]", "{item: A, lot: L1}: expected {total: 5}, found"),
        ("expect_sync: {site: E, item: A, verdict: synchronized}", "expected {verdict: synchronized}, found"),
        ("expect_sync: {site: E, item: A, lines: []}", "lines: expected no other row, found {quantity: 3, serials: 2"),
        ("expect_trace: {from: {lot: L1}, rows: [{depth: 0}]}", "expected no other row, found {depth: 1}"),
        ("expect_recall: {from: {lot: L1}, on_hand: []}", "on_hand: expected no other row, found {item: A"),
    ],
)
def test_does_not_hold(play: Play, step: str, message: str) -> None:
    outcome = play(f"- {step}", FakeStock(**STOCK))
    assert str(outcome.message).startswith(f"{step.partition(':')[0]}: {message}")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("expect_trace: {from: {item: A, lot: L1}, rows: []}", "trace"),
        ("expect_recall: {from: {item: A, lot: L1}}", "recall report"),
        ("expect_navigate: {lot: L1, rows: []}", "records by number"),
        ("expect_actions: {where: {item: A}, rows: []}", "action messages"),
        ("expect_untracked: {where: {item: A}, rows: []}", "untracked quantities"),
        ("expect_item: [{item: A, inventory: 4}]", "availability by item"),
        ("expect_stock: [{item: A, quantity: 4}]", "stock on hand"),
    ],
)
def test_what_a_build_does_not_keep(play: Play, step: str, what: str) -> None:
    outcome = play(f"- {step}", FakeStock())
    assert outcome.message == f"{step.partition(':')[0]}: this build keeps no {what} to compare with"


def test_what_selects_is_handed_on(play: Play) -> None:
    stock = FakeStock(**STOCK, post=posting(7, 70))
    steps = """
- post: {order: SO1}
  as: OUT
- expect_ledger: {where: {posting: OUT}, rows: [{}, {}]}
- expect_application: {outbound: {posting: OUT, quantity: -2}, inbound: {line: PO1/1, open: true}, quantity: 2}
- expect_stock: [{item: A, lot: null, serial: S1, packing_factor: 1, quantity: 2.5}]
- expect_availability: [{item: A, site: E, serial: S1, total: 4}]
- expect_sync: {site: E, item: A, variant: RED}
- expect_tracking: {line: TO1/1, side: in, rows: [{}, {}]}
"""
    outcome = play(steps, stock)
    assert outcome.passed, outcome.message
    assert stock.asked("ledger") == [((), {"posting": 7}), ((), {"posting": 7}), ((), {"line": "PO1/1"})]
    assert stock.asked("applied") == [((2, 1), {})]
    assert stock.asked("quantity_on_hand") == [(("A",), {"lot": "", "serial": "S1", "packing_factor": D(1)})]
    assert stock.asked("availability") == [(("A",), {"site": "E", "serial": "S1"})]
    assert stock.asked("sync_state") == [(("E", "A"), {"variant": "RED"})]
    assert stock.asked("tracking") == [(("TO1/1",), {"side": "in"})]


def test_an_open_window(play: Play) -> None:
    stock = FakeStock(**STOCK, post=result(number=7))
    first = "- post: {order: A}\n  as: W\n"
    outcome = play(first + "- expect_tracking: {window: W, rows: [{lot: L1}, {lot: L2}]}", stock)
    assert outcome.passed, outcome.message
    assert stock.asked("window") == [((7,), {})]
    assert play(first + "- expect_availability: [{item: A, window: W, total: 4}]", stock).passed
    assert stock.asked("availability") == [(("A",), {"window": 7})]
    del stock.answers["window"]
    outcome = play(first + "- expect_tracking: {window: W, rows: []}", stock)
    assert outcome.message == "expect_tracking: this build keeps no open window to compare with"


@pytest.mark.parametrize("code", [Code.NOT_FOUND, Code.SERIAL_UNKNOWN])
def test_a_serial_nobody_knows_is_not_on_hand(play: Play, code: Code) -> None:
    stock = FakeStock(serial=refusal(code))
    assert play("- expect_serial: [{item: A, serial: S9, on_hand: false, stock_line: null}]", stock).passed
    outcome = play("- expect_serial: [{item: A, serial: S9, on_hand: true}]", stock)
    assert outcome.message == "expect_serial: S9: expected {on_hand: true}, found {on_hand: false}"


def test_a_question_can_be_refused(play: Play) -> None:
    stock = FakeStock(line=refusal(Code.NOT_FOUND, "no line A/1"))
    outcome = play("- expect_line: [{line: A/1, quantity: 1}]", stock)
    assert outcome.message == "expect_line: expected that it succeeds, found a refusal: not_found: no line A/1"
    assert play("- expect_line: [{line: A/1, quantity: 1}]\n  fails: not_found", stock).passed
