"""Demands served in sequence from supplies in sequence: the query deals out what a plain loop would."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, create_engine, insert, select

from stockline.operations.ledger.dealing import deal
from tests.support.postgres import fresh_database

metadata = MetaData()
waiting, there = (
    Table(name, metadata, Column("item_id", Text), Column("id", BigInteger), Column("quantity", BigInteger))
    for name in ("waiting", "there")
)

Row = tuple[str, int, int]
"""Item, id, quantity."""


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows of a few items with ids in no order; quantities that often meet exactly, or are none."""
    given = draw(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([-4, 0, 1, 2, 3, 5, 7, 10**12])), max_size=12)
    )
    ids = draw(st.permutations(range(1, len(given) + 1)))
    return [(item, id_, quantity) for (item, quantity), id_ in zip(given, ids, strict=True)]


def first_in_first_out(demands: Sequence[Row], supplies: Sequence[Row]) -> list[tuple[str, int, int, int]]:
    """The oracle: serve one after the other, from what is left of the oldest."""
    left: dict[str, list[list[int]]] = defaultdict(list)
    for item, id_, quantity in sorted(supplies, key=lambda row: row[1]):
        if quantity > 0:
            left[item].append([id_, quantity])
    dealt = []
    for item, id_, quantity in sorted(demands, key=lambda row: row[1]):
        wanted = quantity
        while wanted > 0 and left[item]:
            supply = left[item][0]
            taken = min(wanted, supply[1])
            dealt.append((item, id_, supply[0], taken))
            wanted -= taken
            supply[1] -= taken
            if not supply[1]:
                del left[item][0]
    return sorted(dealt)


def dealt_by_query(connection: Connection, demands: Sequence[Row], supplies: Sequence[Row]) -> list[tuple[object, ...]]:
    for table, wanted in ((waiting, demands), (there, supplies)):
        connection.execute(table.delete())
        if wanted:
            connection.execute(
                insert(table), [dict(zip(("item_id", "id", "quantity"), row, strict=True)) for row in wanted]
            )
    dealt = deal(waiting, [waiting.c.id], there, [there.c.id], ("item_id",))
    return sorted(tuple(row) for row in connection.execute(select(*dealt.c)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to two tables of rows."""
    with ExitStack() as stack:
        url = "sqlite://"
        if request.param == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres")))
        engine = create_engine(url)
        stack.callback(engine.dispose)
        with engine.connect() as opened:
            metadata.create_all(opened)
            yield opened


@settings(deadline=None, max_examples=150)
@given(demands=rows(), supplies=rows())
def test_the_shares_are_those_of_a_plain_loop(connection: Connection, demands: list[Row], supplies: list[Row]) -> None:
    assert dealt_by_query(connection, demands, supplies) == first_in_first_out(demands, supplies)


def test_an_example(connection: Connection) -> None:
    dealt = dealt_by_query(connection, [("a", 1, 4), ("a", 2, 4)], [("a", 8, 3), ("a", 9, 6), ("b", 1, 9)])
    assert dealt == [("a", 1, 8, 3), ("a", 1, 9, 1), ("a", 2, 9, 4)]
