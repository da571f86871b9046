"""What a line may be reserved from or for, in the order the system chooses (RE-6 to RE-12).

A candidate is a part of a line under one combination of numbers, its part without number, or one ledger entry of stock.
Its columns: `line_id` or `entry_id`, its numbers, `quantity` that is free, and `rank`, `date`, `place` to sort by.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from stockline.operations.reservation.links import SITE, VARIANT, numbered
from stockline.rules.framework import BATCH
from stockline.rules.posting import reserved_of
from stockline.rules.window import ITEM, LINE
from stockline.schema.catalog import site
from stockline.schema.documents import document, source_line
from stockline.schema.ledger import open_entry
from stockline.schema.reservations import RESERVATION, SIDES, SURPLUS, WANTED, link, staged_turn
from stockline.tracking_code import NUMBER_KINDS, NumberKind, TrackingCode

DATE = bindparam("date", type_=Date)
PARTNER = bindparam("partner", type_=BigInteger)
"""The line asked for; 0 where any will do."""

RANKS = {
    "supply": {"stock": 0, "sale_return": 1, "purchase": 2, "production": 3, "transfer": 4, "assembly": 5},
    "demand": {"sale": 0, "purchase_return": 1, "production": 2, "transfer": 3, "assembly": 4},
}
"""The sequence of document kinds when the system chooses (RE-11, RE-12); what is not here is never reserved (RE-7)."""

Kinds = tuple[NumberKind, ...]


def steering_kinds(code: TrackingCode) -> Kinds:
    """The kinds that are specific: both sides of a link must agree in them (RE-16, RE-18)."""
    return tuple(kind for kind in NUMBER_KINDS if code.steers(kind))


def combinations_of(kinds: Kinds) -> list[Kinds]:
    """Which of these kinds a part may name: all of them first, none of them last."""
    return sorted(
        (tuple(kind for bit, kind in enumerate(kinds) if chosen >> bit & 1) for chosen in range(2 ** len(kinds))),
        key=len,
        reverse=True,
    )


def names_exactly(side_name: str, kinds: Kinds, steering: Kinds) -> Any:
    """The link's side names just these of the specific kinds."""
    side = SIDES[side_name]
    return and_(
        true(), *(getattr(side, kind) != "" if kind in kinds else getattr(side, kind) == "" for kind in steering)
    )


def open_lines(side_name: str) -> Subquery:
    """Lines of the item, variant and site that are demand or supply with something outstanding (RE-8, RE-10)."""
    line, direction = source_line.c, 1 if side_name == "supply" else -1
    here = [line.item_id == ITEM, line.variant == VARIANT, line.site_id == SITE, line.direction == direction]
    reservable = [line.reserve != "never"] if side_name == "demand" else []
    return (
        select(line.id.label("line_id"), document.c.kind, line.date, (line.quantity - line.handled).label("open"))
        .join(document, document.c.id == line.document_id)
        .where(*here, line.quantity > line.handled, document.c.kind.in_(RANKS[side_name]), *reservable)
        .subquery("open_lines")
    )


def _part(
    rank: Any, date: Any, line_id: Any, entry_id: Any, place: Any, numbers: Sequence[Any], free: Any
) -> Select[Any]:
    named = zip(NUMBER_KINDS, numbers, strict=True)
    return select(
        rank.label("rank"),
        date.label("date"),
        line_id.label("line_id"),
        entry_id.label("entry_id"),
        place.label("place"),
        *(number.label(kind) for kind, number in named),
        free.label("quantity"),
    )


_NO_NUMBER, _NO_DATE = cast(null(), BigInteger), cast(null(), Date)


def _rank(side_name: str, kind: Any) -> Any:
    return case(RANKS[side_name], value=kind)


def _in_time(side_name: str, date: Any) -> Any:
    """A supply serves demands of its day and later ones (RE-10)."""
    return date <= DATE if side_name == "supply" else date >= DATE


def _fits(side_name: str, lines: Subquery) -> list[Any]:
    return [_in_time(side_name, lines.c.date), or_(PARTNER == 0, lines.c.line_id == PARTNER), lines.c.line_id != LINE]


def _parts_with_number(side_name: str, kinds: Kinds, steering: Kinds) -> Select[Any]:
    """Parts of lines that carry numbers for which they have no link yet."""
    side, lines = SIDES[side_name], open_lines(side_name)
    if side_name == "supply":  # a supply may carry more numbers than its demand names, never fewer
        named = [getattr(side, kind) != "" for kind in kinds]
    else:
        named = [names_exactly(side_name, kinds, steering)]
    numbers = [getattr(side, kind) for kind in NUMBER_KINDS]
    rank = _rank(side_name, lines.c.kind)
    return (
        _part(rank, lines.c.date, lines.c.line_id, _NO_NUMBER, link.c.id, numbers, link.c.quantity)
        .select_from(lines.join(link, and_(link.c.item_id == ITEM, side.line_id == lines.c.line_id)))
        .where(*_fits(side_name, lines), link.c.status == SURPLUS, numbered(side), *named)
    )


def held(side_name: str, line_id: Any) -> Any:
    """What of a line is reserved or carries a number; the rest may be reserved without number."""
    side = SIDES[side_name]
    firm = or_(link.c.status.in_((RESERVATION, WANTED)), numbered(side))
    return (
        select(func.coalesce(func.sum(link.c.quantity), 0))
        .where(link.c.item_id == ITEM, side.line_id == line_id, firm)
        .scalar_subquery()
    )


def _parts_without_number(side_name: str) -> Select[Any]:
    lines = open_lines(side_name)
    free = lines.c.open - held(side_name, lines.c.line_id)
    rank, none = _rank(side_name, lines.c.kind), [literal("", Text)] * len(NUMBER_KINDS)
    parts = _part(rank, lines.c.date, lines.c.line_id, _NO_NUMBER, _NO_NUMBER, none, free)
    return parts.where(*_fits(side_name, lines))


def wanted(side_name: str, kinds: Kinds, steering: Kinds) -> Select[Any]:
    """The parts of the line that look for a partner."""
    side = SIDES[side_name]
    if side_name == "demand":
        named = names_exactly(side_name, kinds, steering)
    else:
        named = and_(true(), *(getattr(side, kind) != "" for kind in kinds))
    return select(link.c.id, link.c.quantity, *(getattr(side, kind).label(kind) for kind in NUMBER_KINDS)).where(
        link.c.item_id == ITEM, side.line_id == LINE, link.c.status == WANTED, named
    )


def free_stock(kinds: Kinds, steering: Kinds) -> Select[Any]:
    """Stock that is free, with the numbers of its ledger entries; where numbers are asked for, only of these."""
    place: dict[str, Any] = {"item_id": ITEM, "variant": VARIANT, "site_id": SITE}
    there = [open_entry.c.remaining > 0, *(open_entry.c[kind] == "" for kind in NUMBER_KINDS if kind not in steering)]
    in_transit = exists().where(site.c.id == SITE, site.c.in_transit)
    source: FromClause = open_entry
    if kinds:
        turn = staged_turn.c
        mine = and_(turn.item_id == ITEM, turn.batch_id == BATCH)
        asked = [value.label(name) for name, value in place.items()] + [turn[kind] for kind in kinds]
        keys = select(*asked).where(mine).distinct().subquery("keys")
        # The whole key comes from there, so that no planner finds the entries by a part of it.
        source = keys.join(open_entry, and_(*(open_entry.c[name] == keys.c[name] for name in (*place, *kinds))))
    else:
        there += [open_entry.c[name] == value for name, value in place.items()]
    numbers = [open_entry.c[kind if kind in steering else f"carried_{kind}"] for kind in NUMBER_KINDS]
    free = open_entry.c.remaining - reserved_of(open_entry.c.entry_id)
    rank = literal(RANKS["supply"]["stock"])
    parts = _part(rank, _NO_DATE, _NO_NUMBER, open_entry.c.entry_id, _NO_NUMBER, numbers, free)
    return parts.select_from(source).where(*there, ~in_transit)


def candidates(side_name: str, kinds: Kinds, steering: Kinds, *, stock: bool, documents: bool) -> CompoundSelect[Any]:
    """All that is free on the other side for parts that name just these kinds of numbers."""
    parts: list[Select[Any]] = []
    if documents:
        parts.append(_parts_with_number(side_name, kinds, steering))
        if not kinds:
            parts.append(_parts_without_number(side_name))
    if stock:
        parts.append(free_stock(kinds, steering))
    return union_all(*parts)


def sequence(side_name: str, rows: Any) -> list[Any]:
    """The order candidates are taken in (RE-11, RE-12); of one line its numbered parts first (RE-3)."""
    by_date = [rows.c.date, rows.c.line_id]
    if side_name == "supply":
        by_date = [column.desc() for column in by_date]
    return [rows.c.rank, rows.c.entry_id, *by_date, case((rows.c.place.is_(None), 1), else_=0), rows.c.place]
