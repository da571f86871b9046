"""What a resynchronization answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stockline.results.base import Result
from stockline.results.stock import FoundSerial, FoundStockLine


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
    """How far a run is: items and cases so far, what it has read, and how long it takes (RS-10)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncRun(Result):
    """A resynchronization: its number in the log (0: a dry run), all its actions, and the cases it left alone."""

    number: int
    actions: Sequence[ResyncAction] = ()
    left: Sequence[ResyncLeft] = ()
    cancelled: bool = False


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
