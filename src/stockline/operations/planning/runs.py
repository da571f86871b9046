"""A planning run, and carrying out what it proposes (OT-27 to OT-35)."""

import datetime as dt
from collections.abc import Sequence

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, find_site
from stockline.operations.documents.deletion import delete_line
from stockline.operations.documents.line_changes import change_line
from stockline.operations.planning.bonds import bind
from stockline.operations.planning.messages import Message, actions, drop_messages, follows, keep_messages, pending
from stockline.operations.planning.network import EVERYTHING, Scope, balanced, hold_item
from stockline.operations.planning.proposals import drop_proposals, order_proposals, propose
from stockline.refusal import Refusal
from stockline.results import Accepted, ActionMessage, Planned
from stockline.store.database import Transaction


def plan(
    transaction: Transaction,
    item_code: str,
    site_code: str | None,
    until: dt.date | None,
    names: Sequence[str],
    today: dt.date,
) -> Planned:
    """Propose a supply of its own for every open demand of an item up to a day (OT-29, OT-35).

    Refused `not_found`, and `invalid` for an item that is reordered by another policy than `order`.
    """
    item = find_item(transaction, item_code)
    scope = Scope(find_site(transaction, site_code) if site_code is not None else None, until)
    if not _is_planned(item):
        return Planned(proposals=[])
    hold_item(transaction, item)
    drop_proposals(transaction, item, scope)
    drop_messages(transaction, item, scope)
    found = balanced(transaction, item, scope, today)
    bind(transaction, item, found.bonds)
    keep_messages(transaction, item, found.changes)
    return Planned(proposals=propose(transaction, item, found.new, names, today))


def accept(transaction: Transaction, item_code: str, names: Sequence[str], today: dt.date) -> Accepted:
    """Carry out all messages and proposals of an item (OT-27); where there is none nothing happens.

    Refused `not_found`, `invalid`, and as the change of a line is.
    """
    item = find_item(transaction, item_code)
    _require_messages(item)
    hold_item(transaction, item)
    wants, messages = pending(transaction, item)
    for message in messages:
        _carry_out(transaction, message)
    propose(transaction, item, wants, [], today)
    orders = order_proposals(transaction, item, names)
    drop_messages(transaction, item, EVERYTHING)
    bind(transaction, item, balanced(transaction, item).bonds)
    return Accepted(orders=orders)


def messages(transaction: Transaction, item_code: str) -> list[ActionMessage]:
    """The messages and proposals of an item. Refused as `accept` is."""
    item = find_item(transaction, item_code)
    _require_messages(item)
    return actions(transaction, item)


def _is_planned(item: Item) -> bool:
    """Whether planning has anything to do for the item; refused `invalid` where it has, and this build cannot."""
    reordering = item.planning["reordering"]
    if reordering not in ("none", "order"):
        message = f"Item {item.code} is reordered by {reordering}: so far only items of policy order can be planned."
        raise Refusal.of(Code.INVALID, message, item=item.code)
    return bool(reordering == "order")


def _require_messages(item: Item) -> None:
    """Refuse `invalid` where messages would follow from links that order tracking makes: so far there are none."""
    if not _is_planned(item) and follows(item):
        message = f"Item {item.code} is not reordered: so far only items of policy order get action messages."
        raise Refusal.of(Code.INVALID, message, item=item.code)


def _carry_out(transaction: Transaction, message: Message) -> None:
    """Change the line to what the message says, or delete it."""
    if message.type == "cancel":
        delete_line(transaction, message.line, confirm=False)
    elif message.type:
        changes = {"quantity": message.new_quantity, "date": message.change.date}
        change_line(transaction, message.line, changes, by_system=True)
