"""Databases that are thrown away: each as good as new."""

from typing import Any

import pytest
from sqlalchemy import inspect

from stockline import OrderLine
from stockline.service import open_scratch
from stockline.store.database import parse_url
from stockline.store.provision import scratch
from tests.support.warehouse import TODAY, furnish


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> Any:
    """What a scratch database is made on: memory, or a server."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres")


def test_it_is_empty_each_time(target: str | None) -> None:
    for _ in range(3):
        with open_scratch(target, TODAY) as stock:
            empty = stock.snapshot()
            assert not any(empty.values())
            furnish(stock)
            stock.create_order("PO1", "purchase", site="EAST", lines=[OrderLine(item="BOLT", quantity=1)])
            assert stock.post("PO1").entries == 1
            assert stock.snapshot() != empty


def test_two_at_once_do_not_meet(target: str | None) -> None:
    with open_scratch(target, TODAY) as one, open_scratch(target, TODAY) as other:
        furnish(one)
        assert not any(other.snapshot().values())
        furnish(other)


def test_it_is_gone_when_its_user_fails(target: str | None) -> None:
    with pytest.raises(RuntimeError), open_scratch(target, TODAY) as stock:
        furnish(stock)
        raise RuntimeError("the scenario broke")
    with open_scratch(target, TODAY) as stock:
        assert not any(stock.snapshot().values())


def test_nothing_of_it_stays_on_the_server(postgres: str) -> None:
    with scratch(postgres) as database:
        assert [name for name in inspect(database.engine).get_schema_names() if name.startswith("scratch_")]
        engine = database.engine
    assert not [name for name in inspect(engine).get_schema_names() if name.startswith("scratch_")]


@pytest.mark.parametrize(
    ("target", "driver", "name"),
    [
        ("stock.db", "sqlite", "stock.db"),
        ("/tmp/a b/stock.db", "sqlite", "/tmp/a b/stock.db"),
        ("sqlite:///stock.db", "sqlite", "stock.db"),
        ("postgresql://me@host/goods", "postgresql+psycopg", "goods"),
        ("postgres://me@host/goods", "postgresql+psycopg", "goods"),
        ("postgresql+psycopg://me@host/goods", "postgresql+psycopg", "goods"),
    ],
)
def test_a_target_is_a_path_or_a_url(target: str, driver: str, name: str) -> None:
    url = parse_url(target)
    assert (url.drivername, url.database) == (driver, name)
