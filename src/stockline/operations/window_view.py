"""What the tracking window of a line shows: rows, active and historic as one, and header matrix (TW-7, TW-8)."""

from functools import cache

from sqlalchemy import CompoundSelect, Select, and_, func, literal, or_, select, union_all

from stockline.operations.lines import SourceLine
from stockline.results import Figures, Specification, WindowRow, WindowView
from stockline.rules.window import COMBINATION, ITEM, LINE
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import DEMAND, SUPPLY, link, tracking_specification
from stockline.store.database import Transaction
from stockline.values import to_quantity


def source_figures(line: SourceLine) -> Figures:
    """The first line of the header: what the source line has, and what of it is to be handled and invoiced (TW-8)."""
    quantity, outstanding, to_invoice = line.quantity, line.outstanding, line.quantity - line.invoiced
    if line.is_journal:
        outstanding = to_invoice = quantity
    return Figures(quantity=to_quantity(quantity), handle=to_quantity(outstanding), invoice=to_quantity(to_invoice))


def view(transaction: Transaction, line: SourceLine) -> WindowView:
    """The window as it would open now."""
    found = transaction.execute(_shown(line.side.name), {"item": line.item.id, "line": line.id}).all()
    sign = line.sign
    rows = [
        WindowRow(
            row=position,
            serial=row.serial,
            lot=row.lot,
            package=row.package,
            quantity=to_quantity((row.active + row.handled) * sign),
            handle=to_quantity(row.handle * sign),
            invoice=to_quantity(row.invoice * sign),
            handled=to_quantity(row.handled * sign),
            invoiced=to_quantity(row.invoiced * sign),
            expires=row.expires,
            warranty=row.warranty,
        )
        for position, row in enumerate(found, 1)
    ]
    source = source_figures(line)
    sums = {
        name: to_quantity(0) + sum(getattr(row, name) for row in rows) for name in ("quantity", "handle", "invoice")
    }
    tracked = Figures(**sums)
    undefined = Figures(**{name: getattr(source, name) - sums[name] for name in sums})
    return WindowView(line=line.name, rows=rows, source=source, tracked=tracked, undefined=undefined)


def specification(transaction: Transaction, line: SourceLine) -> Specification:
    """Sums over the numbered entries of the line: what is active, and what is history (PO-10)."""
    shown = _shown(line.side.name).subquery()
    sums = select(*(func.coalesce(func.sum(shown.c[name]), 0) for name in ("active", "handled", "invoiced")))
    active, handled, invoiced = tuple(transaction.execute(sums, {"item": line.item.id, "line": line.id}).one())
    return Specification(
        active=to_quantity(active * line.sign),
        historic=to_quantity(handled * line.sign),
        handled=to_quantity(handled * line.sign),
        invoiced=to_quantity(invoiced * line.sign),
    )


@cache
def _shown(side_name: str) -> Select:  # type: ignore[type-arg]
    """One row per combination with a number, in the order they were first entered."""
    both = _parts(side_name).subquery("both")
    sums = [func.sum(both.c[name]).label(name) for name in ("active", "handle", "invoice", "handled", "invoiced")]
    numbers = [both.c[name] for name in COMBINATION]
    dates = [func.max(both.c[name]).label(name) for name in ("expires", "warranty")]
    return select(*numbers, *sums, *dates).group_by(*numbers).order_by(func.min(both.c.entered))


def _parts(side_name: str) -> CompoundSelect:  # type: ignore[type-arg]
    side = {"demand": DEMAND, "supply": SUPPLY}[side_name]
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
    ).where(link.c.item_id == ITEM, side.line_id == LINE, or_(side.serial != "", side.lot != "", side.package != ""))
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
        )
        .join(entry, and_(entry.c.item_id == table.c.item_id, entry.c.id == table.c.entry_id))
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, or_(*(entry.c[name] != "" for name in COMBINATION)))
    )
    return union_all(active, historic)
