"""What a resynchronization answers."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from stockline.codes import Code
from stockline.refusal import Finding
from stockline.results.base import Result
from stockline.results.control import SyncState
from stockline.results.stock import FoundSerial, FoundStockLine, StockLineState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncAction:
    """One change: a line merged into an equal one, or a link of a serial (RS-1, RS-8)."""

    item: str
    action: Literal["merge", "move", "link", "unlink"]
    variant: str = ""
    serial: str | None = None
    from_line: int | None
    to_line: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncLeft:
    """A case that was left alone: its lines, why, and up to 20 of its best plans (RS-10)."""

    item: str
    variant: str
    cause: str
    message: str
    lines: Sequence[int]
    serials: Sequence[str] = ()
    """Serials whose last movement leads to no line they fit on, or to where goods wait to be put away."""
    plans: Sequence[Sequence[ResyncAction]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncProgress:
    """How far a run is: items and cases so far, what it has read, and how many seconds that took (RS-10)."""

    run: int
    items_found: int
    items_done: int
    cases_found: int
    cases_done: int
    lines_read: int
    serials_read: int
    seconds: float

    @property
    def rate(self) -> float:
        """Serials read in a second."""
        return self.serials_read / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, if it goes on like that; None before the first item is done."""
        if not self.items_done:
            return None
        return self.seconds / self.items_done * (self.items_found - self.items_done)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlace:
    """Whose draft, and for which item-site (RS-14)."""

    site: str
    item: str
    variant: str = ""
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChange:
    """What a draft does to a serial: the stock lines it is taken off, and the one it is put on."""

    serial: str
    removed: Sequence[int] = ()
    added: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncDraft:
    """A draft as its person sees it.

    `state` has the new figures as the draft would make them (RS-13); `desynchronized` are those of its lines that would
    not be synchronized (CO-3), `stock_lines` those that exist, with all characteristics (RS-12). `problem` is the code
    a save would be refused with now, `findings` say why. `changed` tells what is not as it was when the person touched
    it (RS-20), `others` who else has a draft for the item-site, and of how many serials.
    """

    place: DraftPlace
    changes: Sequence[DraftChange]
    state: SyncState
    desynchronized: Collection[int]
    stock_lines: Sequence[StockLineState]
    problem: Code | None
    findings: Sequence[Finding]
    changed: Sequence[Finding]
    others: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """A draft that is neither saved nor dropped, and how many serials it is about (RS-14)."""

    place: DraftPlace
    serials: int


LeftOut = Literal["on_this_line", "attribute_mismatch", "awaiting_put_away", "on_synchronized_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncCandidate:
    """A serial that could belong on a stock line (RS-17).

    `evidence`, the less the better: 0 its last movement was into this very place, 1 inward at this site, 2 never moved
    and linked at this site, 3 inward or linked at another site, 4 never moved and not linked, or taken off by a
    resynchronization, 5 issued. `stock_line` is the line it is linked to, `left_out` why it is no candidate.
    """

    serial: str
    evidence: int
    stock_line: int | None = None
    left_out: LeftOut | None = None


Mark = Literal["fits", "other_lot", "last_seen_elsewhere", "issued", "in_two_places", "reserved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncSerial:
    """A serial on a stock line, with what is to be said of it; `fits` where that is nothing else (RS-14)."""

    serial: str
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncRun(Result):
    """A resynchronization: its number in the log (0: a dry run), all its actions, and the cases it left alone."""

    number: int
    actions: Sequence[ResyncAction] = ()
    left: Sequence[ResyncLeft] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncFigure:
    """Quantity and different serials of an item at a site, before and after a run (RS-10)."""

    item: str
    variant: str
    site: str
    quantity: Decimal
    serials_before: int
    serials_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncLogEntry:
    """A run in the log (RS-10): who, when, why, over what (None: all), how far, and the run it takes back, if any.

    `state` is `running`, `cancelling`, `cancelled`, `failed` (something broke it off) or `done`.
    """

    run: int
    kind: Literal["automatic", "manual", "undo"]
    person: str
    started_at: dt.datetime
    reason: str
    site: str | None
    items: tuple[str, str] | None
    state: Literal["running", "cancelling", "cancelled", "failed", "done"]
    undoes: int | None
    progress: ResyncProgress

    @property
    def under_way(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ("running", "cancelling")

    @property
    def heard_of(self) -> dt.datetime:
        """When it last told how far it is; of one that has ended, its end."""
        return self.started_at + dt.timedelta(seconds=self.progress.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncReport:
    """All that is kept of a run (RS-10): figures by item-site, every action with its reason, every case left."""

    entry: ResyncLogEntry
    figures: Sequence[ResyncFigure]
    actions: Sequence[ResyncAction]
    left: Sequence[ResyncLeft]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCount:
    """A stock line whose serials a run changed: their number before and after the run."""

    stock_line: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncEvidence:
    """What was known of a serial when its link was changed.

    Its own attributes, and its last movement: `direction` 1 in, -1 out, 0 none, when, and where to or from. `posted`
    tells that the movement was one of ours and no resynchronization: outward, the serial had been issued (RS-16).
    """

    lot: str
    sublot: str
    version: str
    direction: int
    date: dt.date | None = None
    site: str | None = None
    location: str | None = None
    movement_lot: str | None = None
    package: str | None = None
    posted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncAudit:
    """One changed link of a serial, for good (RS-18)."""

    entry: ResyncLogEntry
    action: ResyncAction
    old_line: LineCount | None
    new_line: LineCount | None
    evidence: ResyncEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncCorrections:
    """What a run has changed, to be carried home to the system the stock was loaded from.

    `stock_lines` are the lines it is about, merged ones with the quantities of before; `serials` those whose links it
    changed, with the links it took away.
    """

    run: int
    actions: Sequence[ResyncAction]
    stock_lines: Sequence[FoundStockLine]
    serials: Sequence[FoundSerial]
