"""The automatic resynchronization: merge twins, then change the links that are forced, case by case (RS-1 to RS-10)."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from stockline.operations.catalog import Item, find_site
from stockline.operations.control import items_with_findings
from stockline.operations.resync.links import (
    LinkChanges,
    RunBook,
    hold_item_sites,
    open_posting,
    write_links,
)
from stockline.operations.resync.log import (
    AUTOMATIC,
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    begin_run,
    note_left,
    note_run,
    state_of,
)
from stockline.operations.resync.plan import ItemPlan
from stockline.operations.resync.stock import revisions
from stockline.results import ResyncAction, ResyncLeft, ResyncProgress, ResyncRun
from stockline.store.database import Database, Transaction

ATTEMPTS = 3
"""As often a case is planned anew when its stock has changed meanwhile (RS-20)."""
PULSE = 1.0
"""Seconds between two looks at whether the run is to stop, and two notes of how far it is."""


@dataclass(frozen=True, slots=True)
class AutomaticRun:
    """What is asked for: where, `without` which items, for whom, whether anything is written, and who listens."""

    today: date
    site: str | None = None
    items: tuple[str, str] | None = None
    without: Collection[str] = ()
    dry_run: bool = False
    person: str = ""
    report: Callable[[ResyncProgress], None] | None = None
    cancelled: Callable[[], bool] | None = None


def resync_automatically(database: Database, asked: AutomaticRun) -> ResyncRun:
    """Carry out every case that needs no decision, each whole or not at all. Refused `not_found`."""
    return _Run(database, asked).carry_out()


class _Stale(Exception):
    """The stock has changed since it was planned for."""


class _Cancelled(Exception):
    """Somebody wants the run to stop."""


class _Run:
    """One automatic run."""

    def __init__(self, database: Database, asked: AutomaticRun) -> None:
        self._database = database
        self._asked = asked
        self._site: int | None = None
        self._book = RunBook(0, asked.today)
        self._actions: list[ResyncAction] = []
        self._left: list[ResyncLeft] = []
        self._counts: Counter[str] = Counter()
        self._started = self._pulse = time.monotonic()

    def carry_out(self) -> ResyncRun:
        """Enter the run, go through the items that have findings, and note how it has ended."""
        if self._asked.site is not None:
            self._site = self._database.read(partial(find_site, code=self._asked.site)).id
        if not self._asked.dry_run:
            self._book.run = self._database.write(self._begin)
        self._report()
        state = FAILED
        try:
            state = self._do_items()
            self._report()
        finally:
            if not self._asked.dry_run:
                self._note(state=state)
        return ResyncRun(number=self._book.run, actions=self._actions, left=self._left, cancelled=state == CANCELLED)

    def _begin(self, transaction: Transaction) -> int:
        first, last = self._asked.items or ("", "")
        selection = {"site": self._asked.site or "", "first_item": first, "last_item": last}
        run = begin_run(transaction, AUTOMATIC, person=self._asked.person, **selection)
        open_posting(transaction, run, self._asked.today)
        return run

    def _do_items(self) -> str:
        """Go through the items; how that has ended."""
        items = self._database.read(self._select, scans=True)
        self._counts["items_found"] = len(items)
        try:
            for item in items:
                self._beat()
                self._do_item(item)
                self._counts["items_done"] += 1
        except _Cancelled:
            return CANCELLED
        return DONE

    def _select(self, transaction: Transaction) -> Sequence[Item]:
        items = items_with_findings(transaction, self._site, self._asked.items)
        return [item for item in items if item.code not in self._asked.without]

    # ------------------------------------------------------------ one item

    def _do_item(self, item: Item) -> None:
        plan = self._plan(item)
        self._counts["cases_found"] += len(plan.cases)
        if self._asked.dry_run:
            for changes in plan.changes():
                self._actions += plan.told(changes)
            left = list(plan.left())
        else:
            left = self._carry_out_plan(plan)
            if left:
                first = len(self._left) + 1
                self._database.write(lambda transaction: note_left(transaction, self._book.run, item.id, first, left))
        self._left += left
        self._counts["cases_done"] = self._counts["cases_found"]

    def _plan(self, item: Item) -> ItemPlan:
        plan = self._database.read(lambda transaction: ItemPlan(transaction, item, self._site))
        self._counts["lines_read"] += len(plan.stock.lines)
        self._counts["serials_read"] += sum(serials.count for serials in plan.stock.classes)
        return plan

    def _carry_out_plan(self, plan: ItemPlan) -> list[ResyncLeft]:
        """Carry out what can be, planned anew where stock has changed meanwhile; what is left in the end."""
        for _ in range(1 + ATTEMPTS):
            try:
                self._carry_out_changes(plan)
            except _Stale:
                plan = self._plan(plan.stock.item)
            else:
                return list(plan.left())
        return list(plan.left(changed=True))

    def _carry_out_changes(self, plan: ItemPlan) -> None:
        for changes in plan.changes():
            self._beat()
            self._database.write(partial(self._write, plan, changes), lasting=False)
            plan.go_on(changes)
            self._book.turn(changes)
            self._actions += plan.told(changes)
            self._counts["cases_done"] += changes.cases

    def _write(self, plan: ItemPlan, changes: LinkChanges, transaction: Transaction) -> None:
        hold_item_sites(transaction, plan.stock.item.id, changes.sites.keys())
        if not plan.is_current(changes, revisions(transaction, plan.stock.item.id)):
            raise _Stale
        write_links(transaction, self._book, changes)

    # ------------------------------------------------------------ how far it is

    def _beat(self) -> None:
        """Now and then: say how far it is, and stop if somebody wants that."""
        if self._asked.cancelled is not None and self._asked.cancelled():
            raise _Cancelled
        if time.monotonic() - self._pulse >= PULSE:
            self._pulse = time.monotonic()
            self._report()
            if not self._asked.dry_run:
                self._note()
                if self._database.read(lambda transaction: state_of(transaction, self._book.run)) != RUNNING:
                    raise _Cancelled

    def _note(self, **facts: str) -> None:
        self._database.write(lambda transaction: note_run(transaction, self._progress(), **facts))

    def _report(self) -> None:
        if self._asked.report is not None:
            self._asked.report(self._progress())

    def _progress(self) -> ResyncProgress:
        names = ("items_found", "items_done", "cases_found", "cases_done", "lines_read", "serials_read")
        counts = {name: self._counts[name] for name in names}
        return ResyncProgress(run=self._book.run, seconds=time.monotonic() - self._started, **counts)
