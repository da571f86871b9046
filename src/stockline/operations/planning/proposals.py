"""Supply that planning proposes: orders of kind `planned`, made, dropped, and accepted as orders (OT-27, OT-29)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import count, islice

from sqlalchemy import BigInteger, bindparam, select, update

from stockline.codes import Code
from stockline.operations.catalog import Item, site_codes
from stockline.operations.documents.deletion import delete_lines, remove_document
from stockline.operations.documents.new_orders import MADE, NewOrder, check_code, create_order
from stockline.operations.lines import SourceLine, lines_of
from stockline.operations.planning.bonds import bind
from stockline.operations.planning.network import EVERYTHING, Scope
from stockline.operations.problems import Problems
from stockline.plan.netting import Bond, Want, new_bonds
from stockline.results import OrderLine
from stockline.rules.window import ITEM
from stockline.schema.documents import document, line_id, source_line
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity


def propose(
    transaction: Transaction, item: Item, wants: Sequence[Want], names: Sequence[str], today: dt.date
) -> list[str]:
    """Make a planned order for each of these, bound to its demand; their names, first those given.

    Refused `invalid` for a name that another order has.
    """
    sites = site_codes(transaction, {want.demand.place[1] for want in wants})
    chosen = [*names, *_free_names(transaction, item, len(wants) - len(names))][: len(wants)]
    bonds: list[Bond] = []
    for want, name in zip(wants, chosen, strict=True):
        variant, site_id = want.demand.place
        line = OrderLine(item=item.code, variant=variant, quantity=to_quantity(want.quantity))
        order = NewOrder(code=name, kind="planned", site=sites[site_id], date=want.demand.date, lines=[line])
        bonds += new_bonds(want, line_id(create_order(transaction, order, today), 1))
    bind(transaction, item, bonds)
    return chosen


def _free_names(transaction: Transaction, item: Item, wanted: int) -> Iterator[str]:
    """Names for planned orders of an item, the lowest that no order has: so a plan made anew names them as before."""
    start = f"PLAN-{item.code}-"
    of_plans = select(document.c.code).where(document.c.code.startswith(start, autoescape=True), ~document.c.deleted)
    held = set(transaction.execute(of_plans).scalars()) if wanted > 0 else set()
    names = (f"{start}{number}" for number in count(1))
    yield from islice((name for name in names if name not in held), max(wanted, 0))


def proposals(transaction: Transaction, item: Item, scope: Scope = EVERYTHING) -> list[SourceLine]:
    """The planned lines of an item, by date, the oldest first."""
    documents = transaction.execute(_PLANNED.where(*scope.lines), {"item": item.id}).scalars().all()
    lines = [line for line in lines_of(transaction, documents) if line.item.id == item.id and scope.holds(line)]
    return sorted(lines, key=lambda line: (line.date, line.id))


_PLANNED = (
    select(source_line.c.document_id)
    .join(document, document.c.id == source_line.c.document_id)
    .where(source_line.c.item_id == ITEM, document.c.kind == "planned")
    .distinct()
)


def drop_proposals(transaction: Transaction, item: Item, scope: Scope) -> None:
    """Take planned lines away; numbers of their demands stay with these (OT-29)."""
    dropped = proposals(transaction, item, scope)
    delete_lines(transaction, dropped, confirm=True)
    documents = {line.document_id for line in dropped}
    left = {line.document_id for line in lines_of(transaction, documents)}
    for emptied in sorted(documents - left):
        remove_document(transaction, emptied)


def order_proposals(transaction: Transaction, item: Item, names: Sequence[str]) -> list[str]:
    """Make the planned orders of an item what `replenishment` says, with their numbers and links; their names (OT-27).

    Such an order is the planned one under another kind and the name given; without one it keeps its own. Refused
    `invalid` for `transfer`, for a name that another order has, and for an order to make with several lines.
    """
    kind = str(item.planning["replenishment"])
    lines = proposals(transaction, item)
    codes = {line.document_id: line.document for line in lines}
    problems = Problems((Code.INVALID,))
    if lines and kind == "transfer":
        message = f"Item {item.code} is replenished by transfer, but no supplying site can be named yet."
        problems.add(Code.INVALID, message, item=item.code)
    if kind in MADE and len(lines) > len(codes):
        problems.add(Code.INVALID, f"A {kind} order has one line: a planned order of {item.code} has several.")
    for order, name in zip(codes, names, strict=False):
        if name.strip() != codes[order]:
            check_code(transaction, name.strip(), problems)
            problems.refuse()
            codes[order] = name.strip()
            transaction.execute(_RENAME, {"order": order, "code": codes[order]})
    problems.refuse()
    parameters = {"item": item.id, "kind": kind, "type": MADE[kind][0] if kind in MADE else ""}
    for orders in in_parts(list(codes)):
        for statement in _ACCEPT:
            transaction.execute(statement, parameters | {"orders": orders})
    return list(codes.values())


_ORDERS = bindparam("orders", expanding=True, type_=BigInteger)
_RENAME = update(document).where(document.c.id == bindparam("order")).values(code=bindparam("code"))
_ACCEPT = (
    update(document).where(document.c.id.in_(_ORDERS)).values(kind=bindparam("kind")),
    update(source_line)
    .where(source_line.c.item_id == ITEM, source_line.c.document_id.in_(_ORDERS))
    .values(type=bindparam("type")),
)
