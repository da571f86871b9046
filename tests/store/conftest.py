"""Databases with tables, below the library."""

from collections.abc import Iterator

import pytest

from stockline.store.database import Database, parse_url
from stockline.store.provision import ensure_current


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its tables."""
    opened = Database(parse_url(database_url))
    ensure_current(opened)
    yield opened
    opened.close()
