"""Figures of many item-sites at once are those of each asked for by itself."""

import stockline
from stockline import FoundSerial, FoundStockLine, TrackingCode


def test_many_places_at_once(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        for site in ("EAST", "WEST"):
            stock.create_site(site, locations=["A1", "B1"])
        lines, serials = [], []
        for number, item in enumerate(("BELL", "BIKE", "PUMP")):
            stock.create_item(item, tracking=TrackingCode(serial="specific"))
            for nth, (site, location) in enumerate((("EAST", "A1"), ("EAST", "B1"), ("WEST", "A1"))):
                line = 10 * number + nth + 1
                lines.append(FoundStockLine(id=line, item=item, site=site, location=location, quantity=1))
                # Of the first item all agrees, of the second two lines, of the third none.
                links = (line, 10 * number + 1) if number == 2 else 10 * number + (0 if nth == number == 1 else nth) + 1
                serials.append(FoundSerial(item=item, serial=f"S{nth}", stock_line=links))
        stock.load(stock_lines=lines, serials=serials)
        places = [(item, "", site) for site in ("WEST", "EAST") for item in ("PUMP", "BELL", "BIKE")]
        states = stock.sync_states(places)
        assert states == [stock.sync_state(site, item, variant="") for item, _, site in places]
        assert {state.verdict for state in states} == {"synchronized", "line_mismatch", "total_mismatch"}
        assert stock.sync_states([]) == []


def test_links_beside_a_serials_own_are_counted(database_url: str) -> None:
    with stockline.open(database_url) as stock:
        stock.create_site("EAST", locations=["A1", "B1"])
        stock.create_item("BIKE", tracking=TrackingCode(serial="specific"))
        stock.load(
            stock_lines=[
                FoundStockLine(id=number, item="BIKE", site="EAST", location=location, quantity=1)
                for number, location in ((1, "A1"), (2, "B1"))
            ],
            serials=[
                FoundSerial(item="BIKE", serial="S1", stock_line=(1, 2)),
                FoundSerial(item="BIKE", serial="S2", stock_line=(1, 2)),
                FoundSerial(item="BIKE", serial="S3", stock_line=1),
            ],
        )
        assert [line.serials for line in stock.stock_lines()] == [3, 2]
        assert [line.serials for line in stock.sync_state("EAST", "BIKE").lines] == [3, 2]
