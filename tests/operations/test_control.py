"""Control of many items: each finding once, in its place, however many items are looked at by one query."""

import pytest

import stockline
from stockline import ControlFinding, FoundSerial, FoundStockLine, Stockline, TrackingCode
from stockline.operations import control

ITEMS = ("PUMP", "BELL", "LAMP", "BIKE", "SADDLE", "CHAIN", "FORK")
"""Not in the order of their codes; more than the parts that items are looked at in."""


@pytest.fixture(autouse=True, params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked side by side, in parts, when there is much of it."""
    if request.param == "large":
        monkeypatch.setattr(control, "LARGE", 0)


def damage(stock: Stockline) -> None:
    """Of every item a line without its serial, a serial on a line that is none, and one in the wrong place."""
    stock.create_site("EAST", locations=["A1", "B1"])
    lines, serials = [], []
    for number, item in enumerate(ITEMS):
        stock.create_item(item, tracking=TrackingCode(serial="specific", lot="specific"))
        lines += [
            FoundStockLine(id=10 * number + 1, item=item, site="EAST", location="A1", quantity=1),
            FoundStockLine(id=10 * number + 2, item=item, site="EAST", location="B1", lot="L1", quantity=1),
        ]
        serials += [
            FoundSerial(item=item, serial="S1", stock_line=10 * number + 9),
            FoundSerial(item=item, serial="S2", stock_line=10 * number + 2, lot="L2"),
        ]
    stock.load(stock_lines=lines, serials=serials)


def told(findings: list[ControlFinding]) -> list[tuple[str, str, str | None]]:
    return [(one.finding, one.item, one.serial) for one in findings]


def test_findings_come_by_what_is_wrong_then_by_item(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        damage(stock)
        assert told(stock.control(only=["serials"])) == [
            *(("missing_serials", item, None) for item in sorted(ITEMS)),
            *(("closed_line", item, "S1") for item in sorted(ITEMS)),
            *(("attribute_mismatch", item, "S2") for item in sorted(ITEMS)),
        ]


def test_one_transaction_finds_the_same(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        damage(stock)
        found = stock.control()
        with stock.transaction():
            assert stock.control() == found
            assert [one for item in sorted(ITEMS) for one in stock.control(items=(item, item))] == sorted(
                found, key=lambda one: one.item
            )


def test_a_range_of_items_is_kept_to(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        damage(stock)
        few = [one for one in stock.control() if "BIKE" <= one.item <= "FORK"]
        assert {one.item for one in few} == {"BIKE", "CHAIN", "FORK"}
        assert stock.control(items=("BIKE", "FORK")) == few
        assert stock.control(site="EAST", items=("BIKE", "FORK")) == [one for one in few if one.site == "EAST"]
        assert stock.control(items=("X", "Z")) == []


def test_nothing_is_found_where_there_is_nothing(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        assert stock.control() == []
