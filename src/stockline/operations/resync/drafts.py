"""Drafts: what a person means to do to the links of an item-site, kept until it is saved or dropped (RS-14, RS-20).

A draft locks nobody out. It remembers serials and stock lines as they were when the person first touched them; what has
changed meanwhile is shown, and refuses the save.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Text, bindparam, delete, func, select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, find_site
from stockline.operations.resync.desk import Desk, desks_of
from stockline.operations.resync.links import OWN
from stockline.operations.resync.manual import Edit, LineRequest, carry_out, hold, named
from stockline.operations.resync.seen import MOVEMENT, LineSeen, SerialSeen, lines_seen, serial_seen
from stockline.refusal import Finding, Refusal
from stockline.results import DraftPlace, ResyncRun
from stockline.schema.resync import resync_draft, resync_draft_line
from stockline.store.database import Transaction, in_parts


@dataclass(frozen=True, slots=True)
class Change:
    """What is meant to be done to a serial, and how it was when that was first said."""

    seen: SerialSeen
    removed: frozenset[int] = frozenset()
    added: int | None = None

    @property
    def lines(self) -> frozenset[int]:
        """The stock lines it names."""
        return self.removed if self.added is None else self.removed | {self.added}

    def taken_off(self, line: int) -> "Change":
        """The same, and it is taken off a line; that it was to be put there is taken back."""
        if self.added == line:
            return replace(self, added=None)
        return replace(self, removed=self.removed | {line})

    def put_on(self, line: int, *, off: Iterable[int] = ()) -> "Change":
        """The same, and it is put on a line, off any others; that it was to be taken off there is taken back."""
        removed = self.removed.union(off) - {line}
        return replace(self, removed=removed, added=None if line in self.removed else line)


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
                SerialSeen(
                    tuple(row.links),
                    (row.lot, row.sublot, row.version),
                    (row.last_direction, row.last_set_id, row.last_batch_id),
                ),
                frozenset(row.removed),
                row.added,
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
        self._forget(resync_draft.c.serial, changes)
        rows = [
            {
                **self._key,
                "serial": number,
                "removed": sorted(change.removed),
                "added": change.added,
                "links": list(change.seen.links),
                **dict(zip(OWN, change.seen.attributes, strict=True)),
                **dict(zip(MOVEMENT, change.seen.movement, strict=True)),
            }
            for number, change in changes.items()
            if change.lines
        ]
        if rows:
            self._transaction.execute(resync_draft.insert(), rows)
        self._remember({line for change in {**self.changes, **changes}.values() for line in change.lines})

    def _forget(self, column: Column[Any], values: Iterable[Any]) -> None:
        """Of one of its tables the rows that have these values."""
        for some in in_parts(sorted(values)):
            rows = delete(column.table).where(*_of_key(column.table), column.in_(some))
            self._transaction.execute(rows, self._key)

    def _remember(self, touched: set[int]) -> None:
        """Lines that nothing is drafted for any more are forgotten; they may change."""
        remembered = self._remembered().keys()
        self._forget(resync_draft_line.c.stock_line_id, remembered - touched)
        rows = [
            {**self._key, "stock_line_id": number, **asdict(seen)}
            for number, seen in lines_seen(self.desk, touched - remembered).items()
        ]
        if rows:
            self._transaction.execute(resync_draft_line.insert(), rows)

    def _remembered(self) -> dict[int, LineSeen]:
        return {
            row.stock_line_id: LineSeen(int(row.quantity), row.serials, row.digest)
            for row in self._transaction.execute(_LINES, self._key)
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
        remembered = self._remembered()
        for number, now in lines_seen(self.desk, remembered).items():
            if now != remembered[number]:
                what, before, after = remembered[number].difference(now)
                yield self._finding(f"Stock line {number} {what}.", stock_line=number, before=before, now=after)

    def _changed_serials(self) -> Iterator[Finding]:
        serials = self.desk.serials(list(self.changes))
        for number, change in self.changes.items():
            now = serial_seen(serials[number])
            if now != change.seen:
                what, before, after = change.seen.difference(now)
                yield self._finding(f"Serial {number} {what}.", serial=number, before=before, now=after)

    def _finding(self, message: str, serial: str | None = None, **facts: Any) -> Finding:
        place = self.place
        return Finding(
            message, item=place.item, variant=place.variant or None, site=place.site, serial=serial, facts=facts
        )

    # ------------------------------------------------------------ the others

    def others(self) -> dict[str, int]:
        """Who else has a draft for the item-site, and how many serials it is about (RS-20)."""
        return {row.person: row.serials for row in self._transaction.execute(_OTHERS, self._key)}


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
        {number: change.put_on(line, off=change.seen.links if move else ()) for number, change in _of(draft, numbers)}
    )


def _opened(
    transaction: Transaction, place: DraftPlace, request: LineRequest, *, adding: bool
) -> tuple[Draft, list[str]]:
    desks = desks_of(transaction, request.stock_line)
    draft = Draft(transaction, place)
    if (draft.item.id, place.variant) not in {(desk.item.id, desk.variant) for desk in desks}:
        message = f"Stock line {request.stock_line} is not of the item and variant the draft is about."
        raise Refusal.of(Code.INVALID, message, item=place.item)
    return draft, named(draft.desk, request, adding=adding)


def _of(draft: Draft, numbers: list[str]) -> Iterator[tuple[str, Change]]:
    """What is meant to be done to these serials so far."""
    fresh = draft.desk.serials([number for number in numbers if number not in draft.changes])
    for number in numbers:
        yield number, draft.changes[number] if number in draft.changes else Change(serial_seen(fresh[number]))


def look_again(transaction: Transaction, place: DraftPlace) -> None:
    """The person has seen what changed: the draft stands on what is there now."""
    draft = Draft(transaction, place)
    now = draft.desk.serials(list(draft.changes))
    draft.drop()
    draft.enter({number: replace(change, seen=serial_seen(now[number])) for number, change in draft.changes.items()})


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
