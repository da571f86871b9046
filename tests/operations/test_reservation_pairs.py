"""Every demand is reserved from every supply, and both are posted (RE-6, RE-30, RE-31)."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow
from tests.support.warehouse import TODAY

EARLIER = TODAY - dt.timedelta(days=10)
QUANTITY = 4
ROWS = {"BOLT": [], "PAINT": [TrackingRow(lot="L1", quantity=QUANTITY)]}
"""An item without numbers and one of a lot, which both sides carry."""

Make = Callable[[Stockline, str], str]
"""Makes an order of an item at EAST; the name of its line."""


def _order(start: str, kind: str) -> Make:
    def make(stock: Stockline, item: str) -> str:
        stock.create_order(start + item, kind, site="EAST", lines=[OrderLine(item=item, quantity=QUANTITY)])
        return f"{start}{item}/1"

    return make


def _transfer(start: str, from_site: str, to_site: str, side: str) -> Make:
    def make(stock: Stockline, item: str) -> str:
        lines = [OrderLine(item=item, quantity=QUANTITY)]
        stock.create_order(
            start + item, "transfer", from_site=from_site, to_site=to_site, in_transit="ROAD", lines=lines
        )
        return f"{start}{item}/1:{side}"

    return make


def _components(start: str, kind: str) -> Make:
    def make(stock: Stockline, item: str) -> str:
        parts = [OrderLine(item=item, quantity=QUANTITY)]
        stock.create_order(start + item, kind, site="EAST", item="TOY", quantity=1, components=parts)
        return f"{start}{item}/c1"

    return make


def _output(start: str, kind: str) -> Make:
    def make(stock: Stockline, item: str) -> str:
        stock.create_order(start + item, kind, site="EAST", item=item, quantity=QUANTITY)
        return f"{start}{item}/1"

    return make


DEMANDS: dict[str, Make] = {
    "sale": _order("D-", "sale"),
    "purchase_return": _order("D-", "purchase_return"),
    "transfer": _transfer("D-", "EAST", "WEST", "out"),
    "production": _components("D-", "production"),
    "assembly": _components("D-", "assembly"),
}
SUPPLIES: dict[str, Make] = {
    "purchase": _order("S-", "purchase"),
    "sale_return": _order("S-", "sale_return"),
    "production": _output("S-", "production"),
    "assembly": _output("S-", "assembly"),
    "transfer": _transfer("S-", "WEST", "EAST", "in"),
}


@pytest.fixture
def shop(stock: Stockline) -> Stockline:
    """The shop with a toy to make, and a road to WEST, where goods for the transfer lie."""
    stock.create_item("TOY")
    stock.create_site("ROAD", in_transit=True)
    for item, rows in ROWS.items():
        stock.adjust(item, "WEST", QUANTITY, rows=rows)
    return stock


def _reserve(stock: Stockline, demand: str, item: str, against: str) -> str:
    """Make the demand, with its lot if there is one, and reserve all of it."""
    line = DEMANDS[demand](stock, item)
    if ROWS[item]:
        stock.track(line, ROWS[item])
    assert stock.reserve(line, against=against).quantity == QUANTITY
    return line


def _older_stock(stock: Stockline, item: str) -> int:
    """Other stock, free and with an earlier date: what is reserved does not take it."""
    entry = stock.adjust(item, "EAST", QUANTITY, date=EARLIER, rows=ROWS[item]).entry
    assert entry
    return entry


def _post(stock: Stockline, line: str) -> None:
    order, _, side = line.partition("/")
    stock.post(order, side="out" if side.endswith("out") else None)


def _check_posted(stock: Stockline, line: str, older: int) -> None:
    """The line has gone, not from the older stock, and nothing is reserved any more."""
    outbound = [entry for entry in stock.ledger(line=line.partition(":")[0]) if entry.quantity < 0]
    assert [entry.quantity for entry in outbound] == [-QUANTITY]
    assert stock.applied(outbound[0].number, older) == 0
    assert [link for link in stock.links() if link.status == "reservation"] == []
    assert stock.control() == []


@pytest.mark.parametrize("demand", DEMANDS)
def test_a_demand_takes_the_stock_it_is_reserved_from(shop: Stockline, demand: str) -> None:
    for item, rows in ROWS.items():
        shop.adjust(item, "EAST", QUANTITY, rows=rows)
        line = _reserve(shop, demand, item, "stock")
        older = _older_stock(shop, item)
        _post(shop, line)
        _check_posted(shop, line, older)


@pytest.mark.parametrize("supply", SUPPLIES)
@pytest.mark.parametrize("demand", DEMANDS)
def test_a_demand_waits_for_the_supply_it_is_reserved_from(shop: Stockline, demand: str, supply: str) -> None:
    for item, rows in ROWS.items():
        source = SUPPLIES[supply](shop, item)
        if rows:
            shop.track(source.replace(":in", ""), rows)
        line = _reserve(shop, demand, item, source)
        assert [shop.line(source).reserved, shop.line(line).reserved] == [QUANTITY, QUANTITY]
        older = _older_stock(shop, item)
        if (demand, supply) != ("transfer", "purchase"):  # that alone ships free stock (RE-31)
            with pytest.raises(Refusal) as refusal:
                _post(shop, line)
            assert refusal.value.code == Code.INSUFFICIENT_STOCK
        shop.post(source.partition("/")[0])
        (link,) = shop.links(line=line)
        assert (link.status, link.supply, link.quantity) == ("reservation", "stock", Decimal(QUANTITY))
        _post(shop, line)
        _check_posted(shop, line, older)
