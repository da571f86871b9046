"""Rules on information cards, of the entries of a posting (TW-40, PO-33, PO-34, PK-5).

Parameters: `batch`; of missing cards `serial_items`, `lot_items`, `package_items`: those that demand them.
"""

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, exists, literal_column

from stockline.codes import Code
from stockline.rules.framework import Query, rule
from stockline.rules.posting import ENTRIES, OF_BATCH, offending
from stockline.schema.catalog import information_card
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.tracking_code import NumberKind


def is_card_of_entry(kind: NumberKind) -> ColumnElement[bool]:
    """The card is about the entry's number of the kind."""
    card, entry = information_card.c, ledger_entry.c
    of_number = and_(card.kind == literal_column(f"'{kind}'"), card.number == entry[kind])
    return and_(card.item_id == entry.item_id, card.variant == entry.variant, of_number)


def _blocked(kind: NumberKind) -> Query:
    card = exists().where(is_card_of_entry(kind), information_card.c.blocked)
    return offending().select_from(ENTRIES).where(OF_BATCH, ledger_entry.c[kind] != "", card)


@rule(Code.NUMBER_BLOCKED)
def serial_blocked() -> Query:
    """Line {line}: serial {serial} of {item} is blocked."""
    return _blocked("serial")


@rule(Code.NUMBER_BLOCKED)
def lot_blocked() -> Query:
    """Line {line}: lot {lot} of {item} is blocked."""
    return _blocked("lot")


@rule(Code.NUMBER_BLOCKED)
def package_blocked() -> Query:
    """Line {line}: package {package} of {item} is blocked."""
    return _blocked("package")


BLOCKED_NUMBERS = (serial_blocked, lot_blocked, package_blocked)


def _missing(kind: NumberKind) -> Query:
    demanded = staged_line.c.item_id.in_(bindparam(f"{kind}_items", expanding=True, type_=BigInteger))
    card = exists().where(is_card_of_entry(kind))
    return offending().select_from(ENTRIES).where(OF_BATCH, demanded, ledger_entry.c[kind] != "", ~card)


@rule(Code.INFO_MISSING)
def serial_without_card() -> Query:
    """Line {line}: serial {serial} of {item} has no information card."""
    return _missing("serial")


@rule(Code.INFO_MISSING)
def lot_without_card() -> Query:
    """Line {line}: lot {lot} of {item} has no information card."""
    return _missing("lot")


@rule(Code.INFO_MISSING)
def package_without_card() -> Query:
    """Line {line}: package {package} of {item} has no information card."""
    return _missing("package")


MISSING_CARDS = (serial_without_card, lot_without_card, package_without_card)
