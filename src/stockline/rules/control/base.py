"""What a control is made of: one SELECT of what does not agree, the findings it can have, who repairs them (CO-1).

Every query answers item_id, variant, site_id and what it knows of: stock_line, serial, lot, package, expected, found.
The sentence of a finding is formatted with these. A finding about several lines has a row for each of their items and
sites. A query that looks for several findings at once has a column of its own for each, 1 where it is one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, FromClause, bindparam, case, func, or_, select, true

from stockline.rules.framework import Query
from stockline.schema.catalog import item, location
from stockline.schema.stock import OF_LINE, characteristic_set, stock_line
from stockline.tracking_code import NUMBER_KINDS


@dataclass(frozen=True)
class ControlRule:
    """Findings of one control that one query finds, who can repair them (blank: only a plan tells), a sentence each."""

    control: str
    repair: str
    sentences: Mapping[str, str]
    build: Callable[..., Query]
    narrows: bool = False
    """Whether it takes the condition which items it looks at, and so can be asked of one item alone."""
    one: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By finding, what makes several rows one; else each row is one."""

    @cached_property
    def query(self) -> Query:
        """The SELECT, built once."""
        return self.build()

    @cached_property
    def of_item(self) -> Query:
        """The SELECT of an `item` only: it reads nothing of the others, where it narrows."""
        return self.build(of_item) if self.narrows else self.query

    @cached_property
    def of_part(self) -> Query:
        """The SELECT of the items from `first` to `last` only, by id."""
        return self.build(of_part)


RULES: list[ControlRule] = []


def finding(
    control: str, repair: str, *, narrows: bool = False, one: Sequence[str] = ()
) -> Callable[[Callable[..., Query]], ControlRule]:
    """Make a finding of a function that returns a SELECT; it is named like the function, its docstring is told."""

    def make(build: Callable[..., Query]) -> ControlRule:
        sentence = (build.__doc__ or "").strip().splitlines()[0]
        once = {build.__name__: one} if one else {}
        return _register(ControlRule(control, repair, {build.__name__: sentence}, build, narrows, once))

    return make


def findings(
    control: str,
    repair: str,
    *,
    narrows: bool = False,
    one: Mapping[str, Sequence[str]] = MappingProxyType({}),
    **sentences: str,
) -> Callable[[Callable[..., Query]], ControlRule]:
    """Make several findings of one function: its SELECT has a column for each, 1 where it is one."""
    return lambda build: _register(ControlRule(control, repair, sentences, build, narrows, one))


def _register(made: ControlRule) -> ControlRule:
    RULES.append(made)
    return made


def specific(kind: str) -> Any:
    """The item is tracked by specific numbers of this kind; what it is not tracked by at all, its code leaves out."""
    return func.coalesce(item.c.tracking[kind].as_string(), "none") == "specific"


SPECIFIC_ITEMS = select(item.c.id).where(or_(*(specific(kind) for kind in NUMBER_KINDS)))
"""Items of which some number is specific: their stock never goes below 0 (PO-24)."""
_OTHER_ITEMS = select(item.c.id).where(~specific("serial"))


def of_serial_items(table: Any) -> Any:
    """The row is of an item in scope (ST-13). Most are: said as what is left out, it is expected to keep most rows."""
    return table.c.item_id.not_in(_OTHER_ITEMS)


def rarely(condition: Any) -> Any:
    """The condition, said so that the planner of PostgreSQL expects few of many rows to meet it.

    Then it shares the reading among its workers, and looks up by key what belongs to the rows that are left.
    """
    return case((condition, 1), else_=0) == 1


Within = Callable[[Any], Any]
"""The condition that a row of a table is of an item that is looked at."""


def of_every_item(_table: Any) -> Any:
    """All rows are looked at."""
    return true()


def of_item(table: Any) -> Any:
    """The row is of the one `item`."""
    return table.c.item_id == bindparam("item", type_=BigInteger)


def of_part(table: Any) -> Any:
    """The row is of an item from `first` to `last`, by id."""
    return table.c.item_id.between(bindparam("first", type_=BigInteger), bindparam("last", type_=BigInteger))


LINES: FromClause = stock_line.join(characteristic_set, OF_LINE)
AWAITING_PUT_AWAY = (
    select(true())
    .where(
        location.c.site_id == characteristic_set.c.site_id,
        location.c.code == characteristic_set.c.location,
        location.c.category == "put_away",
    )
    .correlate(characteristic_set)
    .exists()
)
"""The stock line lies where things wait to be put away: nothing of it is looked at (ST-9)."""


def of_line(*facts: Any, line: FromClause = stock_line, source: FromClause = LINES) -> Query:
    """What a finding says of a stock line; `line`: where its number is read."""
    place = characteristic_set.c
    return select(
        line.c.item_id,
        place.variant,
        place.site_id,
        line.c.id.label("stock_line"),
        place.lot,
        place.package,
        *facts,
    ).select_from(source)
