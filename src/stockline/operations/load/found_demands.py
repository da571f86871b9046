"""What has reserved stock elsewhere: its documents and lines, made anew at every load (RE-6, ST-14).

What has been posted of a line that was loaded before stays, on a line of its own that is closed; what the other system
says is reserved of it now is reserved beside that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import and_, case, delete, exists, func, insert, literal, or_, select, true, update

from stockline.operations.lines import line_by_id, lock_documents
from stockline.operations.locks import Key
from stockline.operations.reservation.release import end_links
from stockline.operations.windows.drafts import empty_window_of
from stockline.rules.framework import BATCH
from stockline.schema.catalog import item
from stockline.schema.documents import (
    FIRST_COMPONENT,
    FIRST_INCOMING,
    LINES_PER_DOCUMENT,
    document,
    place_in_document,
    source_line,
)
from stockline.schema.reservations import SIDES, link, staged_reservation_found
from stockline.schema.windows import tracking_window
from stockline.store.database import Transaction, in_parts

KINDS: Mapping[str, int] = {"sale": 0, "purchase_return": 0, "production": FIRST_COMPONENT}
"""The kinds of document that reserve stock and need nothing else to be told of them; and where their lines begin."""
MOST_LINES = FIRST_INCOMING - 1
Line = tuple[str, str, str, str]
"""What a line of another system's document is here: item, variant, site, and the number or name it has there."""


class Documents:
    """The documents that reserve: what there is of them here, and how their lines are numbered.

    A line keeps the number it has in the other system where it has one that is free, else it gets the next.
    """

    def __init__(self, transaction: Transaction, codes: Iterable[str]) -> None:
        self._own: set[str] = set()
        self._kinds: dict[str, str] = {}
        self._taken: defaultdict[str, set[int]] = defaultdict(set)
        self._places: defaultdict[str, dict[Line, int]] = defaultdict(dict)
        self._last: defaultdict[str, int] = defaultdict(int)
        self.held: set[Key] = set()
        """Where lines that were loaded before reserve something."""
        loaded: dict[int, tuple[str, str]] = {}
        for some in in_parts(sorted(set(codes))):
            for row in transaction.execute(_KNOWN.where(document.c.code.in_(some))):
                if row.loaded:
                    loaded[row.id] = row.code, row.kind
                else:
                    self._own.add(row.code)
        for part in in_parts(sorted(loaded)):
            lock_documents(transaction, part)
            for line in transaction.execute(_FORMER_LINES.where(source_line.c.document_id.in_(part))):
                self.held.add((line.item_id, line.variant, line.site_id))
                if line.handled:
                    code, kind = loaded[line.document_id]
                    self._taken[code].add(place_in_document(line.id))
                    self._kinds[code] = kind

    def is_own(self, code: str) -> bool:
        """Whether it is no document that a load made: nobody's own is overwritten."""
        return code in self._own

    def kind(self, code: str, kind: str) -> str:
        """What the document is here: as its first row says, unless something was posted of what it has been."""
        return self._kinds.setdefault(code, kind if kind in KINDS else "sale")

    def place(self, code: str, line: Line) -> int | None:
        """Where the line stands in the numbering of its document; None: there are too many lines."""
        places, taken = self._places[code], self._taken[code]
        if line not in places:
            first = KINDS[self._kinds[code]]
            number = int(line[-1]) if line[-1].isdecimal() and len(line[-1]) < len(str(LINES_PER_DOCUMENT)) else 0
            if not 0 < number <= MOST_LINES or first + number in taken:
                number = self._last[code] = next(_free(self._last[code] + 1, first, taken))
            places[line] = first + number
            taken.add(first + number)
            if number > MOST_LINES:
                return None
        return places[line]


def _free(number: int, first: int, taken: set[int]) -> Iterator[int]:
    """Numbers from this one on that no line of the document has."""
    while True:
        if first + number not in taken:
            yield number
        number += 1


_KNOWN = select(document.c.id, document.c.code, document.c.kind, document.c.loaded).where(~document.c.deleted)
_FORMER_LINES = select(
    *(source_line.c[name] for name in ("document_id", "id", "item_id", "variant", "site_id", "handled"))
)

_found = staged_reservation_found.c
_OF_BATCH = _found.batch_id == BATCH
_IS_FOUND = and_(document.c.code == _found.document, ~document.c.deleted)


def own_documents(transaction: Transaction, codes: Iterable[str]) -> list[str]:
    """Those of the documents that exist here and were not made by a load, in the order of their names."""
    wanted = {code.strip() for code in codes}
    parts = (transaction.execute(_KNOWN.where(document.c.code.in_(part))) for part in in_parts(sorted(wanted)))
    return sorted(row.code for rows in parts for row in rows if not row.loaded)


def write(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Make the documents and lines of the staged reservations, in place of those that were loaded of them before."""
    _end_former(transaction, parameters)
    for statement in (_NEW_DOCUMENTS, _CHANGE_KINDS, _FIND_LINES, _NEW_LINES):
        transaction.execute(statement, parameters)


def _end_former(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Take away what was loaded of these documents before, with all that hangs on it; posted lines are cut and stay."""
    for row in transaction.execute(_IN_USE, parameters).all():
        line = line_by_id(transaction, row.item_id, row.id)
        if line is not None:
            end_links(transaction, line)
            empty_window_of(transaction, line)
    for side in SIDES.values():
        found = select(source_line.c.item_id, source_line.c.id.label(side.line_id.name)).where(_former)
        of_former = and_(side.line_id.isnot(None), transaction.is_among(link, found))
        transaction.execute(delete(link).where(of_former), parameters)
    transaction.execute(_CUT_POSTED, parameters)
    unposted = select(source_line.c.item_id, source_line.c.id).where(_former, source_line.c.handled == 0)
    transaction.execute(delete(source_line).where(transaction.is_among(source_line, unposted)), parameters)


_loaded = select(document.c.id).where(
    document.c.loaded, ~document.c.deleted, document.c.code.in_(select(_found.document).where(_OF_BATCH))
)
_former = source_line.c.document_id.in_(_loaded)
_sides = (link.c.item_id == source_line.c.item_id, link.c.demand_line_id.isnot(None), link.c.supply_line_id.isnot(None))
_IN_USE = select(source_line.c.item_id, source_line.c.id).where(
    _former,
    or_(
        *(exists().where(*_sides, side.line_id == source_line.c.id) for side in SIDES.values()),
        exists().where(
            tracking_window.c.item_id == source_line.c.item_id, tracking_window.c.line_id == source_line.c.id
        ),
    ),
)
"""Lines loaded before that people have reserved from documents here, or have open."""

_CUT_POSTED = (
    update(source_line)
    .where(_former, source_line.c.handled != 0)
    .values(
        quantity=source_line.c.handled,
        unit_quantity=source_line.c.handled,
        factor="1",
        unit=select(item.c.unit).where(item.c.id == source_line.c.item_id).scalar_subquery(),
    )
)

_NEW_DOCUMENTS = insert(document).from_select(
    ("code", "kind", "loaded"),
    select(_found.document, func.min(_found.kind), true())
    .where(_OF_BATCH, ~select(document.c.id).where(_IS_FOUND).exists())
    .group_by(_found.document),
)
_kinds = (
    select(_found.document, func.min(_found.kind).label("kind")).where(_OF_BATCH).group_by(_found.document)
).subquery("kinds")
_CHANGE_KINDS = (
    update(document)
    .where(document.c.code == _kinds.c.document, ~document.c.deleted, document.c.kind != _kinds.c.kind)
    .values(kind=_kinds.c.kind)
)
_FIND_LINES = (
    update(staged_reservation_found)
    .where(_OF_BATCH)
    .values(line_id=select(document.c.id).where(_IS_FOUND).scalar_subquery() * LINES_PER_DOCUMENT + _found.place)
)
_policy = func.coalesce(item.c.planning["reserve"].as_string(), "optional")
_place = (_found.item_id, _found.line_id, _found.variant, _found.site_id)
_reserved = (
    select(
        *_place,
        func.min(_found.kind).label("kind"),
        func.sum(_found.quantity).label("quantity"),
        func.min(_found.date).label("date"),
    )
    .where(_OF_BATCH)
    .group_by(*_place)
    .subquery("reserved")
)
_columns: dict[str, Any] = {
    "item_id": _reserved.c.item_id,
    "id": _reserved.c.line_id,
    "document_id": _reserved.c.line_id // LINES_PER_DOCUMENT,
    "type": case((_reserved.c.kind == "production", literal("consumption")), else_=literal("")),
    "direction": literal(-1),
    "variant": _reserved.c.variant,
    "site_id": _reserved.c.site_id,
    "unit": item.c.unit,
    "unit_quantity": _reserved.c.quantity,
    "quantity": _reserved.c.quantity,
    "date": _reserved.c.date,
    "reserve": case((_policy == "never", literal("optional")), else_=_policy),
}
_NEW_LINES = insert(source_line).from_select(
    list(_columns), select(*_columns.values()).select_from(_reserved.join(item, item.c.id == _reserved.c.item_id))
)
