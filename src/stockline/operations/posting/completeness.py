"""Whether the numbers marked on the lines of a posting are as many as it handles (PO-13, TW-23)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, case, func, or_, select

from stockline.codes import Code
from stockline.operations.posting.lines import PostingLine
from stockline.operations.problems import Problems
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.store.database import Transaction
from stockline.values import to_quantity

LINES_AT_ONCE = 10_000
"""Line numbers named in one statement; databases limit the variables of one."""


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
        for start in range(0, len(lines), LINES_AT_ONCE):
            some = lines[start : start + LINES_AT_ONCE]
            parameters = {"items": sorted({line.item.id for line in some}), "lines": [line.id for line in some]}
            for row in transaction.execute(query, parameters):
                # What is linked to nothing is one entry per combination.
                span = 0 if row.linked else row.last - row.first + 1
                entries = _combinations(transaction, side, row) if row.linked else row.entries
                found[row.line_id] = Marked(entries, int(row.handle), row.single == 1, row.applied > 0, row.first, span)
    return found


def _combinations(transaction: Transaction, side: LinkSide, row: Any) -> int:
    """How many combinations are marked on a line, each of which may lie on several links."""
    numbers = (side.serial, side.lot, side.package)
    marked = (link.c.item_id == row.item_id, side.line_id == row.line_id, side.handle != 0)
    every = select(*numbers).where(*marked, or_(*(number != "" for number in numbers))).distinct().subquery()
    return int(transaction.execute(select(func.count()).select_from(every)).scalar_one())


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
        .where(
            link.c.item_id.in_(bindparam("items", expanding=True, type_=BigInteger)),
            side.line_id.in_(bindparam("lines", expanding=True, type_=BigInteger)),
            side.handle != 0,
            or_(*(number != "" for number in numbers)),
        )
        .group_by(link.c.item_id, side.line_id)
    )


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
