"""Rules on the links of a line that is to change (RE-24, RE-26). Parameters: `item`, `line`, and what they name."""

from functools import cache

from sqlalchemy import Date, bindparam, select

from stockline.codes import Code
from stockline.rules.framework import Query, Rule, rule
from stockline.rules.window import ITEM, LINE
from stockline.schema.documents import source_line
from stockline.schema.reservations import DEMAND, RESERVATION, SUPPLY, link

NEW_DATE = bindparam("new_date", type_=Date)


@cache
def date_conflict(side_name: str) -> Rule:
    """The rule that no reserved supply comes after its demand, for a line of this side that gets a new date (RE-24)."""
    side, other = (DEMAND, SUPPLY) if side_name == "demand" else (SUPPLY, DEMAND)
    late = source_line.c.date > NEW_DATE if side_name == "demand" else source_line.c.date < NEW_DATE

    @rule(Code.DATE_CONFLICT)
    def conflict() -> Query:
        """{quantity} are reserved with line {line}, which is of {date}: the supply would come after the demand."""
        return (
            select(
                link.c.id.label("position"),
                link.c.item_id,
                other.line_id.label("line_id"),
                link.c.quantity,
                source_line.c.date,
            )
            .join(source_line, (source_line.c.item_id == link.c.item_id) & (source_line.c.id == other.line_id))
            .where(link.c.item_id == ITEM, side.line_id == LINE, link.c.status == RESERVATION, late)
        )

    return conflict
