"""Lookups of numbers through the library: pages by key, what they show and leave out (TW-30)."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from stockline import (
    Code,
    FoundSerial,
    FoundStockLine,
    NumberOnHand,
    OrderLine,
    Refusal,
    Result,
    Stockline,
    TrackingCode,
    TrackingRow,
    WarningCode,
)
from stockline.service import open_scratch
from stockline.tracking_code import NUMBER_KINDS
from tests.support.warehouse import TODAY, furnish, serials


@pytest.fixture(params=["sqlite", "postgresql"])
def stock(request: pytest.FixtureRequest) -> Iterator[Stockline]:
    target = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with open_scratch(target, TODAY) as opened:
        furnish(opened)
        yield opened


def shown(rows: Sequence[NumberOnHand], kind: str = "serial") -> list[str]:
    return [getattr(row, kind) for row in rows]


def figures(rows: Iterable[NumberOnHand], kind: str, *names: str) -> list[tuple[str, ...]]:
    return [(getattr(row, kind), *(str(getattr(row, name)) for name in names)) for row in rows]


def test_pages_follow_each_other_by_key(stock: Stockline) -> None:
    stock.adjust("BIKE", "EAST", 7, rows=serials("S", 7))
    pages, after = [], ""
    while page := stock.numbers_on_hand("BIKE", "serial", site="EAST", after=after, limit=3):
        pages.append(shown(page))
        after = page[-1].serial
    assert pages == [["S1", "S2", "S3"], ["S4", "S5", "S6"], ["S7"]]


def test_a_prefix_is_compared_exactly(stock: Stockline) -> None:
    rows = [TrackingRow(number) for number in ("A1", "A2", "B1", "a3", "A", "À1")]
    stock.adjust("BIKE", "EAST", len(rows), rows=rows)
    assert shown(stock.numbers_on_hand("BIKE", "serial", site="EAST", prefix="A")) == ["A", "A1", "A2"]
    assert shown(stock.numbers_on_hand("BIKE", "serial", site="EAST", prefix="A", after="A1")) == ["A2"]
    assert shown(stock.numbers_on_hand("BIKE", "serial", site="EAST", prefix="A", after="B")) == []


def test_only_what_is_on_hand_at_the_site_is_shown(stock: Stockline) -> None:
    stock.adjust("BIKE", "EAST", 3, rows=serials("S", 3))
    stock.adjust("BIKE", "WEST", 1, rows=serials("W", 1))
    stock.adjust("BIKE", "EAST", -1, rows=[TrackingRow("S2")])
    assert shown(stock.numbers_on_hand("BIKE", "serial", site="EAST")) == ["S1", "S3"]


def test_only_what_is_available(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 6, rows=[TrackingRow(lot=lot, quantity=2) for lot in ("L1", "L2", "L3")])
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="PAINT", quantity=4)])
    stock.track("SO1/1", [TrackingRow(lot="L1", quantity=2), TrackingRow(lot="L2", quantity=1)])
    page = stock.numbers_on_hand("PAINT", "lot", site="EAST", only_available=True)
    expected = [("L2", "2", "1", "1"), ("L3", "2", "0", "2")]
    assert figures(page, "lot", "total", "requested", "available") == expected


def test_what_lies_in_a_location(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 3, location="A", rows=[TrackingRow(lot="L1", quantity=3)])
    stock.adjust("PAINT", "EAST", 4, location="B", rows=[TrackingRow(lot=lot, quantity=2) for lot in ("L1", "L2")])
    page = stock.numbers_on_hand("PAINT", "lot", site="EAST", location="A")
    assert figures(page, "lot", "total", "at_location") == [("L1", "5", "3"), ("L2", "2", "0")]
    page = stock.numbers_on_hand("PAINT", "lot", site="EAST", location="A", only_available=True)
    assert shown(page, "lot") == ["L1"]
    assert [row.at_location for row in stock.numbers_on_hand("PAINT", "lot", site="EAST")] == [None, None]


@pytest.mark.parametrize("code", [TrackingCode(serial="specific"), TrackingCode(serial=[])], ids=["specific", "free"])
def test_serials_in_a_location(stock: Stockline, code: TrackingCode) -> None:
    stock.create_item("LAMP", tracking=code)
    stock.adjust("LAMP", "EAST", 1, location="A", rows=[TrackingRow("S1")])
    stock.adjust("LAMP", "EAST", 1, location="B", rows=[TrackingRow("S2")])
    page = stock.numbers_on_hand("LAMP", "serial", site="EAST", location="B")
    assert figures(page, "serial", "at_location") == [("S1", "0"), ("S2", "1")]
    page = stock.numbers_on_hand("LAMP", "serial", site="EAST", location="B", only_available=True)
    assert shown(page, "serial") == ["S2"]


def test_lots_of_serials_in_a_location(stock: Stockline) -> None:
    stock.create_item("DRUG", tracking=TrackingCode(serial="specific", lot="specific"))
    stock.adjust("DRUG", "EAST", 1, location="A", rows=[TrackingRow("S1", lot="L1")])
    stock.adjust("DRUG", "EAST", 1, location="B", rows=[TrackingRow("S2", lot="L2")])
    page = stock.numbers_on_hand("DRUG", "lot", site="EAST", location="B", only_available=True)
    assert figures(page, "lot", "total", "at_location") == [("L2", "1", "1")]


def test_lots_on_equal_lines_are_added_up(stock: Stockline) -> None:
    stock.create_item("DRUG", tracking=TrackingCode(serial="specific", lot="specific"))
    lines = [FoundStockLine(id=number, item="DRUG", site="EAST", lot="L1", quantity=2) for number in (1, 2)]
    stock.load(
        stock_lines=lines,
        serials=[FoundSerial(item="DRUG", serial=f"S{at}", stock_line=1 + at // 2) for at in range(4)],
    )
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="DRUG", quantity=2)])
    stock.track("SO1/1", [TrackingRow("S0", lot="L1"), TrackingRow("S1", lot="L1")])
    page = stock.numbers_on_hand("DRUG", "lot", site="EAST", only_available=True)
    assert figures(page, "lot", "total", "available") == [("L1", "4", "2")]


def test_dates_and_cards_are_shown_and_leave_nothing_out(stock: Stockline) -> None:
    code = TrackingCode(serial="specific", lot="specific", use_expiration=True)
    stock.create_item("VIAL", tracking=code)
    past, later = dt.date(2020, 1, 1), dt.date(2030, 1, 1)
    rows = [TrackingRow("S1", "L1", expires=past, warranty=later), TrackingRow("S2", "L2", expires=later)]
    stock.adjust("VIAL", "EAST", 2, rows=rows)
    stock.set_information_card("lot", "VIAL", "L2", blocked=True)
    stock.set_information_card("serial", "VIAL", "S1", blocked=True)
    serial_page = stock.numbers_on_hand("VIAL", "serial", site="EAST")
    assert [(row.serial, row.lot, row.expires, row.warranty, row.blocked) for row in serial_page] == [
        ("S1", "L1", past, later, True),
        ("S2", "L2", later, None, False),
    ]
    lot_page = stock.numbers_on_hand("VIAL", "lot", site="EAST")
    assert [(row.lot, row.expires, row.blocked) for row in lot_page] == [("L1", past, False), ("L2", later, True)]


@pytest.mark.parametrize("serial", ["none", "specific", []], ids=["no serials", "specific serials", "free serials"])
@pytest.mark.parametrize("lot", ["specific", []], ids=["specific lots", "free lots"])
@pytest.mark.parametrize("package", ["specific", []], ids=["specific packages", "free packages"])
def test_pages_and_summaries_agree_for_every_tracking_code(
    stock: Stockline, serial: str, lot: str, package: str
) -> None:
    stock.create_item("MIX", tracking=TrackingCode(serial=serial, lot=lot, package=package))
    numbers = [("S1", "L1", "P1"), ("S2", "L1", "P2"), ("S3", "L2", "P1"), ("S4", "L2", "P2"), ("S5", "L2", "P2")]
    rows = [TrackingRow(*one, quantity=1) for one in numbers]
    stock.adjust("MIX", "EAST", len(rows), rows=rows)
    stock.adjust("MIX", "EAST", -1, rows=[rows[0]])
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="MIX", quantity=1)])
    stock.track("SO1/1", [rows[3]])
    left = numbers[1:]
    for place, kind in enumerate(NUMBER_KINDS):
        expected = {
            number: (Decimal(sum(one[place] == number for one in left)), Decimal(numbers[3][place] == number))
            for number in sorted({one[place] for one in left})
        }
        page = stock.numbers_on_hand("MIX", kind, site="EAST")
        assert {getattr(row, kind): (row.total, row.requested) for row in page} == expected
        for number, sums in expected.items():
            named: dict[str, Any] = {kind: number}
            summary = stock.availability("MIX", site="EAST", **named)
            assert (summary.total, summary.requested) == sums


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_bounds(stock: Stockline, limit: int) -> None:
    with pytest.raises(Refusal) as caught:
        stock.numbers_on_hand("BIKE", "serial", site="EAST", limit=limit)
    assert caught.value.code == Code.INVALID


def test_names_must_exist(stock: Stockline) -> None:
    for item, site in (("CAR", "EAST"), ("BIKE", "NORTH")):
        for ask in (stock.availability, stock.item_availability):
            with pytest.raises(Refusal) as caught:
                ask(item, site=site)
            assert caught.value.code == Code.NOT_FOUND


def sale(stock: Stockline, name: str, item: str, quantity: int) -> str:
    stock.create_order(name, "sale", site="EAST", lines=[OrderLine(item=item, quantity=quantity)])
    return f"{name}/1"


def short(answer: Result) -> list[tuple[str | None, ...]]:
    """The numbers of the rows warned of."""
    found = [warning.findings for warning in answer.warnings if warning.code == WarningCode.NOT_AVAILABLE]
    return [(finding.serial, finding.lot) for findings in found for finding in findings]


def test_only_rows_that_ask_for_too_much_are_warned_of(stock: Stockline) -> None:
    stock.adjust("WATCH", "EAST", 3, rows=[TrackingRow("S1", "L1"), TrackingRow("S2", "L1"), TrackingRow("S3", "L2")])
    stock.track(sale(stock, "SO1", "WATCH", 1), [TrackingRow("S1", "L1")])
    window = stock.open_tracking(sale(stock, "SO2", "WATCH", 4)).number
    assert short(stock.enter_row(window, TrackingRow("S2"))) == []
    assert short(stock.enter_row(window, TrackingRow("S3"))) == []
    assert short(stock.enter_row(window, TrackingRow("S1"))) == [("S1", "L1")]
    assert short(stock.enter_row(window, TrackingRow("S9", "L2"))) == [("S9", "L2")]
    # The lots are asked for in full and one more by now: so S2 and S3 cannot all be had either.
    expected = [("S2", "L1"), ("S3", "L2"), ("S1", "L1"), ("S9", "L2")]
    assert short(stock.refresh_tracking(window)) == short(stock.close_tracking(window)) == expected


def test_nothing_is_warned_of_when_stock_has_come(stock: Stockline) -> None:
    window = stock.open_tracking(sale(stock, "SO1", "PAINT", 5)).number
    assert short(stock.enter_row(window, TrackingRow(lot="L1", quantity=5))) == [(None, "L1")]
    stock.adjust("PAINT", "EAST", 5, rows=[TrackingRow(lot="L1", quantity=5)])
    assert short(stock.refresh_tracking(window)) == []
    assert short(stock.close_tracking(window)) == []
    assert short(stock.track("SO1/1", [TrackingRow(lot="L1", quantity=5)])) == []
    assert short(stock.track("SO1/1", [TrackingRow(lot="L1", quantity=4), TrackingRow(lot="L2", quantity=1)])) == [
        (None, "L2")
    ]


def test_what_is_not_specific_or_comes_in_is_not_warned_of(stock: Stockline) -> None:
    stock.create_item("LAMP", tracking=TrackingCode(serial=["sale_out"]))
    assert short(stock.track(sale(stock, "SO1", "LAMP", 1), [TrackingRow("S1")])) == []
    stock.create_order("PO1", "purchase", site="EAST", lines=[OrderLine(item="BIKE", quantity=1)])
    assert short(stock.track("PO1/1", [TrackingRow("S1")])) == []


def test_a_window_shows_what_it_drafts_and_the_location_of_its_line(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 5, location="A", rows=[TrackingRow(lot="L1", quantity=5)])
    stock.adjust("PAINT", "EAST", 4, location="B", rows=[TrackingRow(lot="L2", quantity=4)])
    line = OrderLine(item="PAINT", quantity=8, location="B")
    stock.create_order("SO1", "sale", site="EAST", lines=[line])
    window = stock.open_tracking("SO1/1").number
    stock.enter_row(window, TrackingRow(lot="L1", quantity=5))
    stock.enter_row(window, TrackingRow(lot="L2", quantity=1))
    page = stock.numbers_for_window(window, "lot")
    names = ("total", "pending", "available", "at_location")
    assert figures(page, "lot", *names) == [("L1", "5", "5", "0", "0"), ("L2", "4", "1", "3", "4")]
    assert shown(stock.numbers_for_window(window, "lot", only_available=True), "lot") == ["L2"]


def test_a_window_is_asked_about_its_own_item_only(stock: Stockline) -> None:
    window = stock.open_tracking(sale(stock, "SO1", "PAINT", 1)).number
    for item, site in (("BIKE", "EAST"), ("PAINT", "WEST")):
        with pytest.raises(Refusal) as caught:
            stock.availability(item, site=site, window=window)
        assert caught.value.code == Code.INVALID


def test_a_selection_is_one_step(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 9, rows=[TrackingRow(lot=lot, quantity=3) for lot in ("L1", "L2", "L3")])
    window = stock.open_tracking(sale(stock, "SO1", "PAINT", 8)).number
    stock.enter_row(window, TrackingRow(lot="L2", quantity=1))
    before = figures_of_rows(stock, window)
    selected = stock.select_entries(window)
    after = [("L2", 3), ("L1", 3), ("L3", 2)]
    assert figures_of_rows(stock, window) == after
    assert {row.lot for row in selected.rows} == {"L1", "L2", "L3"}
    stock.undo_step(window)
    assert figures_of_rows(stock, window) == before == [("L2", 1)]
    stock.redo_step(window)
    assert figures_of_rows(stock, window) == after


def figures_of_rows(stock: Stockline, window: int) -> list[tuple[str, int]]:
    return [(row.lot, int(row.quantity)) for row in stock.window(window).rows]


def test_selected_stock_brings_its_warranty(stock: Stockline) -> None:
    later = dt.date(2030, 1, 1)
    stock.adjust("BIKE", "EAST", 1, rows=[TrackingRow("S1", warranty=later)])
    window = stock.open_tracking(sale(stock, "SO1", "BIKE", 1)).number
    (row,) = stock.select_entries(window).rows
    assert row.warranty == later
