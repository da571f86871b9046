"""What planning proposes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from stockline.results.base import Result

ActionType = Literal["new", "change_quantity", "reschedule", "reschedule_and_change", "cancel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionMessage:
    """What is proposed so that supply meets demand: for an order line, or as `new`, without one (OT-25).

    Quantities are in the line's unit, of a new supply in the base unit. `quantity` and `date` are those of the line as
    it is. A line to cancel would have the quantity 0 and no date.
    """

    type: ActionType
    item: str
    variant: str
    site: str
    line: str | None
    quantity: Decimal | None
    new_quantity: Decimal
    date: dt.date | None
    new_date: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Result):
    """The names of the planned orders a planning run made, by date."""

    proposals: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Result):
    """The names of the orders that proposals became, by date."""

    orders: Sequence[str]
