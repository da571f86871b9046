"""Numbers on their way from a bound purchase through a transfer to the sale it is for (IN-8).

No plan binds a sale to a transfer yet, since none proposes transfers: so here a plain reservation is made a bound one.
"""

import pytest
from sqlalchemy import update

from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow
from stockline.schema.reservations import ORDER_TO_ORDER, RESERVATION, link
from tests.support.warehouse import order, serials


@pytest.fixture
def chain(stock: Stockline) -> Stockline:
    """Purchase PO1 at EAST, bound to transfer TR1, which is bound to sale SO1 at WEST: two bicycles."""
    stock.change_item("BIKE", reordering="order")
    stock.create_site("WAY", in_transit=True)
    lines = [OrderLine(item="BIKE", quantity=2)]
    stock.create_order("TR1", "transfer", from_site="EAST", to_site="WEST", in_transit="WAY", lines=lines)
    stock.plan("BIKE")
    stock.accept("BIKE", names=["PO1"])
    order(stock, "SO1", "sale", [("BIKE", 2, [])], site="WEST")
    stock.reserve("SO1/1", against="TR1/1:in")
    bound = update(link).where(link.c.status == RESERVATION).values(binding=ORDER_TO_ORDER)
    stock._database.write(lambda transaction: transaction.execute(bound))
    return stock


def named(stock: Stockline, line: str) -> list[str]:
    """The serials a line carries."""
    return [row.serial for row in stock.tracking(line).rows]


def test_numbers_entered_changed_and_removed_go_all_the_way(chain: Stockline) -> None:
    for rows in (serials("S", 2), [TrackingRow("S2"), TrackingRow("S3")], [TrackingRow("S3")], []):
        chain.track("PO1/1", rows)
        assert named(chain, "TR1/1:in") == named(chain, "SO1/1") == [row.serial for row in rows]


def test_the_goods_go_all_the_way_with_their_numbers(chain: Stockline) -> None:
    chain.track("PO1/1", serials("S", 2))
    with pytest.raises(Refusal) as refused:
        chain.track("SO1/1", serials("X", 2))
    assert refused.value.code == Code.TRACKING_BOUND_TO_SUPPLY
    assert {finding.serial for finding in refused.value.findings} == {"X1", "X2"}
    for name in ("PO1", "TR1", "SO1"):
        chain.post(name)
    assert {entry.serial for entry in chain.ledger(order="SO1")} == {"S1", "S2"}


def test_the_transfer_keeps_its_numbers_when_the_sale_is_deleted(chain: Stockline) -> None:
    chain.track("PO1/1", serials("S", 2))
    chain.delete_order("SO1", confirm=True)
    assert named(chain, "TR1/1:out") == named(chain, "TR1/1:in") == ["S1", "S2"]
