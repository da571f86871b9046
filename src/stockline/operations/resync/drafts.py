"""Drafts: what a person means to do to the links of an item-site, kept until it is saved or dropped (RS-14, RS-20).

A draft locks nobody out. It remembers serials and stock lines as they were when the person first touched them; what has
changed meanwhile is shown, and refuses the save.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, func, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, find_site
from stockline.operations.resync.desk import Desk, DeskSerial
from stockline.operations.resync.manual import Edit, LineRequest, carry_out, hold, prepared
from stockline.operations.resync.stock import ITEM, NUMBERS
from stockline.refusal import Finding, Refusal
from stockline.results import DraftPlace, ResyncRun
from stockline.schema.resync import resync_draft, resync_draft_line
from stockline.schema.stock import serial
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity

Seen = tuple[tuple[int, ...], int, int | None]
"""A serial as a person saw it: its links ascending, direction and number of its last movement."""
LineSeen = tuple[int, int, int | None]
"""A stock line as a person saw it: quantity, number of serials, the latest movement of these."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is meant to be done to a serial, and how it was when that was first said."""

    seen: Seen
    removed: frozenset[int] = frozenset()
    added: int | None = None

    def taken_off(self, line: int) -> "Change":
        """The same, and it is taken off a line; that it was to be put there is taken back."""
        if self.added == line:
            return replace(self, added=None)
        return replace(self, removed=self.removed | {line})

    def put_on(self, line: int, *, off: Iterable[int] = ()) -> "Change":
        """The same, and it is put on a line, off others; that it was to be taken off there is taken back."""
        if line in self.removed:
            return replace(self, removed=self.removed - {line}, added=None)
        return replace(self, removed=self.removed.union(off), added=line)


class Draft:
    """The draft of a person for an item-site; empty where there is none."""

    def __init__(self, transaction: Transaction, place: DraftPlace) -> None:
        self.item: Item = find_item(transaction, place.item)
        if not self.item.tracking.steers("serial"):
            raise Refusal.of(Code.INVALID, f"Item {place.item} is not tracked by specific serials.", item=place.item)
        self.place = place
        self._transaction = transaction
        self._key = {
            "item_id": self.item.id,
            "variant": place.variant,
            "site_id": find_site(transaction, place.site).id,
            "person": place.person,
        }
        self.desk = Desk(transaction, self.item, place.variant)
        self.changes = {
            row.serial: Change(
                (tuple(row.links), row.last_direction, row.last_batch_id), frozenset(row.removed), row.added
            )
            for row in transaction.execute(_CHANGES, self._key)
        }

    @property
    def edit(self) -> Edit:
        """All of it as one edit: what counts is the net effect."""
        return Edit(
            {number: change.removed for number, change in self.changes.items() if change.removed},
            {number: change.added for number, change in self.changes.items() if change.added is not None},
        )

    def enter(self, changes: Mapping[str, Change]) -> None:
        """Note changes; those that are none any more go. Lines are remembered as they are when first touched."""
        self._forget(changes)
        rows = [
            {
                **self._key,
                "serial": number,
                "removed": sorted(change.removed),
                "added": change.added,
                "links": list(change.seen[0]),
                "last_direction": change.seen[1],
                "last_batch_id": change.seen[2],
            }
            for number, change in changes.items()
            if change.removed or change.added is not None
        ]
        if rows:
            self._transaction.execute(resync_draft.insert(), rows)
        touched = {line for change in changes.values() for line in (*change.removed, change.added) if line is not None}
        self._remember(touched)

    def _forget(self, serials: Iterable[str]) -> None:
        for some in in_parts(sorted(serials)):
            named = resync_draft.c.serial.in_(some)
            self._transaction.execute(delete(resync_draft).where(*_of_key(resync_draft), named), self._key)

    def _remember(self, lines: Iterable[int]) -> None:
        rows = [
            {**self._key, "stock_line_id": number, "quantity": quantity, "serials": serials, "last_batch_id": latest}
            for number, (quantity, serials, latest) in self._lines_now(lines).items()
        ]
        if rows:
            self._transaction.execute(self._transaction.insert(resync_draft_line).on_conflict_do_nothing(), rows)

    def _lines_now(self, numbers: Iterable[int]) -> dict[int, LineSeen]:
        wanted = sorted(numbers)
        lines, linked = self.desk.lines(wanted), self.desk.linked(wanted)
        latest = {
            row.stock_line_id: row.latest
            for some in in_parts(wanted)
            for row in self._transaction.execute(_LATEST, {"item": self.item.id, "numbers": some})
        }
        return {
            number: (
                lines[number].quantity if number in lines else 0,
                linked.get(number, 0),
                latest.get(number),
            )
            for number in wanted
        }

    def drop(self) -> None:
        """Nothing is left of it."""
        for table in (resync_draft, resync_draft_line):
            self._transaction.execute(delete(table).where(*_of_key(table)), self._key)

    # ------------------------------------------------------------ what has changed meanwhile

    def changed(self) -> list[Finding]:
        """The lines and serials that are not as the person saw them, with what was and what is."""
        return [*self._changed_lines(), *self._changed_serials()]

    def _changed_lines(self) -> Iterator[Finding]:
        seen = {
            row.stock_line_id: (int(row.quantity), row.serials, row.last_batch_id)
            for row in self._transaction.execute(_LINES, self._key)
        }
        for number, now in self._lines_now(seen).items():
            if now != seen[number]:
                (quantity, serials, _), (quantity_now, serials_now, _) = seen[number], now
                before, after = to_quantity(quantity), to_quantity(quantity_now)
                had = f"had the quantity {before} and {serials} serials, now {after} and {serials_now}"
                yield self._finding(
                    f"Stock line {number} {had}, or others of them.",
                    stock_line=number,
                    before={"quantity": before, "serials": serials},
                    now={"quantity": after, "serials": serials_now},
                )

    def _changed_serials(self) -> Iterator[Finding]:
        now = self.desk.serials(list(self.changes))
        for number, change in self.changes.items():
            if seen_of(now[number]) != change.seen:
                before, after = list(change.seen[0]), sorted(now[number].links)
                yield self._finding(
                    f"Serial {number} was on {_listed(before)}, now on {_listed(after)}, or has moved otherwise.",
                    serial=number,
                    before={"stock_lines": before},
                    now={"stock_lines": after},
                )

    def _finding(self, message: str, serial: str | None = None, **facts: Any) -> Finding:
        place = self.place
        return Finding(
            message, item=place.item, variant=place.variant or None, site=place.site, serial=serial, facts=facts
        )

    # ------------------------------------------------------------ the others

    def others(self) -> dict[str, int]:
        """Who else has a draft for the item-site, and how many serials it is about (RS-20)."""
        return {row.person: row.serials for row in self._transaction.execute(_OTHERS, self._key)}


def seen_of(one: DeskSerial) -> Seen:
    """A serial as it is seen now."""
    return tuple(sorted(one.links)), one.direction, one.batch


def _listed(lines: Iterable[int]) -> str:
    return ", ".join(map(str, lines)) or "no stock line"


def _of_key(table: Any) -> list[Any]:
    types = {"item_id": BigInteger, "variant": Text, "site_id": BigInteger, "person": Text}
    return [table.c[name] == bindparam(name, type_=type_) for name, type_ in types.items()]


_CHANGES = select(resync_draft).where(*_of_key(resync_draft)).order_by(resync_draft.c.serial)
_LINES = select(resync_draft_line).where(*_of_key(resync_draft_line))
_OTHERS = (
    select(resync_draft.c.person, func.count().label("serials"))
    .where(*_of_key(resync_draft)[:3], resync_draft.c.person != bindparam("person", type_=Text))
    .group_by(resync_draft.c.person)
)
_LATEST = (
    select(serial.c.stock_line_id, func.max(serial.c.last_batch_id).label("latest"))
    .where(serial.c.item_id == ITEM, serial.c.stock_line_id.in_(NUMBERS))
    .group_by(serial.c.stock_line_id)
)

# ---------------------------------------------------------------- what a person does


def take_off(transaction: Transaction, place: DraftPlace, request: LineRequest) -> None:
    """Draft that serials are taken off a stock line."""
    draft, numbers = _opened(transaction, place, request, adding=False)
    draft.enter({number: change.taken_off(request.stock_line) for number, change in _of(draft, numbers)})


def put_on(transaction: Transaction, place: DraftPlace, request: LineRequest, *, move: bool) -> None:
    """Draft that serials are put on a stock line; `move`: off whatever line they are on."""
    draft, numbers = _opened(transaction, place, request, adding=True)
    line = request.stock_line
    draft.enter(
        {
            number: change.put_on(line, off=set(change.seen[0]) - {line} if move else ())
            for number, change in _of(draft, numbers)
        }
    )


def _opened(
    transaction: Transaction, place: DraftPlace, request: LineRequest, *, adding: bool
) -> tuple[Draft, list[str]]:
    desk, numbers = prepared(transaction, request, adding=adding)
    draft = Draft(transaction, place)
    if (desk.item.id, desk.variant) != (draft.item.id, place.variant):
        message = f"Stock line {request.stock_line} is not of the item and variant the draft is about."
        raise Refusal.of(Code.INVALID, message, item=place.item)
    return draft, numbers


def _of(draft: Draft, numbers: list[str]) -> Iterator[tuple[str, Change]]:
    """What is meant to be done to these serials so far."""
    fresh = draft.desk.serials([number for number in numbers if number not in draft.changes])
    for number in numbers:
        yield number, draft.changes[number] if number in draft.changes else Change(seen_of(fresh[number]))


def look_again(transaction: Transaction, place: DraftPlace) -> None:
    """The person has seen what changed: the draft stands on what is there now."""
    draft = Draft(transaction, place)
    now = draft.desk.serials(list(draft.changes))
    draft.drop()
    draft.enter({number: replace(change, seen=seen_of(now[number])) for number, change in draft.changes.items()})


def cancel(transaction: Transaction, place: DraftPlace) -> None:
    """Drop the draft."""
    Draft(transaction, place).drop()


def save(transaction: Transaction, place: DraftPlace, today: date, reason: str) -> ResyncRun:
    """Write all of a draft, if nothing it touches has changed.

    Refused `not_found`, `window_stale`, and as RS-15 says.
    """
    draft = Draft(transaction, place)
    if not draft.changes:
        raise Refusal.of(Code.NOT_FOUND, f"Nothing is drafted for {place.item} at {place.site}.", item=place.item)
    hold(transaction, draft.desk, draft.edit)
    if changed := draft.changed():
        raise Refusal(Code.WINDOW_STALE, changed)
    run = carry_out(transaction, draft.desk, draft.edit, today, person=place.person, reason=reason)
    draft.drop()
    return run
