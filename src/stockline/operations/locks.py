"""The locks of an operation: documents first, then the item-site rows, each in key order.

An item-site row is locked by adding to its quantity, so one statement locks, makes missing rows and keeps the total.
"""

from collections.abc import Mapping

from stockline.operations.lines import SourceLine, find_line, lock_documents, sides_of
from stockline.schema.stock import item_site
from stockline.store.database import Transaction

Key = tuple[int, str, int]
"""Item id, variant, site id: what one lock protects."""


EVERY_SITE = 0
"""Stands for all sites in a key: what must be true over all of them, a serial in stock once, is decided one by one."""


def lock_item_sites(transaction: Transaction, added: Mapping[Key, int], *, stock_changes: bool = True) -> None:
    """Hold these item-site rows until the transaction ends, adding to their quantity on hand.

    `stock_changes`: the operation changes stock lines or links of serials there.
    """
    if not added:
        return
    changes = int(stock_changes)
    rows = [
        {
            "item_id": item,
            "variant": variant,
            "site_id": site,
            "quantity": quantity,
            "revision": 1,
            "stock_revision": changes,
        }
        for (item, variant, site), quantity in sorted(added.items())
    ]
    statement = transaction.insert(item_site)
    table, given = item_site.c, statement.excluded
    counted = {name: table[name] + given[name] for name in ("quantity", "revision", "stock_revision")}
    transaction.execute(
        statement.on_conflict_do_update(index_elements=["item_id", "variant", "site_id"], set_=counted), rows
    )


def lock_line(transaction: Transaction, line: SourceLine) -> None:
    """Hold one line: its document and its item at its site, of a transfer at both."""
    lock_documents(transaction, [line.document_id])
    held = {(side.item.id, side.variant, side.site_id): 0 for side in sides_of(transaction, line)}
    lock_item_sites(transaction, held, stock_changes=False)


def hold_line(transaction: Transaction, name: str) -> SourceLine:
    """The line of this name, held until the transaction ends; refused `not_found`."""
    lock_line(transaction, find_line(transaction, name))
    return find_line(transaction, name)
