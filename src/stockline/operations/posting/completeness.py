"""Whether the numbers marked on the lines of a posting are as many as it handles (PO-13, TW-23)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, func, select

from stockline.codes import Code
from stockline.operations.posting.lines import PostingLine
from stockline.operations.problems import Problems
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity


@dataclass(frozen=True, slots=True)
class Marked:
    """The numbers of a line marked to handle.

    How many entries, their sum, whether they are one single lot, whether for some an entry is named that they are
    applied to or bring back; and the span of their places in the window where each has a place of its own, 0 otherwise.
    """

    entries: int
    handle: int
    single: bool
    applied: bool
    first: int
    span: int

    @property
    def compact(self) -> bool:
        """Whether the places lie so close that ledger entries can be numbered by them."""
        return 0 < self.span <= 2 * self.entries + 1_000


NOTHING = Marked(0, 0, False, False, 0, 0)


def marked_numbers(transaction: Transaction, posted: Sequence[PostingLine]) -> dict[int, Marked]:
    """What is marked to handle, by line; lines without any are left out."""
    found: dict[int, Marked] = {}
    for query, side in _MARKED:
        lines = [p.line for p in posted if p.quantity and p.line.item.tracking.tracked and p.line.side is side]
        for some in in_parts(lines):
            parameters = {"items": sorted({line.item.id for line in some}), "lines": [line.id for line in some]}
            rows = transaction.execute(query, parameters).all()
            combinations = _combinations(transaction, side, [row for row in rows if row.linked])
            for row in rows:
                # What is linked to nothing is one entry per combination, at a place of its own.
                span = 0 if row.linked else row.last - row.first + 1
                entries = combinations.get(row.line_id, row.entries)
                found[row.line_id] = Marked(entries, int(row.handle), row.single == 1, row.applied > 0, row.first, span)
    return found


def _combinations(transaction: Transaction, side: LinkSide, rows: Sequence[Any]) -> dict[int, int]:
    """How many combinations are marked on each of these lines; one combination may lie on several links."""
    if not rows:
        return {}
    parameters = {"items": sorted({row.item_id for row in rows}), "lines": [row.line_id for row in rows]}
    return {row.line_id: row.combinations for row in transaction.execute(_COMBINATIONS[side], parameters)}


def _marks(side: LinkSide) -> tuple[ColumnElement[bool], ...]:
    """The links that mark a number to handle on one of the lines asked for."""
    return (
        link.c.item_id.in_(bindparam("items", expanding=True, type_=BigInteger)),
        side.line_id.in_(bindparam("lines", expanding=True, type_=BigInteger)),
        side.handle != 0,
        side.is_numbered,
    )


def _combined(side: LinkSide) -> Select[Any]:
    line_id = side.line_id.label("line_id")
    every = select(line_id, side.serial, side.lot, side.package).where(*_marks(side)).distinct().subquery()
    return select(every.c.line_id, func.count().label("combinations")).group_by(every.c.line_id)


def _marked(side: LinkSide) -> Select[Any]:
    numbers = (side.serial, side.lot, side.package)
    alike = [func.min(number) == func.max(number) for number in numbers]
    single = (func.max(side.serial) == "") & alike[1] & alike[2]
    return (
        select(
            link.c.item_id,
            side.line_id.label("line_id"),
            func.count().label("entries"),
            func.sum(side.handle).label("handle"),
            case((single, 1), else_=0).label("single"),
            (func.count(side.apply_to) + func.count(side.apply_from)).label("applied"),
            func.sum(case((link.c.status.in_(("surplus", "prospect")), 0), else_=1)).label("linked"),
            func.min(side.entered).label("first"),
            func.max(side.entered).label("last"),
        )
        .where(*_marks(side))
        .group_by(link.c.item_id, side.line_id)
    )


_COMBINATIONS = {side: _combined(side) for side in (DEMAND, SUPPLY)}
_MARKED = ((_marked(DEMAND), DEMAND), (_marked(SUPPLY), SUPPLY))


def check_completeness(posted: Sequence[PostingLine], marked: Mapping[int, Marked]) -> None:
    """Refuse `tracking_incomplete` where numbers are marked, but not as many as are handled.

    One exception: a single lot or package marked for more gives just the quantity posted.
    """
    problems = Problems((Code.TRACKING_INCOMPLETE,))
    for one in posted:
        found = marked.get(one.line.id, NOTHING)
        if found.handle and found.handle != one.quantity and not is_cut(one, found):
            asked, there = to_quantity(one.quantity), to_quantity(found.handle)
            message = f"Line {one.line.name}: {asked} {one.line.item.unit} are to be handled, {there} have a number."
            facts = {"quantity": asked, "tracked": there}
            problems.add(Code.TRACKING_INCOMPLETE, message, line=one.line.name, item=one.line.item.code, facts=facts)
    problems.refuse()


def is_cut(posted: PostingLine, found: Marked) -> bool:
    """Whether the line takes less of its single lot or package than is marked."""
    return found.single and found.handle > posted.quantity > 0
