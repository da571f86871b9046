"""`stockline worksheet`: demand that is not reserved, what each line is to get, and reserving it."""

import datetime as dt
from typing import Annotated

import typer
from rich.table import Table

from stockline import WorksheetLine
from stockline.cli.console import counted, fail, screen, stock_of


def worksheet(
    context: typer.Context,
    item: Annotated[str | None, typer.Option(help="Only this item.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    until: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Demand until this day.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="How stock is shared out: basic, equal, customer_priority. May be repeated."),
    ] = None,
    priority: Annotated[
        list[str] | None, typer.Option(metavar="PARTY=NUMBER", help="The priority of a customer. May be repeated.")
    ] = None,
    carry_out: Annotated[bool, typer.Option("--carry-out", help="Reserve the lines that get all they want.")] = False,
) -> None:
    """Show demand that is not reserved in full, and what each line is to get of the free stock."""
    day = until.date() if until else None
    given = dict(_priority(text) for text in priority or [])
    with stock_of(context) as opened:
        lines = opened.worksheet(item=item, site=site, until=day, policies=policy or [], priorities=given)
        reserved = opened.carry_out(lines) if carry_out else []
    if not lines:
        screen().print("All demand is reserved.")
        return
    screen().print(_table(lines))
    accepted = sum(line.accepted for line in lines)
    told = f"{counted(len(reserved), 'line')} reserved." if carry_out else f"{accepted:,} would get all they want."
    screen().print(f"{counted(len(lines), 'line')}; {told}")


def _priority(text: str) -> tuple[str, int]:
    party, _, number = text.rpartition("=")
    if not party or not number.lstrip("-").isdigit():
        fail(f"{text} is not a priority: say PARTY=NUMBER.")
    return party, int(number)


def _table(lines: list[WorksheetLine]) -> Table:
    table = Table("order line", "item", "site", "date", "party")
    for heading in ("remaining", "available", "to reserve"):
        table.add_column(heading, justify="right")
    for line in lines:
        quantities = (f"{quantity:,f}" for quantity in (line.remaining, line.available, line.to_reserve))
        name = f"{line.item} {line.variant}".strip()
        table.add_row(line.line, name, line.site, str(line.date), line.party, *quantities)
    return table
