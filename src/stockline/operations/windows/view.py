"""What the tracking window of a line shows: rows, active and historic as one, and header matrix (TW-7, TW-8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, and_, case, func, literal, null, or_, select, union_all

from stockline.operations.lines import SourceLine
from stockline.operations.new_numbers import noted_new_numbers
from stockline.results import Figures, Specification, WindowRow, WindowView
from stockline.rules.dates import VARIANT, has_date_of
from stockline.rules.window import COMBINATION, GOOD_ROWS, ITEM, LINE
from stockline.schema.ledger import ledger_entry, number_date
from stockline.schema.reservations import SIDES, link, tracking_specification
from stockline.schema.windows import SUMMED, window_row
from stockline.store.database import Transaction
from stockline.values import to_quantity

FIGURES = ("quantity", "handle", "invoice")


@dataclass(frozen=True, slots=True)
class Header:
    """The header matrix of a line and rows of it (TW-8)."""

    source: Figures
    tracked: Figures

    @property
    def undefined(self) -> Figures:
        """What has no number."""
        return Figures(**{name: getattr(self.source, name) - getattr(self.tracked, name) for name in FIGURES})

    @property
    def matrix(self) -> dict[str, Any]:
        """Its lines by name."""
        return {"source": self.source, "tracked": self.tracked, "undefined": self.undefined}


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the rows of a window, in engine units and positive; `rows` counts those that are not refused."""

    quantity: int
    handle: int
    invoice: int
    handled: int
    rows: int

    def changed(self, after: "Sums", before: "Sums") -> "Sums":
        """The sums when some rows are no longer as they were."""
        return Sums(*(getattr(self, n) + getattr(after, n) - getattr(before, n) for n in SUMMED))

    def header(self, line: SourceLine) -> Header:
        """The header matrix they make."""
        tracked = {name: to_quantity(getattr(self, name) * line.sign) for name in FIGURES}
        if not line.has_invoice_column:
            tracked["invoice"] = to_quantity(0)
        return Header(source_figures(line), Figures(**tracked))


def sums(transaction: Transaction, parameters: dict[str, Any]) -> Sums:
    """The sums over the rows of a window or of a list that is staged."""
    return Sums(*map(int, transaction.execute(_SUMS, parameters).one()))


def summed(rows: FromClause) -> Select[Any]:
    """The sums over rows, in the sequence of `Sums`."""
    return select(*(func.coalesce(func.sum(rows.c[name]), 0) for name in SUMMED[:-1]), func.count()).select_from(rows)


_SUMS = summed(window_row).where(*GOOD_ROWS)


def source_figures(line: SourceLine) -> Figures:
    """The first line of the header: what the source line has, and what of it is to be handled and invoiced (TW-8)."""
    quantity, outstanding, to_invoice = line.quantity, line.outstanding, line.quantity - line.invoiced
    if line.is_journal or line.is_planned:
        outstanding = to_invoice = quantity
    elif not line.is_invoiced:
        to_invoice = 0
    if line.is_incoming and line.other_handled:
        outstanding = line.in_transit
    return Figures(quantity=to_quantity(quantity), handle=to_quantity(outstanding), invoice=to_quantity(to_invoice))


def view(transaction: Transaction, line: SourceLine) -> WindowView:
    """The window as it would open now."""
    parameters = {"item": line.item.id, "line": line.id, "variant": line.variant}
    found = transaction.execute(shown_rows(line.side.name, line.item.tracking.uses_expiration), parameters).all()
    noted = noted_new_numbers(transaction, line)
    rows = [
        shown_row(line, position, position, row, quantity=row.active + row.handled, becomes=noted.get(row[:3]))
        for position, row in enumerate(found, 1)
    ]
    nothing = to_quantity(0)
    tracked = Figures(**{name: sum((getattr(row, name) for row in rows), nothing) for name in FIGURES})
    return WindowView(line=line.name, rows=rows, **Header(source_figures(line), tracked).matrix)


def shown_row(
    line: SourceLine, key: int, position: int, found: Any, *, quantity: int, becomes: Mapping[str, Any] | None = None
) -> WindowRow:
    """A row as it is shown, quantities with the sign of the line; `becomes`: what a reclassification makes of it."""
    sign = line.sign
    return WindowRow(
        key=key,
        row=position,
        serial=found.serial,
        lot=found.lot,
        package=found.package,
        quantity=to_quantity(quantity * sign),
        handle=to_quantity(found.handle * sign),
        invoice=to_quantity(found.invoice * sign if line.has_invoice_column else 0),
        handled=to_quantity(found.handled * sign),
        invoiced=to_quantity(found.invoiced * sign),
        expires=found.expires,
        warranty=found.warranty,
        apply_to=found.apply_to,
        apply_from=found.apply_from,
        **becomes or {},
    )


def specification(transaction: Transaction, line: SourceLine) -> Specification:
    """Sums over the numbered entries of the line: what is active, and what is history (PO-10)."""
    shown = shown_rows(line.side.name, dated=False).subquery()
    query = select(*(func.coalesce(func.sum(shown.c[name]), 0) for name in ("active", "handled", "invoiced")))
    active, handled, invoiced = tuple(transaction.execute(query, {"item": line.item.id, "line": line.id}).one())
    return Specification(
        active=to_quantity(active * line.sign),
        historic=to_quantity(handled * line.sign),
        handled=to_quantity(handled * line.sign),
        invoiced=to_quantity(invoiced * line.sign),
    )


@cache
def shown_rows(side_name: str, dated: bool) -> Select[Any]:
    """One row per combination with a number, in the order they were first entered.

    `dated`: the item uses expiration dates, and what is in the ledger has the date it has there (TW-21, TW-35).
    """
    both = _parts(side_name).subquery("both")
    added = [func.sum(both.c[name]).label(name) for name in ("active", "handle", "invoice", "handled", "invoiced")]
    numbers = [both.c[name] for name in COMBINATION]
    said = [func.max(both.c[name]).label(name) for name in ("expires", "warranty", "apply_to", "apply_from")]
    entered = func.min(both.c.entered).label("entered")
    rows = select(*numbers, *added, *said, entered).group_by(*numbers)
    if not dated:
        return rows.order_by(entered)
    row, known = rows.subquery("row"), number_date.c
    expires = case((known.kind.isnot(None), known.expires), else_=row.c.expires).label("expires")
    shown = [expires if column.name == "expires" else column for column in row.c]
    return (
        select(*shown).select_from(row.outerjoin(number_date, has_date_of(row, ITEM, VARIANT))).order_by(row.c.entered)
    )


def _parts(side_name: str) -> CompoundSelect[Any]:
    side = SIDES[side_name]
    zero = literal(0)
    active = select(
        side.serial.label("serial"),
        side.lot.label("lot"),
        side.package.label("package"),
        link.c.quantity.label("active"),
        side.handle.label("handle"),
        side.invoice.label("invoice"),
        zero.label("handled"),
        zero.label("invoiced"),
        side.entered.label("entered"),
        side.expires.label("expires"),
        side.warranty.label("warranty"),
        side.apply_to.label("apply_to"),
        side.apply_from.label("apply_from"),
    ).where(link.c.item_id == ITEM, side.line_id == LINE, side.is_numbered)
    table, entry = tracking_specification, ledger_entry
    historic = (
        select(
            *(entry.c[name] for name in COMBINATION),
            zero,
            zero,
            func.coalesce(table.c.to_invoice, table.c.quantity - table.c.invoiced),
            table.c.quantity,
            table.c.invoiced,
            entry.c.entered,
            entry.c.expires,
            entry.c.warranty,
            null(),
            null(),
        )
        .join(entry, and_(entry.c.item_id == table.c.item_id, entry.c.id == table.c.entry_id))
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, or_(*(entry.c[name] != "" for name in COMBINATION)))
    )
    return union_all(active, historic)
