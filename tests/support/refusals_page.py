"""Writes the reference of refusals from the code list, the rules and the scenarios: `make docs`.

A page of its own lists every code with its sentence, its rules, where it is checked, and scenarios in which it bites.
"""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import stockline.rules
from stockline.codes import RULES, SENTENCES, WARNING_SENTENCES, Code, WarningCode
from stockline.rules.framework import Rule
from stockline.scenarios import read_paths

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "refusals.md"
SCENARIOS = ROOT / "tests" / "scenarios"

HEAD = """# Refusals

A refused operation changes nothing and answers with one code and every row that offends. The code is the same in the
library (`Refusal.code`), on the command line and in a scenario's `fails`. A warning comes back with a result that
stands.

*Rules* are the numbers that docstrings and scenarios name. *Checked by* are the queries on staged rows that find the
offenders; what else is checked, is checked on the input. *Bites in* names, for each file of scenarios, the first one
that the code refuses.

This page is made by `make docs`.
"""


def checks() -> dict[Code, list[tuple[str, str]]]:
    """The queries that refuse with a code: module and name."""
    found: dict[Code, list[tuple[str, str]]] = {}
    for module in pkgutil.iter_modules(stockline.rules.__path__):
        for name, value in vars(import_module(f"stockline.rules.{module.name}")).items():
            if isinstance(value, Rule) and value.build.__module__.endswith(f".{module.name}"):
                found.setdefault(value.code, []).append((module.name, name))
    return found


@cache
def bites() -> dict[str, dict[Path, str]]:
    """By code and file the first scenario with a step that must be refused, or must warn, with it."""
    found: dict[str, dict[Path, str]] = {}
    for scenario in read_paths([SCENARIOS]).scenarios:
        for step in scenario.steps:
            for code in _expected(step.raw):
                found.setdefault(code, {}).setdefault(Path(scenario.file), scenario.name)
    return found


def _expected(step: object) -> Iterator[str]:
    if isinstance(step, dict):
        for beside in ("fails", "warns"):
            given = step.get(beside) or []
            yield from [given] if isinstance(given, str) else given


def page() -> str:
    """The page as it should be."""
    where, scenarios = checks(), bites()
    refusals = [_entry(code, SENTENCES[code], RULES[code], where.get(code, []), scenarios) for code in Code]
    warnings = [_entry(code, WARNING_SENTENCES[code], (), [], scenarios) for code in WarningCode]
    return "\n".join([HEAD, *refusals, "# Warnings\n", *warnings])


def _entry(
    code: Code | WarningCode,
    sentence: str,
    rules: tuple[str, ...],
    where: list[tuple[str, str]],
    scenarios: dict[str, dict[Path, str]],
) -> str:
    lines = [f"## {code}\n", f"{sentence}\n"]
    if rules:
        lines.append(f"- Rules: {', '.join(rules)}")
    if where:
        checked = (f"[`{name}`](../../src/stockline/rules/{module}.py)" for module, name in where)
        lines.append(f"- Checked by: {', '.join(checked)}")
    if found := scenarios.get(code):
        lines.append(f"- Bites in: {', '.join(_link(file, name) for file, name in found.items())}")
    return "\n".join(lines) + "\n"


def _link(file: Path, name: str) -> str:
    return f"[{name}](../../{file.resolve().relative_to(ROOT).as_posix()})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
