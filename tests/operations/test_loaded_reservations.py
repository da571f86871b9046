"""Reservations of other systems, loaded as they are: documents, lines and links, and what control says of them."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

from stockline import Code, FoundReservation, FoundSerial, FoundStockLine, LastMovement, OrderLine, Refusal, Stockline
from tests.operations.test_statements import counted
from tests.support.warehouse import order, receive, serials

Told = list[tuple[Any, ...]]


def reserved(document: str, item: str, quantity: int = 1, **more: Any) -> FoundReservation:
    return FoundReservation(document=document, item=item, quantity=quantity, **{"site": "EAST", **more})


def lines(item: str, *quantities: int, site: str = "EAST", **more: Any) -> list[FoundStockLine]:
    return [FoundStockLine(item=item, site=site, quantity=quantity, **more) for quantity in quantities]


def bikes(stock: Stockline, *numbers: str, quantity: int | None = None, line: int = 1, site: str = "EAST") -> None:
    """Bicycles on one stock line."""
    stock.load(
        stock_lines=[FoundStockLine(id=line, item="BIKE", site=site, quantity=quantity or len(numbers))],
        serials=[FoundSerial(item="BIKE", serial=number, stock_line=line) for number in numbers],
    )


def held(stock: Stockline, line: str) -> list[tuple[int, str | None, str | None]]:
    """How much of which serial and lot a line holds."""
    links = stock.links(line=line)
    assert {(link.status, link.supply) for link in links} <= {("reservation", "stock")}
    return sorted(((int(link.quantity), link.supply_serial, link.supply_lot) for link in links), key=str)


def line_of(item: str, quantity: int) -> OrderLine:
    return OrderLine(item=item, quantity=quantity)


def figures(stock: Stockline, name: str) -> list[int]:
    """Quantity, handled, outstanding and reserved of a line."""
    line = stock.line(name)
    return [int(figure) for figure in (line.quantity, line.handled, line.outstanding, line.reserved)]


def told(stock: Stockline) -> Told:
    """All that control finds."""
    return [(one.finding, one.serial, one.lot, one.expected, one.found) for one in stock.control()]


def refused(stock: Stockline, reservations: Iterable[FoundReservation]) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        stock.load(reservations=reservations)
    return refusal.value


def test_documents_lines_and_links(stock: Stockline) -> None:
    bikes(stock, "S1", "S2", "S3")
    rows = [
        reserved("SO7", "BIKE", line=20000, serial="S2", date=dt.date(2026, 4, 1)),
        reserved("SO7", "BIKE", line=10000, quantity=2),
        reserved("WO3", "BOLT", line="b1", quantity=4, kind="production"),
        reserved("PR1", "BOLT", quantity=2, kind="purchase_return"),
        reserved("X", "BOLT", quantity=2, kind="fairy tale"),
    ]
    loaded = stock.load(stock_lines=lines("BOLT", 10), reservations=rows)
    assert loaded.reservations == 5
    assert stock.control() == []
    assert held(stock, "SO7/20000") == [(1, "S2", None)]
    assert held(stock, "SO7/10000") == [(1, "S1", None), (1, "S3", None)]
    assert [link.demand_serial for link in stock.links(line="SO7/20000")] == ["S2"]
    assert held(stock, "WO3/c1") == [(4, None, None)]
    assert (held(stock, "PR1/1"), held(stock, "X/1")) == ([(2, None, None)], [(2, None, None)])
    line = stock.line("SO7/20000")
    assert (line.date, line.unit, figures(stock, "SO7/20000")) == (dt.date(2026, 4, 1), "PCS", [1, 0, 1, 1])


def test_lots_are_dealt_out_by_what_is_named(stock: Stockline) -> None:
    """Who names a lot comes first; who names none gets what is left, oldest first."""
    stock.load(
        stock_lines=[*lines("PAINT", 5, lot="L1"), *lines("PAINT", 5, lot="L2")],
        reservations=[
            reserved("SO1", "PAINT", 4),
            reserved("SO2", "PAINT", 4, lot="L1"),
            reserved("SO3", "PAINT", 2, lot="L2"),
        ],
    )
    assert held(stock, "SO1/1") == [(1, None, "L1"), (3, None, "L2")]
    assert held(stock, "SO2/1") == [(4, None, "L1")]
    assert held(stock, "SO3/1") == [(2, None, "L2")]
    assert stock.control() == []


def test_one_line_over_several_rows(stock: Stockline) -> None:
    """Rows of one line and lot are one link; of several lots several; the line has them all."""
    rows = [reserved("SO1", "PAINT", 1, line=7, lot=lot) for lot in ("L1", "L1", "L2", "")]
    stock.load(stock_lines=[*lines("PAINT", 5, lot="L1"), *lines("PAINT", 5, lot="L2")], reservations=rows)
    assert [(link.demand_lot, int(link.quantity)) for link in stock.links(line="SO1/7")] == [
        ("L1", 2),
        ("L2", 1),
        (None, 1),
    ]
    assert stock.line("SO1/7").quantity == 4


def test_a_line_that_is_in_several_places(stock: Stockline) -> None:
    """One line of theirs is several here when it reserves several items, or at several sites."""
    rows = [
        reserved("SO1", "BOLT", line=3),
        reserved("SO1", "PAINT", line=3),
        reserved("SO1", "BOLT", line=3, site="WEST"),
        reserved("SO1", "BOLT", line=1),
    ]
    stock.load(stock_lines=[*lines("BOLT", 5), *lines("BOLT", 5, site="WEST"), *lines("PAINT", 5)], reservations=rows)
    found = {number: stock.line(f"SO1/{number}") for number in (1, 2, 3, 4)}
    assert {number: (line.item, line.site) for number, line in found.items()} == {
        3: ("BOLT", "EAST"),
        1: ("PAINT", "EAST"),
        2: ("BOLT", "WEST"),
        4: ("BOLT", "EAST"),
    }


# ---------------------------------------------------------------- what is not there


def test_more_is_reserved_than_is_there(stock: Stockline) -> None:
    stock.load(stock_lines=lines("BOLT", 3), reservations=[reserved("SO1", "BOLT", 3)])
    assert told(stock) == []
    stock.load(reservations=[reserved("SO2", "BOLT", 2)])
    assert told(stock) == [("over_reserved", None, None, 3, 5)]
    assert stock.line("SO2/1").reserved == 2
    assert stock.unreserve("SO2/1", quantity=1).quantity == 1
    assert told(stock) == [("over_reserved", None, None, 3, 4)]
    stock.delete_order("SO2")
    assert told(stock) == []


def test_what_holds_nothing_is_given_up_first(stock: Stockline) -> None:
    stock.load(stock_lines=lines("BOLT", 3), reservations=[reserved("SO1", "BOLT", 5)])
    stock.unreserve("SO1/1", quantity=2)
    assert told(stock) == []
    assert stock.line("SO1/1").reserved == 3


def test_more_of_a_lot_is_reserved_than_is_there(stock: Stockline) -> None:
    found = [*lines("PAINT", 5, lot="L1"), *lines("PAINT", 5, lot="L2")]
    stock.load(stock_lines=found, reservations=[reserved("SO1", "PAINT", 6, lot="L1")])
    assert told(stock) == [("over_reserved", None, "L1", 5, 6)]


def test_a_reserved_serial_that_left(stock: Stockline) -> None:
    """T16: the reservation is kept for what is on no line any more."""
    bikes(stock, "S1")
    stock.load(serials=[FoundSerial(item="BIKE", serial="S9")], reservations=[reserved("SO1", "BIKE", serial="S9")])
    assert told(stock) == [("reserved_not_on_hand", "S9", None, None, None)]
    with pytest.raises(Refusal) as refusal:
        stock.post("SO1")
    assert refusal.value.code is Code.NOT_IN_STOCK
    assert stock.unreserve("SO1/1").quantity == 1
    assert told(stock) == []


def test_a_serial_nobody_has_heard_of(stock: Stockline) -> None:
    bikes(stock, "S1")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="NEW")])
    assert told(stock) == [("reserved_not_on_hand", "NEW", None, None, None)]


def test_a_serial_reserved_twice(stock: Stockline) -> None:
    bikes(stock, "S1", "S2")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="S1"), reserved("SO2", "BIKE", serial="S1")])
    assert told(stock) == [("over_reserved", "S1", None, 1, 2)]
    assert (held(stock, "SO1/1"), held(stock, "SO2/1")) == ([(1, "S1", None)], [(1, "S1", None)])
    stock.delete_order("SO1", confirm=True)
    assert told(stock) == []


def test_a_serial_reserved_where_it_is_not(stock: Stockline) -> None:
    bikes(stock, "S1")
    bikes(stock, "S2", line=2, site="WEST")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="S2")])
    assert told(stock) == [("over_reserved", "S2", None, 0, 1)]
    assert stock.control(site="WEST") == []


def test_a_serial_told_twice_of_one_line_is_one(stock: Stockline) -> None:
    bikes(stock, "S1", "S2")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="S1")] * 2)
    assert stock.line("SO1/1").quantity == 1


def test_numbers_that_are_not_specific_do_not_decide(stock: Stockline) -> None:
    """RE-18: bolts are not tracked; what a row names of them stays on the demand and binds nothing."""
    stock.load(stock_lines=lines("BOLT", 3), reservations=[reserved("SO1", "BOLT", 3, lot="L9")])
    assert [(link.demand_lot, link.supply_lot) for link in stock.links(line="SO1/1")] == [("L9", None)]
    assert told(stock) == []


# ---------------------------------------------------------------- living on


def test_a_loaded_line_is_posted(stock: Stockline) -> None:
    bikes(stock, "S1", "S2", "S3")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="S2")])
    stock.post("SO1")
    assert not stock.serial("BIKE", "S2").on_hand
    assert stock.links(line="SO1/1") == []
    assert told(stock) == []


def test_lines_without_numbers_are_posted(stock: Stockline) -> None:
    rows = [reserved("SO1", "BOLT", 4), reserved("WO1", "BOLT", 3, kind="production")]
    stock.load(stock_lines=lines("BOLT", 10), reservations=rows)
    stock.post(["SO1", "WO1"])
    assert stock.quantity_on_hand("BOLT") == 3
    assert stock.links(item="BOLT") == []
    assert told(stock) == []


def test_what_is_not_there_is_posted_like_what_is_not_linked(stock: Stockline) -> None:
    """First what is held; then stock that has come since; then stock goes negative, as for any sale (PO-24)."""
    stock.load(stock_lines=lines("BOLT", 3), reservations=[reserved("SO1", "BOLT", 6)])
    stock.post("SO1", quantities={"SO1/1": 3})
    assert told(stock) == [("over_reserved", None, None, 0, 3)]
    order(stock, "PO1", "purchase", [("BOLT", 2, [])])
    stock.post("PO1")
    stock.post("SO1", quantities={"SO1/1": 2})
    assert stock.quantity_on_hand("BOLT") == 0
    stock.post("SO1")
    assert stock.quantity_on_hand("BOLT") == -1
    assert told(stock) == []


def test_a_lot_that_is_not_there_is_refused(stock: Stockline) -> None:
    stock.load(stock_lines=lines("PAINT", 3, lot="L1"), reservations=[reserved("SO1", "PAINT", 4, lot="L1")])
    with pytest.raises(Refusal) as refusal:
        stock.post("SO1")
    assert refusal.value.code in (Code.NOT_IN_STOCK, Code.INSUFFICIENT_STOCK, Code.CANNOT_BE_FULLY_APPLIED)


def test_others_cannot_take_what_is_reserved(stock: Stockline) -> None:
    bikes(stock, "S1", "S2")
    stock.load(reservations=[reserved("SO1", "BIKE", serial="S1")])
    stock.create_order("SO9", "sale", site="EAST", lines=[line_of("BIKE", 2)])
    with pytest.raises(Refusal) as refusal:
        stock.reserve("SO9/1")
    assert refusal.value.code is Code.NOTHING_TO_RESERVE
    assert stock.reserve("SO9/1", partial=True).quantity == 1


def test_what_is_not_there_disturbs_nobody(stock: Stockline) -> None:
    """Looking, reserving, choosing and late binding go on beside reservations that hold nothing."""
    bikes(stock, "S1", "S2")
    stock.load(reservations=[reserved("SO1", "BIKE", 3), reserved("SO2", "BIKE", serial="S9")])
    stock.create_order("SO9", "sale", site="EAST", lines=[line_of("BIKE", 1)])
    with pytest.raises(Refusal) as refusal:
        stock.reserve("SO9/1", serial="S1")
    assert refusal.value.code is Code.NOTHING_TO_RESERVE
    receive(stock, "PO9", "BIKE", serials("N", 1))
    assert stock.reserve("SO9/1", serial="S1").quantity == 1
    assert held(stock, "SO1/1") == [(1, "N1", None), (1, "S2", None), (1, None, None)]
    assert [(line.line, int(line.remaining)) for line in stock.worksheet()] == []
    window = stock.open_tracking("SO1/1").number
    stock.select_entries(window)
    stock.discard_tracking(window)
    stock.change_line("SO1/1", quantity=2)
    assert held(stock, "SO1/1") == [(1, "N1", None), (1, "S2", None)]
    with pytest.raises(Refusal) as refusal:
        stock.change_line("SO1/1", site="WEST")
    assert refusal.value.code is Code.RESERVATION_EXISTS


def test_a_repair_leaves_a_reserved_serial(stock: Stockline) -> None:
    """RS-5 (d), RS-14, RS-15: it is reserved, whoever reserved it."""
    stock.load(
        stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=1)],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=1),
            FoundSerial(item="BIKE", serial="S2", stock_line=1, last=LastMovement(direction="in", site="EAST")),
        ],
        reservations=[reserved("SO1", "BIKE", serial="S1")],
    )
    run = stock.resync_auto()
    assert (run.actions, [case.cause for case in run.left]) == ([], ["reserved"])
    assert [one.marks for one in stock.resync_serials(1) if one.serial == "S1"] == [["reserved"]]
    with pytest.raises(Refusal) as refusal:
        stock.resync_remove(1, ["S1"])
    assert refusal.value.code is Code.RESERVATION_EXISTS


def test_a_reserved_serial_that_is_found_again(stock: Stockline) -> None:
    """What held nothing holds the serial once it is put back on its line."""
    bikes(stock, "S1", quantity=2)
    stock.load(serials=[FoundSerial(item="BIKE", serial="S2")], reservations=[reserved("SO1", "BIKE", serial="S2")])
    assert ("reserved_not_on_hand", "S2", None, None, None) in told(stock)
    stock.resync_add(1, ["S2"])
    assert told(stock) == []
    assert held(stock, "SO1/1") == [(1, "S2", None)]
    stock.post("SO1")
    assert told(stock) == []


def test_what_is_reserved_without_number_follows_the_serials_that_come(stock: Stockline) -> None:
    """What a serial comes from has no number; who held just that holds the serial."""
    bikes(stock, "S1", quantity=4)
    stock.load(serials=[FoundSerial(item="BIKE", serial=number) for number in ("S2", "S3")])
    stock.load(reservations=[reserved("SO1", "BIKE", 3), reserved("SO2", "BIKE")])
    assert (held(stock, "SO1/1"), held(stock, "SO2/1")) == ([(3, None, None)], [(1, "S1", None)])
    stock.resync_add(1, ["S2", "S3"])
    assert held(stock, "SO1/1") == [(1, "S2", None), (1, "S3", None), (1, None, None)]
    assert held(stock, "SO2/1") == [(1, "S1", None)]
    assert [one.finding for one in stock.control()] == ["missing_serials"]


# ---------------------------------------------------------------- loading once more


def test_loading_once_more_replaces_what_was_loaded(stock: Stockline) -> None:
    bikes(stock, "S1", "S2", "S3")
    stock.load(reservations=[reserved("SO1", "BIKE", line=1, serial="S1"), reserved("SO1", "BIKE", line=2)])
    before = stock.links(item="BIKE")
    rows = [reserved("SO1", "BIKE", line=1, serial="S1"), reserved("SO1", "BIKE", line=2)]
    stock.load(reservations=rows)
    assert stock.links(item="BIKE") == before
    stock.load(stock_lines=lines("BOLT", 5), reservations=[reserved("SO1", "BOLT", 2, line=2)])
    assert stock.links(item="BIKE") == []
    assert held(stock, "SO1/2") == [(2, None, None)]
    with pytest.raises(Refusal):
        stock.line("SO1/1")
    assert told(stock) == []


def test_other_documents_stay_as_they_are(stock: Stockline) -> None:
    stock.load(stock_lines=lines("BOLT", 9), reservations=[reserved("SO1", "BOLT", 2), reserved("SO2", "BOLT", 3)])
    stock.load(reservations=[reserved("SO2", "BOLT", 1)])
    assert [int(stock.line(name).reserved) for name in ("SO1/1", "SO2/1")] == [2, 1]


def test_what_was_posted_of_a_loaded_line_stays(stock: Stockline) -> None:
    """What the other system says is reserved now is reserved beside what was posted here."""
    stock.load(stock_lines=lines("BOLT", 9), reservations=[reserved("SO1", "BOLT", 5, line=1)])
    stock.post("SO1", quantities={"SO1/1": 2})
    stock.load(reservations=[reserved("SO1", "BOLT", 4, line=1)])
    assert figures(stock, "SO1/1") == [2, 2, 0, 0]
    assert figures(stock, "SO1/2") == [4, 0, 4, 4]
    assert told(stock) == []
    stock.post("SO1")
    assert stock.quantity_on_hand("BOLT") == 3


def test_a_document_that_has_become_another_kind(stock: Stockline) -> None:
    """It is what the last load says, unless something was posted of what it was before."""
    stock.load(stock_lines=lines("BOLT", 9), reservations=[reserved("D1", "BOLT"), reserved("D2", "BOLT", 2)])
    stock.post("D2", quantities={"D2/1": 1})
    stock.load(reservations=[reserved(name, "BOLT", kind="production") for name in ("D1", "D2")])
    assert figures(stock, "D1/c1") == [1, 0, 1, 1]
    assert figures(stock, "D2/2") == [1, 0, 1, 1]
    posting = stock.post(["D1", "D2"])
    assert [entry.type for entry in stock.ledger(posting=posting.number)] == ["consumption", "sale"]


def test_what_people_did_to_a_loaded_line_goes(stock: Stockline) -> None:
    """Changed, reserved from a purchase, with a window open: all of it is overwritten, the purchase is free again."""
    bikes(stock, "S1")
    stock.load(reservations=[reserved("SO1", "BIKE", 1)])
    stock.create_order("PO1", "purchase", site="EAST", lines=[line_of("BIKE", 2)])
    stock.track("PO1/1", serials("P", 2))
    stock.change_line("SO1/1", quantity=3)
    stock.reserve("SO1/1", against="PO1/1")
    window = stock.open_tracking("SO1/1").number
    stock.load(reservations=[reserved("SO1", "BIKE", 1)])
    assert held(stock, "SO1/1") == [(1, "S1", None)]
    assert {(link.status, link.demand) for link in stock.links(line="PO1/1")} == {("surplus", None)}
    assert sum(link.quantity for link in stock.links(line="PO1/1")) == 2
    with pytest.raises(Refusal) as refusal:
        stock.close_tracking(window)
    assert refusal.value.code is Code.WINDOW_STALE
    assert told(stock) == []


def test_documents_of_ones_own_are_not_overwritten(stock: Stockline) -> None:
    stock.create_order("SO1", "sale", site="EAST", lines=[line_of("BOLT", 2)])
    refusal = refused(stock, [reserved("SO2", "BOLT"), reserved("SO1", "BOLT"), reserved(" SO1 ", "BOLT", line=2)])
    assert refusal.code is Code.INVALID
    assert [finding.row for finding in refusal.findings] == [2, 3]
    with pytest.raises(Refusal):
        stock.line("SO2/1")
    stock.delete_order("SO1")
    stock.load(reservations=[reserved("SO1", "BOLT")])
    assert stock.line("SO1/1").reserved == 1


def test_what_cannot_be_read_is_named_row_by_row(stock: Stockline) -> None:
    nowhere = [
        reserved("SO1", "NONE"),
        reserved("SO1", "BOLT", site="NONE"),
        reserved("SO1", "BOLT", variant="RED"),
        reserved("SO1", "BOLT"),
    ]
    refusal = refused(stock, nowhere)
    assert (refusal.code, [finding.row for finding in refusal.findings]) == (Code.NOT_FOUND, [1, 2, 3])
    senseless = [
        reserved("SO1", "BOLT"),
        FoundReservation(document="SO1", item="BOLT", site="EAST", quantity="1,5"),
        reserved("SO1", "BOLT", 0),
        reserved("SO1", "BOLT", -1),
        reserved("SO1", "BIKE", 2, serial="S1"),
        reserved(" ", "BOLT"),
    ]
    refusal = refused(stock, senseless)
    assert (refusal.code, [finding.row for finding in refusal.findings]) == (Code.INVALID, [2, 3, 4, 5, 6])
    with pytest.raises(Refusal):
        stock.line("SO1/1")


# ---------------------------------------------------------------- many


def test_as_many_statements_for_many_as_for_few(stock: Stockline) -> None:
    counts = []
    for prefix, count in (("F", 4), ("M", 2000)):
        found = [FoundSerial(item="BIKE", serial=f"{prefix}{n}", stock_line=ord(prefix)) for n in range(count)]
        line = FoundStockLine(id=ord(prefix), item="BIKE", site="EAST", lot=prefix, quantity=count)
        stock.load(stock_lines=[line, *lines("PAINT", count, lot=prefix)], serials=found)
        rows = [reserved(f"{prefix}O{n % 10}", "BIKE", line=n, serial=f"{prefix}{n}") for n in range(1, count // 2)]
        rows += [reserved(f"{prefix}O", "BIKE", line=n) for n in range(1, count // 2)]
        rows += [reserved(f"{prefix}P{n}", "PAINT", lot=prefix) for n in range(1, count // 2)]
        for _ in ("first", "again"):
            with counted(stock) as seen:
                stock.load(reservations=rows)
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert max(counts) < 70
    assert told(stock) == []
