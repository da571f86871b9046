"""Collects what is wrong with an operation's input, so that a refusal can name all of it."""

from collections.abc import Sequence
from typing import Any

from stockline.codes import Code
from stockline.refusal import Finding, Refusal


class Problems:
    """Findings by code; refuses with the first code of the order the spec gives that has any (IN-4)."""

    def __init__(self, order: Sequence[Code]) -> None:
        self._found: dict[Code, list[Finding]] = {code: [] for code in order}

    def add(self, code: Code, message: str, **where: Any) -> None:
        """Note one offending row."""
        self._found[code].append(Finding(message, **where))

    def findings(self, code: Code) -> Sequence[Finding]:
        """What was noted under a code."""
        return self._found[code]

    def __bool__(self) -> bool:
        return any(self._found.values())

    def refuse(self) -> None:
        """Refuse if anything was noted."""
        for code, findings in self._found.items():
            if findings:
                raise Refusal(code, findings)
