"""A process that posts and is killed on the way, again and again.

It is told on standard input, line by line, what to post and at which point to die, and answers how its child ended. The
points are: before and after each statement, in the middle of rows that are staged, before the commit, and after it.
Each child is a fork of this process, which has done everything once: so a killing takes milliseconds.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, event

import stockline
from stockline import Stockline
from stockline.store.dialect import Rows
from tests.support.warehouse import TODAY

COMMITTED, AT_COMMIT = -1, -2

POSTINGS: dict[str, Callable[[Stockline], object]] = {
    "mixed": lambda stock: stock.post(["PO1", "SO1"], invoice=True, quantities={"PO1/1": 3}),
    "journal": lambda stock: stock.post("J1"),
}


class Undone(Exception):
    """Leaves a transaction without a trace."""


class Executioner:
    """Counts the points and kills this process at one of them."""

    def __init__(self, stock: Stockline, last: int, answer: int) -> None:
        self.passed = 0
        self.last = last
        self._answer = answer
        engine = stock._database.engine
        event.listen(engine, "before_cursor_execute", self._point)
        event.listen(engine, "after_cursor_execute", self._point)
        event.listen(engine, "commit", self._commit)
        self._copy = stock._database.dialect.copy
        stock._database.dialect.copy = self._copied  # type: ignore[method-assign]

    def kill(self) -> None:
        """Tell how many points were passed, and be gone."""
        os.write(self._answer, b"%d" % self.passed)
        os.kill(os.getpid(), signal.SIGKILL)

    def _point(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self.last:
            self.kill()

    def _commit(self, *_: object) -> None:
        if self.last == AT_COMMIT:
            self.kill()

    def _copied(self, connection: Connection, staged: Rows) -> None:
        self._point()
        self._copy(connection, replace(staged, rows=self._each(staged.rows)))
        self._point()

    def _each(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            yield row
            self._point()


def warm_up(stock: Stockline) -> None:
    """Do it once and undo it: what is read, built and compiled for it is there for every child."""
    for post in POSTINGS.values():
        try:
            with stock.transaction():
                post(stock)
                raise Undone
        except Undone:
            pass
    stock.close()  # no child may touch a connection of its parent


def die(stock: Stockline, posting: str, point: int, answer: int) -> None:
    """What a child does."""
    try:
        executioner = Executioner(stock, point, answer)
        POSTINGS[posting](stock)
        if point == COMMITTED:
            executioner.kill()
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def killed(stock: Stockline, posting: str, point: int) -> tuple[int, int]:
    """How a child ended, and how many points it passed."""
    answer, of_child = os.pipe()
    child = os.fork()
    if child == 0:
        die(stock, posting, point, of_child)
    os.close(of_child)
    with os.fdopen(answer) as told:
        passed = told.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), int(passed or -1)


def main(url: str) -> None:
    """Kill a child for each line read."""
    stock = stockline.open(url, today=TODAY)
    warm_up(stock)
    print("ready", flush=True)
    for line in sys.stdin:
        posting, point = line.split()
        print(*killed(stock, posting, int(point)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
