"""What every test may ask for: databases, each of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, fresh_database


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one STOCKLINE_TEST_POSTGRESQL names, else one started for this run."""
    if named := os.environ.get("STOCKLINE_TEST_POSTGRESQL"):
        yield named
    else:
        with PostgresServer() as server:
            yield server.url()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; a test that asks for it runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'stockline.db'}"
    else:
        with fresh_database(request.getfixturevalue("postgres")) as url:
            yield url
