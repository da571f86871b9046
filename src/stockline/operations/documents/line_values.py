"""Reading the values given for a source line: every problem is noted under the line's name."""

import datetime as dt
from decimal import Decimal
from typing import Any

from stockline.codes import Code
from stockline.operations.catalog import Item, Site
from stockline.operations.problems import Problems
from stockline.results import OrderLine
from stockline.values import LARGEST, SCALE, ValueProblem, base_units, parse_date, parse_quantity, to_units

JOURNAL_TYPES = ("positive_adjustment", "negative_adjustment", "output", "consumption", "reclassification")


class LineValues:
    """Reads the values given for one line, noting every problem under the line's name."""

    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems

    def _note(self, code: Code, message: str, **where: Any) -> None:
        self._problems.add(code, f"Line {self._name}: {message}", line=self._name, **where)

    def item(self, items: dict[str, Item], code: str) -> Item | None:
        """The item, which must exist."""
        if code not in items:
            self._note(Code.NOT_FOUND, f"there is no item {code}.", item=code)
        return items.get(code)

    def site(self, sites: dict[str, Site], code: str | None) -> Site | None:
        """The site, which must be given and exist."""
        if not code:
            self._note(Code.INVALID, "a site is needed.")
        elif code not in sites:
            self._note(Code.NOT_FOUND, f"there is no site {code}.", site=code)
        return sites.get(code or "")

    def type(self, kind: str, given: str | None) -> str:
        """What the line does: the order's kind, on a journal the line's own type."""
        if kind != "journal":
            if given:
                self._note(Code.INVALID, f"a line of a {kind} order has no type.")
            return kind
        if given not in JOURNAL_TYPES:
            self._note(Code.INVALID, f"a journal line cannot be of type {given!r}.")
        return given or ""

    def variant(self, item: Item, code: str) -> str:
        """The variant, if any, which must be one of the item."""
        if code and code not in item.variants:
            self._note(Code.NOT_FOUND, f"item {item.code} has no variant {code}.", item=item.code, variant=code)
        return code

    def location(self, site: Site, code: str | None) -> str:
        """The location, if any, which must be one of the site."""
        if code and code not in site.locations:
            self._note(Code.NOT_FOUND, f"site {site.code} has no location {code}.", site=site.code, location=code)
        return code or ""

    def factor(self, item: Item, unit: str) -> Decimal:
        """Base units in the unit, which must be one of the item."""
        if unit not in item.units:
            self._note(Code.NOT_FOUND, f"item {item.code} has no unit {unit}.", item=item.code)
        return item.units.get(unit, Decimal(1))

    def quantity(self, item: Item, factor: Decimal, given: Any, *, zero_allowed: bool) -> tuple[int, int]:
        """The quantity in the line's unit and in base units, in engine units (PO-48, IN-15)."""
        try:
            quantity = parse_quantity(given)
        except ValueProblem as problem:
            self._note(Code.INVALID, f"quantity {problem}.", item=item.code)
            return 0, 0
        base = base_units(quantity, factor, item.rounding)
        if quantity == 0 and not zero_allowed:
            self._note(Code.INVALID, "the quantity is 0.", item=item.code)
        elif quantity != 0 and (base == 0 or to_units(quantity) == 0):
            self._note(Code.INVALID, f"quantity {given} rounds to 0.", item=item.code)
        elif abs(base) > LARGEST:
            self._note(Code.INVALID, f"quantity {given} is out of range in {item.unit}.", item=item.code)
            return 0, 0
        elif factor == 1 and item.rounding > 1 and base != to_units(quantity):
            step = Decimal(item.rounding) / SCALE
            self._note(Code.INVALID, f"quantity {given} is not a multiple of {step}.", item=item.code)
        return to_units(quantity), base

    def positive(self, quantity: int) -> None:
        """What only moves one way has no negative quantity (IN-15)."""
        if quantity < 0:
            self._note(Code.INVALID, "the quantity is negative.")

    def lacks(self, line: OrderLine, *names: str) -> None:
        """What lines of this kind do not have must not be given."""
        for name in names:
            if getattr(line, name) is not None:
                self._note(Code.INVALID, f"it has no {name}.")

    def in_sequence(self, shipped: dt.date, received: dt.date) -> None:
        """Nothing is received before it is shipped (IN-14)."""
        if received < shipped:
            self._note(Code.INVALID, f"it would be received on {received}, before it is shipped on {shipped}.")

    def date(self, given: Any) -> dt.date:
        """A date."""
        try:
            return parse_date(given)
        except ValueProblem as problem:
            self._note(Code.INVALID, f"{problem}.")
            return dt.date.min
