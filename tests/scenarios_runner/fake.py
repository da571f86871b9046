"""An engine that answers what a test tells it to, so that the runner is tested and nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from inspect import signature
from types import SimpleNamespace
from typing import Any

from stockline.codes import Code, WarningCode
from stockline.refusal import Refusal
from stockline.refusal import Warning as Remark


class FakeStock:
    """Has the methods named in `answers`: values are answered, functions called, exceptions raised.

    `tables` is the whole database as `snapshot` shows it; `calls` what the runner asked for, in order.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.tables: dict[str, list[tuple[Any, ...]]] = {"item": [("BIKE",)]}

    def snapshot(self) -> Mapping[str, Sequence[tuple[Any, ...]]]:
        return {name: list(rows) for name, rows in self.tables.items()}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.answers:
            raise AttributeError(name)
        answer = self.answers[name]

        def answering(*args: Any, **keywords: Any) -> Any:
            self.calls.append((name, args, keywords))
            if isinstance(answer, Exception):
                raise answer
            return answer(*args, **keywords) if callable(answer) else answer

        if callable(answer):
            answering.__signature__ = signature(answer)  # type: ignore[attr-defined]
        return answering

    def asked(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(args, keywords) for called, args, keywords in self.calls if called == name]

    @contextmanager
    def opened(self, today: date) -> Iterator["FakeStock"]:
        self.calls.append(("open", (today,), {}))
        yield self
        self.calls.append(("close", (), {}))


def refusal(code: Code, message: str = "because") -> Refusal:
    return Refusal.of(code, message)


def result(**facts: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"warnings": (), **facts})


def warned(code: WarningCode) -> SimpleNamespace:
    return result(warnings=[Remark(code)])


def posting(number: int, entry: int | None, entries: int = 1) -> SimpleNamespace:
    return result(number=number, entry=entry, entries=entries)
