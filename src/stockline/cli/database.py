"""`stockline database`: the tables and their version."""

import typer

import stockline
from stockline.cli.console import database_of, screen, unusable_told

app = typer.Typer(no_args_is_help=True, help="The database: its version, and bringing it up to date.")


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the database to the version of this program, creating its tables if there are none."""
    database = database_of(context)
    with unusable_told():
        stockline.upgrade(database)
    screen().print(f"{database} is up to date.")
