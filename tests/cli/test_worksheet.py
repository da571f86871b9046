"""`stockline worksheet`."""

from pathlib import Path

import stockline
from stockline import OrderLine
from tests.cli.conftest import Run


def wanted(folder: Path) -> None:
    """Five in stock; 4 wanted by ACME and 3 by BIKES."""
    with stockline.open(folder / "stockline.db") as stock:
        stock.create_item("BOLT")
        stock.create_site("EAST")
        stock.adjust("BOLT", "EAST", 5)
        for order, party, quantity in (("SO1", "ACME", 4), ("SO2", "BIKES", 3)):
            line = OrderLine(item="BOLT", quantity=quantity)
            stock.create_order(order, "sale", site="EAST", party=party, lines=[line])


def test_it_shows_who_would_get_what(folder: Path, run: Run) -> None:
    wanted(folder)
    result = run("worksheet")
    assert result.exit_code == 0
    assert "2 lines; 0 would get all they want." in result.output


def test_it_reserves_what_is_accepted(folder: Path, run: Run) -> None:
    wanted(folder)
    result = run("worksheet", "--policy", "customer_priority", "--priority", "BIKES=1", "--carry-out")
    assert "2 lines; 1 line reserved." in result.output
    with stockline.open(folder / "stockline.db") as stock:
        assert [stock.line(name).reserved for name in ("SO1/1", "SO2/1")] == [0, 3]
    run("worksheet", "--item", "BOLT", "--carry-out")
    assert run("worksheet", "--until", "2000-01-01").output == "All demand is reserved.\n"


def test_what_cannot_be_understood(folder: Path, run: Run) -> None:
    wanted(folder)
    assert run("worksheet", "--priority", "ACME").exit_code == 1
    assert run("worksheet", "--policy", "fair").exit_code == 1
