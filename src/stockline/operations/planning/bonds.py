"""Links that bind a demand to a supply of its own, order to order (RE-48)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, update

from stockline.operations.catalog import Item
from stockline.operations.reservation.links import LinkBatch
from stockline.plan.held_stock import ANYTHING, Numbers
from stockline.plan.netting import Bond, Place
from stockline.rules.window import ITEM
from stockline.schema.reservations import ORDER_TO_ORDER, RESERVATION, SIDES, SURPLUS, link
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS


def bind(transaction: Transaction, item: Item, bonds: Iterable[Bond]) -> None:
    """Make these links; what a side carried without a partner goes into them, and the supply decides the numbers."""
    by_place: dict[Place, list[Bond]] = defaultdict(list)
    for bond in bonds:
        by_place[bond.demand.place].append(bond)
    batch = LinkBatch(transaction, transaction.next_number())
    for place, here in by_place.items():
        batch.go_to(item.id, *place)
        batch.add([_link(bond) for bond in here])
        for side in SIDES:
            taken = [_taken(side, bond) for bond in here]
            batch.change(_TAKE[side], [each for each in taken if each])
        batch.settle()


def _link(bond: Bond) -> dict[str, Any]:
    kept = (theirs or own for theirs, own in zip(bond.numbers, bond.carried, strict=True))
    sides = {
        "demand": (bond.demand.line, bond.carried, Numbers(*kept)),
        "supply": (bond.supply, bond.given, bond.numbers),
    }
    columns: dict[str, Any] = {"status": RESERVATION, "binding": ORDER_TO_ORDER, "quantity": bond.quantity}
    for side, (line, before, numbers) in sides.items():
        # What of these numbers is to be handled is known of a part that had them, and dealt out from there.
        figure = 0 if numbers == before else bond.quantity
        columns |= {f"{side}_line_id": line, f"{side}_handle": figure, f"{side}_invoice": figure}
        columns |= {f"{side}_{kind}": number for kind, number in zip(NUMBER_KINDS, numbers, strict=True)}
    return columns


def _taken(side: str, bond: Bond) -> dict[str, Any] | None:
    """What the link takes of a part of its line that carried numbers; None: of one that did not."""
    line, numbers = (bond.demand.line, bond.carried) if side == "demand" else (bond.supply, bond.given)
    if numbers == ANYTHING:
        return None
    named = {f"of_{kind}": number for kind, number in zip(NUMBER_KINDS, numbers, strict=True)}
    return named | {"of_line": line, "part": bond.quantity}


_TAKE = {
    name: update(link)
    .where(
        link.c.item_id == ITEM,
        side.line_id == bindparam("of_line"),
        link.c.status == SURPLUS,
        *(getattr(side, kind) == bindparam(f"of_{kind}") for kind in NUMBER_KINDS),
    )
    .values(quantity=link.c.quantity - bindparam("part"))
    for name, side in SIDES.items()
}
