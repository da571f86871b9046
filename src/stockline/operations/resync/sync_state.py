"""Quantity and serials of an item at a site, before and after resynchronization, and the verdict (CO-3, RS-13)."""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, union_all

from stockline.codes import Code
from stockline.operations.catalog import Site, find_item, find_site
from stockline.operations.control import desynchronized
from stockline.operations.resync.stock import ItemSite
from stockline.refusal import Refusal
from stockline.results import SyncLine, SyncState
from stockline.results.control import Verdict
from stockline.rules.control import AWAITING_PUT_AWAY, LINES
from stockline.schema.resync import resync_figure, resync_line
from stockline.schema.stock import characteristic_set, extra_link, item_site, serial, stock_line
from stockline.store.database import Transaction
from stockline.values import SCALE, to_quantity

Place = tuple[str, str, str]
"""Item, variant and site."""
_ITEM = bindparam("item", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A stock line at a site, or a number that is none, with the number of its serials."""

    number: int
    variant: str
    quantity: int
    serials: int


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """The stock lines of an item at a site that do not await put-away, and how many different serials are on them.

    Closed lines and unknown numbers are among them as long as serials are linked to them (RS-11).
    """

    lines: Sequence[SiteLine]
    serials: Mapping[str, int]
    put_away: Mapping[str, int] = field(default_factory=dict)
    """The lines left out, by variant."""

    @property
    def quantities(self) -> Counter[str]:
        """By variant."""
        counts: Counter[str] = Counter()
        for line in self.lines:
            counts[line.variant] += line.quantity
        return counts


def site_figures(transaction: Transaction, item_id: int) -> Mapping[int, SiteFigures]:
    """The figures of an item by site; a site with neither lines nor serials has empty ones."""
    lines: dict[int, dict[int, SiteLine]] = defaultdict(dict)
    serials: dict[int, dict[str, int]] = defaultdict(dict)
    waiting: dict[int, dict[str, int]] = defaultdict(dict)
    parameters = {"item": item_id}
    for row in transaction.execute(_OPEN_LINES, parameters):
        lines[row.site_id][row.id] = SiteLine(row.id, row.variant, int(row.quantity), 0)
    for row in transaction.execute(_LINKED, parameters):
        known = lines[row.site_id].get(row.stock_line_id) or SiteLine(row.stock_line_id, row.variant, 0, 0)
        lines[row.site_id][row.stock_line_id] = replace(known, serials=row.serials)
    for row in transaction.execute(_DIFFERENT, parameters):
        serials[row.site_id][row.variant] = int(row.serials)
    for row in transaction.execute(_WAITING, parameters):
        waiting[row.site_id][row.variant] = row.lines
    found: dict[int, SiteFigures] = defaultdict(lambda: SiteFigures((), {}))
    for site in {*lines, *serials, *waiting}:
        found[site] = SiteFigures([line for _, line in sorted(lines[site].items())], serials[site], waiting[site])
    return found


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
_site = func.coalesce(characteristic_set.c.site_id, serial.c.site_id)
"""Where a link leads: an unknown number to the site on the record of the serial."""
_variant = func.coalesce(characteristic_set.c.variant, _LINKS.c.variant)
"""Of what the figures are: of the line, however wrong the serial on it is."""
_LOOKED_AT = or_(characteristic_set.c.id.is_(None), ~AWAITING_PUT_AWAY)
_LINKED = (
    select(
        _site.label("site_id"),
        _LINKS.c.stock_line_id,
        func.min(_variant).label("variant"),
        func.count().label("serials"),
    )
    .select_from(_THERE)
    .where(_LOOKED_AT, _site.isnot(None))
    .group_by(_site, _LINKS.c.stock_line_id)
)
_each = (
    select(_site.label("site_id"), _variant.label("variant"), _LINKS.c.variant.label("own"), _LINKS.c.serial)
    .select_from(_THERE)
    .where(_LOOKED_AT, _site.isnot(None))
    .distinct()
    .subquery("each")
)
_DIFFERENT = select(_each.c.site_id, _each.c.variant, func.count().label("serials")).group_by(
    _each.c.site_id, _each.c.variant
)
_OPEN_LINES = (
    select(stock_line.c.id, stock_line.c.quantity, characteristic_set.c.variant, characteristic_set.c.site_id)
    .select_from(LINES)
    .where(stock_line.c.item_id == _ITEM, stock_line.c.quantity != 0, ~AWAITING_PUT_AWAY)
)

_place = characteristic_set.c
_WAITING = (
    select(_place.variant, _place.site_id, func.count().label("lines"))
    .select_from(LINES)
    .where(stock_line.c.item_id == _ITEM, stock_line.c.quantity != 0, AWAITING_PUT_AWAY)
    .group_by(_place.variant, _place.site_id)
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
    select(
        resync_figure.c.variant,
        resync_figure.c.site_id,
        _first.c.run_id,
        _first.c.quantity,
        _first.c.serials_before,
    )
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
    .where(resync_figure.c.item_id == _ITEM)
)
_LINES_BEFORE = (
    select(resync_line.c.stock_line_id, resync_line.c.serials_before)
    .where(resync_line.c.item_id == _ITEM, resync_line.c.run_id >= bindparam("run", type_=BigInteger))
    .order_by(resync_line.c.run_id.desc())
)


def initial_figures(transaction: Transaction, item_id: int) -> dict[ItemSite, Initial]:
    """The initial figures by variant and site; those that no resynchronization has changed are left out."""
    rows = transaction.execute(_INITIAL, {"item": item_id}).all()
    on_lines = {run: _lines_before(transaction, item_id, run) for run in {row.run_id for row in rows}}
    return {
        (row.variant, row.site_id): Initial(int(row.quantity), int(row.serials_before), on_lines[row.run_id])
        for row in rows
    }


def _lines_before(transaction: Transaction, item_id: int, run: int) -> dict[int, int]:
    # Of several runs the earliest comes last, and counts.
    lines = transaction.execute(_LINES_BEFORE, {"item": item_id, "run": run})
    return {line.stock_line_id: int(line.serials_before) for line in lines}


# ---------------------------------------------------------------- the answer


def sync_state(transaction: Transaction, site: str, item_code: str, variant: str | None) -> SyncState:
    """Quantity and serials of an item at a site, lines awaiting put-away left out, and the verdict (CO-3)."""
    figures = ItemFigures(transaction, item_code)
    place = find_site(transaction, site)
    return figures.state(place, variant, desynchronized(transaction, (item_code, item_code)))


def sync_states(transaction: Transaction, places: Sequence[Place]) -> list[SyncState]:
    """The same of many places, by item, variant and site: the control of serials runs once, each item is read once."""
    ordered = sorted(set(places))
    if not ordered:
        return []
    wrong = desynchronized(transaction, (ordered[0][0], ordered[-1][0]))
    sites = {site: find_site(transaction, site) for site in {site for _, _, site in ordered}}
    states = {}
    for code, here in groupby(ordered, key=itemgetter(0)):
        figures = ItemFigures(transaction, code)
        for place in here:
            states[place] = figures.state(sites[place[2]], place[1], wrong)
    return [states[place] for place in places]


class ItemFigures:
    """What is there of an item, now and before."""

    def __init__(self, transaction: Transaction, code: str) -> None:
        self._item = find_item(transaction, code)
        if not self._item.tracking.steers("serial"):
            raise Refusal.of(Code.INVALID, f"Item {code} is not tracked by specific serials.", item=code)
        self.now = site_figures(transaction, self._item.id)
        self._initial = initial_figures(transaction, self._item.id)

    def state(self, site: Site, variant: str | None, wrong: Container[tuple[int, str, int]]) -> SyncState:
        """The figures of a variant at a site, None: of all, and the worst verdict; `wrong` is what control finds."""
        now, initial = self.now[site.id], {name: one for (name, at), one in self._initial.items() if at == site.id}
        quantities = now.quantities
        asked = {*quantities, *now.serials, *initial} if variant is None else {variant}
        before = {name: initial.get(name) or Initial(quantities[name], now.serials.get(name, 0), {}) for name in asked}
        verdict: Verdict = "synchronized"
        if any(quantities[name] != now.serials.get(name, 0) * SCALE for name in asked):
            verdict = "total_mismatch"
        elif any((self._item.id, name, site.id) in wrong for name in asked):
            verdict = "line_mismatch"
        return SyncState(
            site=site.code,
            item=self._item.code,
            quantity=to_quantity(sum(one.quantity for one in before.values())),
            serials=sum(one.serials for one in before.values()),
            quantity_new=to_quantity(sum(quantities[name] for name in asked)),
            serials_new=sum(now.serials.get(name, 0) for name in asked),
            verdict=verdict,
            lines=_lines(now, before),
            put_away=sum(lines for name, lines in now.put_away.items() if name in asked or variant is None),
        )


def _lines(now: SiteFigures, before: Mapping[str, Initial]) -> list[SyncLine]:
    return [
        SyncLine(
            stock_line=line.number,
            quantity=to_quantity(line.quantity),
            serials=before[line.variant].on_line.get(line.number, line.serials),
            serials_new=line.serials,
        )
        for line in now.lines
        if line.variant in before
    ]
