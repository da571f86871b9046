"""What a refused operation carries, and what a successful one warns of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stockline.codes import SENTENCES, WARNING_SENTENCES, Code, WarningCode


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks a rule: where it stands, its numbers, and the facts that tell why.

    `line` is a source line's name (`PO1/1`), `row` counts the rows given from 1. What does not apply is None.
    """

    message: str
    line: str | None = None
    row: int | None = None
    item: str | None = None
    variant: str | None = None
    site: str | None = None
    location: str | None = None
    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warning:
    """A remark on an operation that succeeded. Warnings never refuse."""

    code: WarningCode
    findings: Sequence[Finding] = ()

    @property
    def message(self) -> str:
        """The sentence for a person."""
        return WARNING_SENTENCES[self.code]


class Refusal(Exception):
    """An operation broke a rule: it changed nothing; every offending row is in `findings`."""

    def __init__(self, code: Code, findings: Iterable[Finding] = ()) -> None:
        self.code = code
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(code, self.findings)

    @classmethod
    def of(cls, code: Code, message: str, **where: Any) -> "Refusal":
        """A refusal with one finding."""
        return cls(code, [Finding(message, **where)])

    def __str__(self) -> str:
        shown = "; ".join(finding.message for finding in self.findings[:5])
        more = f" and {len(self.findings) - 5} more" if len(self.findings) > 5 else ""
        return f"{self.code}: {shown or SENTENCES[self.code]}{more}"
