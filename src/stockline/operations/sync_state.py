"""Quantity and serials of an item at a site, before and after resynchronization, and the verdict (CO-3, RS-13)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, union_all

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.operations.control import control
from stockline.refusal import Refusal
from stockline.results import SyncLine, SyncState
from stockline.rules.control import AWAITING_PUT_AWAY, LINES
from stockline.schema.resync import resync_figure, resync_line
from stockline.schema.stock import characteristic_set, extra_link, item_site, serial, stock_line
from stockline.store.database import Transaction
from stockline.values import SCALE, to_quantity

Verdict = Literal["synchronized", "total_mismatch", "line_mismatch"]
_ITEM, _SITE = (bindparam(name, type_=BigInteger) for name in ("item", "site"))


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A stock line at a site, or a number that is none, with the number of its serials."""

    number: int
    variant: str
    quantity: int
    serials: int


class SiteFigures:
    """The stock lines of an item at a site that do not await put-away, and how many different serials are on them.

    Closed lines and unknown numbers are among them as long as serials are linked to them (RS-11).
    """

    def __init__(self, transaction: Transaction, item_id: int, site_id: int) -> None:
        here = {"item": item_id, "site": site_id}
        counts = {row.stock_line_id: row for row in transaction.execute(_LINKED, here)}
        found = {row.id: (row.variant, int(row.quantity)) for row in transaction.execute(_OPEN_LINES, here)}
        for number, row in counts.items():
            found.setdefault(number, (row.variant, 0))
        self.lines = [
            SiteLine(number, variant, quantity, counts[number].serials if number in counts else 0)
            for number, (variant, quantity) in sorted(found.items())
        ]
        self.serials = {row.variant: int(row.serials) for row in transaction.execute(_DIFFERENT, here)}
        self.quantities: Counter[str] = Counter()
        for line in self.lines:
            self.quantities[line.variant] += line.quantity


_LINKS = union_all(
    *(
        select(*(table.c[name] for name in ("variant", "serial", "stock_line_id"))).where(
            table.c.item_id == _ITEM, table.c.stock_line_id.isnot(None)
        )
        for table in (serial, extra_link)
    )
).subquery("links")
_of_serial = and_(serial.c.item_id == _ITEM, *(serial.c[name] == _LINKS.c[name] for name in ("variant", "serial")))
_to_line = and_(stock_line.c.item_id == _ITEM, stock_line.c.id == _LINKS.c.stock_line_id)
_to_set = and_(characteristic_set.c.item_id == _ITEM, characteristic_set.c.id == stock_line.c.set_id)
_THERE = _LINKS.join(serial, _of_serial).outerjoin(stock_line, _to_line).outerjoin(characteristic_set, _to_set)
_IS_HERE = or_(
    and_(characteristic_set.c.site_id == _SITE, ~AWAITING_PUT_AWAY),
    and_(stock_line.c.id.is_(None), serial.c.site_id == _SITE),
)
_LINKED = (
    select(
        _LINKS.c.stock_line_id,
        func.min(func.coalesce(characteristic_set.c.variant, _LINKS.c.variant)).label("variant"),
        func.count().label("serials"),
    )
    .select_from(_THERE)
    .where(_IS_HERE)
    .group_by(_LINKS.c.stock_line_id)
)
_DIFFERENT = (
    select(_LINKS.c.variant, func.count(_LINKS.c.serial.distinct()).label("serials"))
    .select_from(_THERE)
    .where(_IS_HERE)
    .group_by(_LINKS.c.variant)
)
_OPEN_LINES = (
    select(stock_line.c.id, stock_line.c.quantity, characteristic_set.c.variant)
    .select_from(LINES)
    .where(
        stock_line.c.item_id == _ITEM,
        stock_line.c.quantity != 0,
        characteristic_set.c.site_id == _SITE,
        ~AWAITING_PUT_AWAY,
    )
)

# ---------------------------------------------------------------- what it was before


@dataclass(frozen=True, slots=True)
class Initial:
    """The figures of a variant before the first resynchronization since stock changed otherwise (RS-13)."""

    quantity: int
    serials: int
    on_line: Mapping[int, int]


_first = resync_figure.alias("first")
_INITIAL = (
    select(resync_figure.c.variant, _first.c.run_id, _first.c.quantity, _first.c.serials_before)
    .join(
        item_site,
        and_(
            *(item_site.c[name] == resync_figure.c[name] for name in ("item_id", "variant", "site_id")),
            item_site.c.stock_revision == resync_figure.c.revision,
        ),
    )
    .join(
        _first,
        and_(
            *(_first.c[name] == resync_figure.c[name] for name in ("item_id", "variant", "site_id")),
            _first.c.run_id == resync_figure.c.first_run_id,
        ),
    )
    .where(resync_figure.c.item_id == _ITEM, resync_figure.c.site_id == _SITE)
)
_LINES_BEFORE = (
    select(resync_line.c.stock_line_id, resync_line.c.serials_before)
    .where(resync_line.c.item_id == _ITEM, resync_line.c.run_id >= bindparam("run", type_=BigInteger))
    .order_by(resync_line.c.run_id.desc())
)


def initial_figures(transaction: Transaction, item_id: int, site_id: int) -> dict[str, Initial]:
    """The initial figures by variant; variants that no resynchronization has changed are left out."""
    found = {}
    for row in transaction.execute(_INITIAL, {"item": item_id, "site": site_id}).all():
        # Of several runs the earliest comes last, and counts.
        lines = transaction.execute(_LINES_BEFORE, {"item": item_id, "run": row.run_id})
        on_line = {line.stock_line_id: int(line.serials_before) for line in lines}
        found[row.variant] = Initial(int(row.quantity), int(row.serials_before), on_line)
    return found


# ---------------------------------------------------------------- the answer


def sync_state(transaction: Transaction, site: str, item_code: str, variant: str | None) -> SyncState:
    """Quantity and serials of an item at a site, lines awaiting put-away left out, and the verdict (CO-3)."""
    item = find_item(transaction, item_code)
    if not item.tracking.steers("serial"):
        raise Refusal.of(Code.INVALID, f"Item {item_code} is not tracked by specific serials.", item=item_code)
    place = find_site(transaction, site)
    now = SiteFigures(transaction, item.id, place.id)
    initial = initial_figures(transaction, item.id, place.id)
    asked = {*now.quantities, *now.serials, *initial} if variant is None else {variant}
    before = [initial.get(name) or Initial(now.quantities[name], now.serials.get(name, 0), {}) for name in asked]
    on_line = {number: serials for one in before for number, serials in one.on_line.items()}
    return SyncState(
        site=site,
        item=item_code,
        quantity=to_quantity(sum(one.quantity for one in before)),
        serials=sum(one.serials for one in before),
        quantity_new=to_quantity(sum(now.quantities[name] for name in asked)),
        serials_new=sum(now.serials.get(name, 0) for name in asked),
        verdict=_verdict(transaction, now, asked, (site, item_code)),
        lines=[
            SyncLine(
                stock_line=line.number,
                quantity=to_quantity(line.quantity),
                serials=on_line.get(line.number, line.serials),
                serials_new=line.serials,
            )
            for line in now.lines
            if line.variant in asked
        ],
    )


def _verdict(transaction: Transaction, now: SiteFigures, variants: set[str], where: tuple[str, str]) -> Verdict:
    """The worst verdict of these variants."""
    if any(now.quantities[name] != now.serials.get(name, 0) * SCALE for name in variants):
        return "total_mismatch"
    site, item_code = where
    findings = control(transaction, site, (item_code, item_code), ["serials"])
    wrong = any(one.finding != "unlinked" and one.variant in variants for one in findings)
    return "line_mismatch" if wrong else "synchronized"
