"""Numbers given to a line that is linked, or taken off it: links are split, become specific, or end (RE-36 to RE-42).

The links of the line are brought to what the window wants step by step; each step finds what is still missing from the
links as they are.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Insert,
    Select,
    Subquery,
    Text,
    Update,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)

from stockline.operations.lines import SourceLine
from stockline.operations.reservation.bound_numbers import (
    UNDECIDED,
    deciding_documents,
    handed_to_demand,
    kinds_decided_for,
    taken_from_demand,
)
from stockline.operations.reservation.candidates import Kinds, combinations_of, steering_kinds
from stockline.operations.reservation.links import (
    NEW,
    OTHER,
    LinkBatch,
    blank,
    left_alone,
    made_from,
    numbered,
    pieces,
    stage_split,
    without_number,
)
from stockline.operations.reservation.policy import shortage
from stockline.operations.reservation.search import STOCK, Search
from stockline.operations.reservation.shares import in_sequence, served, take_turns
from stockline.operations.windows.wanted import FIGURES, NUMBERED_FROM, wanted_rows
from stockline.refusal import Warning
from stockline.rules.framework import enforce
from stockline.rules.reservation import number_not_of_supply
from stockline.rules.window import ITEM, LINE, WINDOW
from stockline.schema.reservations import (
    BOUND,
    DEMAND,
    PROSPECT,
    RESERVATION,
    SIDES,
    SUPPLY,
    SURPLUS,
    TRACKING,
    WANTED,
    link,
    staged_split,
    staged_turn,
)
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

_LINKED = (RESERVATION, TRACKING)


def write_linked_difference(
    transaction: Transaction, line: SourceLine, parameters: dict[str, Any], *, handled: bool
) -> list[Warning]:
    """Make the numbers on the links of a line what the window says (TW-18 to TW-20, RE-38 to RE-41).

    Refused `tracking_bound_to_supply` (RE-49). Warns `reservation_shortage` of what the line has lost by it and could
    not be reserved anew (RE-40).
    """
    side = line.side.name
    batch = LinkBatch.of_line(transaction, line)
    batch.parameters.update((name, parameters[name]) for name in ("window", "numbered_from"))
    decided = kinds_decided_for(batch, line) if line.side is DEMAND else None
    _take_off(batch, side, handled)
    _lay_on(batch, line, handled, decided)
    batch.make(_insert_rest(side, handled))
    if decided is not None:
        enforce(transaction, [number_not_of_supply], batch.parameters)
    lacking = _part_mismatches(transaction, batch, line)
    batch.run(_set_figures(side, handled))
    batch.settle()
    return shortage([(line, lacking)])


def _take_off(batch: LinkBatch, side: str, handled: bool) -> None:
    """Links lose numbers the window does not want; a link that stays is nonspecific (RE-41)."""
    batch.run(_stage_taken_off(side, handled))
    partner = taken_from_demand() if side == "supply" else {}
    batch.cut([pieces(without_number(side) | partner, link.c.status.in_(_LINKED))])


def _lay_on(batch: LinkBatch, line: SourceLine, handled: bool, decided: Kinds | None) -> None:
    """New numbers fall on links that have none: those whose partner has the number first, then on stock (RE-38).

    `decided`: the kinds that the supplies of the line decide, if it is bound to any.
    """
    side = line.side.name
    there = {status for status in (SURPLUS, RESERVATION, TRACKING) if batch.ask(_has_blank(side, status))}
    if SURPLUS in there:
        _lay_on_links(batch, side, SURPLUS, (), (), handled)
    if RESERVATION in there:
        if decided is not None:
            _lay_on_bound(batch, line, handled, decided)
        # First all the numbers must agree, then those that must be the same on both sides.
        for compared in (NUMBER_KINDS, steering_kinds(line.item.tracking)):
            for kinds in combinations_of(compared):
                if kinds and batch.ask(_wants_kinds(side, compared, kinds, handled)):
                    _lay_on_links(batch, side, RESERVATION, compared, kinds, handled)
        _lay_on_links(batch, side, RESERVATION, (), (), handled)
    if TRACKING in there:
        _lay_on_links(batch, side, TRACKING, (), (), handled)


def _lay_on_bound(batch: LinkBatch, line: SourceLine, handled: bool, decided: Kinds) -> None:
    """On bound links of a demand fall the numbers of their supply, and others as far as it decides none (RE-49)."""
    for kinds in combinations_of(decided):
        _lay_on_links(batch, "demand", RESERVATION, decided, kinds, handled, among=_OF_BOUND)
    batch.parameters["deciding"] = deciding_documents(line.item)
    _lay_on_links(batch, "demand", RESERVATION, (), (), handled, among=_OF_UNDECIDED)


def _lay_on_links(
    batch: LinkBatch,
    side: str,
    status: str,
    compared: Kinds,
    kinds: Kinds,
    handled: bool,
    among: str = "",
) -> None:
    """`among`: on which of the links of the line, where not on all that are its to number."""
    batch.deal(_missing_turns(side, compared, kinds, handled), _stage_laid_on(side, status, kinds, among))
    batch.cut([_numbered_pieces(side, handled)])


def _part_mismatches(transaction: Transaction, batch: LinkBatch, line: SourceLine) -> int:
    """End links whose demand names another number than their supply carries (RE-37, RE-39, RE-40).

    What the demand loses it looks for anew in the stock of its number; what of it could not be had.
    """
    steering = steering_kinds(line.item.tracking)
    if not steering or not batch.run(_stage_mismatches(steering)):
        return 0
    anew = line.side is DEMAND
    batch.cut([left_alone("demand", WANTED if anew else SURPLUS), left_alone("supply")])
    batch.settle()
    if not anew:
        return 0
    search = Search(transaction, line, STOCK, batch)
    lacking = search.wanted() - search.link_wanted()
    search.end_search()
    return lacking


# ---------------------------------------------------------------- what the line has and what it wants


def _of_line(side_name: str) -> Any:
    return and_(link.c.item_id == ITEM, SIDES[side_name].line_id == LINE)


def _numbers_of(side_name: str) -> list[Any]:
    return [getattr(SIDES[side_name], kind).label(kind) for kind in NUMBER_KINDS]


def _compared(side_name: str, handled: bool) -> Subquery:
    """Of each combination what the window wants beyond what the line carries, negative for less, and its row.

    One pass over both: a join of two sets of unknown size is what planners get wrong.
    """
    side, want = SIDES[side_name], wanted_rows(handled)
    nothing = cast(null(), BigInteger)
    had = select(
        *_numbers_of(side_name), (-link.c.quantity).label("more"), nothing.label("row"), nothing.label("entered")
    )
    wanted = select(*(want.c[kind] for kind in NUMBER_KINDS), want.c.active, want.c.row, want.c.entered)
    both = union_all(had.where(_of_line(side_name), numbered(side)), wanted).subquery("both")
    numbers = [both.c[kind] for kind in NUMBER_KINDS]
    sums = (
        func.sum(both.c.more).label("more"),
        func.max(both.c.row).label("row"),
        func.max(both.c.entered).label("entered"),
    )
    return select(*numbers, *sums).group_by(*numbers).subquery("compared")


def _too_many(side_name: str, handled: bool) -> Subquery:
    """What the line carries of a combination beyond what the window wants."""
    compared = _compared(side_name, handled)
    gone = (-compared.c.more).label("gone")
    return select(*(compared.c[kind] for kind in NUMBER_KINDS), gone).where(compared.c.more < 0).subquery("too_many")


def _missing(side_name: str, handled: bool) -> Subquery:
    """What the window wants of a combination beyond what the line carries."""
    compared = _compared(side_name, handled)
    columns = (*(compared.c[kind] for kind in NUMBER_KINDS), compared.c.row, compared.c.entered)
    return select(*columns, compared.c.more.label("quantity")).where(compared.c.more > 0).subquery("missing")


# ---------------------------------------------------------------- taking numbers off

_LOSES_FIRST = case({PROSPECT: 1, SURPLUS: 2, RESERVATION: 3, TRACKING: 4}, value=link.c.status, else_=5)


@cache
def _stage_taken_off(side_name: str, handled: bool) -> Insert:
    side, gone = SIDES[side_name], _too_many(side_name, handled)
    own = (
        select(link.c.id, link.c.quantity, _LOSES_FIRST.label("place"), gone.c.gone, *_numbers_of(side_name))
        .select_from(gone.join(link, and_(*(gone.c[kind] == getattr(side, kind) for kind in NUMBER_KINDS))))
        .where(_of_line(side_name))
        .subquery("own")
    )
    ranked = in_sequence(own, (own.c.place, own.c.id.desc()), NUMBER_KINDS).subquery("ranked")
    left = ranked.c.gone - (ranked.c.upto - ranked.c.quantity)
    part = case((left < ranked.c.quantity, left), else_=ranked.c.quantity)
    return stage_split(select(ranked.c.id.label("link_id"), literal(0).label("target"), part.label("quantity")))


# ---------------------------------------------------------------- giving numbers


def _blank_links(side_name: str, status: str) -> Any:
    return and_(_of_line(side_name), link.c.status == status, blank(SIDES[side_name]))


@cache
def _has_blank(side_name: str, status: str) -> Select[Any]:
    return select(case((select(link.c.id).where(_blank_links(side_name, status)).exists(), 1), else_=0))


@cache
def _wants_kinds(side_name: str, compared: Kinds, kinds: Kinds, handled: bool) -> Select[Any]:
    """Whether some combination is missing that has, of the kinds compared, just these."""
    missing = _missing(side_name, handled)
    return select(case((select(missing.c.row).where(_has_just(missing, compared, kinds)).exists(), 1), else_=0))


def _has_just(rows: Any, compared: Kinds, kinds: Kinds) -> Any:
    return and_(true(), *(rows.c[kind] != "" if kind in kinds else rows.c[kind] == "" for kind in compared))


@cache
def _missing_turns(side_name: str, compared: Kinds, kinds: Kinds, handled: bool) -> Insert:
    """Stage the missing numbers in the order of the window: those that have, of the kinds compared, just `kinds`."""
    missing = _missing(side_name, handled)
    asked = select(*(missing.c[kind] for kind in NUMBER_KINDS), missing.c.row.label("id"), missing.c.quantity)
    rows = asked.where(_has_just(missing, compared, kinds)).subquery("asked")
    return take_turns(rows, (rows.c.id,), kinds)


_OF_BOUND, _OF_UNDECIDED = "bound", "undecided"
_AMONG: dict[str, list[Any]] = {
    "supply": [],
    "demand": [~BOUND],
    _OF_BOUND: [BOUND],
    _OF_UNDECIDED: [UNDECIDED],
}
"""Which links numbers may be laid on: of a supply all, of a demand those that are not bound, or of these some."""


@cache
def _stage_laid_on(side_name: str, status: str, kinds: Kinds, among: str) -> Insert:
    """Deal missing numbers over links without number; with `kinds`, over those whose partner has the number."""
    of_stock = case((SIDES[OTHER[side_name]].entry_id.isnot(None), 0), else_=1)
    there = (
        select(link.c.id, link.c.quantity, of_stock.label("of_stock"), *_numbers_of(OTHER[side_name]))
        .where(_blank_links(side_name, status), *_AMONG[among or side_name])
        .subquery("there")
    )
    joined, takes, quantity = served(there, (there.c.of_stock, there.c.id), kinds)
    dealt = select(takes.c.id.label("link_id"), staged_turn.c.id.label("target"), quantity.label("quantity"))
    return stage_split(dealt.select_from(joined))


@cache
def _numbered_pieces(side_name: str, handled: bool) -> Insert:
    row, of_row, entered = _row_of_part(handled)
    changed: dict[str, Any] = {f"{side_name}_{kind}": row[kind] for kind in NUMBER_KINDS}
    if side_name == "supply":
        changed |= handed_to_demand(row, entered)
    return pieces(changed | {f"{side_name}_entered": entered}, joined=of_row)


def _row_of_part(handled: bool) -> tuple[Any, tuple[Any, Any], Any]:
    """The row of the window whose number a staged part gets, how it is joined, and when it was entered."""
    if handled:
        want = wanted_rows(handled)
        return want.c, (want, want.c.row == staged_split.c.target), want.c.entered
    # The whole key comes from the part, so that no planner finds the row by the window alone.
    key = (staged_split.c.item_id + 0, WINDOW + 0 * staged_split.c.target, staged_split.c.target)
    is_row = (window_row.c[name] == value for name, value in zip(("item_id", "window_id", "row"), key, strict=True))
    return window_row.c, (window_row, and_(*is_row)), NUMBERED_FROM + window_row.c.row


@cache
def _insert_rest(side_name: str, handled: bool) -> Insert:
    """What no link takes is surplus with its number."""
    missing = _missing(side_name, handled)
    values = {f"{side_name}_{kind}": missing.c[kind] for kind in NUMBER_KINDS}
    values |= {"status": literal(SURPLUS, Text), "quantity": missing.c.quantity}
    values |= {f"{side_name}_line_id": LINE, f"{side_name}_entered": missing.c.entered}
    return made_from(select(missing.c.row), values, (missing.c.row,))


# ---------------------------------------------------------------- mismatches


@cache
def _stage_mismatches(steering: Kinds) -> Insert:
    differs = or_(
        *(and_(getattr(DEMAND, kind) != "", getattr(DEMAND, kind) != getattr(SUPPLY, kind)) for kind in steering)
    )
    every = select(link.c.id.label("link_id"), literal(0).label("target"), link.c.quantity)
    return stage_split(every.where(NEW, link.c.status.in_(_LINKED), differs))


# ---------------------------------------------------------------- figures


@cache
def _set_figures(side_name: str, handled: bool) -> Update:
    """Put what the window says of a combination on the first of its links; `settle` deals it out (TW-20).

    In one pass over links and rows, like `_compared`.
    """
    side, want = SIDES[side_name], wanted_rows(handled)
    own = select(*_numbers_of(side_name), link.c.id, *(cast(null(), want.c[name].type).label(name) for name in _SAID))
    said = select(*(want.c[kind] for kind in NUMBER_KINDS), cast(null(), BigInteger), *(want.c[name] for name in _SAID))
    both = union_all(own.where(_of_line(side_name), numbered(side)), said).subquery("both")
    alike = [both.c[kind] for kind in NUMBER_KINDS]
    first = func.min(both.c.id).over(partition_by=alike).label("first")
    figures = [func.max(both.c[name]).over(partition_by=alike).label(name) for name in _SAID]
    found = select(both.c.id, first, *figures).subquery("found")
    values: dict[str, Any] = {f"{side_name}_{name}": found.c[name] for name in FIGURES}
    for name in ("handle", "invoice"):
        values[f"{side_name}_{name}"] = case((found.c.id > found.c.first, 0), else_=found.c[name])
    return update(link).where(link.c.item_id == ITEM, link.c.id == found.c.id, found.c.row.isnot(None)).values(values)


_SAID = ("row", *FIGURES)
