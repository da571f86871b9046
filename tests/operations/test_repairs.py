"""Control that tells who can repair what, and how far it is."""

from stockline import FoundSerial, FoundStockLine, Stockline, TrackingCode


def test_control_tells_how_far_planning_is(stock: Stockline) -> None:
    for code in ("CYCLE", "WAGON", "TRUCK"):
        stock.create_item(code, tracking=TrackingCode(serial="specific"))
    stock.create_site("SOUTH")
    stock.load(
        stock_lines=[
            FoundStockLine(id=1, item="CYCLE", site="SOUTH", quantity=0),
            FoundStockLine(id=2, item="WAGON", site="SOUTH", quantity=1),
            FoundStockLine(id=3, item="TRUCK", site="SOUTH", quantity=1),
        ],
        serials=[
            FoundSerial(item="CYCLE", serial="C1", stock_line=1),
            FoundSerial(item="TRUCK", serial="T1", stock_line=3),
        ],
    )
    told: list[tuple[int, int]] = []
    found = stock.control(repairs=True, only=["serials"], report=lambda done, planned: told.append((done, planned)))
    assert {(one.finding, one.repair) for one in found} == {("closed_line", "machine"), ("missing_serials", "person")}
    assert told == [(1, 2), (2, 2)], "only items with findings are planned"
    told.clear()
    assert stock.control(items=("TRUCK", "TRUCK"), repairs=True, report=lambda *now: told.append(now)) == []
    assert not told
