"""What a posting does to each line: quantities to handle and to invoice, checked and turned into base units (PO-3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockline.codes import Code
from stockline.operations.lines import SourceLine
from stockline.operations.problems import Problems
from stockline.values import QuantityLike, ValueProblem, base_units, parse_quantity, to_quantity, to_units


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One line of a posting: base quantities, positive, in engine units."""

    line: SourceLine
    quantity: int
    invoice: int


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a person said about the quantities of a posting, by line name, in the line's unit."""

    handle: bool = True
    invoice: bool = False
    to_handle: Mapping[str, QuantityLike] | None = None
    to_invoice: Mapping[str, QuantityLike] | None = None


def chosen_lines(lines: Sequence[SourceLine], said: Quantities) -> list[PostingLine]:
    """The lines that have something to handle or to invoice. Refused `not_found`, `invalid`, `nothing_to_post`."""
    problems = Problems((Code.NOT_FOUND, Code.INVALID, Code.NOTHING_TO_POST))
    names = {line.name for line in lines}
    for name in {**(said.to_handle or {}), **(said.to_invoice or {})}:
        if name not in names:
            problems.add(Code.NOT_FOUND, f"Line {name} is not a line of what is posted.", line=name)
    chosen = [_chosen(line, said, problems) for line in lines]
    chosen = [posted for posted in chosen if posted.quantity or posted.invoice]
    if not chosen:
        problems.add(Code.NOTHING_TO_POST, "Nothing is outstanding that could be posted.")
    problems.refuse()
    return chosen


def _chosen(line: SourceLine, said: Quantities, problems: Problems) -> PostingLine:
    quantity = 0
    if said.handle:
        quantity = abs(line.outstanding)
        if said.to_handle and line.name in said.to_handle:
            quantity = _part(line, said.to_handle[line.name], quantity, "handle", problems)
    invoice = 0
    if said.invoice and not line.is_journal:
        invoice = abs(line.handled) + quantity - abs(line.invoiced)
        if said.to_invoice and line.name in said.to_invoice:
            invoice = _part(line, said.to_invoice[line.name], invoice, "invoice", problems)
    return PostingLine(line, quantity, invoice)


def _part(line: SourceLine, given: Any, whole: int, verb: str, problems: Problems) -> int:
    """The base quantity of a part of `whole`, given in the line's unit with the line's sign."""
    try:
        quantity = parse_quantity(given) * line.sign
    except ValueProblem as problem:
        problems.add(Code.INVALID, f"Line {line.name}, quantity to {verb}: {problem}.", line=line.name)
        return 0
    if to_units(quantity) == to_units(line.in_unit(whole)):
        return whole
    if whole == abs(line.quantity) and to_units(quantity) == abs(line.unit_quantity):
        return whole  # typed like the line itself, which was rounded
    part = base_units(quantity, line.factor, line.item.rounding)
    left_in_unit = to_units(line.in_unit(whole)) - to_units(quantity)
    if quantity < 0 or part > whole:
        outstanding = f"{to_quantity(whole)} {line.item.unit}"
        message = f"Line {line.name}: {given} to {verb} is not between 0 and the {outstanding} there are."
    elif (quantity != 0 and part == 0) or (part == whole) != (left_in_unit == 0):
        message = f"Line {line.name}: {given} to {verb} cannot be rounded to a quantity in {line.item.unit}."
    elif line.factor == 1 and line.item.rounding > 1 and part != to_units(quantity):
        message = f"Line {line.name}: {given} to {verb} is not a multiple of {to_quantity(line.item.rounding)}."
    elif line.is_journal and part != 0:
        message = f"Line {line.name}: a journal line is posted whole or not at all."
    else:
        return part
    problems.add(Code.INVALID, message, line=line.name)
    return 0
