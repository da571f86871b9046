"""What the rows of a tracking window want of the line's reservation entries."""

from sqlalchemy import BigInteger, Subquery, bindparam, case, func, select

from stockline.rules.window import COMBINATION, ROWS, handled_combinations, same_combination
from stockline.schema.windows import window_row

NUMBERED_FROM = bindparam("numbered_from", type_=BigInteger)
"""What row numbers are added to, so that new entries have their place after all that were entered before."""

FIGURES = ("handle", "invoice", "expires", "warranty", "apply_to", "apply_from")
"""What a row says of its combination beside the quantity."""


def wanted_rows(handled: bool) -> Subquery:
    """The rows of the window with their active part: what is to be a reservation entry."""
    new = (NUMBERED_FROM + window_row.c.row).label("entered")
    columns = [window_row.c[name] for name in (*COMBINATION, "row", "handle", "expires", "warranty")]
    applied = [window_row.c.apply_to, window_row.c.apply_from]
    if not handled:
        active = [window_row.c.quantity.label("active"), window_row.c.invoice.label("invoice"), new]
        return select(*columns, *applied, *active).where(*ROWS).subquery("wanted")
    historic = handled_combinations()
    done = func.coalesce(historic.c.handled, 0)
    open_invoice = done - func.coalesce(historic.c.invoiced, 0)
    rest = case((window_row.c.invoice > open_invoice, window_row.c.invoice - open_invoice), else_=0)
    active = [
        (window_row.c.quantity - done).label("active"),
        rest.label("invoice"),
        func.coalesce(historic.c.entered, NUMBERED_FROM + window_row.c.row).label("entered"),
    ]
    return (
        select(*columns, *applied, *active)
        .outerjoin(historic, same_combination(historic, window_row))
        .where(*ROWS)
        .subquery("wanted")
    )
