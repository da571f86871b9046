"""A shop to work in."""

from collections.abc import Iterator

import pytest

import stockline
from stockline import Stockline
from tests.support.warehouse import TODAY, furnish


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    """Stockline on a database of its own, furnished."""
    with stockline.open(database_url, today=TODAY) as opened:
        furnish(opened)
        yield opened
