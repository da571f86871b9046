"""A refusal names every row that breaks the rule, in the words of the people who read it."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Integer, bindparam, literal, select, union_all

import stockline
from stockline import Code, Refusal, Stockline
from stockline.codes import SENTENCES, WARNING_SENTENCES, WarningCode
from stockline.rules import control, posting, window
from stockline.rules.framework import Offence, Query, Rule, enforce, refuse_first, rule
from stockline.store.database import Transaction
from tests.support.warehouse import TODAY, furnish, order

RULES = {
    f"{module.__name__}.{name}": found
    for module in (posting, window)
    for name, found in vars(module).items()
    if isinstance(found, Rule)
}


@rule(Code.NOT_IN_STOCK)
def wheel_missing() -> Query:
    """Row {row}: bike {serial} of {item} on line {line} has {there} wheels at {site}, {asked} are needed{nothing}."""
    bikes = [
        select(literal(row).label("row"), literal(name).label("serial")) for row, name in ((3, "C"), (1, "A"), (2, "B"))
    ]
    given = union_all(*bikes).subquery("given")
    line = bindparam("line", type_=Integer).label("line_id")
    site = bindparam("site", type_=Integer).label("site_id")
    item = bindparam("item", type_=Integer).label("item_id")
    facts = [
        bindparam(name, wheels, type_=Integer).label(name) for name, wheels in (("there", 150_000), ("asked", 200_000))
    ]
    return select(given.c.row.label("position"), given.c.row, given.c.serial, line, site, item, *facts)


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    with stockline.open(database_url, today=TODAY) as opened:
        furnish(opened)
        order(opened, "PO1", "purchase", [("BIKE", 1, [])])
        yield opened


def parameters(transaction: Transaction) -> dict[str, int]:
    """The ids behind the names the sentence shows."""
    connection = transaction.connection
    return {
        "line": connection.exec_driver_sql("SELECT id FROM source_line").scalar_one(),
        "site": connection.exec_driver_sql("SELECT id FROM site WHERE code = 'EAST'").scalar_one(),
        "item": connection.exec_driver_sql("SELECT id FROM item WHERE code = 'BIKE'").scalar_one(),
    }


def test_every_row_is_named_in_the_order_of_the_operation(stock: Stockline) -> None:
    with pytest.raises(Refusal) as refusal:
        stock._read(lambda transaction: enforce(transaction, [wheel_missing], parameters(transaction)))
    assert refusal.value.code == Code.NOT_IN_STOCK
    findings = refusal.value.findings
    assert [(one.row, one.serial) for one in findings] == [(1, "A"), (2, "B"), (3, "C")]
    assert findings[0].message.strip() == "Row 1: bike A of BIKE on line PO1/1 has 1.5 wheels at EAST, 2 are needed."
    assert {(one.line, one.item, one.site) for one in findings} == {("PO1/1", "BIKE", "EAST")}
    assert all(set(one.facts) == {"there", "asked"} for one in findings)


def test_the_first_rule_that_finds_rows_refuses(stock: Stockline) -> None:
    other = Rule(Code.SERIAL_REQUIRED, "Another rule.", wheel_missing.build)
    for rules, code in (([wheel_missing, other], Code.NOT_IN_STOCK), ([other, wheel_missing], Code.SERIAL_REQUIRED)):
        with pytest.raises(Refusal) as refusal:
            stock._read(lambda transaction, rules=rules: enforce(transaction, rules, parameters(transaction)))  # type: ignore[misc]
        assert refusal.value.code == code


def test_of_several_rules_the_earliest_row_decides(stock: Stockline) -> None:
    """PO-4: its code is the answer, with every row that breaks a rule of that code, each once."""

    def offence(code: Code, position: int, sentence: str = "Row {row}.") -> Offence:
        return Offence(Rule(code, sentence, wheel_missing.build), {"position": position, "row": position})

    found = [
        offence(Code.INSUFFICIENT_STOCK, 17),
        offence(Code.NOT_IN_STOCK, 9),
        offence(Code.NOT_IN_STOCK, 2, "First {row}."),
        offence(Code.NOT_IN_STOCK, 2, "Second {row}."),
        offence(Code.INSUFFICIENT_STOCK, 3),
    ]
    with pytest.raises(Refusal) as refusal:
        stock._read(lambda transaction: refuse_first(transaction, found))
    assert refusal.value.code == Code.NOT_IN_STOCK
    assert [one.message for one in refusal.value.findings] == ["First 2.", "Row 9."]
    stock._read(lambda transaction: refuse_first(transaction, []))


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_sentence_its_columns_can_fill(name: str) -> None:
    found = RULES[name]
    assert found.sentence.endswith("."), "the sentence is the first line of the docstring"
    columns = {column.name.removesuffix("_id") for column in found.query.selected_columns}
    assert set(re.findall(r"{(\w+)}", found.sentence)) <= columns
    assert "position" in columns


@pytest.mark.parametrize("found", control.RULES, ids=lambda found: ",".join(found.sentences))
def test_every_finding_of_control_has_a_sentence_its_columns_can_fill(found: control.ControlRule) -> None:
    columns = {column.name for column in found.query.selected_columns}
    assert {"item_id", "variant", "site_id"} <= columns
    known = {name.removesuffix("_id") for name in columns}
    for name, sentence in found.sentences.items():
        assert sentence.endswith("."), name
        assert set(re.findall(r"{(\w+)}", sentence)) <= known | {"lot", "package"}
    assert len(found.sentences) == 1 or set(found.sentences) <= columns
    assert found.repair in ("machine", "person", "posting", ""), "blank: only a plan tells"
    assert found.control in control.CONTROLS


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Code)
    assert set(WARNING_SENTENCES) == set(WarningCode)
    assert all(sentence.endswith(".") for sentence in [*SENTENCES.values(), *WARNING_SENTENCES.values()])
