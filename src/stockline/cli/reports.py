"""`stockline stock`, `serial` and `control`: what is there, where one unit is, what does not agree."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stockline import ControlFinding, Stockline, StockLineState
from stockline.cli.console import SHOWN, counted, fail, item_range, screen, stock_of
from stockline.cli.progress import StepBar
from stockline.exchange.report import ReportSheet, write_table

CHARACTERISTICS = (
    "variant",
    "warehouse",
    "location",
    "lot",
    "sublot",
    "version",
    "package",
    "identifier2",
    "custom1",
    "custom2",
    "analysis_request",
    "owner",
    "packing_unit",
    "packing_factor",
)
PLACES_SHOWN = 50
"""Of so many items at a site findings are shown, of all others how many there are: nobody reads thousands of tables."""
FINDING_COLUMNS = (
    "finding",
    "variant",
    "stock_line",
    "serial",
    "lot",
    "package",
    "expected",
    "found",
    "repair",
    "message",
)


def stock(
    context: typer.Context,
    item: Annotated[str | None, typer.Option(help="Only this item.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
) -> None:
    """List the stock on hand: a row for each stock line."""
    with stock_of(context) as opened:
        lines = list(every_stock_line(opened, item, site))
    if not lines:
        screen().print("There is no such stock.")
        return
    screen().print(stock_table(lines))
    total = sum((line.quantity for line in lines), Decimal()).normalize()
    items, sites = len({line.item for line in lines}), len({line.site for line in lines})
    where = f"{counted(len(lines), 'stock line')} of {counted(items, 'item')} at {counted(sites, 'site')}"
    screen().print(f"{total:,f} in {where}.")


def every_stock_line(stock: Stockline, item: str | None = None, site: str | None = None) -> Iterator[StockLineState]:
    """All open stock lines; the library gives them page by page."""
    after = 0
    while page := stock.stock_lines(item=item, site=site, after=after):
        yield from page
        after = page[-1].stock_line


def stock_table(lines: Iterable[StockLineState]) -> Table:
    """Stock lines with the characteristics that any of them has."""
    lines = sorted(lines, key=lambda line: (line.item, line.variant, line.site, line.stock_line))
    used = telling_characteristics(lines)
    table = Table("stock line", "item", "site", *(name.replace("_", " ") for name in used))
    table.add_column("quantity", justify="right")
    table.add_column("serials", justify="right")
    for line in lines:
        values = (told_of(line, name) for name in used)
        numbers = f"{line.quantity:,}", f"{line.serials:,}" if line.serials else ""
        table.add_row(str(line.stock_line), line.item, line.site, *values, *numbers)
    return table


def telling_characteristics(lines: Collection[StockLineState]) -> list[str]:
    """The characteristics that tell something of any of these lines, the status last."""
    return [*(name for name in CHARACTERISTICS if any(told_of(line, name) for line in lines)), "status"]


def told_of(line: StockLineState, characteristic: str) -> str:
    """A characteristic of a line; a packing factor of 1 tells nothing."""
    value = getattr(line, characteristic)
    return "" if characteristic == "packing_factor" and value == 1 else str(value)


def serial(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="The item.")],
    number: Annotated[str, typer.Argument(metavar="SERIAL", help="The serial.")],
    variant: Annotated[str, typer.Option(help="The item's variant.")] = "",
) -> None:
    """Tell where a serial is and what is known of it."""
    with stock_of(context) as opened:
        state = opened.serial(item, number, variant=variant)
    screen().print(f"Serial {state.serial} of {state.item}", style="bold")
    table = Table(show_header=False)
    table.add_row("on hand", "yes" if state.on_hand else "no")
    for name in ("variant", "site", "location", "stock_line", "lot", "sublot", "version"):
        if value := getattr(state, name):
            table.add_row(name.replace("_", " "), str(value))
    screen().print(table)


def control(
    context: typer.Context,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    items: Annotated[str | None, typer.Option(metavar="ITEM|FIRST..LAST", help="Only these items.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CONTROL", help="Only this control, as serials. May be repeated.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=f"Show all, not {SHOWN} of each of {PLACES_SHOWN} items at a site.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all findings here: a workbook (.xlsx), else a CSV.")
    ] = None,
) -> None:
    """Check that what must agree agrees; changes nothing. Ends with status 1 when something does not."""
    with StepBar() as steps, stock_of(context) as opened:
        findings = sorted(_controlled(opened, steps, site, item_range(items), only), key=_place)
    if output is not None:
        write_findings_table(output, findings)
    if not findings:
        screen().print("Everything agrees: no findings.", style="green")
        return
    for number, ((item, place), group) in enumerate(groupby(findings, key=_place)):
        limit = None if everything else SHOWN if number < PLACES_SHOWN else 0
        print_findings(screen(), f"{item} at {place or 'no site'}", list(group), limit)
    fail(f"{counted(len(findings), 'finding')}.")


def _controlled(
    stock: Stockline, steps: StepBar, site: str | None, items: tuple[str, str] | None, only: list[str] | None
) -> list[ControlFinding]:
    """What control finds, then who can repair it, item by item."""

    def follow(done: int, planned: int) -> None:
        if done == 1:
            steps.reach(1)
            steps.begin("plan", planned)
        steps.reach(done, f"{done:,} of {counted(planned, 'item')}")

    steps.begin("control", 1)
    return stock.control(site=site, items=items, only=only, repairs=True, report=follow)


def print_findings(console: Console, title: str, findings: list[ControlFinding], limit: int | None = SHOWN) -> None:
    """The findings of one item and site, with the columns that any of them fills."""
    shown = findings[:limit]
    more = f"; {len(findings) - len(shown):,} more with --all" if len(shown) < len(findings) else ""
    console.print(f"{title}: {counted(len(findings), 'finding')}{more}", style="bold")
    if not shown:
        return
    used = [name for name in FINDING_COLUMNS if any(getattr(finding, name) not in (None, "") for finding in shown)]
    table = Table(*(name.replace("_", " ") for name in used))
    for finding in shown:
        table.add_row(*(_text(getattr(finding, name)) for name in used))
    console.print(table)


def write_findings_table(path: Path, findings: Iterable[ControlFinding]) -> None:
    """Write findings with all they say, a row each."""
    names = [field.name for field in fields(ControlFinding)]
    table = ReportSheet("Findings", names, [[_text(getattr(one, name)) for name in names] for one in findings])
    try:
        write_table(path, table)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")


def _place(finding: ControlFinding) -> tuple[str, str]:
    return finding.item, finding.site or ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
