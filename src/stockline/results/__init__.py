"""What the engine is given and what it answers: plain, typed, immutable values, a file per subject.

Quantities are `Decimal`; unless said otherwise they are in base units. Dates are `datetime.date`.
"""

from stockline.results.availability import Availability, ItemAvailability, NumberOnHand
from stockline.results.base import Result
from stockline.results.catalog import Location
from stockline.results.control import ControlFinding, SyncLine, SyncState
from stockline.results.documents import LineState, Link, OrderLine, Reserved
from stockline.results.planning import Accepted, ActionMessage, ActionType, Planned
from stockline.results.posting import Counted, LedgerEntry, Posting, Reclassified
from stockline.results.resync import (
    LeftOut,
    ResyncAction,
    ResyncCandidate,
    ResyncCorrections,
    ResyncLeft,
    ResyncProgress,
    ResyncRun,
)
from stockline.results.stock import (
    FoundItem,
    FoundSerial,
    FoundSite,
    FoundStockLine,
    LastMovement,
    Loaded,
    Moved,
    SerialState,
    StockLineState,
)
from stockline.results.tracking import (
    KEEP,
    Figures,
    RefusedRow,
    Specification,
    TrackingRow,
    Window,
    WindowChanged,
    WindowClosed,
    WindowRow,
    WindowView,
)
from stockline.results.worksheet import WorksheetLine

__all__ = [
    "KEEP",
    "Accepted",
    "ActionMessage",
    "ActionType",
    "Availability",
    "ControlFinding",
    "Counted",
    "Figures",
    "FoundItem",
    "FoundSerial",
    "FoundSite",
    "FoundStockLine",
    "ItemAvailability",
    "LastMovement",
    "LedgerEntry",
    "LeftOut",
    "LineState",
    "Link",
    "Loaded",
    "Location",
    "Moved",
    "NumberOnHand",
    "OrderLine",
    "Planned",
    "Posting",
    "Reclassified",
    "RefusedRow",
    "Reserved",
    "Result",
    "ResyncAction",
    "ResyncCandidate",
    "ResyncCorrections",
    "ResyncLeft",
    "ResyncProgress",
    "ResyncRun",
    "SerialState",
    "Specification",
    "StockLineState",
    "SyncLine",
    "SyncState",
    "TrackingRow",
    "Window",
    "WindowChanged",
    "WindowClosed",
    "WindowRow",
    "WindowView",
    "WorksheetLine",
]
