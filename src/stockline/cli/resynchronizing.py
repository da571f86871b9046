"""A resynchronization as a person follows it: control, repair, control again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGINT, signal
from threading import Event
from typing import TYPE_CHECKING

from stockline.cli.progress import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from stockline import ControlFinding, ResyncProgress, ResyncRun, Stockline, SyncState
    from stockline.cli.progress import StepBar

Place = tuple[str, str, str]
"""Item, variant and site."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is resynchronized: a site, a range of items; None is all."""

    site: str | None
    items: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found, what was done about it, and what is left. Without `run` nothing was to be repaired."""

    before: Sequence[ControlFinding]
    after: Sequence[ControlFinding]
    run: ResyncRun | None
    states: Sequence[tuple[Place, SyncState, SyncState]]
    """Of every item, variant and site with findings on its serials: the figures before and after."""


def carry_out(stock: Stockline, selection: Selection, steps: StepBar, *, repair: bool, dry_run: bool) -> Outcome:
    """Control, repair if that is wanted, and control again."""
    steps.begin("control", 1)
    before = stock.control(site=selection.site, items=selection.items)
    steps.reach(1)
    places = sorted({(one.item, one.variant, one.site) for one in before if one.control == "serials" and one.site})
    states = stock.sync_states(places)
    if not repair:
        return Outcome(before=before, after=before, run=None, states=_paired(places, states, states))
    run = _run(stock, selection, steps, dry_run=dry_run)
    if dry_run or not run.actions:
        return Outcome(before=before, after=before, run=run, states=_paired(places, states, states))
    after = stock.control(site=selection.site, items=selection.items)
    return Outcome(before=before, after=after, run=run, states=_paired(places, states, stock.sync_states(places)))


def _run(stock: Stockline, selection: Selection, steps: StepBar, *, dry_run: bool) -> ResyncRun:
    steps.begin("repair", 1)

    def follow(progress: ResyncProgress) -> None:
        steps.reach(progress.items_done, told(progress), progress.items_found)

    with _interrupted() as interrupted:
        return stock.resync_auto(
            site=selection.site, items=selection.items, dry_run=dry_run, report=follow, cancelled=interrupted.is_set
        )


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
