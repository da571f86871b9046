"""The schema obeys the rules that let it run on a cluster, distributed by item (design, ADR 3)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, ColumnElement, Index, Table, UniqueConstraint
from sqlalchemy.sql.elements import ColumnClause

import stockline
from stockline.schema import metadata
from stockline.schema.base import ITEM, REFERENCE, STAGE

SOURCES = sorted(Path(stockline.__file__).parent.rglob("*.py"))
TABLES = metadata.sorted_tables
DISTRIBUTED = [table for table in TABLES if table.info.get("placement") in (ITEM, STAGE)]
VOLATILE = {"random", "now", "clock_timestamp", "current_timestamp", "gen_random_uuid", "nextval", "next_value"}


def named(table: Table) -> str:
    return table.name


def unique_keys(table: Table) -> Iterator[tuple[str, list[str]]]:
    """Every unique key with its columns, the primary one too."""
    yield "primary key", [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield str(constraint.name), [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield str(index.name), [column.name for column in index.columns]


def test_there_is_a_schema_to_walk() -> None:
    assert {"ledger_entry", "stock_line", "serial", "link", "window_row"} <= {table.name for table in DISTRIBUTED}


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_every_table_says_where_it_lives(table: Table) -> None:
    assert table.info.get("placement") in (ITEM, STAGE, REFERENCE)


@pytest.mark.parametrize("table", DISTRIBUTED, ids=named)
def test_the_rows_of_an_item_live_together(table: Table) -> None:
    first = next(iter(table.primary_key))
    assert first.name == "item_id"
    assert isinstance(first.type, BigInteger)


@pytest.mark.parametrize("table", DISTRIBUTED, ids=named)
def test_unique_keys_contain_the_item(table: Table) -> None:
    without = [name for name, columns in unique_keys(table) if "item_id" not in columns]
    assert without == []


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_foreign_keys_lead_to_reference_tables_only(table: Table) -> None:
    targets = {key.column.table for key in table.foreign_keys}
    assert {target.name for target in targets if target.info["placement"] != REFERENCE} == set()
    assert not targets or table.info["placement"] == REFERENCE


@pytest.mark.parametrize("table", DISTRIBUTED, ids=named)
def test_numbers_of_rows_are_ours_not_the_machines(table: Table) -> None:
    """No machine of the cluster may have to ask another for a number."""
    given = [column.name for column in table.columns if column.identity or column.computed]
    assert given == []
    assert all(column.autoincrement is False for column in table.primary_key if isinstance(column.type, BigInteger))
    defaults = [column.server_default for column in table.columns if column.server_default is not None]
    assert not any("nextval" in str(getattr(default, "arg", "")) for default in defaults)
    assert all(column.default is None for column in table.columns)


@pytest.mark.parametrize("table", DISTRIBUTED, ids=named)
def test_unique_indexes_are_of_plain_columns(table: Table) -> None:
    """A cluster can only see that a unique key contains the item when it is a column of it."""
    for index in table.indexes:
        assert isinstance(index, Index)
        expressions: list[ColumnElement[object]] = list(index.expressions)  # type: ignore[arg-type]
        assert not index.unique or all(isinstance(expression, ColumnClause) for expression in expressions)


def calls(path: Path, names: set[str]) -> Iterator[tuple[ast.Call, str, ast.FunctionDef]]:
    """Calls of a source file of functions or methods with these names, with the function they stand in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if name in names:
                        yield node, name, function


WITHIN_AN_ITEM = {
    "control/ledger.py": ["_used"],
    "control/serials.py": ["_miscounted", "_doubtful", "_several", "serial_on_line"],
}
"""Functions whose CTE joins by item, from beginning to end."""


def selects(function: ast.AST) -> set[str]:
    """The tables named in the `select(...)` calls of a function."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "select":
            for argument in node.args:
                name = argument
                while isinstance(name, ast.Attribute):
                    name = name.value
                if isinstance(name, ast.Name):
                    found.add(name.id)
    return found


def test_rows_are_locked_in_reference_tables_only() -> None:
    found = []
    for path in SOURCES:
        for _, _, function in calls(path, {"with_for_update"}):
            found.append(path.name)
            tables = selects(function)
            assert tables, f"{path}: cannot see what is locked"
            assert {metadata.tables[name].info["placement"] for name in tables} == {REFERENCE}, path
    assert found, "documents are locked somewhere: this test no longer sees it"


def sql_texts(path: Path) -> Iterator[str]:
    """The statements written out as text in a source file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.upper().strip()
            if text.startswith(("SELECT ", "WITH ", "INSERT ", "UPDATE ", "DELETE ")):
                yield text


def test_no_statement_locks_rows_in_passing_or_recurses() -> None:
    texts = [(path, text) for path in SOURCES for text in sql_texts(path)]
    assert texts, "there is SQL written out: this test no longer sees it"
    for path, text in texts:
        assert not any(word in text for word in ("WITH RECURSIVE", "FOR UPDATE", "FOR SHARE")), path
    for path in SOURCES:
        seen = [function.name for _, _, function in calls(path, {"cte"})]
        expected = WITHIN_AN_ITEM.get(f"{path.parent.name}/{path.name}", [])
        assert seen == expected, f"{path}: say here which CTE stays within an item"


def test_no_statement_uses_a_volatile_function() -> None:
    """An update must do the same on every machine that holds a copy."""
    for path in SOURCES:
        for call, name, _ in calls(path, VOLATILE):
            on = getattr(call.func, "value", None)
            assert not (isinstance(on, ast.Name) and on.id == "func"), f"{path}: func.{name}"
