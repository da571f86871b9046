"""A refused posting names every row that offends, over all its lines, also where these move in different directions."""

import pytest

from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow
from tests.support.warehouse import receive, serials

IN, OUT = "positive_adjustment", "negative_adjustment"


Named = tuple[Code, list[tuple[str | None, str | None]]]


def journal(stock: Stockline, *lines: tuple[str, str, list[TrackingRow]]) -> Named:
    """Post a journal with lines of type, item and rows; the code of its refusal, line and number of every finding."""
    given = [OrderLine(item=item, quantity=len(rows), type=kind) for kind, item, rows in lines]
    stock.create_order("J", "journal", site="EAST", lines=given)
    for position, (_, _, rows) in enumerate(lines, 1):
        stock.track(f"J/{position}", rows)
    with pytest.raises(Refusal) as caught:
        stock.post("J")
    return caught.value.code, [(finding.line, finding.serial or finding.lot) for finding in caught.value.findings]


def test_offenders_of_every_direction_are_named(stock: Stockline) -> None:
    receive(stock, "PO1", "BIKE", serials("S", 3))
    assert journal(
        stock,
        (OUT, "BIKE", [TrackingRow("S1"), TrackingRow("X1")]),
        (IN, "BIKE", [TrackingRow("N1")]),
        (OUT, "BIKE", [TrackingRow("S2"), TrackingRow("X2")]),
        (OUT, "PAINT", [TrackingRow(lot="L1", quantity=1)]),
    ) == (Code.NOT_IN_STOCK, [("J/1", "X1"), ("J/3", "X2"), ("J/4", "L1")])


def test_what_hangs_on_a_refused_wave_is_not_named(stock: Stockline) -> None:
    """S1 would have left before it comes in again, N1 would have come in before it leaves."""
    receive(stock, "PO1", "BIKE", serials("S", 3))
    assert journal(
        stock,
        (OUT, "BIKE", [TrackingRow("S1"), TrackingRow("X1")]),
        (IN, "BIKE", [TrackingRow("S1"), TrackingRow("S2"), TrackingRow("N1")]),
        (OUT, "BIKE", [TrackingRow("N1"), TrackingRow("X2")]),
    ) == (Code.NOT_IN_STOCK, [("J/1", "X1"), ("J/3", "X2")])


def test_other_codes_of_later_waves_wait(stock: Stockline) -> None:
    receive(stock, "PO1", "BIKE", serials("S", 1))
    assert journal(
        stock,
        (IN, "BIKE", [TrackingRow("S1")]),
        (OUT, "BIKE", [TrackingRow("X1")]),
    ) == (Code.SERIAL_ALREADY_IN_STOCK, [("J/1", "S1")])
