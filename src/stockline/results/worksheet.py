"""The reservation worksheet."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorksheetLine:
    """A demand line that is not reserved in full, in base units (RE-52).

    `remaining` is not reserved yet; `available` is free stock that no other line of the worksheet is to get; `priority`
    is that of the order's party, 0 where nobody said one.
    """

    line: str
    item: str
    variant: str
    site: str
    date: dt.date
    party: str
    priority: int
    remaining: Decimal
    available: Decimal
    to_reserve: Decimal = Decimal(0)

    @property
    def accepted(self) -> bool:
        """Whether the line gets all it wants, and so is carried out."""
        return self.to_reserve == self.remaining
