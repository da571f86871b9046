"""`stockline scenario run`: try out what is written in scenario files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from stockline.scenarios import Outcome, Scenario, ScratchUnavailable, read_paths, run, write_json

app = typer.Typer(
    no_args_is_help=True, help="Scenarios: short stories of operations and of what must be true after them."
)

FAILED = 1
UNREADABLE = 2


@app.callback()
def scenario() -> None:
    """Scenarios: short stories of operations and of what must be true after them."""


@app.command("run")
def run_scenarios(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Scenario files, or folders of them.")],
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Run on this server or kind of file; nothing that is in it is touched."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result for machines as well.")] = None,
    only: Annotated[str | None, typer.Option(metavar="GLOB", help="Run the scenarios with such a name.")] = None,
) -> None:
    """Run every scenario of the files and folders named, each on a database of its own that is thrown away.

    One line per failed scenario, closing with `N passed, N failed`. Exit status 0: none failed, 1: one did, 2: a file
    could not be read.
    """
    selection = read_paths(paths, only)
    for problem in selection.unreadable:
        typer.echo(f"cannot be read: {problem}", err=True)
    outcomes = _run(selection.scenarios, database)
    if json is not None:
        _write(outcomes, json)
    failed = sum(not outcome.passed for outcome in outcomes)
    typer.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    raise typer.Exit(UNREADABLE if selection.unreadable else FAILED if failed else 0)


def _run(scenarios: Iterable[Scenario], database: str | None) -> list[Outcome]:
    outcomes = []
    try:
        for outcome in run(scenarios, database=database):
            outcomes.append(outcome)
            if not outcome.passed:
                typer.echo(str(outcome))
    except ScratchUnavailable as problem:
        typer.echo(f"no database to run on: {problem}", err=True)
        raise typer.Exit(UNREADABLE) from None
    return outcomes


def _write(outcomes: Iterable[Outcome], file: Path) -> None:
    try:
        write_json(outcomes, file)
    except OSError as problem:
        typer.echo(f"cannot write {file}: {problem.strerror}", err=True)
        raise typer.Exit(UNREADABLE) from None
