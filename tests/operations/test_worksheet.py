"""The reservation worksheet on a database (RE-52, RE-53)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow, WorksheetLine
from stockline.operations.reservation import worksheet
from tests.support.warehouse import TODAY, order


def figures(lines: Sequence[WorksheetLine]) -> dict[str, tuple[str, str, str]]:
    return {line.line: (str(line.remaining), str(line.available), str(line.to_reserve)) for line in lines}


def refused(call: object) -> Code:
    assert callable(call)
    with pytest.raises(Refusal) as refusal:
        call()
    return refusal.value.code


def test_lines_with_what_remains_and_what_is_free(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 9, rows=[TrackingRow(lot="L1", quantity=6), TrackingRow(lot="L2", quantity=3)])
    stock.set_information_card("lot", "PAINT", "L2", blocked=True)
    order(stock, "SO1", "sale", [("PAINT", 4, []), ("PAINT", 3, []), ("BOLT", 2, [])])
    order(stock, "PR1", "purchase_return", [("PAINT", 1, [])])
    order(stock, "PO1", "purchase", [("PAINT", 5, [])])
    order(stock, "SO2", "sale", [("PAINT", 7, [])], "WEST")
    stock.reserve("SO1/1", quantity=1)
    assert figures(stock.worksheet()) == {
        "SO1/1": ("3", "5", "0"),
        "SO1/2": ("3", "5", "0"),
        "PR1/1": ("1", "5", "0"),
        "SO1/3": ("2", "0", "0"),
        "SO2/1": ("7", "0", "0"),
    }
    assert set(figures(stock.worksheet(item="PAINT", site="EAST"))) == {"SO1/1", "SO1/2", "PR1/1"}
    assert refused(lambda: stock.worksheet(item="CAR")) == Code.NOT_FOUND
    assert refused(lambda: stock.worksheet(policies=["fair"])) == Code.NOT_FOUND


def test_a_line_that_is_never_reserved_or_too_late_is_left_out(stock: Stockline) -> None:
    stock.adjust("BOLT", "EAST", 10)
    order(stock, "SO1", "sale", [("BOLT", 2, []), ("BOLT", 2, [])])
    stock.change_line("SO1/1", reserve="never")
    late = OrderLine(item="BOLT", quantity=1, date=TODAY.replace(day=9))
    stock.create_order("SO2", "sale", site="EAST", lines=[late])
    assert set(figures(stock.worksheet(until=TODAY.replace(day=8)))) == {"SO1/2"}
    assert set(figures(stock.worksheet(until=TODAY.replace(day=9)))) == {"SO1/2", "SO2/1"}


def test_what_is_accepted_is_reserved_from_stock(stock: Stockline) -> None:
    stock.adjust("BOLT", "EAST", 130)
    order(stock, "PO1", "purchase", [("BOLT", 500, [])])
    for number, party in enumerate(("LOW", "HIGH", "MID"), 1):
        line = OrderLine(item="BOLT", quantity=100)
        stock.create_order(f"SO{number}", "sale", site="EAST", party=party, lines=[line])
    ranks = {"HIGH": 3, "MID": 2}
    lines = stock.worksheet(policies=["customer_priority", "equal"], priorities=ranks)
    assert {line.line: str(line.to_reserve) for line in lines} == {"SO1/1": "15", "SO2/1": "100", "SO3/1": "15"}
    assert [line.line for line in stock.carry_out(lines)] == ["SO2/1"]
    assert [stock.line(f"SO{number}/1").reserved for number in (1, 2, 3)] == [0, 100, 0]
    assert {link.supply for link in stock.links(item="BOLT")} == {"stock"}
    assert stock.control() == []


def test_carrying_out_what_is_gone_changes_nothing(stock: Stockline) -> None:
    stock.adjust("BOLT", "EAST", 5)
    order(stock, "SO1", "sale", [("BOLT", 2, []), ("BOLT", 3, [])])
    lines = stock.worksheet()
    assert [line.accepted for line in lines] == [True, True]
    stock.adjust("BOLT", "EAST", -1)
    assert refused(lambda: stock.carry_out(lines)) == Code.NOTHING_TO_RESERVE
    assert stock.line("SO1/1").reserved == 0
    only_first = [lines[0], replace(lines[1], to_reserve=Decimal(0))]
    assert [line.line for line in stock.carry_out(only_first)] == ["SO1/1"]


def test_a_policy_comes_from_a_package(stock: Stockline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package offers a policy by an entry point, and it may not give more than there is."""
    offered = [
        EntryPoint(name, f"tests.operations.test_worksheet:{name}", worksheet.ALLOCATION_POLICIES)
        for name in ("last_first", "greedy")
    ]
    monkeypatch.setattr(worksheet, "entry_points", lambda group: EntryPoints(offered).select(group=group))
    stock.adjust("BOLT", "EAST", 4)
    order(stock, "SO1", "sale", [("BOLT", 3, []), ("BOLT", 3, [])])
    lines = stock.worksheet(policies=["last_first"])
    assert figures(lines) == {"SO1/1": ("3", "1", "0"), "SO1/2": ("3", "4", "3")}
    assert refused(lambda: stock.worksheet(policies=["greedy"])) == Code.INVALID


def last_first(lines: Sequence[WorksheetLine], _: Decimal) -> list[Decimal]:
    return [Decimal(0)] * (len(lines) - 1) + [lines[-1].remaining]


def greedy(lines: Sequence[WorksheetLine], _: Decimal) -> list[Decimal]:
    return [line.remaining for line in lines]
