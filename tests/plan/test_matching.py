"""Late binding case by case: the examples of the specification, the ties, chains that undo moves, and the cut."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import TypeVar

import pytest

from stockline.plan.held_stock import ANYTHING, Entry, Link, Need, Numbers, StockInMemory, Units
from stockline.plan.matching import Assignment, Competition, Cut, Request, competition, match
from tests.plan.matching_instances import TODAY

Row = TypeVar("Row")
S1, S2, S3, S4 = (Numbers(serial=serial) for serial in ("S1", "S2", "S3", "S4"))
A, B = Numbers(lot="A"), Numbers(lot="B")
P, T = Numbers(package="P"), Numbers(package="T")
AP, AT, BP = Numbers("", "A", "P"), Numbers("", "A", "T"), Numbers("", "B", "P")


def entries(*numbers: Numbers) -> list[Entry]:
    """Ledger entries 1, 2, 3 ... of one day."""
    return [Entry(number, of, TODAY) for number, of in enumerate(numbers, 1)]


def link(id: int, numbers: Numbers, entry: Entry, quantity: int = 1, *, day: int = 0, movable: bool = True) -> Link:
    return Link(id, numbers, entry, quantity, TODAY + timedelta(days=day), movable)


def units(held: Iterable[Entry], *quantities: int) -> list[Units]:
    return [Units(entry, quantity) for entry, quantity in zip(held, quantities, strict=True)]


def moves(result: Assignment | Cut) -> list[tuple[int, int, int, int]]:
    """Which link moves from which entry to which, and how much of it."""
    assert isinstance(result, Assignment)
    return sorted((move.link.id, move.link.entry.number, move.to.number, move.quantity) for move in result.moves)


def taken(result: Assignment | Cut) -> list[tuple[int, int, int]]:
    """Which request takes from which entry, and how much."""
    assert isinstance(result, Assignment)
    return sorted((taken.request, taken.entry.number, taken.quantity) for taken in result.taken)


def explained(stock: StockInMemory, result: Assignment | Cut) -> tuple[Cut, Competition]:
    assert isinstance(result, Cut)
    return result, competition(stock, result, most=10)


@pytest.mark.parametrize(
    ("demand", "unit", "fits"),
    [
        (ANYTHING, Numbers("S1", "A", "P"), True),
        (A, Numbers("S1", "A", "P"), True),
        (A, Numbers("S1", "B", "P"), False),
        (A, Numbers("S1", "", "P"), False),
        (P, Numbers("", "A", "P"), True),
        (AP, Numbers("S1", "A", "P"), True),
        (AP, Numbers("S1", "A", "T"), False),
        (Numbers("S1"), Numbers("S1", "A"), True),
        (Numbers("S1", "B"), Numbers("S1", "A"), False),
    ],
)
def test_a_demand_admits_what_agrees_with_the_numbers_it_carries(demand: Numbers, unit: Numbers, fits: bool) -> None:
    assert demand.admits(unit) is fits
    assert (demand in unit.admitting()) is fits


class TestTheWorkedExample:
    """RE-60: S1 and S2 are of lot A, S3 of lot B; D1 asks for lot A and holds S1, D2 holds S2."""

    held = entries(Numbers("S1", "A"), Numbers("S2", "A"), Numbers("S3", "B"))

    def test_a_chain_of_two_moves(self) -> None:
        s1, s2, _s3 = self.held
        stock = StockInMemory(units(self.held, 1, 1, 1), [link(1, A, s1), link(2, ANYTHING, s2)])
        result = match(stock, [Request(S1, 1)])
        assert moves(result) == [(1, 1, 2, 1), (2, 2, 3, 1)]
        assert taken(result) == [(0, 1, 1)]

    def test_three_demands_for_two_units(self) -> None:
        s1, s2, _s3 = self.held
        first, second = link(1, A, s1), link(2, A, s2)
        stock = StockInMemory(units(self.held, 1, 1, 1), [first, second])
        cut, shown = explained(stock, match(stock, [Request(S1, 1)]))
        assert cut == Cut(request=0, missing=1, needs=(S1, A))
        assert shown == Competition(on_hand=2, wanted=3, links=(first, second))


class TestLots:
    """RE-32, RE-47 and RE-62: quantities of lots, in engine units."""

    lots = entries(A, B)

    def test_two_lines_of_an_order(self) -> None:
        """SO1/2 has given up its 8 of the second lot, which now count as free (RE-40)."""
        first, second = self.lots
        links = [link(1, ANYTHING, first, 20), link(2, ANYTHING, second, 2)]
        result = match(StockInMemory(units(self.lots, 20, 10), links), [Request(A, 8, partial=True)])
        assert moves(result) == [(1, 1, 2, 8)]
        assert taken(result) == [(0, 1, 8)]

    def test_a_posting_moves_the_holder(self) -> None:
        stock = StockInMemory(units(self.lots, 5, 5), [link(1, ANYTHING, self.lots[0], 5)])
        assert moves(match(stock, [Request(A, 5)])) == [(1, 1, 2, 5)]

    def test_a_posting_is_refused_without_other_stock(self) -> None:
        holder = link(1, ANYTHING, self.lots[0], 5)
        stock = StockInMemory(units(self.lots[:1], 5), [holder])
        cut, shown = explained(stock, match(stock, [Request(A, 5)]))
        assert (cut.request, cut.missing) == (0, 5)
        assert shown == Competition(on_hand=5, wanted=10, links=(holder,))

    def test_an_adjustment_that_just_fits(self) -> None:
        stock = StockInMemory(units(self.lots, 10, 5), [link(1, ANYTHING, self.lots[0], 8)])
        assert moves(match(stock, [Request(A, 7)])) == [(1, 1, 2, 5)]
        cut, shown = explained(stock, match(stock, [Request(A, 8)]))
        assert (cut.missing, shown.on_hand, shown.wanted) == (1, 15, 16)

    def test_the_largest_part(self) -> None:
        stock = StockInMemory(units(self.lots, 10, 4), [link(1, ANYTHING, self.lots[0], 8)])
        assert isinstance(match(stock, [Request(A, 7)]), Cut)
        result = match(stock, [Request(A, 7, partial=True)])
        assert isinstance(result, Assignment)
        assert result.quantity(0) == 6
        assert moves(result) == [(1, 1, 2, 4)]
        assert [(cut.request, cut.missing) for cut in result.cuts] == [(0, 1)]

    def test_free_units_of_the_number_are_no_move(self) -> None:
        stock = StockInMemory(units(self.lots, 5, 5), [link(1, ANYTHING, self.lots[0], 3)])
        assert moves(match(stock, [Request(A, 2)])) == []
        assert moves(match(stock, [Request(A, 3)])) == [(1, 1, 2, 1)]

    def test_more_than_there_is_of_the_number(self) -> None:
        stock = StockInMemory(units(self.lots, 5, 5), [link(1, ANYTHING, self.lots[0], 5)])
        assert match(stock, [Request(A, 6)]) == Cut(request=0, missing=1, needs=(A,))


class TestSerials:
    """RE-43, RE-64 and IN-11."""

    held = entries(S1, S2, S3, S4)

    def test_two_lines_swap(self) -> None:
        """The second line held S2 and has given it up for S1."""
        stock = StockInMemory(units(self.held[:2], 1, 1), [link(1, ANYTHING, self.held[0])])
        assert moves(match(stock, [Request(S1, 1, partial=True)])) == [(1, 1, 2, 1)]

    @pytest.mark.parametrize("together", [False, True])
    def test_a_shipment_of_two(self, together: bool) -> None:
        requests = [Request(frozenset({1, 2}), 2)] if together else [Request(S1, 1), Request(S2, 1)]
        links = [link(number, ANYTHING, entry) for number, entry in enumerate(self.held, 1)]
        two_reserved = match(StockInMemory(units(self.held, 1, 1, 1, 1), links[:2]), requests)
        assert {to for _, _, to, _ in moves(two_reserved)} == {3, 4}
        assert [entry for _, entry, _ in taken(two_reserved)] == [1, 2]
        assert isinstance(match(StockInMemory(units(self.held, 1, 1, 1, 1), links), requests), Cut)

    def test_who_named_the_serial_does_not_give_way(self) -> None:
        stock = StockInMemory(units(self.held[:2], 1, 1), [link(1, S1, self.held[0])])
        assert match(stock, [Request(S1, 1)]) == Cut(request=0, missing=1, needs=(S1,))

    def test_nor_does_a_link_that_may_not_move(self) -> None:
        fixed = link(1, ANYTHING, self.held[0], movable=False)
        stock = StockInMemory(units(self.held[:2], 1, 1), [fixed])
        _, shown = explained(stock, match(stock, [Request(S1, 1)]))
        assert shown == Competition(on_hand=1, wanted=2, links=(fixed,))

    def test_a_serial_that_is_not_there(self) -> None:
        stock = StockInMemory(units(self.held[:1], 1), [])
        _, shown = explained(stock, match(stock, [Request(S2, 1)]))
        assert shown == Competition(on_hand=0, wanted=1, links=())


class Backwards(StockInMemory):
    """Tells of the holders in an order that has no meaning."""

    def holders(self, need: Need) -> Mapping[Numbers, Iterable[Link]]:
        return dict(reversed(list(super().holders(need).items())))


class TestTies:
    """RE-63: the moved demand with the latest date, then the oldest ledger entry."""

    def test_the_latest_demand_moves(self) -> None:
        first, other = entries(A, B)
        links = [
            link(1, ANYTHING, first, 2, day=1),
            link(2, ANYTHING, first, 2, day=5),
            link(3, ANYTHING, first, day=3),
        ]
        stock = StockInMemory(units([first, other], 5, 9), links)
        assert moves(match(stock, [Request(A, 1)])) == [(2, 1, 2, 1)]
        assert moves(match(stock, [Request(A, 4)])) == [(1, 1, 2, 1), (2, 1, 2, 2), (3, 1, 2, 1)]

    def test_of_one_day_that_on_the_oldest_entry(self) -> None:
        younger, older = Entry(1, A, TODAY), Entry(2, A, TODAY - timedelta(days=1))
        other = Entry(3, B, TODAY)
        stock = StockInMemory(
            units([younger, older, other], 1, 1, 1), [link(1, ANYTHING, younger), link(2, ANYTHING, older)]
        )
        assert moves(match(stock, [Request(A, 1)])) == [(2, 2, 3, 1)]

    def test_of_different_needs_too(self) -> None:
        younger, older = Entry(1, AP, TODAY), Entry(2, AT, TODAY - timedelta(days=1))
        others = [Entry(3, BP, TODAY), Entry(4, Numbers("", "B", "T"), TODAY)]
        links = [link(1, P, younger), link(2, T, older)]
        for kind in (StockInMemory, Backwards):
            stock = kind(units([younger, older, *others], 1, 1, 1, 1), links)
            assert moves(match(stock, [Request(A, 1)])) == [(2, 2, 4, 1)]

    def test_of_one_entry_the_link_made_last(self) -> None:
        first, other = entries(A, B)
        stock = StockInMemory(units([first, other], 2, 1), [link(1, ANYTHING, first), link(2, ANYTHING, first)])
        assert moves(match(stock, [Request(A, 1)])) == [(2, 1, 2, 1)]

    def test_it_moves_to_the_oldest_entry(self) -> None:
        first, younger, older = Entry(1, A, TODAY), Entry(2, B, TODAY), Entry(3, B, TODAY - timedelta(days=1))
        stock = StockInMemory(units([first, younger, older], 1, 1, 1), [link(1, ANYTHING, first)])
        assert moves(match(stock, [Request(A, 1)])) == [(1, 1, 3, 1)]

    def test_the_earliest_demand_gets_the_oldest_entry(self) -> None:
        first, *others = entries(A, B, B)
        links = [link(1, ANYTHING, first, day=2), link(2, ANYTHING, first, day=1)]
        stock = StockInMemory(units([first, *others], 2, 1, 1), links)
        assert moves(match(stock, [Request(A, 2)])) == [(1, 1, 3, 1), (2, 1, 2, 1)]

    def test_one_late_move_is_better_than_two_later_ones(self) -> None:
        """D1 could go to lot A only if D2 left it; D3 can go at once."""
        lots = entries(BP, AP, BP, Numbers("", "C", ""), Numbers("", "C", ""))
        links = [link(1, B, lots[0], day=9), link(2, ANYTHING, lots[2], day=9), link(3, ANYTHING, lots[0], day=0)]
        stock = StockInMemory(units(lots, 2, 1, 1, 1, 1), links)
        assert moves(match(stock, [Request(frozenset({1}), 1)])) == [(3, 1, 2, 1)]


class TestSeveralRequests:
    def test_they_compete_with_each_other(self) -> None:
        lots = entries(A, B)
        stock = StockInMemory(units(lots, 3, 1), [])
        result = match(stock, [Request(A, 2), Request(ANYTHING, 2)])
        assert taken(result) == [(0, 1, 2), (1, 1, 1), (1, 2, 1)]
        assert isinstance(match(stock, [Request(ANYTHING, 2), Request(A, 3)]), Cut)

    def test_a_request_changes_its_mind_for_a_later_one(self) -> None:
        lots = entries(A, B)
        result = match(StockInMemory(units(lots, 1, 1), []), [Request(ANYTHING, 1), Request(A, 1)])
        assert taken(result) == [(0, 2, 1), (1, 1, 1)]
        assert moves(result) == []

    def test_what_must_be_served_comes_before_what_may(self) -> None:
        lots = entries(A)
        result = match(StockInMemory(units(lots, 3), []), [Request(A, 2, partial=True), Request(A, 2)])
        assert taken(result) == [(0, 1, 1), (1, 1, 2)]

    def test_of_partial_ones_the_earlier_comes_first(self) -> None:
        result = match(
            StockInMemory(units(entries(A), 3), []), [Request(A, 2, partial=True), Request(A, 2, partial=True)]
        )
        assert taken(result) == [(0, 1, 2), (1, 1, 1)]
        assert isinstance(result, Assignment)
        assert result.cuts == (Cut(request=1, missing=1, needs=(A,)),)


class TestMovesThatAreUndone:
    """A later chain may send a link back where it was: that is a move less."""

    def test_a_move_undone_is_one_less(self) -> None:
        """First lot A takes e1 and Q1 goes to f; then somebody wants e4, and Q goes back to e1 rather than on."""
        e1, e2, e3, e4, f, g = entries(AP, AT, Numbers("", "A", "V"), BP, BP, Numbers("", "C", "T"))
        links = [link(1, P, e1, day=8), link(2, T, e2, day=7), link(3, A, e3, day=9), link(4, P, e4, day=6)]
        stock = StockInMemory(units([e1, e2, e3, e4, f, g], 1, 1, 1, 1, 1, 1), links)
        assert moves(match(stock, [Request(A, 1)])) == [(1, 1, 5, 1)]
        assert moves(match(stock, [Request(A, 1), Request(frozenset({3, 4}), 1)])) == [(2, 2, 6, 1), (4, 4, 5, 1)]

    def test_another_holder_of_the_entry_moves_instead(self) -> None:
        e1, e2, f, g = entries(AP, AP, BP, AT)
        links = [link(1, P, e1, day=8), link(2, A, e1, day=1), link(3, A, e2, day=5)]
        stock = StockInMemory(units([e1, e2, f, g], 2, 1, 1, 2), links)
        first, second, third = Request(frozenset({1}), 1), Request(frozenset({3}), 1), Request(frozenset({1}), 1)
        assert moves(match(stock, [first])) == [(1, 1, 3, 1)]
        assert moves(match(stock, [first, second])) == [(2, 1, 4, 1)]
        assert moves(match(stock, [first, second, third])) == [(1, 1, 2, 1), (2, 1, 4, 1), (3, 2, 4, 1)]

    def test_several_links_go_back(self) -> None:
        e1, f, g = entries(AP, BP, AT)
        links = [link(1, P, e1, day=8), link(2, P, e1, day=7), link(3, A, e1, 2, day=1)]
        stock = StockInMemory(units([e1, f, g], 4, 2, 2), links)
        first, second = Request(frozenset({1}), 2), Request(frozenset({2}), 2)
        assert moves(match(stock, [first])) == [(1, 1, 2, 1), (2, 1, 2, 1)]
        assert moves(match(stock, [first, second])) == [(3, 1, 3, 2)]


class Counting(StockInMemory):
    """Counts the rows that are really read."""

    read = 0

    def free(self, need: Need) -> Iterator[Units]:
        return self._counted(super().free(need))

    def holders(self, need: Need) -> Mapping[Numbers, Iterable[Link]]:
        assert need != ANYTHING
        return {numbers: self._counted(links) for numbers, links in super().holders(need).items()}

    def _counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.read += 1
            yield row


class TestManyReservations:
    """50,000 reservations without number hold 50,000 serials of 50 lots."""

    @staticmethod
    @cache
    def stock(free: int) -> Counting:
        held = [Entry(number, Numbers(f"S{number}", f"L{number % 50}"), TODAY) for number in range(1, 50_001 + free)]
        links = [link(entry.number, ANYTHING, entry, day=entry.number % 30) for entry in held[:50_000]]
        return Counting([Units(entry, 1) for entry in held], links)

    @pytest.fixture(autouse=True)
    def _from_zero(self) -> None:
        self.stock(0).read = self.stock(10).read = 0

    def test_one_serial_reads_two_rows(self) -> None:
        stock = self.stock(10)
        assert moves(match(stock, [Request(Numbers("S777"), 1)])) == [(777, 777, 50_001, 1)]
        assert stock.read == 2

    def test_a_refusal_reads_the_holder_only(self) -> None:
        stock = self.stock(0)
        cut, shown = explained(stock, match(stock, [Request(Numbers("S777"), 1)]))
        assert cut == Cut(request=0, missing=1, needs=(ANYTHING,))
        assert (shown.on_hand, shown.wanted, len(shown.links)) == (50_000, 50_001, 10)
        assert stock.read == 1

    def test_a_shipment_of_ten_serials_reads_twenty_rows(self) -> None:
        stock = self.stock(10)
        result = match(stock, [Request(Numbers(f"S{number}"), 1) for number in range(1, 11)])
        assert len(moves(result)) == 10
        assert stock.read == 20

    def test_ten_units_of_a_lot_read_twenty_rows(self) -> None:
        stock = self.stock(10)
        result = match(stock, [Request(Numbers(lot="L7"), 11, partial=True)])
        assert isinstance(result, Assignment)
        assert result.quantity(0) == 10
        assert stock.read <= 25
