"""What control finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFinding:
    """One thing that does not agree (CO-1); `repair`: who can mend it, if asked: machine, person, posting."""

    control: str
    finding: str
    item: str
    message: str
    variant: str = ""
    site: str | None = None
    stock_line: int | None = None
    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    expected: Any = None
    found: Any = None
    repair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLine:
    """One stock line of a synchronization figure: serials before and after resynchronization."""

    stock_line: int
    quantity: Decimal
    serials: int
    serials_new: int


Verdict = Literal["synchronized", "total_mismatch", "line_mismatch"]
VERDICTS: Mapping[Verdict, str] = {
    "synchronized": "Every stock line has the serials it should have.",
    "total_mismatch": "The number of serials differs from the quantity.",
    "line_mismatch": "Serials and quantity agree in all, but not on every stock line.",
}
"""The verdicts in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """Quantity and serials of an item at a site, initial and new, and the verdict of the new figures (CO-3)."""

    site: str
    item: str
    quantity: Decimal
    serials: int
    quantity_new: Decimal
    serials_new: int
    verdict: Verdict
    lines: Sequence[SyncLine] = ()
    put_away: int = 0
    """How many lines await put-away: they are in no figure and not among `lines` (RS-11)."""

    @property
    def message(self) -> str:
        """The verdict in words (RS-12)."""
        return VERDICTS[self.verdict]
