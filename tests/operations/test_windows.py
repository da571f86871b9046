"""Windows that stay open: pasting, undoing, two editors, abandoned windows, restarts, and their speed."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import pytest

import stockline
from stockline import Code, OrderLine, Refusal, Stockline, TrackingRow, Window, WindowChanged, WindowView
from tests.operations.test_statements import counted
from tests.support.warehouse import TODAY, at_once, furnish, order, serials

START = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


class Clock:
    """The time, as far as it is told."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> dt.datetime:
        return self.time

    def pass_(self, **time: int) -> None:
        """Let time pass."""
        self.time += dt.timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stock(database_url: str, clock: Clock) -> Iterator[Stockline]:
    """A furnished shop with two lines to track: 5 bicycles and 9 litres of paint."""
    with stockline.open(database_url, today=TODAY, now=clock, windows_expire_after=dt.timedelta(hours=2)) as opened:
        furnish(opened)
        order(opened, "PO1", "purchase", [("BIKE", 5, []), ("PAINT", 9, [])])
        yield opened


def shown(view: WindowView) -> list[str]:
    """The numbers of the rows, in order."""
    return [row.serial or row.lot for row in view.rows]


def refusal_of(work: object, *given: object, **named: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        work(*given, **named)  # type: ignore[operator]
    return caught.value


def drafted(stock: Stockline, line: str, *rows: TrackingRow) -> Window:
    """A window of the line with these rows entered."""
    window = stock.open_tracking(line)
    for row in rows:
        stock.enter_row(window.number, row)
    return stock.window(window.number)


# ---------------------------------------------------------------- pasting


def pasted(stock: Stockline) -> WindowChanged:
    window = drafted(stock, "PO1/1", TrackingRow("S1"))
    return stock.paste_rows(
        window.number,
        [
            TrackingRow("S2"),
            TrackingRow("S1"),
            TrackingRow("S3", quantity=2),
            TrackingRow("S2", "L1"),
            TrackingRow("S4", quantity="many"),
            TrackingRow("S5", expires=None, warranty=dt.date(2027, 1, 1)),
            TrackingRow("S6", apply_to=1),
        ],
    )


def test_good_rows_are_entered_and_bad_ones_kept(stock: Stockline) -> None:
    answer = pasted(stock)
    assert [(row.row, row.serial) for row in answer.rows] == [(2, "S2"), (3, "S5")]
    assert [(row.given.serial, row.code) for row in answer.refused] == [
        ("S1", Code.TRACKING_DUPLICATE),
        ("S3", Code.SERIAL_QUANTITY_NOT_ONE),
        ("S2", Code.TRACKING_DUPLICATE),
        ("S4", Code.INVALID),
        ("S6", Code.APPLICATION_INVALID),
    ]
    assert "S3" in answer.refused[1].message
    assert answer.tracked.quantity == 3
    assert answer.undefined.quantity == 2


def test_a_refused_row_counts_nowhere_until_it_is_corrected(stock: Stockline) -> None:
    answer = pasted(stock)
    window = answer.number
    assert shown(stock.window(window)) == ["S1", "S2", "S5"]
    bad = {row.given.serial: row.key for row in answer.refused}
    assert refusal_of(stock.edit_row, window, bad["S4"], quantity="few").code == Code.INVALID
    assert refusal_of(stock.edit_row, window, bad["S1"], serial="S2").code == Code.TRACKING_DUPLICATE
    assert shown(stock.edit_row(window, bad["S4"], quantity=1)) == ["S4"]
    assert stock.edit_row(window, bad["S1"], serial="S7").tracked.quantity == 5
    stock.remove_row(window, bad["S3"])
    contents = stock.window(window)
    assert shown(contents) == ["S1", "S2", "S7", "S4", "S5"]
    assert [row.given.serial for row in contents.refused] == ["S2", "S6"]
    assert stock.close_tracking(window).rows == 5
    assert shown(stock.tracking("PO1/1")) == shown(contents)


def test_a_refused_row_is_kept_as_it_was_given(stock: Stockline) -> None:
    given = TrackingRow("S1", "L1", None, Decimal("2.50"), None, 1, None, None, dt.date(2027, 1, 1), None, 7)
    window = stock.open_tracking("PO1/1")
    kept = stock.paste_rows(window.number, [given]).refused[0].given
    assert (kept.serial, kept.lot, kept.package, kept.apply_from) == ("S1", "L1", None, 7)
    assert (Decimal(kept.quantity or 0), kept.warranty) == (Decimal("2.5"), dt.date(2027, 1, 1))


def test_new_numbers_of_a_reclassification_are_pasted_and_undone(stock: Stockline) -> None:
    stock.adjust("PAINT", "EAST", 9, rows=[TrackingRow(lot="L1", quantity=9)])
    lines = [OrderLine(item="PAINT", quantity=9, type="reclassification")]
    stock.create_order("J1", "journal", site="EAST", lines=lines)
    window = stock.open_tracking("J1/1")
    good = TrackingRow(lot="L1", quantity=9, new_lot="L2")
    bad = TrackingRow(lot="L3", quantity=2, new_lot="L2", new_expires=None, new_serial="S1")
    pasted = stock.paste_rows(window.number, [good, bad])
    assert [(row.lot, row.new_lot, row.new_serial) for row in pasted.rows] == [("L1", "L2", None)]
    assert [(row.code, row.given) for row in pasted.refused] == [(Code.SERIAL_QUANTITY_NOT_ONE, bad)]
    stock.edit_row(window.number, pasted.rows[0].key, new_lot="L4")
    assert stock.undo_step(window.number).rows[0].new_lot == "L2"
    stock.close_tracking(window.number)
    assert [row.new_lot for row in stock.tracking("J1/1").rows] == ["L2"]
    assert [row.new_lot for row in stock.open_tracking("J1/1").rows] == ["L2"]


def test_entering_refuses_what_pasting_marks(stock: Stockline) -> None:
    window = drafted(stock, "PO1/1", TrackingRow("S1"))
    assert refusal_of(stock.enter_row, window.number, TrackingRow("S1")).code == Code.TRACKING_DUPLICATE
    assert stock.window(window.number) == window


# ---------------------------------------------------------------- steps


def test_steps_are_undone_and_done_again(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=4)).number
    stock.edit_row(window, 1, lot="L2", quantity=3)
    stock.paste_rows(window, [TrackingRow(lot="L3", quantity=2), TrackingRow(lot="L2", quantity=1)])
    stock.remove_row(window, 1)
    states = [stock.window(window)]
    for _ in range(4):
        answer = stock.undo_step(window)
        states.append(stock.window(window))
        assert answer.tracked == states[-1].tracked
    assert [shown(state) for state in states] == [["L3"], ["L2", "L3"], ["L2"], ["L1"], []]
    assert [len(state.refused) for state in states] == [1, 1, 0, 0, 0]
    assert [state.tracked.quantity for state in states] == [2, 5, 3, 4, 0]
    assert refusal_of(stock.undo_step, window).code == Code.INVALID
    for state in reversed(states[:-1]):
        stock.redo_step(window)
        again = stock.window(window)
        assert (again.rows, again.refused, again.tracked) == (state.rows, state.refused, state.tracked)
    assert refusal_of(stock.redo_step, window).code == Code.INVALID


def test_what_was_undone_is_gone_with_a_new_step(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=4), TrackingRow(lot="L2", quantity=4)).number
    stock.undo_step(window)
    stock.enter_row(window, TrackingRow(lot="L3", quantity=1))
    assert refusal_of(stock.redo_step, window).code == Code.INVALID
    assert shown(stock.undo_step(window)) == []
    assert shown(stock.window(window)) == ["L1"]


def test_a_refused_step_is_no_step(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=4)).number
    refusal_of(stock.edit_row, window, 1, quantity=-4)
    stock.undo_step(window)
    assert shown(stock.window(window)) == []


# ---------------------------------------------------------------- two editors


def test_changes_of_different_rows_are_both_kept(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=1), TrackingRow(lot="L2", quantity=1))
    stock.edit_row(window.number, 1, quantity=2, revision=window.revision)
    stock.edit_row(window.number, 2, quantity=3, revision=window.revision)
    assert [row.quantity for row in stock.window(window.number).rows] == [2, 3]


def test_a_stale_write_of_the_same_row_says_what_it_is_now(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=1))
    stock.edit_row(window.number, 1, lot="L2", quantity=2, revision=window.revision)
    refusal = refusal_of(stock.edit_row, window.number, 1, quantity=5, revision=window.revision)
    assert refusal.code == Code.WINDOW_STALE
    (finding,) = refusal.findings
    assert (finding.row, finding.lot, finding.facts["quantity"]) == (1, "L2", 2)
    stock.remove_row(window.number, 1)
    assert refusal_of(stock.remove_row, window.number, 1, revision=window.revision).code == Code.WINDOW_STALE
    assert refusal_of(stock.remove_row, window.number, 1).code == Code.NOT_FOUND


def test_a_step_undone_by_another_is_noticed(stock: Stockline) -> None:
    window = drafted(stock, "PO1/2", TrackingRow(lot="L1", quantity=1)).number
    seen = stock.edit_row(window, 1, quantity=2).revision
    stock.undo_step(window, revision=seen)
    assert refusal_of(stock.edit_row, window, 1, quantity=3, revision=seen).code == Code.WINDOW_STALE
    for work in (stock.undo_step, stock.redo_step, stock.close_tracking):
        assert refusal_of(work, window, revision=seen).code == Code.WINDOW_STALE
    assert stock.close_tracking(window, revision=seen + 1).tracked.quantity == 1


def test_two_editors_at_once_enter_different_rows(stock: Stockline) -> None:
    window = stock.open_tracking("PO1/1").number
    answers = at_once([partial(stock.enter_row, window, TrackingRow(name)) for name in ("A", "B", "C", "D")])
    assert sorted(answer.revision for answer in answers if isinstance(answer, WindowChanged)) == [1, 2, 3, 4]
    contents = stock.window(window)
    assert sorted(shown(contents)) == ["A", "B", "C", "D"]
    assert [row.key for row in contents.rows] == [1, 2, 3, 4]
    assert contents.tracked.quantity == 4


def test_only_one_of_two_opens_a_line(stock: Stockline) -> None:
    answers = at_once([lambda: stock.open_tracking("PO1/1")] * 2)
    assert sorted(isinstance(answer, Window) for answer in answers) == [False, True]
    (refused,) = [answer for answer in answers if isinstance(answer, Refusal)]
    assert refused.code == Code.WINDOW_OPEN


# ---------------------------------------------------------------- choosing a number


@pytest.fixture
def sale(stock: Stockline) -> int:
    """The window of a sale of 24 litres, of which 20 are in L1 and 40 in L2."""
    order(
        stock,
        "IN",
        "purchase",
        [("PAINT", 60, [TrackingRow(lot="L1", quantity=20), TrackingRow(lot="L2", quantity=40)])],
    )
    stock.post("IN")
    order(stock, "SO1", "sale", [("PAINT", 24, [])])
    return stock.open_tracking("SO1/1").number


def test_what_is_tracked_too_much_is_cut(stock: Stockline, sale: int) -> None:
    stock.enter_row(sale, TrackingRow(lot="L1", quantity=30))
    assert [(row.lot, row.quantity) for row in stock.choose_number(sale, 1, lot="L2").rows] == [("L2", Decimal(24))]


def test_a_row_grows_by_what_is_undefined_and_available(stock: Stockline, sale: int) -> None:
    stock.enter_row(sale, TrackingRow(lot="L9", quantity=2))
    assert stock.choose_number(sale, 1, lot="L1").rows[0].quantity == 22
    stock.enter_row(sale, TrackingRow(lot="L2"))
    answer = stock.choose_number(sale, 2, lot="L2")
    assert (answer.rows[0].quantity, answer.undefined.quantity) == (Decimal(2), Decimal(0))
    assert stock.choose_number(sale, 2, lot="L2").rows[0].quantity == 2, "nothing is undefined any more"


def test_a_serial_is_one(stock: Stockline) -> None:
    window = drafted(stock, "PO1/1", TrackingRow(lot="L1", quantity=3)).number
    (row,) = stock.choose_number(window, 1, serial="S1").rows
    assert (row.serial, row.lot, row.quantity) == ("S1", "L1", Decimal(1))


# ---------------------------------------------------------------- time


def test_an_abandoned_window_makes_way(stock: Stockline, clock: Clock) -> None:
    window = stock.open_tracking("PO1/1", by="ann").number
    clock.pass_(hours=1)
    stock.enter_row(window, TrackingRow("S1"))
    clock.pass_(minutes=119)
    refusal = refusal_of(stock.open_tracking, "PO1/1", by="bob")
    assert refusal.code == Code.WINDOW_OPEN
    assert refusal.findings[0].facts == {"window": window, "opened_by": "ann", "opened_at": START}
    clock.pass_(minutes=2)
    assert stock.window(window).tracked.quantity == 1, "it is there until somebody else wants the line"
    other = stock.open_tracking("PO1/1", by="bob")
    assert (other.opened_by, other.rows) == ("bob", [])
    assert refusal_of(stock.enter_row, window, TrackingRow("S2")).code == Code.NOT_FOUND


def test_a_list_given_whole_makes_an_abandoned_window_go(stock: Stockline, clock: Clock) -> None:
    window = stock.open_tracking("PO1/1").number
    assert refusal_of(stock.track, "PO1/1", serials("S", 5)).code == Code.WINDOW_OPEN
    clock.pass_(hours=3)
    stock.track("PO1/1", serials("S", 5))
    assert refusal_of(stock.window, window).code == Code.NOT_FOUND


def test_a_window_survives_a_restart(stock: Stockline, database_url: str, clock: Clock) -> None:
    window = drafted(stock, "PO1/1", *serials("S", 3))
    stock.undo_step(window.number)
    stock.close()
    with stockline.open(database_url, today=TODAY, now=clock) as again:
        assert shown(again.window(window.number)) == ["S1", "S2"]
        assert shown(again.redo_step(window.number)) == ["S3"]
        assert again.close_tracking(window.number).rows == 3


def test_nothing_of_a_window_stays(stock: Stockline) -> None:
    for close in (stock.discard_tracking, stock.close_tracking):
        window = drafted(stock, "PO1/1", *serials("S", 3)).number
        stock.undo_step(window)
        close(window)
        for table in ("tracking_window", "window_row", "window_step", "window_entry"):
            with stock._database.engine.connect() as connection:
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_what_is_drafted_goes_with_its_line(stock: Stockline) -> None:
    window = drafted(stock, "PO1/1", TrackingRow("S1"), TrackingRow("S2"))
    stock.delete_line("PO1/1", confirm=True)
    rows = stock.snapshot()
    assert not any(rows[table] for table in ("window_row", "window_step", "window_entry"))
    for work in (stock.close_tracking, stock.window):
        assert refusal_of(work, window.number).code == Code.WINDOW_STALE
    stock.discard_tracking(window.number)
    assert not stock.snapshot()["tracking_window"]


# ---------------------------------------------------------------- pages and size


def test_a_window_is_read_in_pages(stock: Stockline) -> None:
    stock.create_order("PO2", "purchase", site="EAST", lines=[OrderLine(item="BIKE", quantity=9)])
    window = stock.open_tracking("PO2/1", limit=2).number
    stock.paste_rows(window, serials("S", 9))
    stock.remove_row(window, 2)
    page = stock.window(window, after=4, limit=3)
    assert [(row.key, row.row) for row in page.rows] == [(5, 4), (6, 5), (7, 6)]
    assert page.tracked.quantity == 8
    assert stock.window_row(window, 4).key == 5


def test_many_rows_take_as_many_statements_as_few(stock: Stockline) -> None:
    taken = []
    for count in (10, 2_000):
        name = f"MANY{count}"
        stock.create_order(name, "purchase", site="EAST", lines=[OrderLine(item="BIKE", quantity=count)])
        with counted(stock) as seen:
            window = stock.open_tracking(f"{name}/1").number
            stock.paste_rows(window, serials(name, count))
            stock.undo_step(window)
            stock.redo_step(window)
            stock.close_tracking(window)
            window = stock.open_tracking(f"{name}/1").number
            stock.close_tracking(window)
        taken.append(len(seen))
    assert taken[0] == taken[1]
    assert 40 < taken[0] < 200
