"""What must agree in stock, each as SELECTs of what does not (spec part 60, invariants and CO-1, CO-2)."""

from stockline.rules.control import ledger, packages, reservations, serials, stock_lines, totals
from stockline.rules.control.base import AWAITING_PUT_AWAY, LINES, RULES, ControlRule

__all__ = [
    "AWAITING_PUT_AWAY",
    "CONTROLS",
    "LINES",
    "RULES",
    "ControlRule",
    "ledger",
    "packages",
    "reservations",
    "serials",
    "stock_lines",
    "totals",
]

CONTROLS = ("stock_lines", "totals", "lots", "ledger", "serials", "packages", "reservations")
"""The controls there are, in the order they run. `lots` finds nothing: no total of a lot is kept that could differ."""
