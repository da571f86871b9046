"""Numbers of found stock lines, where some are in use already in the database that they are to be loaded into."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from stockline.exchange.found import round_number_behind
from stockline.results import FoundStockLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stockline.exchange.found import Found
    from stockline.results import StockLineState

    Owners = Callable[[Iterable[int]], Mapping[int, tuple[str, str, str]]]

SHARED = tuple(field.name for field in fields(FoundStockLine) if field.name not in ("id", "quantity"))


def renumbered(found: Found, owners: Owners, open_lines: Iterable[StockLineState]) -> Found:
    """The same stock with numbers that overwrite what they should and nothing else.

    A number of the system's own overwrites the line here that has it if item, variant and site are the same. A made one
    becomes the number of the open line here that shares all characteristics. Any other that is in use is changed.
    """
    equal = {_shared(line): line.stock_line for line in open_lines} if found.made else {}
    lines = {line.id: line for line in found.stock_lines if line.id is not None}
    new = {
        number: equal[_shared(lines[number])]
        for number in found.made
        if number in lines and _shared(lines[number]) in equal
    }
    taken = owners(found.keys)
    clashing = [
        number
        for number, owner in taken.items()
        if number not in new and (number in found.made or number not in lines or owner != _owner(lines[number]))
    ]
    first = _unused(found, owners, len(clashing))
    new |= {number: first + nth for nth, number in enumerate(clashing)}
    return found.renumbered(new) if new else found


def _shared(line: FoundStockLine | StockLineState) -> tuple[object, ...]:
    return tuple(getattr(line, name) for name in SHARED)


def _owner(line: FoundStockLine) -> tuple[str, str, str]:
    return line.item, line.variant, line.site


def _unused(found: Found, owners: Owners, count: int) -> int:
    """The first of so many numbers in a row that nobody has, a round one."""
    first = round_number_behind(found.keys)
    while owners(range(first, first + count)) or not found.keys.keys().isdisjoint(range(first, first + count)):
        first *= 10
    return first
