"""Links as sets: cutting pieces off them, dissolving them, and bringing what was changed into its final form.

Parameters of every statement: `item`, `of_variant`, `site`: where the links are; `batch`: the operation; `first`: the
number before that of the first link the statement makes.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Delete,
    Insert,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from stockline.operations.lines import SourceLine
from stockline.operations.reservation.shares import FORGET_TURNS
from stockline.rules.availability import entry_by
from stockline.rules.framework import BATCH
from stockline.rules.window import ITEM, LINE
from stockline.schema.documents import FIRST_INCOMING, LINES_PER_DOCUMENT
from stockline.schema.ledger import POSITIONS, ledger_entry
from stockline.schema.reservations import (
    BOUND,
    DEMAND,
    EMPTY,
    PROSPECT,
    RESERVATION,
    SIDES,
    SUPPLY,
    SURPLUS,
    TRACKING,
    LinkSide,
    link,
    staged_split,
)
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

VARIANT = bindparam("of_variant", type_=Text)
SITE = bindparam("site", type_=BigInteger)
FIRST = bindparam("first", type_=BigInteger)
NO_LINE = 0
"""The line of an operation that is about many."""

OTHER: Mapping[str, str] = {"demand": "supply", "supply": "demand"}

HERE = and_(link.c.item_id == ITEM, link.c.variant == VARIANT, link.c.site_id == SITE)
NEW = and_(HERE, link.c.id > BATCH * POSITIONS, link.c.id < (BATCH + 1) * POSITIONS)
"""The links the operation has made."""
JUST_MADE = and_(NEW, link.c.id > FIRST)
"""The links its last statement has made."""

_SIDE_COLUMNS = ("line_id", "entry_id", *NUMBER_KINDS)
_FIGURES = ("handle", "invoice")
_NOTED = ("entered", "expires", "warranty", "apply_to", "apply_from")


class LinkBatch:
    """An operation on links, at one item, variant and site at a time. The links it makes are numbered in one range."""

    def __init__(self, transaction: Transaction, number: int) -> None:
        self._transaction = transaction
        self._last = number * POSITIONS
        self.parameters: dict[str, Any] = {"batch": number, "first": self._last, "line": NO_LINE}

    @classmethod
    def of_line(cls, transaction: Transaction, line: SourceLine) -> "LinkBatch":
        """A new operation on the links of one line."""
        batch = cls(transaction, transaction.next_number())
        batch.go_to(line.item.id, line.variant, line.site_id)
        batch.parameters |= {"line": line.id, "date": line.date}
        return batch

    def go_to(self, item_id: int, variant: str, site_id: int) -> None:
        """Work on the links of this item and variant at this site from here on."""
        self.parameters |= {"item": item_id, "of_variant": variant, "site": site_id}

    def make(self, statement: Insert, **more: Any) -> int:
        """Run a statement that makes links; how many it made."""
        self.parameters["first"] = self._last
        counted = statement.execution_options(preserve_rowcount=True)
        made = self._transaction.execute(counted, self.parameters | more).rowcount
        self._last += made
        return made

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make links of plain values: all columns but those of the place, the id, and when a number was entered."""
        place = {"item_id": "item", "variant": "of_variant", "site_id": "site"}
        here = {column: self.parameters[name] for column, name in place.items()}
        made = [
            {**here, "id": number, "demand_entered": number, "supply_entered": number, **row}
            for number, row in enumerate(rows, self._last + 1)
        ]
        self._transaction.execute(insert(link), made)
        self._last += len(made)

    def change(self, statement: Update, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement about the item once for each of these rows of parameters."""
        if rows:
            self._transaction.execute(statement, [{"item": self.parameters["item"], **row} for row in rows])

    def deal(self, turns: Insert, statement: Insert, **more: Any) -> int:
        """Stage who wants, then run the statement that serves them; how many links, or parts of links, it made."""
        if not self.run(turns, **more):
            return 0
        made = self.make(statement, **more)
        self.run(FORGET_TURNS)
        return made

    def run(self, statement: Any, **more: Any) -> int:
        """Run a statement that changes links; how many it changed."""
        counted = statement.execution_options(preserve_rowcount=True)
        return self._transaction.execute(counted, self.parameters | more).rowcount

    def ask(self, query: Select[Any], **more: Any) -> int:
        """The sum, count or truth that a query answers."""
        return int(self._transaction.execute(query, self.parameters | more).scalar() or 0)

    def rows(self, query: Select[Any] | CompoundSelect[Any], **more: Any) -> Sequence[Any]:
        """The rows a query answers."""
        return self._transaction.execute(query, self.parameters | more).all()

    def cut(self, pieces: Iterable[Insert], **more: Any) -> None:
        """Cut the staged parts off their links, after making these pieces of them."""
        for statement in pieces:
            self.make(statement, **more)
        self.run(_REDUCE)
        self.run(_FORGET_SPLITS)

    def settle(self) -> None:
        """Bring the lines that got new links into order: one link for what agrees (RE-4), figures dealt out (TW-20)."""
        for anchor in _ANCHORS:
            if self.ask(_has_twins(anchor)):
                self.run(_add_twins(anchor))
                self.run(_drop_twins(anchor))
        for side in SIDES:
            self.run(_deal_figures(side))
        self.run(_DROP_EMPTY)


def numbered(side: LinkSide) -> ColumnElement[bool]:
    """The link carries a number on this side; written as ranges of the index of lines."""
    return or_(
        side.serial > "",
        and_(side.serial == "", side.lot > ""),
        and_(side.serial == "", side.lot == "", side.package > ""),
    )


def blank(side: LinkSide) -> ColumnElement[bool]:
    """The link carries no number on this side."""
    return and_(*(getattr(side, kind) == "" for kind in NUMBER_KINDS))


def made_from(rows: Any, values: Mapping[str, Any], order: Sequence[Any]) -> Insert:
    """New links of the item at the site, numbered in this order; `rows` gets the columns."""
    number = FIRST + func.row_number().over(order_by=list(order) or None)
    columns: dict[str, Any] = {"item_id": ITEM, "id": number, "variant": VARIANT, "site_id": SITE, **values}
    return insert(link).from_select(list(columns), rows.with_only_columns(*columns.values()))


def pieces(changed: Mapping[str, Any], *conditions: Any, joined: Any = None) -> Insert:
    """The staged parts of links as links of their own, with these columns changed.

    What is to be handled and invoiced stays with the link they come from until it is dealt out anew (`settle`).
    """
    kept: dict[str, Any] = {
        column.name: column for column in link.c if column.name not in ("item_id", "id", "variant", "site_id")
    }
    kept |= {f"{side}_{name}": literal(0) for side in SIDES for name in _FIGURES}
    source = link.join(staged_split, _IS_SPLIT)
    if joined is not None:
        source = source.join(*joined)
    rows = select(link).select_from(source).where(HERE, *conditions)
    order = (staged_split.c.link_id, staged_split.c.target)
    return made_from(rows, {**kept, "quantity": staged_split.c.quantity, **changed}, order)


_IS_SPLIT = and_(
    staged_split.c.item_id == link.c.item_id, staged_split.c.batch_id == BATCH, staged_split.c.link_id == link.c.id
)
_parted = (
    select(staged_split.c.link_id, func.sum(staged_split.c.quantity).label("quantity"))
    .where(staged_split.c.item_id == ITEM, staged_split.c.batch_id == BATCH)
    .group_by(staged_split.c.link_id)
    .subquery("parted")
)
_REDUCE = (
    update(link)
    .where(link.c.item_id == ITEM, link.c.id == _parted.c.link_id)
    .values(quantity=link.c.quantity - _parted.c.quantity)
)
_FORGET_SPLITS = delete(staged_split).where(staged_split.c.item_id == ITEM, staged_split.c.batch_id == BATCH)


def without(side: str) -> dict[str, Any]:
    """The columns of a side that is not there."""
    absent: dict[str, Any] = {f"{side}_{name}": null() for name in ("line_id", "entry_id", *_NOTED)}
    return absent | without_number(side)


def without_number(side: str) -> dict[str, Any]:
    """The columns of a side that carries no number."""
    return {f"{side}_{kind}": literal("", Text) for kind in NUMBER_KINDS} | {
        f"{side}_{name}": null() for name in _NOTED
    }


@cache
def left_alone(side_name: str, status: str = SURPLUS, *, unbound: bool = False) -> Insert:
    """What stays of a dissolved link: this side, if it is a line's and has a number (RE-28, RE-29, IN-3).

    `unbound`: the side of an order-to-order link goes too, unless it is an incoming side, which has what is shipped.
    """
    side = SIDES[side_name]
    changed = {"status": literal(status, Text), "binding": literal("", Text)} | without(OTHER[side_name])
    stays = [link.c.status.in_((RESERVATION, TRACKING)), side.line_id.isnot(None), numbered(side)]
    if unbound:
        stays.append(or_(~BOUND, side.line_id % LINES_PER_DOCUMENT > FIRST_INCOMING))
    return pieces(changed, *stays)


def dissolve(batch: LinkBatch) -> None:
    """End the staged parts of links; sides that are lines with numbers stay, as surplus (RE-29)."""
    batch.cut([left_alone(side) for side in SIDES])


def going_to_entry(*conditions: Any, **changed: Any) -> Insert:
    """Pieces that are linked to the ledger entries staged, and carry their numbers on that side."""
    values = without("supply") | {"supply_entry_id": staged_split.c.target}
    values |= {f"supply_{kind}": ledger_entry.c[kind] for kind in NUMBER_KINDS}
    return pieces(values | changed, *conditions, joined=(ledger_entry, entry_by(staged_split.c.target)))


def stage_split(rows: Select[Any]) -> Insert:
    """Stage parts of links; `rows` has link_id, target and quantity."""
    parts = rows.subquery("parts")
    columns = (ITEM, BATCH, parts.c.link_id, parts.c.target, parts.c.quantity)
    return insert(staged_split).from_select(
        ("item_id", "batch_id", "link_id", "target", "quantity"), select(*columns).where(parts.c.quantity > 0)
    )


# ---------------------------------------------------------------- one link for what agrees

_AGREE = [link.c[name] for name in ("status", "binding")] + [
    link.c[f"{side}_{name}"] for side in SIDES for name in _SIDE_COLUMNS
]


def _touched_lines(side_name: str) -> Select[Any]:
    line = SIDES[side_name].line_id
    return select(line).where(NEW, line.isnot(None))


_ALONE = and_(SUPPLY.line_id.is_(None), SUPPLY.entry_id.is_(None))
_ANCHORS: dict[str, tuple[Any, Any]] = {
    "entry": (SUPPLY.entry_id, SUPPLY.entry_id.isnot(None)),
    "supply": (SUPPLY.line_id, SUPPLY.line_id.isnot(None)),
    "demand": (DEMAND.line_id, _ALONE),
}
"""By what links that agree with a new one are found, and which these are."""


def _twin_candidates(anchor: str) -> ColumnElement[bool]:
    column, which = _ANCHORS[anchor]
    return and_(link.c.item_id == ITEM, which, column.in_(select(column).where(NEW, which)))


@cache
def _has_twins(anchor: str) -> Select[Any]:
    alike = select(func.min(link.c.id)).where(_twin_candidates(anchor)).group_by(*_AGREE).having(func.count() > 1)
    return select(case((exists(alike), 1), else_=0))


@cache
def _add_twins(anchor: str) -> Update:
    sums = ("quantity", *(f"{side}_{name}" for side in SIDES for name in _FIGURES))
    alike = (
        select(func.min(link.c.id).label("id"), *(func.sum(link.c[name]).label(name) for name in sums))
        .where(_twin_candidates(anchor))
        .group_by(*_AGREE)
        .having(func.count() > 1)
        .subquery("alike")
    )
    values = {name: alike.c[name] for name in sums}
    return update(link).where(link.c.item_id == ITEM, link.c.id == alike.c.id).values(values)


@cache
def _drop_twins(anchor: str) -> Delete:
    nth = func.row_number().over(partition_by=_AGREE, order_by=link.c.id).label("nth")
    ranked = select(link.c.id, nth).where(_twin_candidates(anchor)).subquery("ranked")
    return delete(link).where(link.c.item_id == ITEM, link.c.id.in_(select(ranked.c.id).where(ranked.c.nth > 1)))


# ---------------------------------------------------------------- figures

_DEAL_ORDER = case({RESERVATION: 1, TRACKING: 2, SURPLUS: 3, PROSPECT: 4}, value=link.c.status, else_=5)


@cache
def _deal_figures(side_name: str) -> Update:
    """Deal what a line handles and invoices of each combination over its links: reservations first (TW-20)."""
    side = SIDES[side_name]
    combination = [side.line_id, *(getattr(side, kind) for kind in NUMBER_KINDS)]
    before = func.sum(link.c.quantity).over(partition_by=combination, order_by=(_DEAL_ORDER, link.c.id))
    figures = {name: func.sum(getattr(side, name)).over(partition_by=combination) for name in _FIGURES}
    noted = {name: func.max(getattr(side, name)).over(partition_by=combination) for name in _NOTED[1:]}
    noted["entered"] = func.min(side.entered).over(partition_by=combination)
    # One list, not two conditions: PostgreSQL finds links by it, and reads them all for either of two.
    lines = union_all(select(LINE), _touched_lines(side_name))
    ranked = (
        select(
            link.c.id,
            (before - link.c.quantity).label("before"),
            *(value.label(name) for name, value in (figures | noted).items()),
        )
        .where(link.c.item_id == ITEM, side.line_id.in_(lines), numbered(side))
        .subquery("ranked")
    )
    dealt = {name: _part(ranked.c[name] - ranked.c.before) for name in _FIGURES}
    values = dealt | {name: ranked.c[name] for name in noted}
    changed = or_(*(getattr(side, name).is_distinct_from(value) for name, value in values.items()))
    return (
        update(link)
        .where(link.c.item_id == ITEM, link.c.id == ranked.c.id, changed)
        .values({f"{side_name}_{name}": value for name, value in values.items()})
    )


def _part(left: ColumnElement[int]) -> ColumnElement[int]:
    """What a link gets of what is left when its turn comes."""
    return case((left <= 0, 0), (left >= link.c.quantity, link.c.quantity), else_=left)


_DROP_EMPTY = delete(link).where(link.c.item_id == ITEM, EMPTY)
