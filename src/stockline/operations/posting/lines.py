"""What a posting does to each line: quantities to handle and to invoice, checked and turned into base units (PO-3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockline.codes import Code
from stockline.operations.lines import SourceLine
from stockline.operations.problems import Problems
from stockline.refusal import Refusal
from stockline.schema.documents import other_side
from stockline.values import QuantityLike, ValueProblem, base_units, parse_quantity, to_quantity, to_units


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One line of a posting: base quantities, positive, in engine units."""

    line: SourceLine
    quantity: int
    invoice: int


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a person said about the quantities of a posting, by line name, in the line's unit.

    `side` is the one of transfers that is posted, `out` or `in`; None: both, `out` first.
    """

    handle: bool = True
    invoice: bool = False
    to_handle: Mapping[str, QuantityLike] | None = None
    to_invoice: Mapping[str, QuantityLike] | None = None
    side: str | None = None


def of_side(lines: Sequence[SourceLine], side: str | None) -> list[SourceLine]:
    """The lines that a posting of this side is about: of transfers that side only. Refused `invalid`."""
    if side is None:
        return list(lines)
    if side not in ("out", "in"):
        raise Refusal.of(Code.INVALID, f"A transfer has the sides out and in, not {side!r}.")
    if lines and not any(line.kind == "transfer" for line in lines):
        raise Refusal.of(Code.INVALID, "Only transfers have sides.")
    return [line for line in lines if line.kind != "transfer" or line.is_incoming == (side == "in")]


def names_of(line: SourceLine, side: str | None) -> tuple[str, ...]:
    """How a person may name the line; where the side is said already, a transfer line needs none."""
    if line.kind != "transfer":
        return (line.name,)
    whole = line.name.removesuffix(":in")
    if line.is_incoming:
        return (f"{whole}:in", whole) if side == "in" else (f"{whole}:in",)
    return (whole, f"{whole}:out")


def chosen_lines(lines: Sequence[SourceLine], said: Quantities) -> list[PostingLine]:
    """The lines that have something to handle or to invoice. Refused `not_found`, `invalid`, `nothing_to_post`."""
    problems = Problems((Code.NOT_FOUND, Code.INVALID, Code.NOTHING_TO_POST))
    names = {name for line in lines for name in names_of(line, said.side)}
    for name in {**(said.to_handle or {}), **(said.to_invoice or {})}:
        if name not in names:
            problems.add(Code.NOT_FOUND, f"Line {name} is not a line of what is posted.", line=name)
    shipped: dict[int, int] = {}
    chosen = []
    for line in lines:
        posted = _chosen(line, said, shipped.get(other_side(line.id), 0), problems)
        if line.kind == "transfer":
            shipped[line.id] = posted.quantity
        if posted.quantity or posted.invoice:
            chosen.append(posted)
    if not chosen:
        problems.add(Code.NOTHING_TO_POST, "Nothing is outstanding that could be posted.")
    problems.refuse()
    return chosen


def _chosen(line: SourceLine, said: Quantities, shipped: int, problems: Problems) -> PostingLine:
    """What is posted of a line; `shipped` is what this very posting ships of it before it is received."""
    quantity = 0
    if said.handle and not line.is_planned:
        quantity = line.in_transit + shipped if line.is_incoming else abs(line.outstanding)
        given = _given(line, said.to_handle, said.side)
        if given is not None and quantity == 0 and line.is_incoming:
            problems.add(Code.NOTHING_TO_POST, f"Of line {line.name} nothing is in transit.", line=line.name)
        elif given is not None:
            quantity = _part(line, given, quantity, "handle", problems)
    invoice = 0
    if said.invoice and line.is_invoiced:
        invoice = abs(line.handled) + quantity - abs(line.invoiced)
        given = _given(line, said.to_invoice, said.side)
        if given is not None:
            invoice = _part(line, given, invoice, "invoice", problems)
    return PostingLine(line, quantity, invoice)


def _given(line: SourceLine, quantities: Mapping[str, QuantityLike] | None, side: str | None) -> QuantityLike | None:
    return next((quantities[name] for name in names_of(line, side) if name in quantities), None) if quantities else None


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
    beyond = part > whole and not (line.may_exceed and verb == "handle")
    if quantity < 0 or beyond:
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
