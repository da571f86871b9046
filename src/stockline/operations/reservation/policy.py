"""What the system reserves by itself and without refusal: the policy `always`, and what it lacks (RE-19 to RE-21)."""

from collections.abc import Iterable

from stockline.codes import WarningCode
from stockline.operations.lines import SourceLine
from stockline.operations.locks import lock_item_sites
from stockline.operations.reservation.search import Search
from stockline.refusal import Finding, Warning
from stockline.schema.reservations import DEMAND
from stockline.store.database import Transaction
from stockline.values import to_quantity

KINDS = ("sale", "production", "assembly")
"""The documents whose demands the system reserves by itself; purchase returns and transfers never (RE-20)."""


def is_reserved_always(line: SourceLine) -> bool:
    """Whether the system reserves the line by itself."""
    return line.reserve == "always" and line.kind in KINDS and line.side is DEMAND and line.quantity > 0


def reserve_always(transaction: Transaction, lines: Iterable[SourceLine]) -> list[Warning]:
    """Reserve the lines whose policy says so, as far as there is something; what is lacking is a warning (RE-20)."""
    chosen = [line for line in lines if is_reserved_always(line)]
    held = {(line.item.id, line.variant, line.site_id): 0 for line in chosen}
    lock_item_sites(transaction, held, stock_changes=False)
    return shortage((line, _reserve(transaction, line)) for line in chosen)


def _reserve(transaction: Transaction, line: SourceLine) -> int:
    """Reserve the line; what is lacking."""
    search = Search(transaction, line)
    wanted = search.room()
    return wanted - (search.reserve(wanted) if wanted else 0)


def shortage(lacking: Iterable[tuple[SourceLine, int]]) -> list[Warning]:
    """The warning of what could not be reserved of lines, if anything (RE-20, RE-40)."""
    findings = [_finding(line, quantity) for line, quantity in lacking if quantity]
    return [Warning(WarningCode.RESERVATION_SHORTAGE, findings)] if findings else []


def _finding(line: SourceLine, lacking: int) -> Finding:
    left = to_quantity(lacking)
    message = f"Line {line.name}: {left} {line.item.unit} could not be reserved."
    return Finding(message, line=line.name, item=line.item.code, site=line.site, facts={"unreserved": left})
