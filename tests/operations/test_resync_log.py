"""The log of resynchronizations: progress, what was done and left, each changed link for good (RS-10, RS-18)."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from stockline import (
    Code,
    FoundSerial,
    FoundStockLine,
    LastMovement,
    LineCount,
    OrderLine,
    Posting,
    Refusal,
    ResyncAction,
    ResyncProgress,
    Stockline,
    TrackingRow,
)
from stockline.operations.resync import auto, history
from stockline.operations.resync.auto import ATTEMPTS
from stockline.operations.resync.plan import ItemPlan
from tests.support.warehouse import TODAY, emptied_items

CLOSED = [
    FoundStockLine(id=1, item="BIKE", site="EAST", location="A", quantity=0),
    FoundStockLine(id=2, item="BIKE", site="EAST", location="B", lot="L1", quantity=1),
]
"""A closed line, and one that lacks a serial."""


def emptied(stock: Stockline, last: LastMovement | None = None) -> None:
    """S1 is on the closed line, and belongs on the other."""
    stock.load(stock_lines=CLOSED, serials=[FoundSerial(item="BIKE", serial="S1", stock_line=1, last=last)])


def refused(call: Callable[[], object]) -> Code:
    with pytest.raises(Refusal) as caught:
        call()
    return Code(caught.value.code)


def test_a_changed_link_is_kept_with_everything(stock: Stockline) -> None:
    emptied(stock)
    run = stock.resync_auto(person="Ann")
    (kept,) = stock.resync_audit(run=run.number)
    assert kept.action == run.actions[0]
    assert kept.action == ResyncAction(
        item="BIKE", action="move", serial="S1", from_line=1, to_line=2, reason="only_fit"
    )
    entry = kept.entry
    assert (entry.run, entry.kind, entry.person, entry.state) == (run.number, "automatic", "Ann", "done")
    assert abs(dt.datetime.now(dt.UTC) - entry.started_at) < dt.timedelta(hours=1)
    assert (kept.old_line, kept.new_line) == (
        LineCount(stock_line=1, before=1, after=0),
        LineCount(stock_line=2, before=0, after=1),
    )
    assert (kept.evidence.lot, kept.evidence.direction, kept.evidence.posted) == ("", 0, False)
    assert stock.serial("BIKE", "S1").lot == "L1", "filled since"


def test_evidence_is_the_last_movement_of_that_moment(stock: Stockline) -> None:
    seen = LastMovement(direction="in", date=dt.date(2026, 1, 5), site="EAST", location="B", lot="L1", package="")
    emptied(stock, seen)
    stock.resync_auto()
    (kept,) = stock.resync_audit(item="BIKE", serial="S1")
    told = kept.evidence
    assert (told.direction, told.date, told.site, told.location, told.movement_lot, told.posted) == (
        1,
        dt.date(2026, 1, 5),
        "EAST",
        "B",
        "L1",
        False,
    )
    assert kept.action.reason == "home"


def test_an_issued_serial_that_is_added_is_marked(stock: Stockline) -> None:
    stock.load(
        stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=1)],
        serials=[FoundSerial(item="BIKE", serial="S1", stock_line=1), FoundSerial(item="BIKE", serial="S2")],
    )
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="BIKE", quantity=1)])
    stock.track("SO1/1", [TrackingRow("S1")])
    stock.post("SO1")
    stock.load(stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=2)])
    stock.resync_add(1, ["S1", "S2"], person="Bob", reason="it is still here")
    kept = {one.action.serial: one for one in stock.resync_audit(item="BIKE")}
    issued, known = kept["S1"].evidence, kept["S2"].evidence
    assert (issued.direction, issued.posted, issued.date) == (-1, True, TODAY)
    assert (known.direction, known.posted) == (0, False)
    entry = kept["S1"].entry
    assert (entry.kind, entry.person, entry.reason) == ("manual", "Bob", "it is still here")
    stock.resync_remove(1, ["S1"])
    stock.resync_add(1, ["S1"])
    assert [one.evidence.posted for one in stock.resync_audit(item="BIKE", serial="S1")] == [False, False, True]


def test_nothing_is_ever_deleted(stock: Stockline) -> None:
    emptied(stock)
    first = stock.resync_auto(person="Ann")
    second = stock.undo_resync(first.number, person="Bob")
    kept = stock.resync_audit(item="BIKE", serial="S1")
    assert [(one.entry.run, one.entry.kind, one.entry.undoes) for one in kept] == [
        (second.number, "undo", first.number),
        (first.number, "automatic", None),
    ]
    assert kept[0].old_line == LineCount(stock_line=2, before=1, after=0)
    assert kept[0].new_line == LineCount(stock_line=1, before=0, after=1)
    assert stock.resync_audit(item="BIKE", serial="S2") == []
    assert stock.resync_audit(item="PAINT") == []


def test_what_the_audit_is_asked(stock: Stockline) -> None:
    for code, call in {
        Code.NOT_FOUND: lambda: stock.resync_audit(run=7),
        Code.INVALID: lambda: stock.resync_audit(serial="S1"),
    }.items():
        assert refused(call) == code


def test_the_report_of_a_run(stock: Stockline) -> None:
    stock.load(
        stock_lines=[
            *CLOSED,
            FoundStockLine(id=11, item="WATCH", site="WEST", location="A", lot="L1", quantity=1),
        ],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=1),
            FoundSerial(item="WATCH", serial="W1", stock_line=11),
            FoundSerial(item="WATCH", serial="W2", stock_line=11),
        ],
    )
    run = stock.resync_auto(items=("A", "Z"), person="Ann")
    report = stock.resync_report(run.number)
    assert (report.entry.person, report.entry.site, report.entry.items) == ("Ann", None, ("A", "Z"))
    progress = report.entry.progress
    assert (progress.items_found, progress.items_done) == (2, 2)
    assert (progress.cases_found, progress.cases_done) == (2, 2)
    assert (progress.lines_read, progress.serials_read) == (3, 3)
    assert not report.entry.under_way
    assert report.entry.heard_of > report.entry.started_at
    assert report.actions == run.actions
    assert report.left == run.left
    (left,) = report.left
    assert (left.item, left.cause, left.lines, len(left.plans)) == ("WATCH", "ambiguous", [11], 2)
    (figure,) = report.figures
    assert (figure.item, figure.site, int(figure.quantity)) == ("BIKE", "EAST", 1)
    assert (figure.serials_before, figure.serials_after) == (1, 1)
    dry = stock.resync_auto(dry_run=True)
    assert refused(lambda: stock.resync_report(dry.number)) == Code.NOT_FOUND


def test_at_most_twenty_plans_are_told(stock: Stockline) -> None:
    stock.load(
        stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=1)],
        serials=[FoundSerial(item="BIKE", serial=f"S{number}", stock_line=1) for number in range(30)],
    )
    run = stock.resync_auto()
    (left,) = stock.resync_report(run.number).left
    assert (left.cause, len(left.plans)) == ("ambiguous", 20)


def test_the_log_is_read_backwards(stock: Stockline) -> None:
    emptied(stock)
    stock.resync_auto(dry_run=True)
    runs = [stock.resync_auto().number, stock.resync_auto(site="EAST").number]
    latest, first = stock.resync_log()
    assert [latest.run, first.run] == [runs[1], runs[0]]
    assert (latest.site, latest.items) == ("EAST", None)
    assert stock.resync_log(limit=1) == [latest]
    assert stock.resync_log(before=latest.run) == [first]


# ---------------------------------------------------------------- while it runs


ITEMS = ["I0", "I1", "I2"]


@pytest.fixture(autouse=True)
def _eager() -> Iterator[None]:
    """A run looks after every case whether it is to stop."""
    with patch.object(auto, "PULSE", 0.0):
        yield


def test_a_run_is_found_and_cancelled_between_two_cases(stock: Stockline) -> None:
    emptied_items(stock, ITEMS)
    told: list[ResyncProgress] = []

    def somebody_else(progress: ResyncProgress) -> None:
        """What anybody may do meanwhile: find the run, look how far it is, and stop it once an item is done."""
        told.append(progress)
        (entry,) = stock.resync_log()
        assert entry.run == progress.run
        if progress.items_done == 1:
            assert stock.cancel_resync(entry.run).state == "cancelling"

    run = stock.resync_auto(report=somebody_else)
    assert run.cancelled
    assert [action.item for action in run.actions] == ["I0"], "what is done stays"
    (entry,) = stock.resync_log()
    assert (entry.state, entry.progress.items_found, entry.progress.items_done) == ("cancelled", 3, 1)
    assert told[-1].serials_read >= 1
    assert stock.cancel_resync(entry.run).state == "cancelled", "one that has ended stays as it is"
    assert refused(lambda: stock.cancel_resync(7)) == Code.NOT_FOUND
    again = stock.resync_auto()
    assert [action.item for action in again.actions] == ["I1", "I2"]


def test_a_run_tells_its_number_at_once_and_how_far_it_is(stock: Stockline) -> None:
    emptied_items(stock, ITEMS)
    told: list[ResyncProgress] = []

    def note(progress: ResyncProgress) -> None:
        told.append(progress)
        if progress.items_done == 2:
            kept = stock.resync_entry(progress.run)
            assert kept.under_way
            assert kept.progress.items_done in (1, 2)
            assert refused(lambda: stock.undo_resync(progress.run)) == Code.UNDO_NOT_POSSIBLE
            stock.cancel_resync(progress.run)
            assert refused(lambda: stock.undo_resync(progress.run)) == Code.UNDO_NOT_POSSIBLE

    run = stock.resync_auto(report=note)
    assert (told[0].run, told[0].items_found) == (run.number, 0), "before it has looked for anything"
    assert stock.resync_entry(run.number).progress.serials_read == told[-1].serials_read == 2
    assert refused(lambda: stock.resync_entry(7)) == Code.NOT_FOUND
    assert refused(lambda: stock.resync_auto(site="NORTH")) == Code.NOT_FOUND
    assert len(stock.resync_log()) == 1


def test_what_is_broken_off_says_so(stock: Stockline) -> None:
    emptied_items(stock, ITEMS)

    def stumble(progress: ResyncProgress) -> None:
        if progress.items_done == 1 and stock.resync_log()[0].state == "running":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stock.resync_auto(report=stumble)
    (entry,) = stock.resync_log()
    assert (entry.state, entry.progress.items_done) == ("failed", 1)
    assert stock.undo_resync(entry.run).actions


def test_a_run_not_heard_of_for_long_is_ended_at_once(stock: Stockline) -> None:
    emptied_items(stock, ITEMS)

    def give_up(progress: ResyncProgress) -> None:
        if progress.items_done == 1:
            with patch.object(history, "SILENT", dt.timedelta(days=-1)):
                assert stock.cancel_resync(progress.run).state == "cancelled"

    run = stock.resync_auto(report=give_up)
    assert len(run.actions) == 1, "it was alive after all, and has stopped"
    assert stock.undo_resync(run.number).actions


@contextmanager
def meanwhile(stock: Stockline, times: int) -> Iterator[None]:
    """So many times stock of the item is posted between a plan and its first case."""
    carry_out = auto._Run._carry_out_changes
    posted: list[Posting] = []

    def after_a_posting(self: auto._Run, plan: ItemPlan) -> None:
        if len(posted) < times:
            rows = [TrackingRow(f"N{len(posted)}")]
            posted.append(stock.adjust("BIKE", "EAST", 1, location="B", rows=rows))
        carry_out(self, plan)

    with patch.object(auto._Run, "_carry_out_changes", after_a_posting):
        yield


@pytest.mark.parametrize(("times", "done"), [(0, True), (1, True), (ATTEMPTS, True), (ATTEMPTS + 1, False)])
def test_a_case_is_planned_anew_three_times(stock: Stockline, times: int, *, done: bool) -> None:
    emptied(stock)
    with meanwhile(stock, times):
        run = stock.resync_auto()
    assert [action.serial for action in run.actions] == (["S1"] if done else [])
    assert [left.cause for left in run.left] == ([] if done else ["changed"])
    assert stock.serial("BIKE", "S1").stock_line == (2 if done else 1)
    assert [left.cause for left in stock.resync_report(run.number).left] == [left.cause for left in run.left]
