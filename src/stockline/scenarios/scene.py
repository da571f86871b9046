"""One scenario under way: its engine, its work date, and what its steps have named."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, TypeVar

from stockline.scenarios.problems import StepFailure, UnknownOperation

T = TypeVar("T")
Given = dict[str, Any]
"""The keys a step writes, with their values."""


@dataclass(slots=True)
class Scene:
    """What the steps of one scenario share.

    The engine is taken as it is: a method or parameter that it lacks makes the step an unknown operation, so that a
    scenario written for a later build fails alone and says why.
    """

    stock: Any
    today: date
    operation: str = ""
    named: dict[str, Any] = field(default_factory=dict)

    def call(self, method: str, *args: Any, **keywords: Any) -> Any:
        """What a method of the library answers."""
        function = getattr(self.stock, method, None)
        if function is None:
            raise UnknownOperation(self.operation)
        lacking = _lacking(function, keywords)
        if lacking:
            raise UnknownOperation(f"{self.operation} with {', '.join(lacking)}")
        return function(*args, **keywords)

    def ask(self, method: str, what: str, *args: Any, **keywords: Any) -> Any:
        """What a question of the library answers, for what not every build keeps."""
        function = getattr(self.stock, method, None)
        if function is None or _lacking(function, keywords):
            raise StepFailure(f"this build keeps no {what} to compare with")
        return function(*args, **keywords)

    def build(self, kind: Callable[..., T], given: Mapping[str, Any]) -> T:
        """A value the library takes; keys written as null are left to their defaults."""
        lacking = _lacking(kind, given)
        if lacking:
            raise UnknownOperation(f"{self.operation} with {', '.join(lacking)}")
        return kind(**present(given))

    def result(self, name: str) -> Any:
        """The result an earlier step named with `as`."""
        if name not in self.named:
            raise StepFailure(f"no earlier step has `as: {name}`")
        return self.named[name]

    def posting(self, name: str) -> int:
        """The number of the posting with this name."""
        number = getattr(self.result(name), "number", None)
        if not isinstance(number, int):
            raise StepFailure(f"{name} names no posting")
        return number

    def window(self, name: str) -> int:
        """The number of the open window with this name."""
        number = getattr(self.result(name), "number", None)
        if not isinstance(number, int):
            raise StepFailure(f"{name} names no window")
        return number

    def entry(self, name: str) -> int:
        """The one ledger entry of the posting with this name: what `apply_to` and `apply_from` mean."""
        self.posting(name)
        entry = getattr(self.result(name), "entry", None)
        if not isinstance(entry, int):
            count = getattr(self.result(name), "entries", 0)
            raise StepFailure(f"{name} names a posting of {count} ledger entries; it must have made exactly one")
        return entry


def present(given: Mapping[str, Any]) -> Given:
    """The keys that are not null: where a thing is made, null is the default."""
    return {key: value for key, value in given.items() if value is not None}


def _lacking(function: Callable[..., Any], keywords: Mapping[str, Any]) -> list[str]:
    accepted = _accepted(getattr(function, "__func__", function))
    return [] if accepted is None else [key for key in keywords if key not in accepted]


@cache
def _accepted(function: Callable[..., Any]) -> frozenset[str] | None:
    """The names of the parameters of a function, None when it takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
        return None
    return frozenset(each.name for each in parameters)
