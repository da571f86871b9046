"""The waves of a posting, one after the other; a refusal names the offenders of all of them (PO-1, PO-2)."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from stockline.operations.posting.legs import Leg
from stockline.operations.stock.changes import CLEAR_STOCK, CLEAR_TAKES
from stockline.refusal import Finding, Refusal
from stockline.rules.posting import ENTRIES, OF_WAVE, steering
from stockline.schema.ledger import ledger_entry
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode

Key = tuple[str | None, ...]
"""Item, variant and specific numbers: what the stock of others does not depend on."""


def post_waves(
    transaction: Transaction, batch: int, waves: Sequence[Sequence[Leg]], post: Callable[[int, Sequence[Leg]], None]
) -> None:
    """Post wave after wave; refused when one is, naming every row of any wave that offends against the same code.

    What a refused wave would have done is not there for those that follow. So of these only rows are named whose stock
    does not depend on it: rows of other numbers.
    """
    refused: Refusal | None = None
    findings: list[Finding] = []
    undone: set[Key] = set()
    for number, wave in enumerate(waves):
        try:
            post(number, wave)
        except Refusal as refusal:
            refused = refused or refusal
            if refusal.code == refused.code:
                findings += [one for one in refusal.findings if _key(one, wave) not in undone]
            if number + 1 < len(waves):
                undone |= _keys(transaction, {"batch": batch, "wave": number}, wave)
                for clear in (CLEAR_TAKES, CLEAR_STOCK):
                    transaction.execute(clear, {"batch": batch})
    if refused:
        raise Refusal(refused.code, findings) from refused


def _key(finding: Finding, wave: Sequence[Leg]) -> Key:
    codes = {leg.posted.line.item.code: leg.posted.line.item.tracking for leg in wave}
    code = codes.get(finding.item or "", TrackingCode())
    numbers = ((getattr(finding, kind) or "") if code.steers(kind) else "" for kind in NUMBER_KINDS)
    return (finding.item, finding.variant or "", *numbers)


def _keys(transaction: Transaction, parameters: dict[str, int], wave: Sequence[Leg]) -> set[Key]:
    """What the entries of a wave are about."""
    codes = {leg.posted.line.item.id: leg.posted.line.item.code for leg in wave}
    rows = transaction.execute(_NUMBERS, parameters)
    return {(codes[row[0]], *row[1:]) for row in rows}


_NUMBERS = (
    select(ledger_entry.c.item_id, ledger_entry.c.variant, *(steering(kind) for kind in NUMBER_KINDS))
    .select_from(ENTRIES)
    .where(OF_WAVE)
    .distinct()
)
