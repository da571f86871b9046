"""`apply_to`: a person names the entry a movement is applied to, instead of any search (PO-23).

Such applications are few, so they are made one by one. Where the entry named has been taken from already, ordinary
applications of it are moved to other stock.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from sqlalchemy import and_, delete, func, select, update

from stockline.codes import Code
from stockline.refusal import Finding, Refusal
from stockline.rules.framework import Names
from stockline.rules.posting import ENTRIES, OF_WAVE, reserved_of, steering
from stockline.schema.ledger import application, ledger_entry, open_entry, staged_line
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import to_quantity

_KEYS = ("item_id", "variant", "serial", "site_id", "lot", "package")
_CARRIED = [open_entry.c[f"carried_{kind}"].label(kind) for kind in NUMBER_KINDS]


def apply_fixed(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Apply entries for which somebody named another. Refused `application_invalid`, `insufficient_stock`."""
    for query in _NAMED:
        for row in transaction.execute(query, parameters).mappings().all():
            _apply(transaction, row, _target(transaction, row))


def _named(target: Any, joined: Any) -> Any:
    entry = ledger_entry.c
    keys = [(steering(name) if name in ("serial", "lot", "package") else entry[name]).label(name) for name in _KEYS]
    return (
        select(*keys, entry.id, entry.quantity, entry.line_id, target.label("target"))
        .select_from(joined)
        .where(OF_WAVE, target.isnot(None))
        .order_by(entry.id)
    )


def _of_window(side: LinkSide) -> Any:
    """Entries whose combination was given an entry in the window."""
    same = and_(
        link.c.item_id == ledger_entry.c.item_id,
        side.line_id == staged_line.c.line_id,
        staged_line.c.own == 1,
        side.serial == ledger_entry.c.serial,
        side.lot == ledger_entry.c.lot,
        side.package == ledger_entry.c.package,
    )
    return _named(side.apply_to, ENTRIES.join(link, same))


_NAMED = (_named(staged_line.c.apply_to, ENTRIES), _of_window(DEMAND), _of_window(SUPPLY))


def _refuse(transaction: Transaction, code: Code, row: Mapping[Any, Any], message: str) -> NoReturn:
    names = Names(transaction, [row])
    line, item = names.line(row["line_id"]), names.items[row["item_id"]]
    facts = {"entry": row["target"]}
    raise Refusal(code, [Finding(f"Line {line}: {message}", line=line, item=item, facts=facts)])


def _target(transaction: Transaction, row: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The entry named, which must be of the other direction and of the same key."""
    entry = ledger_entry.c
    query = select(ledger_entry).where(entry.item_id == row["item_id"], entry.id == row["target"])
    found = transaction.execute(query).mappings().one_or_none()
    same = found is not None and found["quantity"] * row["quantity"] < 0
    numbers = ("serial", "lot", "package")
    if (
        found is None
        or not same
        or not all(row[name] == found[name] or (name in numbers and row[name] == "") for name in _KEYS)
    ):
        _refuse(transaction, Code.APPLICATION_INVALID, row, f"entry {row['target']} does not fit.")
    return found


def _open(key: Mapping[Any, Any], entry: int) -> Any:
    return and_(*(open_entry.c[name] == key[name] for name in _KEYS), open_entry.c.entry_id == entry)


def _remaining(transaction: Transaction, key: Mapping[Any, Any], entry: int) -> int:
    query = select(func.coalesce(func.sum(open_entry.c.remaining), 0)).where(_open(key, entry))
    return abs(int(transaction.execute(query).scalar_one()))


def _reserved(transaction: Transaction, key: Mapping[Any, Any], entry: int) -> int:
    """What reservations hold of an entry; the line itself has none (RE-33)."""
    query = select(reserved_of(open_entry.c.entry_id)).where(_open(key, entry))
    return int(transaction.execute(query).scalar() or 0)


def _apply(transaction: Transaction, row: Mapping[Any, Any], target: Mapping[Any, Any]) -> None:
    asked = abs(row["quantity"])
    inbound = row["quantity"] > 0
    reserved = _reserved(transaction, row, target["id"])
    lacking = asked - (_remaining(transaction, row, target["id"]) - reserved)
    moved = _release(transaction, row, target, lacking, inbound=inbound) if lacking > 0 else {}
    if sum(moved.values()) < lacking:
        message = f"entry {target['id']} has no {to_quantity(asked)} left to apply to."
        _refuse(transaction, Code.CANNOT_BE_FULLY_APPLIED if reserved else Code.INSUFFICIENT_STOCK, row, message)
    _connect(transaction, row, row["id"], target["id"], asked, inbound=inbound, fixed=True)
    _change_open(transaction, row, target, -asked)
    for other, quantity in moved.items():
        if _apply_elsewhere(transaction, row, other, quantity, target["id"], inbound=inbound) < quantity:
            message = f"what was taken from entry {target['id']} cannot be taken from other stock."
            _refuse(transaction, Code.INSUFFICIENT_STOCK, row, message)


def _pair(entry: int, other: int, *, inbound: bool) -> tuple[int, int]:
    """Outbound and inbound of a new entry and the one it is applied to."""
    return (other, entry) if inbound else (entry, other)


def _connect(
    transaction: Transaction,
    key: Mapping[Any, Any],
    entry: int,
    other: int,
    quantity: int,
    *,
    inbound: bool,
    fixed: bool,
) -> None:
    outbound_id, inbound_id = _pair(entry, other, inbound=inbound)
    values = {
        "item_id": key["item_id"],
        "outbound_id": outbound_id,
        "inbound_id": inbound_id,
        "quantity": quantity,
        "fixed": fixed,
    }
    statement = transaction.insert(application).values(values)
    more = {"quantity": application.c.quantity + quantity}
    transaction.execute(
        statement.on_conflict_do_update(index_elements=["item_id", "outbound_id", "inbound_id", "fixed"], set_=more)
    )


def _change_open(transaction: Transaction, key: Mapping[Any, Any], entry: Mapping[Any, Any], size: int) -> None:
    """Change the size of what remains of an entry, opening it or closing it."""
    change = size if entry["quantity"] > 0 else -size
    values = {name: key[name] for name in _KEYS}
    values |= {"posting_date": entry["posting_date"], "entry_id": entry["id"], "remaining": change}
    values |= {f"carried_{kind}": "" if key[kind] else entry[kind] for kind in NUMBER_KINDS}
    statement = transaction.insert(open_entry).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=[*_KEYS, "posting_date", "entry_id"], set_={"remaining": open_entry.c.remaining + change}
    )
    transaction.execute(statement)
    transaction.execute(delete(open_entry).where(_open(key, entry["id"]), open_entry.c.remaining == 0))


def _release(
    transaction: Transaction, key: Mapping[Any, Any], target: Mapping[Any, Any], lacking: int, *, inbound: bool
) -> dict[int, int]:
    """Undo ordinary applications of the target, latest first, until enough of it is open; what was undone, by entry."""
    own, other = application.c.inbound_id, application.c.outbound_id
    if inbound:
        own, other = other, own
    query = (
        select(other.label("id"), application.c.quantity)
        .where(application.c.item_id == key["item_id"], own == target["id"], ~application.c.fixed)
        .order_by(other.desc())
    )
    moved: dict[int, int] = {}
    for found in transaction.execute(query).all():
        quantity = min(found.quantity, lacking - sum(moved.values()))
        if quantity <= 0:
            break
        moved[found.id] = quantity
        same = (application.c.item_id == key["item_id"], own == target["id"], other == found.id)
        pair = and_(*same, ~application.c.fixed)
        transaction.execute(update(application).where(pair).values(quantity=application.c.quantity - quantity))
        transaction.execute(delete(application).where(pair, application.c.quantity == 0))
        entry = ledger_entry.c
        row = select(ledger_entry).where(entry.item_id == key["item_id"], entry.id == found.id)
        _change_open(transaction, key, transaction.execute(row).mappings().one(), quantity)
        _change_open(transaction, key, target, quantity)
    return moved


def _apply_elsewhere(
    transaction: Transaction, key: Mapping[Any, Any], entry: int, quantity: int, but: int, *, inbound: bool
) -> int:
    """Apply an entry whose application was undone to other stock, oldest first; how much could be."""
    row = select(ledger_entry).where(ledger_entry.c.item_id == key["item_id"], ledger_entry.c.id == entry)
    moved = transaction.execute(row).mappings().one()
    side = open_entry.c.remaining < 0 if inbound else open_entry.c.remaining > 0
    free = (func.abs(open_entry.c.remaining) - reserved_of(open_entry.c.entry_id)).label("free")
    query = (
        select(open_entry.c.entry_id, open_entry.c.posting_date, open_entry.c.remaining, free, *_CARRIED)
        .where(*(open_entry.c[name] == key[name] for name in _KEYS), side, open_entry.c.entry_id != but)
        .order_by(open_entry.c.posting_date, open_entry.c.entry_id)
    )
    done = 0
    for found in transaction.execute(query).all():
        if found.entry_id == entry or done == quantity or found.free <= 0:
            continue
        part = min(found.free, quantity - done)
        other = {"id": found.entry_id, "quantity": found.remaining, **found._asdict()}
        _connect(transaction, key, entry, found.entry_id, part, inbound=inbound, fixed=False)
        _change_open(transaction, key, other, -part)
        _change_open(transaction, key, moved, -part)
        done += part
    return done
