"""Databases with tables, below the library."""

from collections.abc import Iterator

import pytest

from stockline.store.database import Database, parse_url
from stockline.store.provision import ensure_current
from tests.support.postgres import fresh_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its tables."""
    opened = Database(parse_url(database_url))
    ensure_current(opened)
    yield opened
    opened.close()


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[Database]:
    """A database of PostgreSQL with its tables."""
    with fresh_database(postgres) as url:
        opened = Database(parse_url(url))
        ensure_current(opened)
        yield opened
        opened.close()
