"""A storm: real processes reserve, release, change, track and post the same hot items, and the tables are watched.

A few seconds in `make test`; `make storm` lasts a minute on each database.
"""

import os
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import stockline
from tests.load.inspector import Inspector, read_journals
from tests.load.storm import fleet, set_the_scene
from tests.support.warehouse import TODAY

SECONDS = float(os.environ.get("STOCKLINE_STORM", "3"))
WRITERS = {"sqlite": 4, "postgresql": 16}
PATIENCE = 120.0
"""Seconds a writer may need beyond its time for its last call."""


def watch(inspector: Inspector, fleet: BaseProcess) -> tuple[int, list[str]]:
    """Look at the tables each second for as long as somebody writes; how often, and what was wrong."""
    looks, wrong = 0, list[str]()
    end = time.monotonic() + SECONDS + PATIENCE
    while fleet.is_alive() and not wrong:
        assert time.monotonic() < end, "a writer hangs"
        wrong += inspector.violations()
        looks += 1
        fleet.join(1)
    return looks, wrong


def test_storm(database_url: str, tmp_path: Path) -> None:
    with stockline.open(database_url, today=TODAY) as stock:
        set_the_scene(stock)
    count = WRITERS["sqlite" if database_url.startswith("sqlite") else "postgresql"]
    journals = [tmp_path / f"W{number}" for number in range(1, count + 1)]
    inspector = Inspector(database_url)
    writers = get_context("spawn").Process(target=fleet, args=(database_url, journals, SECONDS))
    writers.start()
    looks, wrong = watch(inspector, writers)
    writers.join(PATIENCE)
    answers = read_journals(journals)
    assert wrong + inspector.violations() == []
    assert [answer["escaped"] for answer in answers if "escaped" in answer] == []
    assert inspector.missing(answers) == []
    assert writers.exitcode == 0
    inspector.close()
    with stockline.open(database_url, today=TODAY) as stock:
        assert stock.control() == []
    done = Counter(answer["answered"] for answer in answers if "answered" in answer)
    refused = Counter(answer["refused"] for answer in answers if "refused" in answer)
    calls = f"{done.total()} calls done, {refused.total()} refused"
    print(f"\n{count} writers, {SECONDS:.0f} s: {calls}, {looks} looks at the tables")
    print(f"done {dict(done)}\nrefused {dict(refused)}")
    assert done, "nobody got anything done"
