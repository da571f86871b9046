"""`python -m bench`: what is done to a lot of serials, on SQLite and PostgreSQL, against the barest SQL."""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import late_binding, lookups, postings, resync, windows
from bench.postings import Timings, peak_memory
from tests.support.postgres import PostgresServer, fresh_database

MEASURES = {
    "late-binding": late_binding.measure,
    "lookups": lookups.measure,
    "postings": postings.measure,
    "resync": resync.measure,
    "windows": windows.measure,
}
ROUNDS = {1_000: 11, 10_000: 7, 100_000: 5, 1_000_000: 3}


def main() -> None:
    """Measure the sizes asked for and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=sorted(MEASURES), default="postings", help="what is measured")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(ROUNDS), help="serials in one document")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database only")
    parser.add_argument("--rounds", type=int, help="rounds of each size; by default fewer for larger ones")
    parser.add_argument("--reservations", type=int, default=0, help="reservations of the item there are (postings)")
    given = parser.parse_args()
    if given.reservations and given.what != "postings":
        parser.error("reservations are only for postings")
    more = (given.reservations,) if given.what == "postings" else ()
    table = Table(title=f"{given.what.capitalize()} of n serials, commit included")
    for heading in ("database", "n", "measured", "ours", "bare", "ratio", "memory"):
        table.add_column(heading, justify="left" if heading in ("database", "measured") else "right")
    for database in ("sqlite", "postgresql"):
        if given.only in (None, database):
            for size in given.sizes:
                rounds = given.rounds or ROUNDS.get(size, 5)
                _add(table, database, size, _run(given.what, database, size, rounds, *more))
    Console(width=110).print(table)


def _run(what: str, database: str, size: int, rounds: int, *more: int) -> dict[str, Timings]:
    if database == "sqlite":
        with tempfile.TemporaryDirectory() as directory:
            return MEASURES[what](str(Path(directory) / "bench.db"), size, rounds, *more)
    with PostgresServer(durable=True) as server, fresh_database(server.url()) as url:
        return MEASURES[what](url, size, rounds, *more)


def _add(table: Table, database: str, size: int, timings: dict[str, Timings]) -> None:
    for direction, times in timings.items():
        ours, bare = times.typical(times.ours), times.typical(times.bare)
        figures = (_shown(ours), _shown(bare), f"{times.ratio:.2f}", f"{peak_memory():.0f} MB")
        table.add_row(database, f"{size:,}", direction, *figures)


def _shown(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds >= 0.05 else f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
