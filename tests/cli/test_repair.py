"""`stockline repair`: a person goes through what no machine can decide, as drafts that are saved or dropped."""

from pathlib import Path

import pytest

import stockline
from stockline import FoundSerial, FoundStockLine, LastMovement, Location, TrackingCode
from tests.cli.conftest import Run


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def shop(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`stockline repair` for Ann, on a shop with a serial too many on one line and one too few on another."""
    monkeypatch.setenv("LOGNAME", "Ann")
    monkeypatch.setenv("STOCKLINE_DATABASE", database_url)
    places = [Location(id="A1"), Location(id="A2"), Location(id="DOCK", category="put_away")]
    with stockline.open(database_url) as stock:
        stock.create_site("EAST", locations=places)
        for item in ("BELL", "BIKE"):
            stock.create_item(item, tracking=TrackingCode(serial="specific"))
        stock.load(
            stock_lines=[
                FoundStockLine(id=1, item="BIKE", site="EAST", location="A1", quantity=2),
                FoundStockLine(id=2, item="BIKE", site="EAST", location="A2", quantity=2, owner="SMITH"),
                FoundStockLine(id=3, item="BIKE", site="EAST", location="A2", quantity=0),
                FoundStockLine(id=4, item="BIKE", site="EAST", location="DOCK", quantity=7),
                FoundStockLine(id=5, item="BELL", site="EAST", location="A1", quantity=1),
            ],
            serials=[
                FoundSerial(item="BIKE", serial="S1", stock_line=1),
                FoundSerial(item="BIKE", serial="S2", stock_line=1),
                FoundSerial(item="BIKE", serial="S3", stock_line=1),
                FoundSerial(item="BIKE", serial="S10", stock_line=3),
                FoundSerial(item="BIKE", serial="S11", lot="L9"),
                FoundSerial(item="BIKE", serial="S12", last=LastMovement(direction="out", site="EAST", location="A1")),
                FoundSerial(item="BELL", serial="B1", stock_line=5),
            ],
        )
    return run


def test_a_story(shop: Run, database_url: str) -> None:
    """Looked at, drafted, saved, controlled, audited, taken back."""
    listed = shop("repair", "list", "EAST")
    assert "│ 1 │ BIKE │ │ 4 │ 4 │ line_mismatch │ │" in squeezed(listed.output)
    assert "1 item desynchronized at EAST." in listed.output
    assert "BELL" not in listed.output
    assert "BELL" in shop("repair", "list", "EAST", "--all").output

    page = squeezed(shop("repair", "show", "EAST").output)
    assert "BIKE at EAST, 1 of 1" in page
    assert "initial │ 4 │ 4" in page
    assert "agree in all, but not on every stock line" in page
    assert "│ 2 │ 2 │ 0 │ 0 │ no │ A2 │ SMITH │ A │" in page
    assert "│ 3 │ 0 │ 1 │ 1 │ no │ A2 │ │ A │" in page, "a closed number that holds a serial"
    assert "Not listed: 1 stock line awaiting put-away." in page
    assert "BIKE at EAST, 2 of 2" in squeezed(shop("repair", "show", "EAST", "BIKE", "--all").output)

    found = squeezed(shop("repair", "candidates", 2).output)
    assert "│ 1 │ S10 │ linked at this site, never moved │ 3 │" in found
    assert "│ 5 │ S12 │ issued │ │" in found
    assert "S11" not in found
    every = squeezed(shop("repair", "candidates", 2, "--all").output)
    assert "│ S11 │ neither moved nor linked, or taken off by a resynchronization │ │ attribute mismatch │" in every

    drafted = squeezed(shop("repair", "add", 2, "S3", "S10", "--move").output)
    assert "Draft of Ann: 2 serials." in drafted
    assert "│ S3 │ 1 │ 2 │" in drafted
    assert "quantity 4 and 4 serials. Every stock line has the serials it should have." in drafted
    line = squeezed(shop("repair", "line", 1).output)
    assert "│ S1 │ fits │ │" in line
    assert "│ S3 │ fits │ taken off │" in line
    assert "│ S10 │ │ put on │" in squeezed(shop("repair", "line", 2).output)
    assert "Ann 2" in shop("repair", "list", "EAST").output
    assert shop("control").exit_code == 1, "a draft changes nothing"

    saved = shop("repair", "save", "EAST", "BIKE", "--reason", "looked at the shelf")
    assert saved.exit_code == 0, saved.output
    assert "2 actions." in saved.output
    assert shop("control").exit_code == 0
    assert "Nothing is desynchronized at EAST." in shop("repair", "show", "EAST").output
    with stockline.open(database_url) as stock:
        (entry,) = stock.resync_log()
        assert (entry.kind, entry.person, entry.reason) == ("manual", "Ann", "looked at the shelf")
    kept = squeezed(shop("runs", "audit", "--item", "BIKE", "--serial", "S3").output)
    assert "│ Ann │" in kept
    assert "│ BIKE │ S3 │ 1 (3 to 2) │ 2 (0 to 2) │ looked at the shelf │ never moved │" in kept

    undone = shop("runs", "undo", entry.run, "--person", "Bob")
    assert undone.exit_code == 0, undone.output
    assert f"undo of {entry.run} │ Bob" in squeezed(shop("runs", "list").output)
    assert shop("control").exit_code == 1
    again = shop("runs", "undo", entry.run)
    assert (again.exit_code, "undo_not_possible" in again.output) == (1, True)


def test_what_a_save_would_be_refused_for_is_shown(shop: Run) -> None:
    drafted = shop("repair", "add", 1, "S3", "S8", "S12")
    assert drafted.exit_code == 0, "it is but a draft"
    assert "A save would be refused: serial_unknown." in drafted.output
    saved = shop("repair", "save", "EAST", "BIKE")
    assert saved.exit_code == 1
    assert "Refused: serial_unknown." in saved.output
    assert "Serial S8: nothing is known of it." in saved.output
    shop("repair", "remove", 1, "S8")
    refused = squeezed(shop("repair", "show", "EAST", "BIKE").output)
    assert "serial_already_in_stock" in refused
    assert "root" not in refused
    assert "no draft for BIKE at EAST" in squeezed(shop("repair", "cancel", "EAST", "BIKE").output)
    assert shop("repair", "save", "EAST", "BIKE").exit_code == 1
    assert shop("repair", "line", 99).exit_code == 1


def test_a_stale_draft_is_refused_shown_and_kept(shop: Run, database_url: str) -> None:
    shop("repair", "remove", 1, "S3")
    others = shop("repair", "remove", 1, "S2", "--person", "Bob").output
    assert "Ann has a draft here, too: 1 serial." in others
    assert shop("repair", "save", "EAST", "BIKE", "--person", "Bob").exit_code == 0
    stale = shop("repair", "save", "EAST", "BIKE")
    assert stale.exit_code == 1
    assert "Refused: window_stale." in stale.output
    assert "Stock line 1 had the quantity 2 and 3 serials, now 2 and 2." in squeezed(stale.output)
    assert "Keep the draft with 'stockline repair look-again EAST BIKE'." in stale.output
    assert "Changed since it was drafted" in shop("repair", "show", "EAST", "BIKE").output
    kept = shop("repair", "look-again", "EAST", "BIKE").output
    assert "Changed since it was drafted" not in kept
    assert shop("repair", "save", "EAST", "BIKE").exit_code == 0
    with stockline.open(database_url) as stock:
        assert [stock.serial("BIKE", serial).stock_line for serial in ("S1", "S2", "S3")] == [1, None, None]


def test_serials_come_in_series_and_from_files(shop: Run, folder: Path) -> None:
    (folder / "serials.txt").write_text("\ufeffS10\n\n S12 \n", encoding="utf-8")
    drafted = shop("repair", "remove", 1, "S1..S3", "--file", "serials.txt").output
    assert "Draft of Ann: 5 serials." in drafted
    shop("repair", "cancel", "EAST", "BIKE")
    assert "Draft of Ann: 2 serials." in shop("repair", "remove", 1, "--file", "-", typed="S1\nS3\n").output
    shop("repair", "cancel", "EAST", "BIKE")
    twice = shop("repair", "remove", 1, "S1..S2", "S2")
    assert (twice.exit_code, "tracking_duplicate" in twice.output) == (1, True)
    nobody = shop("repair", "remove", 1)
    assert (nobody.exit_code, "No serial is named." in nobody.output) == (1, True)
    for series in ("S1..T3", "S3..S1", "S1.."):
        assert shop("repair", "remove", 1, series).exit_code == 2
    assert shop("repair", "remove", 1, "--file", "none.txt").exit_code == 2
    assert "S1" not in shop("repair", "cancel", "EAST", "BIKE").output


def test_numbers_nobody_knows_get_a_card_first(shop: Run, database_url: str) -> None:
    shop("repair", "add", 2, "X1")
    drafted = shop("repair", "add", 2, "N1", "S10", "--new").output
    assert "Serial X1: nothing is known of it." in drafted
    assert "Serial N1" not in drafted, "the one it was said of"
    shop("repair", "remove", 2, "X1")
    assert shop("repair", "save", "EAST", "BIKE").exit_code == 0
    with stockline.open(database_url) as stock:
        assert [stock.serial("BIKE", serial).stock_line for serial in ("N1", "S10")] == [2, 2]


def test_what_is_drafted_and_taken_back_is_no_draft(shop: Run) -> None:
    shop("repair", "remove", 1, "S3")
    assert "Nothing is drafted for BIKE at EAST." in shop("repair", "add", 1, "S3").output


def test_a_draft_is_found_again_when_the_item_agrees(shop: Run) -> None:
    shop("repair", "remove", 5, "B1")
    listed = shop("repair", "list", "EAST").output
    assert "A draft besides: BELL at EAST, Ann 1." in listed
    page = squeezed(shop("repair", "show", "EAST", "BELL").output)
    assert "The number of serials differs from the quantity." in page, "the draft would make it so"
    assert "│ 5 │ 1 │ 1 │ 0 │ no │" in page


def test_lines_that_are_synchronized_are_shown_if_asked_for(shop: Run) -> None:
    page = squeezed(shop("repair", "show", "EAST", "BELL").output)
    assert "Every stock line has the serials it should have." in page
    assert "Not listed: 1 synchronized stock line; they are shown with --all." in page
    page = squeezed(shop("repair", "show", "EAST", "BELL", "--all").output)
    assert "│ 5 │ 1 │ 1 │ 1 │ yes │ A1 │ A │" in page


def test_what_fits_on_no_screen_is_shown_in_part(shop: Run) -> None:
    drafted = shop("repair", "add", 2, "X1..X30").output
    assert "Draft of Ann: 30 serials." in drafted
    assert "X20" in drafted
    assert "X21" not in drafted
    assert drafted.count("10 more.") == 2, "of the draft, and of what speaks against it"
    refused = shop("repair", "save", "EAST", "BIKE").output
    assert "All 30 rows are in refused-serial_unknown.csv." in refused


def test_a_line_on_the_dock_and_a_number_that_is_no_line(shop: Run, database_url: str) -> None:
    assert "It awaits put-away" in squeezed(shop("repair", "line", 4).output)
    with stockline.open(database_url) as stock:
        stock.load(serials=[FoundSerial(item="BIKE", serial="S20", stock_line=77, site="EAST")])
    assert "│ 77 │ 0 │ 1 │ 1 │ no │ no such stock line" in squeezed(shop("repair", "show", "EAST", "BIKE").output)
    shop("repair", "remove", 77, "S20")
    assert shop("repair", "save", "EAST", "BIKE").exit_code == 0
    assert shop("repair", "line", 77).exit_code == 1


def test_nobody_is_logged_in(shop: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("stockline.cli.console.getuser", nobody)
    assert "1 serial." in shop("repair", "remove", 1, "S3").output


def test_an_item_that_is_there_in_variants(shop: Run, database_url: str) -> None:
    with stockline.open(database_url) as stock:
        stock.create_item("CAR", variants=["BLUE", "RED"], tracking=TrackingCode(serial="specific"))
        stock.load(stock_lines=[FoundStockLine(id=11, item="CAR", variant="RED", site="EAST", quantity=1)])
        assert "CAR RED at EAST" in squeezed(shop("repair", "show", "EAST", "CAR").output)
        stock.load(stock_lines=[FoundStockLine(id=12, item="CAR", variant="BLUE", site="EAST", quantity=1)])
    several = shop("repair", "show", "EAST", "CAR")
    assert (several.exit_code, "in several variants: BLUE, RED" in squeezed(several.output)) == (2, True)
    assert "CAR BLUE at EAST" in squeezed(shop("repair", "show", "EAST", "CAR", "--variant", "BLUE").output)


def test_an_item_that_does_not_exist_is_not_controlled(shop: Run) -> None:
    controlled = shop("control", "--items", "NOPE")
    assert (controlled.exit_code, "not_found" in controlled.output) == (1, True)
