"""Resynchronization by a person: worklist, marks, drafts, and what others do meanwhile (RS-11 to RS-14, RS-20)."""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial

import pytest

import stockline
from stockline import (
    Code,
    Counted,
    DraftChange,
    DraftPlace,
    FoundSerial,
    FoundStockLine,
    LastMovement,
    Location,
    OrderLine,
    Refusal,
    Stockline,
    TrackingRow,
)
from tests.support.warehouse import at_once

ANN = DraftPlace(site="EAST", item="BIKE", person="Ann")
BOB = DraftPlace(site="EAST", item="BIKE", person="Bob")


def load(stock: Stockline, quantities: Mapping[int, int], links: Mapping[str, int | list[int] | None]) -> None:
    """Lines 1, 2, 3 .. at EAST in places of their own; line 9 is at WEST."""
    places = {1: "A", 2: "B", 3: "", 9: "A"}
    stock.load(
        stock_lines=[
            FoundStockLine(
                id=line, item="BIKE", site="WEST" if line == 9 else "EAST", location=places[line], quantity=quantity
            )
            for line, quantity in quantities.items()
        ],
        serials=[FoundSerial(item="BIKE", serial=number, stock_line=link) for number, link in links.items()],
    )


def crossed(stock: Stockline) -> None:
    """S1 and S2 stand on each other's line."""
    load(stock, {1: 1, 2: 1}, {"S1": 2, "S2": 1})


def places(stock: Stockline, *numbers: str) -> list[int | None]:
    return [stock.serial("BIKE", number).stock_line for number in numbers]


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------- what a person goes through


def test_worklist_skips_what_is_in_step(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1})
    stock.adjust("WATCH", "EAST", 1, rows=[TrackingRow("W1", "L1")])
    assert stock.resync_worklist("EAST") == [("BIKE", "", "EAST")]
    assert stock.resync_worklist("EAST", everything=True) == [("BIKE", "", "EAST"), ("WATCH", "", "EAST")]
    assert stock.resync_worklist("EAST", items=("C", "Z")) == []
    assert stock.resync_worklist("EAST", items=("C", "Z"), everything=True) == [("WATCH", "", "EAST")]
    assert stock.resync_worklist("WEST", everything=True) == []
    assert refused(lambda: stock.resync_worklist("NORTH")).code == Code.NOT_FOUND


def test_worklist_lists_what_leads_nowhere(stock: Stockline) -> None:
    stock.load(
        stock_lines=[FoundStockLine(id=1, item="BIKE", site="WEST", quantity=0)],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=1),
            FoundSerial(item="BIKE", serial="S2", stock_line=77, site="EAST"),
        ],
    )
    for site in ("EAST", "WEST"):
        assert stock.resync_worklist(site) == stock.resync_worklist(site, everything=True) == [("BIKE", "", site)]
    assert [(line.stock_line, int(line.quantity)) for line in stock.sync_state("EAST", "BIKE").lines] == [(77, 0)]


def test_worklist_lists_a_quantity_below_0(stock: Stockline) -> None:
    stock.create_item("NAIL")
    stock.load(
        stock_lines=[
            FoundStockLine(id=1, item="BIKE", site="EAST", quantity=1),
            FoundStockLine(id=2, item="BIKE", site="EAST", status="Q", quantity=-1),
            FoundStockLine(id=3, item="NAIL", site="EAST", quantity=-1),
        ],
        serials=[FoundSerial(item="BIKE", serial="S1", stock_line=1)],
    )
    assert stock.resync_worklist("EAST") == [("BIKE", "", "EAST")]
    assert stock.resync_worklist("EAST", items=("C", "Z")) == []


def test_lines_on_the_dock_are_counted_only(stock: Stockline) -> None:
    stock.create_site("DOCKS", locations=[Location(id="DOCK", category="put_away"), Location(id="A")])
    stock.load(
        stock_lines=[
            FoundStockLine(id=1, item="BIKE", site="DOCKS", location="A", quantity=1),
            FoundStockLine(id=2, item="BIKE", site="DOCKS", location="DOCK", quantity=5),
        ],
        serials=[FoundSerial(item="BIKE", serial="S1", stock_line=1)],
    )
    state = stock.sync_state("DOCKS", "BIKE", variant="")
    assert ([line.stock_line for line in state.lines], state.put_away, int(state.quantity)) == ([1], 1, 1)
    assert stock.sync_state("EAST", "BIKE").put_away == 0


def test_serials_of_a_line_are_marked(stock: Stockline) -> None:
    seen = {
        "there": LastMovement(direction="in", site="EAST", location="B"),
        "here": LastMovement(direction="in", site="EAST", location="A"),
        "out": LastMovement(direction="out", site="EAST", location="A"),
    }
    stock.load(
        stock_lines=[
            FoundStockLine(id=1, item="BIKE", site="EAST", location="A", quantity=6),
            FoundStockLine(id=2, item="BIKE", site="EAST", location="B", quantity=1),
        ],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=1, last=seen["here"]),
            FoundSerial(item="BIKE", serial="S2", stock_line=1, lot="L9"),
            FoundSerial(item="BIKE", serial="S3", stock_line=1, last=seen["there"]),
            FoundSerial(item="BIKE", serial="S4", stock_line=1, last=seen["out"]),
            FoundSerial(item="BIKE", serial="S5", stock_line=[1, 2], lot="L9"),
            FoundSerial(item="BIKE", serial="S10", stock_line=1),
        ],
    )
    stock.create_order("SO1", "sale", site="EAST", lines=[OrderLine(item="BIKE", quantity=1)])
    stock.reserve("SO1/1", serial="S10")
    assert {one.serial: list(one.marks) for one in stock.resync_serials(1)} == {
        "S1": ["fits"],
        "S2": ["other_lot"],
        "S3": ["last_seen_elsewhere"],
        "S4": ["issued"],
        "S5": ["other_lot", "in_two_places"],
        "S10": ["reserved"],
    }
    assert [one.serial for one in stock.resync_serials(1)] == ["S1", "S2", "S3", "S4", "S5", "S10"]
    stock.load(stock_lines=[FoundStockLine(id=5, item="BOLT", site="EAST", quantity=1)])
    assert refused(lambda: stock.resync_serials(5)).code == Code.INVALID
    assert refused(lambda: stock.resync_serials(6)).code == Code.STOCK_LINE_UNKNOWN


def test_lines_are_shown_with_all_characteristics(stock: Stockline) -> None:
    stock.load(
        stock_lines=[
            FoundStockLine(id=1, item="BIKE", site="EAST", location="A", quantity=1, status="QX", owner="Ann"),
            FoundStockLine(id=2, item="BIKE", site="EAST", location="B", quantity=0, packing_unit="BOX"),
        ],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=[1, 2]),
            FoundSerial(item="BIKE", serial="S2", stock_line=77, site="EAST"),
        ],
    )
    draft = stock.resync_draft(ANN)
    assert [(line.stock_line, int(line.quantity), line.serials_new) for line in draft.state.lines] == [
        (1, 1, 1),
        (2, 0, 1),
        (77, 0, 1),
    ]
    assert [(line.stock_line, line.location, line.status, line.owner) for line in draft.stock_lines] == [
        (1, "A", "QX", "Ann"),
        (2, "B", "A", ""),
    ]
    assert [(line.packing_unit, line.serials) for line in draft.stock_lines] == [("", 1), ("BOX", 1)]


# ---------------------------------------------------------------- drafts


def test_where_a_line_is_drafted(stock: Stockline) -> None:
    stock.load(
        stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", quantity=1)],
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=77, site="WEST"),
            FoundSerial(item="BIKE", serial="S2", stock_line=78),
        ],
    )
    assert stock.draft_place(1, "Ann") == ANN
    assert stock.draft_place(77, "Ann") == DraftPlace(site="WEST", item="BIKE", person="Ann")
    for number in (78, 79):
        assert refused(partial(stock.draft_place, number, "Ann")).code == Code.STOCK_LINE_UNKNOWN
    draft = stock.draft_removal(stock.draft_place(77, "Ann"), 77, ["S1"])
    assert (draft.problem, draft.state.verdict) == (None, "synchronized")


def test_drafts_are_found_again(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1, 9: 1}, {"S1": 1, "S2": 1, "S9": 9})
    stock.draft_removal(ANN, 1, ["S1", "S2"])
    stock.draft_removal(BOB, 1, ["S2"])
    assert [(one.place, one.serials) for one in stock.resync_drafts("EAST")] == [(ANN, 2), (BOB, 1)]
    assert stock.resync_drafts("WEST") == []
    stock.cancel_draft(ANN)
    assert [one.place for one in stock.resync_drafts("EAST")] == [BOB]
    assert refused(lambda: stock.resync_drafts("NORTH")).code == Code.NOT_FOUND


@pytest.mark.parametrize("backwards", [False, True])
def test_a_swap_may_be_entered_in_either_order(stock: Stockline, *, backwards: bool) -> None:
    crossed(stock)
    steps = [
        partial(stock.draft_removal, ANN, 2, ["S1"]),
        partial(stock.draft_removal, ANN, 1, ["S2"]),
        partial(stock.draft_addition, ANN, 1, ["S1"]),
        partial(stock.draft_addition, ANN, 2, ["S2"]),
    ]
    for step in reversed(steps) if backwards else steps:
        draft = step()
    assert draft.problem is None
    assert draft.changes == [
        DraftChange(serial="S1", removed=[2], added=1),
        DraftChange(serial="S2", removed=[1], added=2),
    ]
    assert places(stock, "S1", "S2") == [2, 1], "a draft changes nothing"
    run = stock.save_draft(ANN, reason="looked at the shelf")
    assert {(one.action, one.serial, one.from_line, one.to_line) for one in run.actions} == {
        ("move", "S1", 2, 1),
        ("move", "S2", 1, 2),
    }
    assert places(stock, "S1", "S2") == [1, 2]
    assert stock.resync_draft(ANN).changes == []
    assert stock.control() == []


def test_a_draft_shows_what_it_would_make(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1})
    draft = stock.draft_removal(ANN, 1, ["S2"])
    assert (draft.state.serials, draft.state.serials_new, draft.state.verdict) == (2, 1, "total_mismatch")
    assert draft.state.message == "The number of serials differs from the quantity."
    assert [(line.serials, line.serials_new) for line in draft.state.lines] == [(2, 1), (0, 0)]
    draft = stock.draft_addition(ANN, 2, ["S2"])
    assert (int(draft.state.quantity_new), draft.state.serials_new, draft.state.verdict) == (2, 2, "synchronized")
    assert [(line.serials, line.serials_new) for line in draft.state.lines] == [(2, 1), (0, 1)]
    assert stock.sync_state("EAST", "BIKE").verdict == "line_mismatch", "only who drafts sees it so"
    stock.save_draft(ANN)
    assert stock.sync_state("EAST", "BIKE") == draft.state


def test_a_draft_tells_that_others_stay_wrong(stock: Stockline) -> None:
    load(stock, {1: 2, 2: 1}, {"S1": [1, 2], "S2": 1, "S3": 1})
    draft = stock.draft_removal(ANN, 1, ["S2"])
    assert (draft.state.serials_new, draft.state.verdict) == (2, "total_mismatch")
    stock.load(stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", location="A", quantity=1)])
    stock.load(serials=[FoundSerial(item="BIKE", serial="S3")])
    assert stock.resync_draft(ANN).state.verdict == "total_mismatch"
    stock.draft_removal(ANN, 1, ["S1"])
    draft = stock.draft_addition(ANN, 1, ["S2"])
    assert (draft.state.serials_new, draft.state.verdict) == (2, "synchronized")


def test_lines_that_would_not_be_synchronized(stock: Stockline) -> None:
    stock.load(
        stock_lines=[
            FoundStockLine(id=line, item="BIKE", site="EAST", location="AB"[line % 2], lot=f"L{line}", quantity=1)
            for line in (1, 2, 3, 4)
        ],
        serials=[
            FoundSerial(item="BIKE", serial="SA", stock_line=1, lot="L2"),
            FoundSerial(item="BIKE", serial="SB", stock_line=2, lot="L1"),
            FoundSerial(item="BIKE", serial="SC", stock_line=3),
            FoundSerial(item="BIKE", serial="SD", stock_line=[1, 4]),
        ],
    )
    draft = stock.resync_draft(ANN)
    assert (draft.desynchronized, draft.state.verdict) == ({1, 2, 4}, "line_mismatch")
    stock.draft_removal(ANN, 1, ["SD"])
    draft = stock.draft_addition(ANN, 1, ["SB"], move=True)
    assert (draft.desynchronized, draft.state.verdict) == ({1, 2}, "line_mismatch")
    draft = stock.draft_addition(ANN, 2, ["SA"], move=True)
    assert (draft.desynchronized, draft.state.verdict, draft.problem) == (set(), "synchronized", None)


def test_a_serial_left_where_it_does_not_fit(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": [1, 2], "S2": 2})
    stock.load(serials=[FoundSerial(item="BIKE", serial="S1", stock_line=[1, 2], lot="L9")])
    draft = stock.draft_removal(ANN, 2, ["S1"])
    assert (draft.desynchronized, draft.state.verdict) == ({1}, "line_mismatch")
    stock.save_draft(ANN)
    assert stock.resync_draft(ANN).desynchronized == {1}
    assert stock.sync_state("EAST", "BIKE").verdict == "line_mismatch"


def test_what_is_entered_and_taken_back_is_no_change(stock: Stockline) -> None:
    crossed(stock)
    stock.draft_removal(ANN, 2, ["S1"])
    stock.draft_addition(ANN, 1, ["S1"])
    stock.draft_removal(ANN, 1, ["S1"])
    assert stock.resync_draft(ANN).changes == [DraftChange(serial="S1", removed=[2])]
    assert stock.draft_addition(ANN, 2, ["S1"]).changes == []
    assert refused(lambda: stock.save_draft(ANN)).code == Code.NOT_FOUND


def test_a_draft_stays_until_it_is_saved_or_cancelled(database_url: str) -> None:
    with stockline.open(database_url, today=dt.date(2026, 1, 15)) as stock:
        stock.create_site("EAST", locations=["A", "B"])
        stock.create_item("BIKE", tracking=stockline.TrackingCode(serial="specific"))
        crossed(stock)
        stock.draft_removal(ANN, 1, ["S2"])
    with stockline.open(database_url) as again:
        assert again.resync_draft(ANN).changes == [DraftChange(serial="S2", removed=[1])]
        assert again.resync_draft(BOB).changes == []
        again.cancel_draft(ANN)
        assert again.resync_draft(ANN).changes == []
        assert places(again, "S2") == [1]


def test_a_save_is_all_or_nothing(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1})
    stock.draft_removal(ANN, 1, ["S2"])
    draft = stock.draft_addition(ANN, 2, ["S9"])
    assert draft.problem == Code.SERIAL_UNKNOWN
    assert [finding.serial for finding in draft.findings] == ["S9"]
    before = stock.snapshot()
    assert refused(lambda: stock.save_draft(ANN)).code == Code.SERIAL_UNKNOWN
    assert stock.snapshot() == before, "the draft stays, too"
    stock.draft_removal(ANN, 2, ["S9"])
    stock.save_draft(ANN)
    assert stock.sync_state("EAST", "BIKE").verdict == "total_mismatch", "a save may leave lines desynchronized"


def test_a_candidate_of_another_line_is_moved(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 2, 9: 1}, {"S1": 1, "S2": 1, "S3": [2, 9]})
    assert stock.draft_addition(ANN, 2, ["S2"]).problem == Code.SERIAL_ON_OTHER_LINE
    stock.cancel_draft(ANN)
    assert stock.draft_addition(ANN, 2, ["S2"], move=True).problem is None
    stock.draft_removal(ANN, 9, ["S3"])
    run = stock.save_draft(ANN)
    assert [(one.action, one.serial, one.from_line, one.to_line) for one in run.actions] == [
        ("move", "S2", 1, 2),
        ("unlink", "S3", 9, None),
    ]
    assert stock.control(site="EAST") == []


def test_a_move_to_where_it_was_to_be_taken_off_leaves_the_other_line(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": [1, 2], "S2": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    draft = stock.draft_addition(ANN, 1, ["S1"], move=True)
    assert (draft.changes, draft.problem) == ([DraftChange(serial="S1", removed=[2])], None)
    assert draft.state.verdict == "synchronized"
    stock.save_draft(ANN)
    assert stock.control() == []
    assert places(stock, "S1") == [1]


def test_a_number_may_hold_serials_of_several_items(stock: Stockline) -> None:
    watch = DraftPlace(site="EAST", item="WATCH", person="Ann")
    stock.load(
        serials=[
            FoundSerial(item="BIKE", serial="S1", stock_line=77, site="EAST"),
            FoundSerial(item="WATCH", serial="W1", stock_line=77, site="EAST"),
        ]
    )
    assert stock.draft_removal(ANN, 77, ["S1"]).problem is None
    assert stock.draft_removal(watch, 77, ["W1"]).problem is None
    assert stock.draft_removal(watch, 77, ["S1"]).problem == Code.SERIAL_UNKNOWN
    stock.draft_addition(watch, 77, ["S1"])
    stock.save_draft(watch)
    assert [one.serial for one in stock.control()] == ["S1"]
    stock.save_draft(ANN)
    assert stock.control() == []
    assert refused(lambda: stock.draft_removal(ANN, 77, ["S1"])).code == Code.STOCK_LINE_UNKNOWN


def test_what_cannot_be_drafted(stock: Stockline) -> None:
    load(stock, {1: 1}, {"S1": 1})
    stock.adjust("WATCH", "EAST", 1, rows=[TrackingRow("W1", "L1")])
    watch = stock.stock_lines(item="WATCH")[0].stock_line
    bolts = DraftPlace(site="EAST", item="BOLT", person="Ann")
    assert refused(lambda: stock.draft_removal(ANN, 7, ["S1"])).code == Code.STOCK_LINE_UNKNOWN
    assert refused(lambda: stock.draft_removal(ANN, watch, ["W1"])).code == Code.INVALID
    assert refused(lambda: stock.draft_removal(ANN, 1, [])).code == Code.INVALID
    assert refused(lambda: stock.draft_addition(ANN, 1, ["S2", "S2"])).code == Code.TRACKING_DUPLICATE
    assert refused(lambda: stock.resync_draft(bolts)).code == Code.INVALID
    assert stock.resync_draft(ANN).changes == []


# ---------------------------------------------------------------- others, meanwhile


def test_two_people_see_each_other_and_the_second_save_is_stale(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1})
    stock.draft_removal(ANN, 1, ["S1"])
    assert stock.draft_removal(BOB, 1, ["S2"]).others == {"Ann": 1}
    assert stock.resync_draft(ANN).others == {"Bob": 1}
    stock.save_draft(BOB)
    draft = stock.resync_draft(ANN)
    assert draft.others == {}
    (change,) = draft.changed
    assert change.facts == {
        "stock_line": 1,
        "before": {"quantity": 1, "serials": 2},
        "now": {"quantity": 1, "serials": 1},
    }
    before = stock.snapshot()
    refusal = refused(lambda: stock.save_draft(ANN))
    assert (refusal.code, refusal.findings) == (Code.WINDOW_STALE, (change,))
    assert stock.snapshot() == before
    assert stock.look_again(ANN).changed == []
    stock.save_draft(ANN)
    assert places(stock, "S1", "S2") == [None, None]


def test_people_on_other_lines_do_not_disturb(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1, "S3": 2, "S4": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    stock.draft_removal(BOB, 2, ["S3"])
    stock.save_draft(BOB)
    stock.save_draft(ANN)
    assert stock.sync_state("EAST", "BIKE").verdict == "synchronized"


def test_posting_goes_on_and_makes_a_draft_stale(stock: Stockline) -> None:
    load(stock, {1: 2, 2: 1}, {"S1": 1, "S2": 1, "S3": 1})
    stock.draft_removal(ANN, 1, ["S3"])
    stock.adjust("BIKE", "EAST", 1, location="B", rows=[TrackingRow("S7")])
    assert stock.resync_draft(ANN).changed == [], "another line"
    stock.adjust("BIKE", "EAST", -1, rows=[TrackingRow("S3")])
    draft = stock.resync_draft(ANN)
    assert [(one.serial, one.facts["before"], one.facts["now"]) for one in draft.changed] == [
        (None, {"quantity": 2, "serials": 3}, {"quantity": 1, "serials": 2}),
        ("S3", {"stock_lines": [1]}, {"stock_lines": []}),
    ]
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE
    assert stock.look_again(ANN).problem == Code.NOT_FOUND


def test_what_a_count_settles_makes_a_draft_stale(stock: Stockline) -> None:
    load(stock, {1: 3}, {"S1": 1, "S2": 1})
    stock.draft_removal(ANN, 1, ["S2"])
    stock.count("BIKE", "EAST", [Counted(serial="S1"), Counted(serial="S2")])
    assert [one.facts["now"] for one in stock.resync_draft(ANN).changed] == [{"quantity": 2, "serials": 2}]
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE


def test_a_serial_exchanged_for_another_makes_a_draft_stale(stock: Stockline) -> None:
    load(stock, {1: 2, 2: 1}, {"S1": 1, "S2": 1, "S3": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    stock.resync_remove(1, ["S2"])
    stock.resync_remove(2, ["S3"])
    stock.resync_add(1, ["S3"])
    assert len(stock.resync_draft(ANN).changed) == 1, "as many serials as before, but others"
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE


def test_a_load_that_exchanges_serials_makes_a_draft_stale(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1, "S3": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1, "S3": 2})
    assert stock.resync_draft(ANN).changed == [], "loaded once more, it is the same"
    load(stock, {}, {"S2": 2, "S3": 1})
    (change,) = stock.resync_draft(ANN).changed
    assert change.facts["stock_line"] == 1
    assert change.facts["before"] == change.facts["now"] == {"quantity": 1, "serials": 2}
    assert refused(lambda: stock.save_draft(ANN)).findings == (change,)
    assert stock.look_again(ANN).changed == []
    stock.save_draft(ANN)
    assert places(stock, "S1", "S2", "S3") == [None, 2, 1]


def test_serials_loaded_beside_their_line_are_watched(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 2}, {"S1": 1, "S2": [2, 1], "S3": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    load(stock, {}, {"S2": 2, "S3": [2, 1]})
    assert [one.facts["stock_line"] for one in stock.resync_draft(ANN).changed] == [1]
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE


def test_an_own_lot_that_is_loaded_makes_a_draft_stale(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1, "S3": None})
    stock.draft_addition(ANN, 2, ["S3"])
    stock.load(serials=[FoundSerial(item="BIKE", serial="S2", stock_line=1, lot="L9")])
    assert stock.resync_draft(ANN).changed == [], "a serial of another line"
    stock.load(serials=[FoundSerial(item="BIKE", serial="S3", lot="L9")])
    (change,) = stock.resync_draft(ANN).changed
    assert (change.serial, change.facts) == ("S3", {"before": {"lot": ""}, "now": {"lot": "L9"}})
    assert change.message == "Serial S3 was of lot none, now L9."
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE


def test_a_movement_that_is_loaded_makes_a_draft_stale(stock: Stockline) -> None:
    seen = {place: LastMovement(direction="in", site="EAST", location=place) for place in "AB"}
    load(stock, {1: 1}, {})
    stock.load(serials=[FoundSerial(item="BIKE", serial="S1", last=seen["A"])])
    stock.draft_addition(ANN, 1, ["S1"])
    stock.load(serials=[FoundSerial(item="BIKE", serial="S1", last=seen["A"])])
    assert stock.resync_draft(ANN).changed == []
    stock.load(serials=[FoundSerial(item="BIKE", serial="S1", last=seen["B"])])
    assert [one.message for one in stock.resync_draft(ANN).changed] == ["Serial S1 has moved meanwhile."]
    assert refused(lambda: stock.save_draft(ANN)).code == Code.WINDOW_STALE


def test_a_line_may_change_when_nothing_is_drafted_for_it_any_more(stock: Stockline) -> None:
    load(stock, {1: 1, 2: 1}, {"S1": 1, "S2": 1, "S3": 2, "S4": 2})
    stock.draft_removal(ANN, 1, ["S1"])
    stock.draft_removal(ANN, 2, ["S3"])
    stock.draft_addition(ANN, 2, ["S3"])
    stock.resync_remove(2, ["S4"])
    assert stock.resync_draft(ANN).changed == []
    stock.save_draft(ANN)
    assert places(stock, "S1", "S3") == [None, 2]


def test_of_two_saves_at_once_one_is_stale(stock: Stockline) -> None:
    load(stock, {1: 1}, {"S1": 1, "S2": 1})
    stock.draft_removal(ANN, 1, ["S1"])
    stock.draft_removal(BOB, 1, ["S2"])
    answers = at_once([partial(stock.save_draft, place) for place in (ANN, BOB)])
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [refusal.code for refusal in refusals] == [Code.WINDOW_STALE]
    assert len([line for line in places(stock, "S1", "S2") if line is None]) == 1
