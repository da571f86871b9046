"""Action messages: what planning would have supply lines be (OT-25).

They are kept from one plan to the next. Of an item whose policy is `track_and_action` none is kept: they follow from
its orders as they stand (OT-19).
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import delete, exists, insert, select

from stockline.operations.catalog import Item, site_codes
from stockline.operations.lines import SourceLine, lines_of
from stockline.operations.planning.network import Scope, balanced
from stockline.operations.planning.proposals import proposals
from stockline.plan.netting import Change, Want
from stockline.results import ActionMessage, ActionType
from stockline.rules.window import ITEM
from stockline.schema.documents import document_of, source_line
from stockline.schema.planning import action_message
from stockline.store.database import Transaction
from stockline.values import to_quantity

_TYPES: dict[tuple[bool, bool], ActionType] = {
    (True, False): "change_quantity",
    (False, True): "reschedule",
    (True, True): "reschedule_and_change",
}
"""The type of a message by whether it changes the quantity, and the date."""


@dataclass(frozen=True, slots=True)
class Message:
    """A change proposed for a line, in the terms of that line."""

    line: SourceLine
    change: Change

    @property
    def new_quantity(self) -> Decimal:
        """In the line's unit; what does not come out even is raised, so that nothing is short."""
        if self.change.quantity == self.line.quantity:
            return to_quantity(self.line.unit_quantity)
        return to_quantity(int((self.change.quantity / self.line.factor).to_integral_value(ROUND_CEILING)))

    @property
    def type(self) -> ActionType | None:
        """None where the line has become by itself what it should be."""
        if self.change.quantity == 0:
            return "cancel"
        changed = self.new_quantity != to_quantity(self.line.unit_quantity)
        return _TYPES.get((changed, self.change.date != self.line.date))


def actions(transaction: Transaction, item: Item) -> list[ActionMessage]:
    """The messages and proposals of an item."""
    wants, changes = pending(transaction, item)
    return [
        *(_proposed(line) for line in proposals(transaction, item)),
        *_wanted(transaction, item, wants),
        *(_shown(message, message.type) for message in changes if message.type),
    ]


def pending(transaction: Transaction, item: Item) -> tuple[list[Want], list[Message]]:
    """What is wanted anew beside the proposals that are there, and the messages for lines."""
    if not follows(item):
        return [], _of_lines(transaction, transaction.execute(_KEPT, {"item": item.id}))
    found = balanced(transaction, item)
    return found.new, _of_lines(transaction, found.changes)


def follows(item: Item) -> bool:
    """Whether the messages of an item follow from its orders by themselves (OT-19)."""
    return bool(item.planning["order_tracking"] == "track_and_action")


def keep_messages(transaction: Transaction, item: Item, changes: Iterable[Change]) -> None:
    """Keep what a plan proposes for lines, if the item's messages are kept."""
    if follows(item):
        return
    rows = [
        {"item_id": item.id, "line_id": change.line, "quantity": change.quantity, "date": change.date}
        for change in changes
    ]
    if rows:
        transaction.execute(insert(action_message), rows)


def drop_messages(transaction: Transaction, item: Item, scope: Scope) -> None:
    """Forget the messages for lines within the scope, and for lines that are gone."""
    own = (source_line.c.item_id == ITEM, source_line.c.id == action_message.c.line_id)
    there, within = exists().where(*own), exists().where(*own, *scope.lines)
    gone = delete(action_message).where(action_message.c.item_id == ITEM, within | ~there)
    transaction.execute(gone, {"item": item.id})


_KEPT = (
    select(action_message.c.line_id.label("line"), action_message.c.quantity, action_message.c.date)
    .where(action_message.c.item_id == ITEM)
    .order_by(action_message.c.line_id)
)


def _of_lines(transaction: Transaction, changes: Iterable[Any]) -> list[Message]:
    """The messages for lines that are still there."""
    made = {change.line: Change(change.line, change.quantity, change.date) for change in changes}
    documents = sorted({document_of(line) for line in made})
    found = {line.id: line for line in lines_of(transaction, documents)} if documents else {}
    return [Message(found[line], change) for line, change in made.items() if line in found]


def _proposed(line: SourceLine) -> ActionMessage:
    return _new(line.item.code, line.variant, line.site, line.quantity, line.date)


def _wanted(transaction: Transaction, item: Item, wants: Iterable[Want]) -> Iterator[ActionMessage]:
    wanted = list(wants)
    sites = site_codes(transaction, {want.demand.place[1] for want in wanted}) if wanted else {}
    for want in wanted:
        variant, site_id = want.demand.place
        yield _new(item.code, variant, sites[site_id], want.quantity, want.demand.date)


def _new(item: str, variant: str, site: str, quantity: int, date: dt.date) -> ActionMessage:
    return ActionMessage(
        type="new",
        item=item,
        variant=variant,
        site=site,
        line=None,
        quantity=None,
        new_quantity=to_quantity(quantity),
        date=None,
        new_date=date,
    )


def _shown(message: Message, type_: ActionType) -> ActionMessage:
    line = message.line
    return ActionMessage(
        type=type_,
        item=line.item.code,
        variant=line.variant,
        site=line.site,
        line=line.name,
        quantity=to_quantity(line.unit_quantity),
        new_quantity=message.new_quantity,
        date=line.date,
        new_date=None if type_ == "cancel" else message.change.date,
    )
