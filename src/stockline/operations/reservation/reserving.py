"""Reserving a demand from supplies, or a supply for demands (RE-6 to RE-18)."""

from dataclasses import dataclass, replace
from decimal import Decimal

from stockline.codes import Code
from stockline.operations.lines import SourceLine, find_line
from stockline.operations.locks import hold_line
from stockline.operations.reservation.bound_numbers import linked_transfers
from stockline.operations.reservation.links import numbered
from stockline.operations.reservation.search import NO_NUMBERS, STOCK, Numbers, Search
from stockline.operations.windows.transfers import mirror_carried
from stockline.refusal import Finding, Refusal
from stockline.results import Reserved
from stockline.rules.window import ITEM, LINE
from stockline.schema.reservations import DEMAND, SUPPLY, link
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import (
    NUMBER_LENGTH,
    SCALE,
    QuantityLike,
    ValueProblem,
    base_units,
    clean_number,
    parse_quantity,
    to_quantity,
    to_units,
)


@dataclass(frozen=True, slots=True)
class ReserveRequest:
    """What is to be reserved, as a person says it; `quantity` in the line's unit, None: all that is left."""

    line: str
    quantity: QuantityLike | None = None
    base_quantity: QuantityLike | None = None
    against: str | None = None
    numbers: Numbers = NO_NUMBERS
    partial: bool = False


def reserve(transaction: Transaction, request: ReserveRequest) -> Reserved:
    """Reserve a demand from supplies, or a supply for demands; what was reserved, in base units (RE-11 to RE-17).

    Refused `not_found`, `reserve_not_allowed` (RE-7), `invalid`, `not_tracked`, `nothing_to_reserve` (RE-14).
    """
    line = hold_line(transaction, request.line)
    partner = find_partner(transaction, request.against)
    _check_allowed(line, partner)
    request = replace(request, numbers=_named(line, request.numbers))
    search = Search(transaction, line, partner)
    asked = _asked(search, request)
    reserved = search.reserve(asked, request.numbers)
    if reserved == 0 or (reserved < asked and not request.partial):
        found = f"of {to_quantity(asked)} {line.item.unit} only {to_quantity(reserved)} are free"
        message = f"Line {line.name}: {found if reserved else 'nothing is free'} {request.numbers}".strip() + "."
        facts = {"asked": to_quantity(asked), "free": to_quantity(reserved)}
        short = Finding(message, line=line.name, item=line.item.code, facts=facts)
        raise Refusal(Code.NOTHING_TO_RESERVE, [short, *search.in_the_way])
    if request.numbers:
        _show_incoming(transaction, line)
    return Reserved(quantity=to_quantity(reserved))


def _show_incoming(transaction: Transaction, line: SourceLine) -> None:
    """What a transfer carries on its way out since it was reserved by number stands on its incoming side (IN-9)."""
    leaving = [line.id] if line.kind == "transfer" else []
    if line.side is SUPPLY:
        leaving = list(transaction.execute(_NUMBERED_TRANSFERS, {"item": line.item.id, "line": line.id}).scalars())
    for side in leaving:
        mirror_carried(transaction, line.item.id, side)


_NUMBERED_TRANSFERS = linked_transfers(link.c.item_id == ITEM, SUPPLY.line_id == LINE, numbered(DEMAND))


def find_partner(transaction: Transaction, against: str | None) -> SourceLine | str | None:
    """What `against` names: None, `stock`, or a line. Refused `not_found`."""
    return against if against in (None, STOCK) else find_line(transaction, against)


def _check_allowed(line: SourceLine, partner: SourceLine | str | None) -> None:
    """A line that can never be reserved (RE-7, RE-19, IN-15)."""
    why = _never_reserved(line) or (isinstance(partner, SourceLine) and _never_reserved(partner)) or None
    if why:
        raise Refusal.of(Code.RESERVE_NOT_ALLOWED, why, line=line.name, item=line.item.code)


def _never_reserved(line: SourceLine) -> str | None:
    if line.is_journal:
        return f"Line {line.name} is a journal line."
    if line.is_planned:
        return f"Line {line.name} is only planned."
    if line.quantity < 0:
        return f"Line {line.name} has a negative quantity."
    if line.reserve == "never" and line.movement < 0:
        return f"Line {line.name} is never reserved: that is its policy."
    return None


def _named(line: SourceLine, numbers: Numbers) -> Numbers:
    named = Numbers(*(clean_number(getattr(numbers, kind)) for kind in NUMBER_KINDS))
    if named and not line.item.tracking.tracked:
        raise Refusal.of(Code.NOT_TRACKED, f"Item {line.item.code} is not tracked.", line=line.name)
    if any(len(number) > NUMBER_LENGTH for number in named.parameters().values()):
        raise Refusal.of(Code.INVALID, f"A number has more than {NUMBER_LENGTH} characters.", line=line.name)
    return named


def _asked(search: Search, request: ReserveRequest) -> int:
    """The base quantity asked for, by default the rest of the line. Refused `nothing_to_reserve`, `invalid` (RE-14)."""
    line, room = search.line, search.room(request.numbers)
    if request.quantity is None and request.base_quantity is None:
        carried = search.carried(request.numbers)
        asked = carried or (min(SCALE, room) if request.numbers.serial else room)
        if not asked:
            raise Refusal.of(Code.NOTHING_TO_RESERVE, f"Line {line.name} is reserved in full.", line=line.name)
        return asked
    return base_quantity(line, request, room, "reserve")


def base_quantity(line: SourceLine, request: ReserveRequest, whole: int, verb: str) -> int:
    """The base quantity asked for, the whole where none is. Refused `invalid` when it is not positive or is more."""
    try:
        asked = _base(line, request, whole)
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Line {line.name}, quantity to {verb}: {problem}.", line=line.name) from None
    if not 0 < asked <= whole:
        message = (
            f"Line {line.name}: {to_quantity(asked)} to {verb} is not between 0 and the {to_quantity(whole)} there."
        )
        raise Refusal.of(Code.INVALID, message, line=line.name, item=line.item.code)
    return asked


def _base(line: SourceLine, request: ReserveRequest, whole: int) -> int:
    """What is typed like the whole is the whole, however it was rounded."""
    if request.base_quantity is not None:
        return base_units(parse_quantity(request.base_quantity), Decimal(1), line.item.rounding)
    if request.quantity is None:
        return whole
    quantity = parse_quantity(request.quantity)
    if to_units(quantity) == to_units(line.in_unit(whole)):
        return whole
    return base_units(quantity, line.factor, line.item.rounding)
