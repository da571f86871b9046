"""A resynchronization as a person follows it: control, repair, control again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from signal import SIGINT, signal
from threading import Event
from typing import TYPE_CHECKING

from stockline.cli.progress import told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from types import FrameType

    from stockline import ControlFinding, ResyncProgress, ResyncRun, Stockline, SyncState
    from stockline.cli.progress import StepBar

Place = tuple[str, str, str]
"""Item, variant and site."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is resynchronized: a site, a range of items; None is all. Items in `without` are controlled only."""

    site: str | None
    items: tuple[str, str] | None
    without: Collection[str] = ()

    def covers(self, item: str) -> bool:
        """Whether an item is in the range."""
        return self.items is None or self.items[0] <= item <= self.items[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found, what was done about it, and what is left. Without `run` nothing was to be repaired."""

    before: Sequence[ControlFinding]
    after: Sequence[ControlFinding]
    run: ResyncRun | None
    states: Sequence[tuple[Place, SyncState, SyncState]]
    """Of every item, variant and site with findings on its serials: the figures before and after."""


def carry_out(
    stock: Stockline,
    selection: Selection,
    steps: StepBar,
    *,
    repair: bool,
    dry_run: bool,
    repairs: bool = False,
    person: str = "",
    begun: Callable[[int], None] | None = None,
) -> Outcome:
    """Control, repair if that is wanted, and control again; `begun` is told the number of the run that repairs.

    With `repairs` each finding tells who can repair it, for which the machine's part is planned once more.
    """
    before = _controlled(stock, selection, steps, repairs=repairs)
    places = sorted({(one.item, one.variant, one.site) for one in before if one.control == "serials" and one.site})
    states = stock.sync_states(places)
    if not repair:
        return Outcome(before=before, after=before, run=None, states=_paired(places, states, states))
    with _interrupted() as interrupted:
        run = stock.resync_auto(
            site=selection.site,
            items=selection.items,
            without=selection.without,
            dry_run=dry_run,
            person=person,
            report=_Follower(steps, begun),
            cancelled=interrupted.is_set,
        )
    if dry_run or not run.actions:
        return Outcome(before=before, after=before, run=run, states=_paired(places, states, states))
    after = _controlled(stock, selection, steps, repairs=repairs)
    return Outcome(before=before, after=after, run=run, states=_paired(places, states, stock.sync_states(places)))


def _controlled(stock: Stockline, selection: Selection, steps: StepBar, *, repairs: bool) -> list[ControlFinding]:
    """What control finds; what the machine would repair of items that it is to leave alone, a person has to."""
    steps.begin("control", 1)
    found = stock.control(site=selection.site, items=selection.items, repairs=repairs)
    steps.reach(1)
    return [
        replace(one, repair="person") if one.item in selection.without and one.repair == "machine" else one
        for one in found
    ]


class _Follower:
    """Shows how far a run is, and tells its number as soon as it has one."""

    def __init__(self, steps: StepBar, begun: Callable[[int], None] | None) -> None:
        self._steps = steps
        self._begun = begun
        steps.begin("repair", 1)

    def __call__(self, progress: ResyncProgress) -> None:
        """What the run reports now and then."""
        if progress.run and self._begun is not None:
            self._begun(progress.run)
            self._begun = None
        self._steps.reach(progress.items_done, told(progress), progress.items_found)


@contextmanager
def _interrupted() -> Iterator[Event]:
    """Set by the first Ctrl-C, so that the run ends between two cases; a second one ends it at once."""
    asked = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.set()
        signal(SIGINT, before)

    before = signal(SIGINT, ask)
    try:
        yield asked
    finally:
        signal(SIGINT, before)


def _paired(
    places: Sequence[Place], before: Sequence[SyncState], after: Sequence[SyncState]
) -> list[tuple[Place, SyncState, SyncState]]:
    return list(zip(places, before, after, strict=True))
