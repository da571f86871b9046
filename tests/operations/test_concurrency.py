"""Many work at once: what they do adds up, no serial is in stock twice, and nobody sees a lock, a deadlock or a key."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from stockline import (
    Code,
    Counted,
    FoundSerial,
    FoundStockLine,
    Posting,
    Refusal,
    Stockline,
    TrackingCode,
    TrackingRow,
)
from tests.support.warehouse import Line, at_once, order, receive, serials


def outcome(answer: object) -> str:
    """What became of a call, in a word; anything but a result or a refusal is told in full."""
    if isinstance(answer, Refusal):
        return answer.code
    return f"{answer!r}" if isinstance(answer, BaseException) else "done"


def outcomes(answers: Sequence[object]) -> list[str]:
    return sorted(outcome(answer) for answer in answers)


def on_hand(stock: Stockline, item: str) -> list[str]:
    """The serials of an item that some stock line holds: each as often as it is there."""
    held = stock._read(lambda transaction: transaction.connection.exec_driver_sql(_HELD.format(item)).all())
    return sorted(row[0] for row in held)


_HELD = (
    "SELECT s.serial FROM serial s JOIN item i ON i.id = s.item_id"
    " JOIN stock_line l ON l.item_id = s.item_id AND l.id = s.stock_line_id WHERE i.code = '{}' AND l.quantity > 0"
)


def test_many_orders_of_one_item_at_once(stock: Stockline) -> None:
    threads, orders, pieces = 8, 4, 3
    for thread in range(threads):
        for number in range(orders):
            rows = serials(f"S{thread}-{number}-", pieces)
            lots = [TrackingRow(lot=f"L{number}", quantity="2.5")]
            lines: list[Line] = [("BIKE", pieces, rows), ("PAINT", "2.5", lots), ("BOLT", 4, [])]
            order(stock, f"PO{thread}-{number}", "purchase", lines)

    def post(thread: int) -> list[Posting]:
        return [stock.post(f"PO{thread}-{number}") for number in range(orders)]

    answers = at_once([partial(post, thread) for thread in range(threads)])
    assert outcomes(answers) == ["done"] * threads
    total = threads * orders
    assert stock.quantity_on_hand("BIKE") == total * pieces
    assert stock.quantity_on_hand("PAINT", lot="L0") * orders == stock.quantity_on_hand("PAINT") == total * 5 / 2
    assert stock.quantity_on_hand("BOLT") == total * 4
    assert len(set(on_hand(stock, "BIKE"))) == len(on_hand(stock, "BIKE")) == total * pieces
    assert stock.control() == []
    numbers = [entry.number for entry in stock.ledger()]
    assert len(set(numbers)) == len(numbers)


def test_goods_come_and_go_at_once(stock: Stockline) -> None:
    """Receipts, issues and adjustments of the same items, against each other."""
    receive(stock, "PO0", "BIKE", serials("OLD", 12))
    stock.adjust("BOLT", "EAST", 1000)

    def sell(number: int) -> Posting:
        sold = serials("OLD", 12)[number * 3 - 3 : number * 3]
        order(stock, f"SO{number}", "sale", [("BIKE", 3, sold), ("BOLT", 5, [])])
        return stock.post(f"SO{number}")

    def buy(number: int) -> Posting:
        order(stock, f"PO{number}", "purchase", [("BOLT", 2, []), ("BIKE", 3, serials(f"NEW{number}-", 3))])
        return stock.post(f"PO{number}")

    works: list[Callable[[], object]] = [partial(work, number) for work in (sell, buy) for number in range(1, 5)]
    works += [partial(stock.adjust, "BOLT", "EAST", -1)] * 2
    assert outcomes(at_once(works)) == ["done"] * 10
    assert stock.quantity_on_hand("BOLT") == 1000 - 20 + 8 - 2
    assert on_hand(stock, "BIKE") == sorted(f"NEW{number}-{piece}" for number in range(1, 5) for piece in range(1, 4))
    assert stock.control() == []


def race(stock: Stockline, works: Sequence[tuple[str, str]], winner: str, loser: Code) -> None:
    """Post two orders about the same serials at once, ten times over: one is posted, the other refused, whole."""
    for attempt in range(10):
        rows = serials(f"S{attempt}-", 20)
        if winner == "sale":
            receive(stock, f"PO{attempt}", "BIKE", rows)
        for place, (kind, site) in enumerate(works):
            order(stock, f"{kind}{attempt}-{place}", kind, [("BIKE", 20, rows)], site)
        names = [f"{kind}{attempt}-{place}" for place, (kind, _) in enumerate(works)]
        answers = at_once([partial(stock.post, name) for name in names])
        assert outcomes(answers) == sorted(["done", loser])
        (refusal,) = (answer for answer in answers if isinstance(answer, Refusal))
        assert {finding.serial for finding in refusal.findings} == {row.serial for row in rows}
    assert stock.control() == []


def test_two_receive_the_same_serials(stock: Stockline) -> None:
    race(stock, [("purchase", "EAST"), ("purchase", "EAST")], "purchase", Code.SERIAL_ALREADY_IN_STOCK)
    assert stock.quantity_on_hand("BIKE") == len(on_hand(stock, "BIKE")) == 200


def test_two_receive_the_same_serials_at_different_sites(stock: Stockline) -> None:
    race(stock, [("purchase", "EAST"), ("purchase", "WEST")], "purchase", Code.SERIAL_ALREADY_IN_STOCK)
    assert stock.quantity_on_hand("BIKE") == len(on_hand(stock, "BIKE")) == 200


def test_two_issue_the_same_serials(stock: Stockline) -> None:
    race(stock, [("sale", "EAST"), ("sale", "EAST")], "sale", Code.NOT_IN_STOCK)
    assert stock.quantity_on_hand("BIKE") == len(on_hand(stock, "BIKE")) == 0


def test_two_post_the_same_order(stock: Stockline) -> None:
    for number in range(5):
        order(stock, f"PO{number}", "purchase", [("BIKE", 3, serials(f"S{number}-", 3)), ("BOLT", 1, [])])
        answers = at_once([partial(stock.post, f"PO{number}")] * 3)
        assert outcomes(answers) == ["done", Code.NOTHING_TO_POST, Code.NOTHING_TO_POST]
    assert stock.quantity_on_hand("BOLT") == 5
    assert stock.control() == []


def test_the_last_piece_goes_once(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 1, rows=[TrackingRow(lot="P1", quantity=1)])
    for number in range(4):
        order(stock, f"SO{number}", "sale", [("PAINT", 1, [TrackingRow(lot="P1", quantity=1)])])
    answers = at_once([partial(stock.post, f"SO{number}") for number in range(4)])
    assert outcomes(answers) == ["done", *[Code.NOT_IN_STOCK] * 3]
    assert stock.quantity_on_hand("PAINT") == 0
    assert stock.control() == []


@pytest.mark.parametrize(
    "make",
    [
        lambda stock: stock.create_item("NEW", tracking=TrackingCode(lot="specific")),
        lambda stock: stock.create_site("NEW", locations=["A"]),
        lambda stock: order(stock, "NEW", "purchase", [("BOLT", 1, [])]),
    ],
    ids=["item", "site", "order"],
)
def test_several_make_the_same_thing(stock: Stockline, make: Callable[[Stockline], object]) -> None:
    answers = at_once([partial(make, stock)] * 4)
    assert outcomes(answers) == ["done", *[Code.INVALID] * 3]


def test_several_make_the_same_card(stock: Stockline) -> None:
    """A card is made or changed: all of them succeed."""
    answers = at_once([partial(stock.set_information_card, "serial", "BIKE", "S1", blocked=True)] * 4)
    assert outcomes(answers) == ["done"] * 4


def test_orders_of_many_items_in_opposite_order(stock: Stockline) -> None:
    """The classical deadlock: locks are taken in key order, whatever the order of the lines."""
    for item in ("BOLT2", "BOLT3"):
        stock.create_item(item)
    untracked = ["BOLT", "BOLT2", "BOLT3"]
    for number in range(8):
        names = untracked if number % 2 else untracked[::-1]
        order(stock, f"PO{number}", "purchase", [(name, 1, []) for name in names], "EAST" if number % 3 else "WEST")
    answers = at_once([partial(stock.post, f"PO{number}") for number in range(8)])
    assert outcomes(answers) == ["done"] * 8
    assert [stock.quantity_on_hand(name) for name in untracked] == [8, 8, 8]
    assert stock.control() == []


def test_a_line_is_tracked_and_posted_at_once(stock: Stockline) -> None:
    """Whoever comes first: numbers and quantities of the line fit together afterwards."""
    for number in range(6):
        order(stock, f"PO{number}", "purchase", [("BIKE", 2, serials(f"A{number}-", 2))])
        name = f"PO{number}"
        works: list[Callable[[], object]] = [partial(stock.post, name)]
        works.append(partial(stock.track, f"{name}/1", serials(f"B{number}-", 2)))
        at_once(works)
        state = stock.specification(f"PO{number}/1")
        assert state.active + state.historic == 2
        assert len({name[0] for name in on_hand(stock, "BIKE") if name[1:].startswith(f"{number}-")}) == 1
    assert stock.control() == []


def test_counts_beside_postings(stock: Stockline) -> None:
    """Out of step is settled once, whoever comes first, and what is posted beside the counts is kept."""
    found = [FoundSerial(item="BIKE", serial=f"S{number}", stock_line=1) for number in range(10)]
    stock.load(stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=14)], serials=found)
    stock.load(stock_lines=[FoundStockLine(id=2, item="PAINT", site="EAST", lot="L1", quantity=4)])
    stock.load(stock_lines=[FoundStockLine(id=2, item="PAINT", site="EAST", lot="L1", quantity=9)])
    for number in range(4):
        order(stock, f"WO{number}", "purchase", [("BIKE", 2, serials(f"W{number}-", 2)), ("PAINT", 1, [L2])], "WEST")
    bikes = [Counted(serial=one.serial) for one in found]
    paint = [Counted(lot="L1", quantity=9)]
    works: list[Callable[[], object]] = [
        partial(stock.count, "BIKE", "EAST", bikes, key=f"B{at % 2}") for at in range(4)
    ]
    works += [partial(stock.count, "PAINT", "EAST", paint, key="P")] * 3
    works += [partial(stock.post, f"WO{number}") for number in range(4)]
    assert outcomes(at_once(works)) == ["done"] * 11
    assert stock.control() == []
    assert on_hand(stock, "BIKE") == sorted(
        [one.serial for one in found] + [f"W{n}-{p}" for n in range(4) for p in (1, 2)]
    )
    assert stock.quantity_on_hand("BIKE") == 18
    assert stock.quantity_on_hand("PAINT") == 9 + 4


L2 = TrackingRow(lot="L2", quantity=1)


def test_a_count_sent_twice_settles_once(stock: Stockline) -> None:
    stock.load(stock_lines=[FoundStockLine(id=2, item="PAINT", site="EAST", lot="L1", quantity=4)])
    stock.load(stock_lines=[FoundStockLine(id=2, item="PAINT", site="EAST", lot="L1", quantity=9)])
    counts = [partial(stock.count, "PAINT", "EAST", [Counted(lot="L1", quantity=8)], key="C")] * 4
    answers = at_once(counts)
    assert outcomes(answers) == ["done"] * 4
    assert len({answer.number for answer in answers if isinstance(answer, Posting)}) == 1
    assert [entry.quantity for entry in stock.ledger() if entry.type == "resynchronization"] == [5]
    assert stock.quantity_on_hand("PAINT") == 8
    assert stock.control() == []
