"""The serials that could belong on a stock line, those with the best evidence first (RS-17)."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Row, Text, and_, bindparam, case, exists, false, func, literal, or_, select

from stockline.codes import Code
from stockline.operations.control import control
from stockline.operations.resync.desk import NAMES, open_desk
from stockline.operations.resync.stock import ITEM, NUMBERS
from stockline.plan.placement import Attributes, Line, fits
from stockline.plan.series import natural
from stockline.refusal import Refusal
from stockline.results import LeftOut, ResyncCandidate
from stockline.schema.catalog import information_card
from stockline.schema.resync import resync_run
from stockline.schema.stock import characteristic_set, extra_link, serial, stock_line
from stockline.store.database import BOUND, Transaction

PLACE = ("variant", "site_id", "location", "lot", "package")
"""What another system tells of the place of a last movement."""


def candidates(transaction: Transaction, number: int, *, every: bool) -> list[ResyncCandidate]:
    """The candidates of a stock line; with `every`, all serials of its item and variant, and why some are none.

    Refused `stock_line_unknown`, `invalid`.
    """
    desk = open_desk(transaction, number)
    if not desk.item.tracking.steers("serial"):
        raise Refusal.of(Code.INVALID, f"Item {desk.item.code} is not tracked by specific serials.")
    here = {"item": desk.item.id, "variant": desk.variant, "line": number}
    wrong = desk.lines_of(control(transaction, None, (desk.item.code, desk.item.code), ["serials"]))
    extra: dict[str, list[int]] = defaultdict(list)
    for row in transaction.execute(_EXTRA, here):
        extra[row.serial].append(row.stock_line_id)
    if every or len(wrong) > BOUND:
        rows = {row.serial: row for row in transaction.execute(_SERIALS, here)}
    else:
        rows = {row.serial: row for row in transaction.execute(_LOOSE, {**here, "numbers": sorted(wrong)})}
    links = {
        name: [*([] if row.stock_line_id is None else [row.stock_line_id]), *extra[name]] for name, row in rows.items()
    }
    lines = desk.lines({number, *(one for linked in links.values() for one in linked)})
    if number not in lines:
        return []
    judge = _Judge(lines[number], lines, wrong)
    ranked = [judge.rank(row, links[name]) for name, row in rows.items()]
    ranked += [judge.rank_card(row.number) for row in transaction.execute(_CARDS, here)]
    return [candidate for _, candidate in sorted(ranked, key=itemgetter(0)) if every or candidate.left_out is None]


Rank = tuple[Any, ...]


class _Judge:
    """Looks at serials for one stock line."""

    def __init__(self, line: Line, lines: Mapping[int, Line], wrong: Container[int]) -> None:
        self._line = line
        self._lines = lines
        self._wrong = wrong

    def rank(self, row: Row[Any], links: Sequence[int]) -> tuple[Rank, ResyncCandidate]:
        """A serial with its place in the order."""
        attributes = (row.lot, row.sublot, row.version)
        is_open = any(number in self._lines and self._lines[number].quantity > 0 for number in links)
        moved = row.last_date.toordinal() if row.last_date else 0, row.last_batch_id or 0
        rank = (row.evidence, is_open, attributes != self._line.attributes, -moved[0], -moved[1], natural(row.serial))
        candidate = ResyncCandidate(
            serial=row.serial,
            evidence=row.evidence,
            stock_line=next(iter(links), None),
            left_out=self._left_out(attributes, links),
        )
        return rank, candidate

    def rank_card(self, number: str) -> tuple[Rank, ResyncCandidate]:
        """A serial that has a card only."""
        rank = (4, False, self._line.attributes != ("", "", ""), 0, 0, natural(number))
        return rank, ResyncCandidate(serial=number, evidence=4)

    def _left_out(self, attributes: Attributes, links: Sequence[int]) -> LeftOut | None:
        linked = [self._lines[number] for number in links if number in self._lines]
        if self._line.number in links:
            return "on_this_line"
        if not fits(attributes, self._line.attributes):
            return "attribute_mismatch"
        if any(line.put_away for line in linked):
            return "awaiting_put_away"
        if any(line.quantity > 0 and line.number not in self._wrong for line in linked):
            return "on_synchronized_line"
        return None


# ---------------------------------------------------------------- what is known of the serials

_this, _mine = stock_line.alias("this"), characteristic_set.alias("mine")
_on, _seen = characteristic_set.alias("on_line"), characteristic_set.alias("seen")
_THERE = (
    serial.join(_this, and_(_this.c.item_id == serial.c.item_id, _this.c.id == bindparam("line", type_=BigInteger)))
    .join(_mine, and_(_mine.c.item_id == _this.c.item_id, _mine.c.id == _this.c.set_id))
    .outerjoin(stock_line, and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id))
    .outerjoin(_on, and_(_on.c.item_id == stock_line.c.item_id, _on.c.id == stock_line.c.set_id))
    .outerjoin(_seen, and_(_seen.c.item_id == serial.c.item_id, _seen.c.id == serial.c.last_set_id))
)
_came_in = serial.c.last_direction > 0
_never_moved = serial.c.last_direction == 0
_is_linked = serial.c.stock_line_id.isnot(None)
_into_this = or_(
    _seen.c.id == _mine.c.id,
    and_(serial.c.last_batch_id.is_(None), *(_seen.c[name] == _mine.c[name] for name in PLACE)),
)
_beside_line, _beside_set = stock_line.alias("beside_line"), characteristic_set.alias("beside_set")
_to_line = and_(_beside_line.c.item_id == extra_link.c.item_id, _beside_line.c.id == extra_link.c.stock_line_id)
_to_set = and_(_beside_set.c.item_id == _beside_line.c.item_id, _beside_set.c.id == _beside_line.c.set_id)
_beside = (
    select(extra_link.c.serial)
    .select_from(extra_link.outerjoin(_beside_line, _to_line).outerjoin(_beside_set, _to_set))
    .where(
        *(extra_link.c[name] == serial.c[name] for name in ("item_id", "variant", "serial")),
        func.coalesce(_beside_set.c.site_id, serial.c.site_id) == _mine.c.site_id,
    )
)
_linked_here = or_(func.coalesce(_on.c.site_id, serial.c.site_id) == _mine.c.site_id, _beside.exists())
"""A number that is no stock line's lies at the site on the record of the serial."""
_taken_off = exists().where(resync_run.c.id == serial.c.last_batch_id)
_EVIDENCE = case(
    (and_(_came_in, _into_this), 0),
    (and_(_came_in, _seen.c.site_id == _mine.c.site_id), 1),
    (and_(_never_moved, _is_linked, _linked_here), 2),
    (or_(_came_in, and_(_never_moved, _is_linked)), 3),
    (or_(_never_moved, _taken_off), 4),
    else_=5,
)
_OF_ITEM = and_(serial.c.item_id == ITEM, serial.c.variant == bindparam("variant", type_=Text))
_SERIALS = select(serial, _EVIDENCE.label("evidence")).select_from(_THERE).where(_OF_ITEM)
_LOOSE = _SERIALS.where(
    or_(~_is_linked, func.coalesce(stock_line.c.quantity, 0) <= 0, serial.c.stock_line_id.in_(NUMBERS))
)
"""Those that are not held by a line outside `NUMBERS`: of a large item, few."""
SEEN_ELSEWHERE = (
    select(serial.c.serial)
    .select_from(_THERE)
    .where(_OF_ITEM, _came_in, ~func.coalesce(_into_this, false()), serial.c.serial.in_(NAMES))
)
"""Of some serials, those whose last movement was into another place than that of the line."""
_EXTRA = select(extra_link.c.serial, extra_link.c.stock_line_id).where(
    extra_link.c.item_id == ITEM, extra_link.c.variant == bindparam("variant", type_=Text)
)
_CARDS = select(information_card.c.number).where(
    information_card.c.item_id == ITEM,
    information_card.c.variant == bindparam("variant", type_=Text),
    information_card.c.kind == literal("serial", Text),
    ~select(serial.c.serial)
    .where(
        *(serial.c[name] == information_card.c[name] for name in ("item_id", "variant")),
        serial.c.serial == information_card.c.number,
    )
    .exists(),
)
"""Serials of which there is a card only."""
