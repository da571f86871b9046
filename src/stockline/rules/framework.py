"""What a rule is: one SELECT of the staged rows that break it, its code, and a sentence for the person who reads it.

A rule function returns the SELECT; the first line of its docstring is the sentence, formatted with the columns of the
row. Columns named like the fields of a `Finding` fill these; `item_id`, `site_id`, `line_id` become names; the rest are
facts. `position` puts the rows of several rules in the order of the operation (PO-4).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select

from stockline.codes import Code
from stockline.refusal import Finding, Refusal
from stockline.schema.catalog import item, site
from stockline.schema.documents import document, document_of, is_incoming, line_suffix
from stockline.store.database import Transaction
from stockline.values import to_quantity

Query = Select[Any]
BATCH = bindparam("batch", type_=BigInteger)
"""The batch a rule or statement is about."""

_FIELDS = {field.name for field in fields(Finding)} - {"message", "facts"}
_DATES = {"expires", "there"}
"""Facts that are none where a number has no expiration date."""
_QUANTITIES = ("quantity", "there", "asked", "handle", "invoice", "handled")


@dataclass(frozen=True)
class Rule:
    """A rule: its code, its sentence, and the query that finds what breaks it."""

    code: Code
    sentence: str
    build: Callable[[], Select[Any]]

    @cached_property
    def query(self) -> Select[Any]:
        """The SELECT, built once."""
        return self.build()


def rule(code: Code) -> Callable[[Callable[[], Select[Any]]], Rule]:
    """Make a rule of a function that returns a SELECT."""

    def make(build: Callable[[], Select[Any]]) -> Rule:
        return Rule(code, (build.__doc__ or "").strip().splitlines()[0], build)

    return make


@dataclass(frozen=True)
class Offence:
    """A row that breaks a rule, before it has names."""

    rule: Rule
    values: Mapping[Any, Any]

    @property
    def position(self) -> int:
        """Where the row stands in the operation."""
        return int(self.values.get("position") or 0)


def offences(transaction: Transaction, rule: Rule, parameters: Mapping[str, Any]) -> list[Offence]:
    """Every row that breaks the rule."""
    return [Offence(rule, row) for row in transaction.execute(rule.query, parameters).mappings()]


def enforce(transaction: Transaction, rules: Iterable[Rule], parameters: Mapping[str, Any]) -> None:
    """Refuse with the first code that is broken, naming every row that breaks one of its rules (PO-1).

    Rules of one code follow each other.
    """
    for _, alike in groupby(rules, key=lambda one: one.code):
        found = [offence for one in alike for offence in offences(transaction, one, parameters)]
        if found:
            refuse(transaction, _one_per_row(found))


def refuse_first(transaction: Transaction, found: Sequence[Offence]) -> None:
    """Refuse with the rule broken by the earliest row, naming every row that breaks a rule of its code (PO-4)."""
    if not found:
        return
    code = min(found, key=lambda offence: offence.position).rule.code
    refuse(transaction, _one_per_row(offence for offence in found if offence.rule.code == code))


def _one_per_row(found: Iterable[Offence]) -> list[Offence]:
    """The first offence of every row."""
    by_row: dict[int, Offence] = {}
    for offence in found:
        by_row.setdefault(offence.position, offence)
    return list(by_row.values())


def refuse(transaction: Transaction, found: Sequence[Offence]) -> None:
    """Refuse for these offences, all of one code."""
    raise Refusal(found[0].rule.code, described(transaction, found))


def described(transaction: Transaction, found: Sequence[Offence]) -> list[Finding]:
    """The findings of offences, in words and in order."""
    names = Names(transaction, [offence.values for offence in found])
    return [names.finding(offence) for offence in sorted(found, key=lambda offence: offence.position)]


class Names:
    """Turns the ids of rows into the names people know them by."""

    def __init__(self, transaction: Transaction, rows: Iterable[Mapping[Any, Any]]) -> None:
        ids: dict[str, set[int]] = {"item_id": set(), "site_id": set(), "there_site_id": set(), "document_id": set()}
        for row in rows:
            for name in ("item_id", "site_id", "there_site_id"):
                if row.get(name) is not None:
                    ids[name].add(row[name])
            if row.get("line_id") is not None:
                ids["document_id"].add(document_of(row["line_id"]))
        self.items = _codes(transaction, item, ids["item_id"])
        self.sites = _codes(transaction, site, ids["site_id"] | ids["there_site_id"])
        self.documents = _codes(transaction, document, ids["document_id"])
        self._transaction = transaction

    def line(self, line: int | None) -> str | None:
        """The name of a source line, `PO1/1`; None for none, and for what has no document."""
        if line is None or document_of(line) not in self.documents:
            return None
        return f"{self.documents[document_of(line)]}/{line_suffix(line)}"

    def side(self, line: int | None) -> str | None:
        """The name of a side of a link: that of the source line, for a transfer `TO1/1:out` or `TO1/1:in`."""
        name = self.line(line)
        if line is None or name is None or is_incoming(line) or document_of(line) not in self._transfers:
            return name
        return f"{name}:out"

    @cached_property
    def _transfers(self) -> set[int]:
        query = select(document.c.id).where(document.c.id.in_(sorted(self.documents)), document.c.kind == "transfer")
        return set(self._transaction.execute(query).scalars())

    def finding(self, offence: Offence) -> Finding:
        """The finding of an offence, in words."""
        values = {name: self._value(name, value) for name, value in offence.values.items() if name != "position"}
        for name, translate in (("item_id", self.items.get), ("site_id", self.sites.get), ("line_id", self.line)):
            if name in values:
                values[name.removesuffix("_id")] = translate(values.pop(name))
        if values.get("there_site_id") is not None:
            values["there_site"] = self.sites.get(values.pop("there_site_id"))
        told = {name: "none" if value is None and name in _DATES else value for name, value in values.items()}
        message = tidy(offence.rule.sentence.format_map(_Blank(told)))
        where = {name: value for name, value in values.items() if name in _FIELDS and value != ""}
        facts = {name: value for name, value in values.items() if name not in _FIELDS}
        return Finding(message, **where, facts=facts)

    @staticmethod
    def _value(name: str, value: Any) -> Any:
        return to_quantity(value) if name in _QUANTITIES and isinstance(value, int) else value


def tidy(sentence: str) -> str:
    """A sentence without the gaps that blank values leave."""
    return re.sub(r" +([.,:;])", r"\1", " ".join(sentence.split()))


class _Blank(dict[str, Any]):
    """Facts for a sentence; what a row does not say is left blank."""

    def __missing__(self, key: str) -> str:
        return ""


def _codes(transaction: Transaction, table: Any, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = transaction.execute(select(table.c.id, table.c.code).where(table.c.id.in_(sorted(ids))))
    return {row.id: row.code for row in rows}
