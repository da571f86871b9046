"""The kinds of values a scenario is made of: text as it is written becomes quantities, dates, rows.

A kind has one method, `read`; what it cannot read it refuses, naming the place. `null` is read as None by all of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from stockline.scenarios.problems import GrammarProblem
from stockline.scenarios.reader import Raw

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a step a value stands, and the work date that day offsets count from."""

    today: date
    path: str = ""

    def at(self, key: str) -> "Place":
        """The place of a key."""
        return Place(self.today, f"{self.path}.{key}" if self.path else key)

    def row(self, number: int) -> "Place":
        """The place of a row, counted from 1."""
        return Place(self.today, f"{self.path}[{number}]")

    def refuse(self, message: str) -> GrammarProblem:
        """The problem to raise for what stands here."""
        return GrammarProblem(f"{self.path}: {message}" if self.path else message)


class Kind(Protocol):
    """A kind of value."""

    def read(self, raw: Raw, place: Place) -> Any:
        """The value meant, or a `GrammarProblem`."""


@dataclass(frozen=True, slots=True)
class Word:
    """A single value, read from its text."""

    name: str
    parse: Callable[[str, Place], Any]

    def read(self, raw: Raw, place: Place) -> Any:
        """The value of the text."""
        if isinstance(raw, dict | list):
            raise place.refuse(f"a {self.name} is expected, not a {'list' if isinstance(raw, list) else 'mapping'}")
        return None if raw is None else self.parse(raw, place)


def _number(text: str, place: Place) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise place.refuse(f"{text!r} is not a number")
    return Decimal(text)


def _quantity(text: str, _place: Place) -> Decimal | str:
    # What is no number goes on as it is written: to refuse it (`invalid`) is the engine's business, and testable.
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _integer(text: str, place: Place) -> int:
    if not _INTEGER.fullmatch(text):
        raise place.refuse(f"{text!r} is not a whole number")
    return int(text)


def _date(text: str, place: Place) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _INTEGER.fullmatch(text):
            return place.today + timedelta(days=int(text))
    except (ValueError, OverflowError):
        raise place.refuse(f"there is no date {text}") from None
    raise place.refuse(f"{text!r} is not a date (YYYY-MM-DD, or +3 / -2 for days from today)")


def _flag(text: str, place: Place) -> bool:
    if text.lower() not in _FLAGS:
        raise place.refuse(f"{text!r} is neither true nor false")
    return _FLAGS[text.lower()]


TEXT = Word("text", lambda text, _place: text)
QUANTITY = Word("quantity", _quantity)
NUMBER = Word("number", _number)
INTEGER = Word("whole number", _integer)
DATE = Word("date", _date)
FLAG = Word("true or false", _flag)


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of values of one kind."""

    of: Kind

    def read(self, raw: Raw, place: Place) -> list[Any] | None:
        """The values in their order."""
        if raw is None:
            return None
        if not isinstance(raw, list):
            raise place.refuse("a list is expected")
        return [self.of.read(value, place.row(number)) for number, value in enumerate(raw, 1)]


@dataclass(frozen=True, slots=True)
class ByName:
    """A mapping from free names to values of one kind: `{BOX: 6}`, `{PO1/1: 3}`."""

    of: Kind

    def read(self, raw: Raw, place: Place) -> dict[str, Any] | None:
        """The values by their names."""
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise place.refuse("a mapping is expected")
        return {name: self.of.read(value, place.at(name)) for name, value in raw.items()}


@dataclass(frozen=True, slots=True)
class OneOrRows:
    """A single value or a list of them."""

    one: Kind

    def read(self, raw: Raw, place: Place) -> Any:
        """The value, or the list of values."""
        return Rows(self.one).read(raw, place) if isinstance(raw, list) else self.one.read(raw, place)


@dataclass(frozen=True, slots=True)
class TextOr:
    """A name, or a mapping that says more than the name."""

    more: Kind

    def read(self, raw: Raw, place: Place) -> Any:
        """The text, or the mapping read."""
        return self.more.read(raw, place) if isinstance(raw, dict) else TEXT.read(raw, place)


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with known keys: an unknown one is an error, an omitted one is left out of what is read."""

    kinds: Mapping[str, Kind]
    needed: Sequence[str] = field(default=())

    def read(self, raw: Raw, place: Place) -> dict[str, Any] | None:
        """The values of the keys that are written, None for a null."""
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise place.refuse(f"a mapping is expected with {', '.join(self.kinds)}")
        for key in raw:
            if key not in self.kinds:
                raise place.refuse(f"unknown key `{key}`; there are {', '.join(self.kinds)}")
        for key in self.needed:
            if raw.get(key) is None:
                raise place.refuse(f"`{key}` is missing")
        return {key: self.kinds[key].read(value, place.at(key)) for key, value in raw.items()}


def keys(
    *, need: str = "", text: str = "", number: str = "", integer: str = "", day: str = "", flag: str = "", **other: Kind
) -> Keys:
    """A mapping of an operation: the names of its keys by kind; `need` names those it cannot do without."""
    return _keys(QUANTITY, need, {TEXT: text, INTEGER: integer, DATE: day, FLAG: flag}, number, other)


def facts(
    *, need: str = "", text: str = "", number: str = "", integer: str = "", day: str = "", flag: str = "", **other: Kind
) -> Keys:
    """A mapping of an expectation: like `keys`, but its numbers must be numbers."""
    return _keys(NUMBER, need, {TEXT: text, INTEGER: integer, DATE: day, FLAG: flag}, number, other)


def _keys(numeric: Kind, need: str, by_kind: Mapping[Word, str], numbers: str, other: Mapping[str, Kind]) -> Keys:
    kinds: dict[str, Kind] = {name: kind for kind, names in by_kind.items() for name in names.split()}
    kinds |= dict.fromkeys(numbers.split(), numeric) | {name.rstrip("_"): kind for name, kind in other.items()}
    return Keys(kinds, need.split())
