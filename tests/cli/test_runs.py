"""`stockline runs`: what was resynchronized, what is under way in another process, and taking it back."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from python_calamine import load_workbook

import stockline
from stockline import FoundSerial
from tests.cli.conftest import Run
from tests.support.warehouse import PATIENCE, emptied_items

ITEMS = 60
STOCKLINE = "from stockline.cli.main import app; app()"
SLOWLY = f"""
import time
from stockline.operations.resync import auto
do_item = auto._Run._do_item
auto._Run._do_item = lambda self, item: (time.sleep(0.2), do_item(self, item))
auto.PULSE = 0.0
{STOCKLINE}
"""
"""The command line, a fifth of a second at least for each item that is repaired."""


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def shop(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on a shop with items whose serial is on a closed line; it belongs on another."""
    monkeypatch.setenv("STOCKLINE_DATABASE", database_url)
    items = [f"I{number:02}" for number in range(1, ITEMS + 1)]
    with stockline.open(database_url) as stock:
        stock.create_site("EAST", locations=["A", "B"])
        emptied_items(stock, items)
    return run


@contextmanager
def process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command line in a process of its own, which does not outlive the block."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def test_a_run_is_found_followed_and_cancelled_from_elsewhere(shop: Run, database_url: str) -> None:
    with process(SLOWLY, "resync", "--person", "Ann") as resync:
        assert resync.stderr is not None
        told = re.search(r"runs show (\d+) --follow", resync.stderr.readline())
        assert told, "its number is told at once"
        number = told[1]
        under_way = squeezed(shop("runs", "list").output)
        assert f"│ {number} │ automatic │ Ann │" in under_way
        assert "│ running, last heard of " in under_way
        assert "running" in shop("runs", "show", number).output
        assert shop("runs", "undo", number).exit_code == 1
        with process(STOCKLINE, "runs", "show", number, "--follow") as follower:
            cancelled = shop("runs", "cancel", number)
            assert "stops as soon as the case it is at is done" in cancelled.output
            page, _ = follower.communicate(timeout=PATIENCE)
        resync.communicate(timeout=PATIENCE)
    assert (resync.returncode, follower.returncode) == (130, 0)
    assert f"Run {number}: automatic, Ann" in page
    assert "everything, cancelled" in page
    with stockline.open(database_url) as stock:
        entry = stock.resync_entry(int(number))
        done = len(stock.resync_audit(run=entry.run))
        assert 0 <= done == entry.progress.cases_done < ITEMS
        assert len(stock.resync_worklist("EAST")) == ITEMS - done, "what is done stays"
    assert shop("resync").exit_code == 0
    again = shop("runs", "cancel", number)
    assert (again.exit_code, "has ended already: it is cancelled." in again.output) == (1, True)


def test_a_run_with_its_report(shop: Run, folder: Path, database_url: str) -> None:
    with stockline.open(database_url) as stock:
        stock.load(serials=[FoundSerial(item="I02", serial=f"S{number}", stock_line=21) for number in (2, 3)])
    assert "Nothing has been resynchronized." in shop("runs", "list").output
    shop("resync", "--items", "I01..I02", "--site", "EAST", "--person", "Ann")
    (number,) = re.findall(r"│ (\d+) +│ automatic", shop("runs", "list").output)
    page = squeezed(shop("runs", "show", number, "--report", "run.xlsx").output)
    assert "automatic, Ann," in page
    assert "EAST, I01..I02, done" in page
    assert "2 of 2 items, 3 of 3 cases; 4 lines, 4 serials" in page
    assert "│ I01 │ │ EAST │ 1 │ 1 │ 1 │" in page
    assert "│ I01 │ │ move │ S1 │ 10 │ 11 │ only_fit │" in page
    assert "│ I02 │ ambiguous │ 21 │" in page
    assert "1. " in page, "the best plans"
    book = load_workbook(folder / "run.xlsx")
    rows = {name: len(book.get_sheet_by_name(name).to_python()) - 1 for name in book.sheet_names}
    assert rows == {"Figures": 2, "Actions": 2, "Left": 1}
    assert shop("runs", "show", 99).exit_code == 1
    unwritten = shop("runs", "show", number, "--report", "none/run.xlsx")
    assert (unwritten.exit_code, "cannot be written" in unwritten.output) == (1, True)


def test_what_fits_on_no_screen_is_shown_in_part(shop: Run, folder: Path) -> None:
    shop("resync")
    shown = squeezed(shop("runs", "show", 2).output)
    assert "I20" in shown
    assert "I21" not in shown
    assert "the first 20 are shown" in shown
    part = shop("runs", "audit", "--run", 2, "--output", "audit.csv").output
    assert f"{ITEMS} changed links; {ITEMS - 20} more with --all." in part
    assert "I60" in shop("runs", "audit", "--run", 2, "--all").output
    rows = (folder / "audit.csv").read_text().splitlines()
    assert len(rows) == ITEMS + 1
    assert rows[1].startswith("2,automatic,")
    assert ",I01,,S1,move,only_fit,10,1,0,11,0,1," in rows[1]
    assert shop("runs", "audit", "--item", "I01", "--output", "none/audit.csv").exit_code == 1
    assert shop("runs", "audit").exit_code == 1
    assert "0 changed links." in shop("runs", "audit", "--item", "I01", "--serial", "S9").output


def test_a_run_is_taken_back_once(shop: Run, database_url: str) -> None:
    shop("resync", "--items", "I01")
    undone = shop("runs", "undo", 2, "--person", "Bob")
    assert "takes back run 2: 1 action." in undone.output
    assert "undo of 2 │ Bob" in squeezed(shop("runs", "list", "--limit", 1).output)
    assert shop("runs", "undo", 2).exit_code == 1
    assert shop("runs", "undo", 99).exit_code == 1
    with stockline.open(database_url) as stock:
        assert stock.serial("I01", "S1").stock_line == 10
