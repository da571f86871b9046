"""A large damaged stock controlled and repaired: beside the barest SQL that counts links per line and compares."""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy import text

import stockline
from bench.damage import LINES, SERIALS, build, damage
from bench.postings import Timings, peak_memory
from stockline import ResyncProgress
from stockline.store.database import Database, Transaction, parse_url
from stockline.values import SCALE

T = TypeVar("T")
SHARE = 0.01
"""Of the serials, so many are damaged."""

_BAREST = f"""SELECT count(*) FROM stock_line LEFT JOIN (SELECT item_id, stock_line_id, count(*) AS serials FROM serial
 WHERE stock_line_id IS NOT NULL GROUP BY item_id, stock_line_id) linked
 ON linked.item_id = stock_line.item_id AND linked.stock_line_id = stock_line.id
 WHERE coalesce(linked.serials, 0) * {SCALE} <> stock_line.quantity"""


def measure(url: str, size: int, rounds: int) -> dict[str, Timings]:
    """Build and damage a stock of `size` serials, control it `rounds` times, repair it once; the rest is printed."""
    console = Console()
    stock = stockline.open(url)
    database = Database(parse_url(url))
    _, seconds = _timed(lambda: build(database, size // (LINES * SERIALS)))
    hurt, more = _timed(lambda: damage(database, SHARE))
    console.print(f"{size:,} serials, {hurt:,} damaged, built in {seconds:.0f} s and damaged in {more:.0f} s")
    _gather_statistics(database)
    timings = {"control": Timings()}
    for _ in range(rounds):
        findings, ours = _timed(lambda: stock.control(only=["serials"]))
        _, bare = _timed(lambda: database.read(_barest))
        timings["control"].add(ours, bare)
    console.print(f"{len(findings):,} findings on serials in {statistics.median(timings['control'].ours):.1f} s")
    _repair(stock, console)
    stock.close()
    database.close()
    return timings


def _repair(stock: stockline.Stockline, console: Console) -> None:
    shown = TextColumn("{task.description}")
    with Progress(shown, BarColumn(), console=console) as progress:
        task = progress.add_task("repair", total=None)

        def report(now: ResyncProgress) -> None:
            left = "" if now.seconds_left is None else f", {now.seconds_left:.0f} s left"
            read = f"{now.lines_read:,} lines, {now.rate:,.0f} serials/s{left}"
            told = f"{now.cases_done:,} of {now.cases_found:,} cases, {read}"
            progress.update(task, total=now.items_found, completed=now.items_done, description=told)

        run, seconds = _timed(lambda: stock.resync_auto(report=report))
    causes = {cause: sum(case.cause == cause for case in run.left) for cause in {case.cause for case in run.left}}
    console.print(f"{len(run.actions):,} actions in {seconds:.0f} s, {peak_memory():.0f} MB; left: {causes}")


def _barest(transaction: Transaction) -> int:
    return int(transaction.execute(text(_BAREST)).scalar_one())


def _gather_statistics(database: Database) -> None:
    if database.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
