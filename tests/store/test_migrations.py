"""The migrations give a database exactly the tables the engine thinks it has."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

import stockline
from stockline.schema import metadata
from stockline.store import provision
from stockline.store.database import Database, parse_url
from stockline.store.migrations import HEAD
from stockline.store.provision import OutdatedDatabase, ensure_current, upgrade
from tests.support.postgres import fresh_database
from tests.support.warehouse import at_once

Shape = dict[str, Any]


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    stockline.open(database_url).close()
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def made(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of the same kind whose tables are made from the metadata."""
    if database_url.startswith("sqlite"):
        engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
    else:
        with fresh_database(request.getfixturevalue("postgres")) as url:
            engine = create_engine(url)
            metadata.create_all(engine)
            yield engine
            engine.dispose()


def sqlite_shape(connection: Connection) -> Shape:
    """Every statement SQLite keeps, blanks aside: it is the table, with keys, defaults and conditions."""
    rows = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    ours = [row for row in rows if not row.tbl_name.startswith(("alembic", "sqlite_stat"))]
    return {f"{row.tbl_name}.{row.name}": "".join(row.sql.split()) for row in ours}


def postgresql_shape(connection: Connection) -> Shape:
    """Columns with type, collation, default; constraints and indexes in PostgreSQL's own words; sequences."""
    columns = text(
        "SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attnum,"
        " a.attidentity, l.collname, pg_get_expr(d.adbin, d.adrelid)"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation"
        " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
    )
    constraints = text(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
    )
    indexes = text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    sequences = text("SELECT sequencename, data_type::text, start_value, increment_by, cycle FROM pg_sequences")
    shape: Shape = {}
    for query in (columns, constraints, indexes, sequences):
        shape |= {row[0]: tuple(row[1:]) for row in connection.execute(query)}
    return {name: what for name, what in shape.items() if "alembic" not in name}


def shape(engine: Engine) -> Shape:
    with engine.connect() as connection:
        return (sqlite_shape if engine.dialect.name == "sqlite" else postgresql_shape)(connection)


def test_they_make_the_tables_of_the_metadata(migrated: Engine, made: Engine) -> None:
    tables = set(inspect(migrated).get_table_names()) - {"alembic_version"}
    assert tables == set(metadata.tables)
    assert shape(migrated) == shape(made)


def test_the_shape_is_told_in_full(made: Engine) -> None:
    """The comparison sees what no toolkit reflects: the condition of a partial unique key."""
    (found,) = [what for name, what in shape(made).items() if name.endswith("uq_stock_line_open")]
    assert "twin" in str(found)
    assert "quantity" in str(found)


def test_alembic_finds_nothing_to_do(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_alembic_sees_a_difference(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("ALTER TABLE serial ADD COLUMN colour TEXT"))
        assert compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_database_that_is_up_to_date_is_left_as_it_is(migrated: Engine, database_url: str) -> None:
    before = shape(migrated)
    stockline.upgrade(database_url)
    stockline.open(database_url).close()
    assert shape(migrated) == before


@pytest.mark.parametrize("version", ["UPDATE alembic_version SET version_num = '0000'", "DROP TABLE alembic_version"])
def test_a_database_of_another_version_is_refused(migrated: Engine, database_url: str, version: str) -> None:
    with migrated.begin() as connection:
        connection.execute(text(version))
    before = shape(migrated)
    with pytest.raises(OutdatedDatabase, match="stockline database upgrade"):
        stockline.open(database_url)
    assert shape(migrated) == before


def test_many_may_open_an_empty_database_at_once(database_url: str) -> None:
    opened = at_once([partial(stockline.open, database_url)] * 4)
    assert [type(one).__name__ for one in opened] == ["Stockline"] * 4
    for one in opened:
        if isinstance(one, stockline.Stockline):
            one.close()


def test_many_databases_may_be_opened_at_once(database_url: str, tmp_path: Path) -> None:
    targets = [database_url, *(str(tmp_path / f"{name}.db") for name in "abcde")]
    opened = at_once([partial(stockline.open, target) for target in targets])
    assert [type(one).__name__ for one in opened] == ["Stockline"] * len(targets)
    for one in opened:
        if isinstance(one, stockline.Stockline):
            assert one.control() == []
            one.close()


def test_a_migration_that_fails_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(parse_url(database_url))
    with monkeypatch.context() as context:
        context.setattr("alembic.op.get_bind", _bind_that_breaks())
        with pytest.raises(sqlite3.OperationalError, match="the disk is full"):
            ensure_current(database)
    assert inspect(database.engine).get_table_names() == []
    upgrade(database)
    assert "serial" in inspect(database.engine).get_table_names()
    database.close()


def _bind_that_breaks() -> Any:
    real, done = op.get_bind, iter(range(100))

    def bind() -> Connection:
        if next(done) == 20:
            raise sqlite3.OperationalError("the disk is full")
        return real()

    return bind


def test_the_head_is_the_newest_version() -> None:
    config = Config()
    config.set_main_option("script_location", str(provision.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
