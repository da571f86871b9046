"""Every refusal and warning code, once, with the sentence a person reads.

The list is the one of the scenario format. A code is the same in the library, on the command line and in a
scenario's `fails`.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why an operation was refused."""

    NOT_TRACKED = "not_tracked"
    TRACKING_DUPLICATE = "tracking_duplicate"
    SERIAL_QUANTITY_NOT_ONE = "serial_quantity_not_one"
    SERIAL_ALREADY_IN_STOCK = "serial_already_in_stock"
    NOT_IN_STOCK = "not_in_stock"
    SERIAL_REQUIRED = "serial_required"
    LOT_REQUIRED = "lot_required"
    PACKAGE_REQUIRED = "package_required"
    TRACKING_INCOMPLETE = "tracking_incomplete"
    TRACKING_EXCEEDS_LINE = "tracking_exceeds_line"
    QUANTITY_BELOW_HANDLED = "quantity_below_handled"
    QUANTITY_BELOW_TRACKED = "quantity_below_tracked"
    EXPIRATION_REQUIRED = "expiration_required"
    EXPIRATION_CONFLICT = "expiration_conflict"
    EXPIRATION_POSTED = "expiration_posted"
    EXPIRED = "expired"
    WARRANTY_REQUIRED = "warranty_required"
    NUMBER_BLOCKED = "number_blocked"
    INFO_MISSING = "info_missing"
    INSUFFICIENT_STOCK = "insufficient_stock"
    CANNOT_BE_FULLY_APPLIED = "cannot_be_fully_applied"
    NOTHING_TO_RESERVE = "nothing_to_reserve"
    RESERVE_NOT_ALLOWED = "reserve_not_allowed"
    RESERVATION_EXISTS = "reservation_exists"
    TRACKING_BOUND_TO_SUPPLY = "tracking_bound_to_supply"
    APPLICATION_INVALID = "application_invalid"
    DATE_CONFLICT = "date_conflict"
    HAS_TRACKING = "has_tracking"
    ALREADY_HANDLED = "already_handled"
    NOTHING_TO_POST = "nothing_to_post"
    UNDO_NOT_POSSIBLE = "undo_not_possible"
    TRACKING_CODE_IN_USE = "tracking_code_in_use"
    WINDOW_OPEN = "window_open"
    WINDOW_STALE = "window_stale"
    SERIAL_ON_OTHER_LINE = "serial_on_other_line"
    SERIAL_UNKNOWN = "serial_unknown"
    STOCK_LINE_UNKNOWN = "stock_line_unknown"
    ATTRIBUTE_MISMATCH = "attribute_mismatch"
    EXCEEDS_STOCK_QUANTITY = "exceeds_stock_quantity"
    AWAITING_PUT_AWAY = "awaiting_put_away"
    NOT_FOUND = "not_found"
    INVALID = "invalid"


class WarningCode(StrEnum):
    """What an operation that succeeded wants a person to know."""

    TRACKING_UNDEFINED = "tracking_undefined"
    NOT_AVAILABLE = "not_available"
    RESERVATION_SHORTAGE = "reservation_shortage"


RULES: dict[Code, tuple[str, ...]] = {
    Code.NOT_TRACKED: ("TW-1", "PO-9"),
    Code.TRACKING_DUPLICATE: ("TW-9", "PO-15", "TW-26", "SL-2", "RS-15"),
    Code.SERIAL_QUANTITY_NOT_ONE: ("TW-10", "PO-14"),
    Code.SERIAL_ALREADY_IN_STOCK: ("TW-25", "PO-16", "PO-17", "PO-38", "TW-41", "SL-3", "RS-15"),
    Code.NOT_IN_STOCK: ("TW-25", "PO-19", "PO-22", "TW-41", "SL-4"),
    Code.SERIAL_REQUIRED: ("TW-2", "TW-3", "TW-4", "PO-12"),
    Code.LOT_REQUIRED: ("TW-2", "TW-3", "TW-4", "PO-12"),
    Code.PACKAGE_REQUIRED: ("TW-2", "TW-3", "TW-4", "PO-12", "SL-5"),
    Code.TRACKING_INCOMPLETE: ("TW-23", "TW-24", "PO-11", "PO-13"),
    Code.TRACKING_EXCEEDS_LINE: ("TW-16",),
    Code.QUANTITY_BELOW_HANDLED: ("TW-11", "TW-44", "PO-10"),
    Code.QUANTITY_BELOW_TRACKED: ("TW-44", "IN-2"),
    Code.EXPIRATION_REQUIRED: ("TW-37", "PO-30", "PO-46"),
    Code.EXPIRATION_CONFLICT: ("TW-36", "PO-29", "TW-42", "PO-46"),
    Code.EXPIRATION_POSTED: ("TW-35", "PO-28", "TW-42", "PO-46"),
    Code.EXPIRED: ("TW-38", "PO-31"),
    Code.WARRANTY_REQUIRED: ("TW-39", "PO-32"),
    Code.NUMBER_BLOCKED: ("TW-40", "PO-33", "PK-5"),
    Code.INFO_MISSING: ("TW-40", "PO-34", "PK-5"),
    Code.INSUFFICIENT_STOCK: ("TW-15", "TW-32", "PO-22", "PO-23", "PO-24", "PO-26", "PO-27"),
    Code.CANNOT_BE_FULLY_APPLIED: ("TW-25", "PO-23", "PO-27", "RE-32", "RE-33"),
    Code.NOTHING_TO_RESERVE: ("RE-14", "RE-60"),
    Code.RESERVE_NOT_ALLOWED: ("RE-7", "RE-19", "IN-15"),
    Code.RESERVATION_EXISTS: ("RE-19", "RE-26", "RE-33", "PO-23", "TW-45", "RS-15"),
    Code.TRACKING_BOUND_TO_SUPPLY: ("RE-49", "IN-8"),
    Code.APPLICATION_INVALID: ("TW-15", "PO-23", "PO-36"),
    Code.DATE_CONFLICT: ("RE-24", "IN-6"),
    Code.HAS_TRACKING: ("TW-44", "TW-45", "RE-28"),
    Code.ALREADY_HANDLED: ("TW-12", "PO-10", "IN-5"),
    Code.NOTHING_TO_POST: ("PO-3", "PO-41", "PO-43"),
    Code.UNDO_NOT_POSSIBLE: ("PO-38", "IN-12"),
    Code.TRACKING_CODE_IN_USE: ("TW-6",),
    Code.WINDOW_OPEN: ("TW-7",),
    Code.WINDOW_STALE: ("TW-17",),
    Code.SERIAL_ON_OTHER_LINE: ("RS-15",),
    Code.SERIAL_UNKNOWN: ("RS-15",),
    Code.STOCK_LINE_UNKNOWN: ("RS-15",),
    Code.ATTRIBUTE_MISMATCH: ("RS-15", "ST-12"),
    Code.EXCEEDS_STOCK_QUANTITY: ("RS-15",),
    Code.AWAITING_PUT_AWAY: ("RS-15", "ST-9"),
    Code.NOT_FOUND: ("IN-14", "RS-15"),
    Code.INVALID: ("IN-14", "IN-15", "PO-48", "TW-11", "TW-14", "TW-27", "TW-35"),
}
"""The rules of the specification by which a code refuses."""

SENTENCES: dict[Code, str] = {
    Code.NOT_TRACKED: "The item is not tracked by numbers.",
    Code.TRACKING_DUPLICATE: "The number stands in this window already.",
    Code.SERIAL_QUANTITY_NOT_ONE: "A serial stands for exactly one base unit.",
    Code.SERIAL_ALREADY_IN_STOCK: "The serial is in stock already.",
    Code.NOT_IN_STOCK: "The number is not on hand there.",
    Code.SERIAL_REQUIRED: "A serial number is required.",
    Code.LOT_REQUIRED: "A lot number is required.",
    Code.PACKAGE_REQUIRED: "A package number is required.",
    Code.TRACKING_INCOMPLETE: "The tracked quantity differs from the quantity to handle or to invoice.",
    Code.TRACKING_EXCEEDS_LINE: "More is tracked than the line has.",
    Code.QUANTITY_BELOW_HANDLED: "The quantity is less than what has been handled.",
    Code.QUANTITY_BELOW_TRACKED: "The quantity is less than what is tracked.",
    Code.EXPIRATION_REQUIRED: "An expiration date is required.",
    Code.EXPIRATION_CONFLICT: "One lot is given two expiration dates.",
    Code.EXPIRATION_POSTED: "The lot is in the ledger with another expiration date.",
    Code.EXPIRED: "The stock is past its expiration date.",
    Code.WARRANTY_REQUIRED: "A warranty date is required.",
    Code.NUMBER_BLOCKED: "The number is blocked.",
    Code.INFO_MISSING: "The number has no information card.",
    Code.INSUFFICIENT_STOCK: "There is not enough stock.",
    Code.CANNOT_BE_FULLY_APPLIED: "The stock is there but held by others.",
    Code.NOTHING_TO_RESERVE: "There is nothing that could be reserved.",
    Code.RESERVE_NOT_ALLOWED: "This line cannot be reserved.",
    Code.RESERVATION_EXISTS: "The line is reserved.",
    Code.TRACKING_BOUND_TO_SUPPLY: "The numbers are decided by the supply this line is bound to.",
    Code.APPLICATION_INVALID: "The ledger entry named does not fit.",
    Code.DATE_CONFLICT: "A reserved supply would come after its demand.",
    Code.HAS_TRACKING: "The line carries tracking numbers.",
    Code.ALREADY_HANDLED: "A part of this has been handled.",
    Code.NOTHING_TO_POST: "There is nothing to post.",
    Code.UNDO_NOT_POSSIBLE: "This cannot be undone.",
    Code.TRACKING_CODE_IN_USE: "The tracking code is in use.",
    Code.WINDOW_OPEN: "Another tracking window of this line is open.",
    Code.WINDOW_STALE: "The line has changed since the window was opened.",
    Code.SERIAL_ON_OTHER_LINE: "The serial is on another stock line.",
    Code.SERIAL_UNKNOWN: "The serial is not known.",
    Code.STOCK_LINE_UNKNOWN: "The stock line is not known.",
    Code.ATTRIBUTE_MISMATCH: "The serial's own lot, sublot or version is not that of the stock line.",
    Code.EXCEEDS_STOCK_QUANTITY: "More serials than the stock line has quantity.",
    Code.AWAITING_PUT_AWAY: "The stock is awaiting put-away.",
    Code.NOT_FOUND: "There is no such thing.",
    Code.INVALID: "The input is malformed or out of range.",
}

WARNING_SENTENCES: dict[WarningCode, str] = {
    WarningCode.TRACKING_UNDEFINED: "A part of the line's quantity has no tracking number.",
    WarningCode.NOT_AVAILABLE: "More is asked for than is available.",
    WarningCode.RESERVATION_SHORTAGE: "The automatic reservation could not be made in full.",
}
