"""The control of the ledger finds what no operation can leave behind."""

from decimal import Decimal

import pytest
from sqlalchemy import update

import stockline
from stockline import TrackingCode, TrackingRow
from stockline.schema.ledger import application, open_entry


@pytest.mark.parametrize(
    ("damage", "figures"),
    [
        (update(application).values(quantity=50_000), {(Decimal(1), Decimal("0.5"))}),
        (update(open_entry).values(remaining=200_000), {(Decimal(0), Decimal(1))}),
    ],
)
def test_what_is_applied_is_what_no_longer_remains(
    database_url: str, damage: object, figures: set[tuple[Decimal, Decimal]]
) -> None:
    with stockline.open(database_url) as stock:
        stock.create_site("EAST")
        stock.create_item("BIKE", tracking=TrackingCode(lot="specific"))
        stock.adjust("BIKE", "EAST", 2, rows=[TrackingRow(lot="L1", base_quantity=2)])
        stock.adjust("BIKE", "EAST", -1, rows=[TrackingRow(lot="L1", base_quantity=1)])
        assert not stock.control()
        with stock._database.transaction() as transaction:
            transaction.execute(damage)  # type: ignore[arg-type]
        found = [one for one in stock.control(only=["ledger"]) if one.finding == "application_differs"]
        assert {(one.expected, one.found) for one in found} == figures
