"""What must agree in stock, each as SELECTs of what does not (spec part 60, invariants and CO-1, CO-2)."""

from stockline.rules.control import ledger, packages, reservations, serials, stock_lines, totals
from stockline.rules.control.base import AWAITING_PUT_AWAY, LINES, RULES, ControlRule
from stockline.rules.control.stock_lines import SHORTAGE

__all__ = [
    "AWAITING_PUT_AWAY",
    "CONTROLS",
    "LINES",
    "RULES",
    "SHORTAGE",
    "ControlRule",
    "ledger",
    "packages",
    "reservations",
    "serials",
    "stock_lines",
    "totals",
]

CONTROLS = ("stock_lines", "totals", "lots", "ledger", "serials", "packages", "reservations")
"""The controls there are, in the order they run.

Three findings of CO-1 cannot arise, since nothing is kept that could contradict the stock lines: `lot_total_differs`
(the total of a lot is the sum of its lines), `package_status` (a package is in use where stock is on it, no card says
otherwise), `package_mixed_lots` (nothing says that a package is for one lot only). So `lots` finds nothing at all.
"""
