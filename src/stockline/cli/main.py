"""The command line: what `stockline` runs."""

from typing import Annotated

import typer

from stockline.cli import database, demo, repair, reports, runs, scenario
from stockline.cli.count import count
from stockline.cli.import_ import import_
from stockline.cli.load import load
from stockline.cli.resync import resync
from stockline.cli.worksheet import worksheet

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    help="Stock tracked by serial, lot and package numbers: planned, posted and controlled.",
)


@app.callback()
def stockline(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL|FILE",
            help="The database: a SQLite file or a URL. Without it: what STOCKLINE_DATABASE says, else stockline.db.",
        ),
    ] = None,
) -> None:
    """Stock tracked by serial, lot and package numbers: planned, posted and controlled."""
    context.obj = database


app.command("import")(import_)
app.command("count")(count)
app.command("load")(load)
app.command("resync")(resync)
app.command("stock")(reports.stock)
app.command("serial")(reports.serial)
app.command("control")(reports.control)
app.command("worksheet")(worksheet)
app.command("demo")(demo.demo)
app.add_typer(repair.app, name="repair")
app.add_typer(runs.app, name="runs")
app.add_typer(database.app, name="database")
app.add_typer(scenario.app, name="scenario")
