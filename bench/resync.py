"""A large damaged stock controlled and repaired: beside the barest SQL that counts links per line and compares."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy import text

import stockline
from bench.damage import LINES, SERIALS, build, damage
from bench.postings import Timings, peak_memory
from stockline import ControlFinding, ResyncProgress, ResyncRun
from stockline.rules.control import serials
from stockline.store.database import Database, Transaction, parse_url
from stockline.values import SCALE

T = TypeVar("T")
SHARE = 0.01
"""Of the serials, so many are damaged."""

_BAREST = f"""SELECT count(*) FROM stock_line LEFT JOIN (SELECT item_id, stock_line_id, count(*) AS serials FROM serial
 WHERE stock_line_id IS NOT NULL GROUP BY item_id, stock_line_id) linked
 ON linked.item_id = stock_line.item_id AND linked.stock_line_id = stock_line.id
 WHERE coalesce(linked.serials, 0) * {SCALE} <> stock_line.quantity"""


KINDS_SEEN = {
    "issued",
    "unlinked",
    "misplaced",
    "attribute_mismatch",
    "duplicate_link",
    "closed_line",
    "missing_serials",
    "surplus_serials",
    "quantity_not_ledger",
    "twin_lines",
    "fractional_quantity",
    "negative_quantity",
    "reserved_not_on_hand",
}
"""What control must find of the damage T1 to T16."""


def measure(url: str, size: int, rounds: int) -> dict[str, Timings]:
    """Build and damage a stock of `size` serials, control it `rounds` times, repair it once; the rest is printed."""
    console = Console()
    stock = stockline.open(url)
    database = Database(parse_url(url))
    _, seconds = _timed(lambda: build(database, size // (LINES * SERIALS)))
    hurt, more = _timed(lambda: damage(database, SHARE))
    console.print(f"{size:,} serials, {hurt:,} damaged, built in {seconds:.0f} s and damaged in {more:.0f} s")
    _settle(database)
    timings = {"links against quantities": Timings(), "control of serials": Timings()}
    for _ in range(rounds):
        _, counted = _timed(lambda: database.read(_links_against_quantities, scans=True))
        _, ours = _timed(lambda: stock.control(only=["serials"]))
        _, bare = _timed(lambda: database.read(_barest))
        for measured, seconds in zip(timings.values(), (counted, ours), strict=True):
            measured.add(seconds, bare)
    findings, seconds = _timed(stock.control)
    console.print(f"all controls: {seconds:.0f} s, {dict(_kinds(findings))}")
    assert _kinds(findings).keys() >= KINDS_SEEN, "some damage is not found"
    run = _repair(stock, console)
    _check(stock, console, run)
    stock.close()
    database.close()
    return timings


def _kinds(findings: Sequence[ControlFinding]) -> Counter[str]:
    return Counter(one.finding for one in findings)


def _check(stock: stockline.Stockline, console: Console, run: ResyncRun) -> None:
    """What control still finds was left with a cause, and to run again proposes nothing (RS-6)."""
    findings = stock.control(only=["serials", "stock_lines"])
    console.print(f"afterwards: {dict(_kinds(findings))}")
    lines = {line for case in run.left for line in case.lines}
    items = {case.item for case in run.left}
    lost = [
        one for one in findings if (one.item not in items if one.stock_line is None else one.stock_line not in lines)
    ]
    assert not lost, f"neither repaired nor left with a cause: {lost[:5]}"
    again, seconds = _timed(lambda: stock.resync_auto(dry_run=True))
    assert not again.actions, f"proposed again: {again.actions[:5]}"
    assert len(again.left) == len(run.left), "other cases are left"
    console.print(f"a second run proposes nothing in {seconds:.0f} s, {peak_memory():.0f} MB")


def _repair(stock: stockline.Stockline, console: Console) -> ResyncRun:
    shown = TextColumn("{task.description}")
    with Progress(shown, BarColumn(), console=console) as progress:
        task = progress.add_task("repair", total=None)

        def report(now: ResyncProgress) -> None:
            left = "" if now.seconds_left is None else f", {now.seconds_left:.0f} s left"
            read = f"{now.lines_read:,} lines, {now.rate:,.0f} serials/s{left}"
            told = f"{now.cases_done:,} of {now.cases_found:,} cases, {read}"
            progress.update(task, total=now.items_found, completed=now.items_done, description=told)

        run, seconds = _timed(lambda: stock.resync_auto(report=report))
    causes = dict(Counter(case.cause for case in run.left))
    processor = f"{time.process_time():.0f} s of processor since the start"
    console.print(
        f"{len(run.actions):,} actions in {seconds:.0f} s ({processor}), {peak_memory():.0f} MB; left: {causes}"
    )
    return run


def _links_against_quantities(transaction: Transaction) -> int:
    """Of the control of serials what the barest SQL does as well."""
    return len(transaction.execute(serials.serials_on_line.query).all())


def _barest(transaction: Transaction) -> int:
    return int(transaction.execute(text(_BAREST)).scalar_one())


def _settle(database: Database) -> None:
    """What building the stock left the server to do is done before anything is measured."""
    if database.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
