"""From rows to order lines and tracking rows, and from a refusal back to rows."""

from decimal import Decimal
from pathlib import Path

import pytest

from stockline.codes import Code
from stockline.exchange.mapping import Mapping
from stockline.exchange.movements import Movements, blame
from stockline.refusal import Finding, Refusal
from stockline.results import TrackingRow
from tests.exchange.files import read, written

MAPPING = Mapping(item="item", variant="variant", serial="serial", lot="lot", package="package", site="site")


@pytest.fixture
def movements(tmp_path: Path) -> Movements:
    rows = ["A,,S1,L1,P1,EAST", "A,RED,S1,L1,P2,EAST", "B,,S1,L1,P1,EAST", "A,,S2,L2,P1,EAST"]
    text = "\n".join(["item,variant,serial,lot,package,site", *rows])
    return read(written(tmp_path / "stock.csv", text), MAPPING).movements


@pytest.mark.parametrize(
    ("finding", "lines"),
    [
        (Finding("", item="A", variant="", serial="S1"), [2]),
        (Finding("", item="A", serial="S1", lot="L9", package="P9"), [2, 3]),
        (Finding("", line="I/2", serial="S1"), [3]),
        (Finding("", item="A", lot="L1"), [2, 3]),
        (Finding("", item="A", lot="L1", package="P2"), [3]),
        (Finding("", line="I/1"), [2, 5]),
        (Finding("", item="B"), [4]),
        (Finding("", site="EAST"), [2, 3, 4, 5]),
        (Finding("", item="C", serial="S1"), []),
        (Finding("Order I exists already."), []),
    ],
)
def test_a_refusal_leads_back_to_the_rows_it_is_about(movements: Movements, finding: Finding, lines: list[int]) -> None:
    names = {f"I/{number}": place for number, place in enumerate(movements.by_place(), start=1)}
    blamed = blame(movements, Refusal(Code.INVALID, [finding]), names)
    assert [movements.line[row] for row in blamed] == lines


def test_dropping_rows_keeps_the_columns_together(movements: Movements) -> None:
    fewer = movements.without([0, 2])
    assert list(fewer.line) == [3, 5]
    assert fewer.lot == ["L1", "L2"]
    assert [place.variant for place in fewer.by_place()] == ["", "RED"]
    assert len(movements) == 4


def test_a_row_for_each_serial(movements: Movements) -> None:
    rows = next(iter(movements.by_place().values()))
    assert list(movements.tracking_rows(rows)) == [
        TrackingRow("S1", "L1", "P1", base_quantity=1),
        TrackingRow("S2", "L2", "P1", base_quantity=1),
    ]


def test_without_serials_a_row_for_each_lot(tmp_path: Path) -> None:
    text = "item,lot,quantity\nA,L1,1.5\nA,L2,1\nA,L1,2\n"
    movements = read(
        written(tmp_path / "lots.csv", text), Mapping(item="item", lot="lot", quantity="quantity")
    ).movements
    assert list(movements.tracking_rows(range(3))) == [
        TrackingRow(None, "L1", base_quantity=Decimal("3.5")),
        TrackingRow(None, "L2", base_quantity=Decimal(1)),
    ]
