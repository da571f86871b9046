"""Writes the reference of rules from `tests/shown`: `make docs`.

A page of its own lists every rule with a test in which it bites and a near miss in which it does not.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from stockline.scenarios import read_paths

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "rules.md"
SHOWN = ROOT / "tests" / "shown"
SCENARIOS = ROOT / "tests" / "scenarios"

OPEN = {
    "EX-3": "comes with order tracking",
}
"""Rules that are not built, and what they wait for."""

SIDES = ("bites", "passes")

HEAD = """# Rules

Every rule has a test in which it bites, where the outcome would be another if the rule were not followed, and a near
miss beside it, where it does not. Most are scenarios, which read like a story; a test in Python is named by its file.
The numbers are those that docstrings and scenarios name. *Open* is what is not built.

This page is made by `make docs` from `tests/shown`.
"""


@cache
def shown() -> dict[str, dict[str, dict[str, Any]]]:
    """By subject and rule: what the rule is about, and the tests in which it `bites` and `passes`."""
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in sorted(SHOWN.glob("*.yaml"))}


@cache
def scenarios() -> dict[str, Path]:
    """The file of each scenario."""
    return {one.name: Path(one.file).resolve() for one in read_paths([SCENARIOS]).scenarios}


def place(test: str) -> Path | None:
    """The file of a scenario or of a test named as pytest does, `tests/test_x.py::test_y`; None where there is none."""
    if "::" not in test:
        return scenarios().get(test)
    file, _, name = test.partition("::")
    path = ROOT / file
    return path if path.is_file() and f"def {name}(" in path.read_text(encoding="utf-8") else None


def page() -> str:
    """The page as it should be."""
    return "\n".join([HEAD, *(_part(subject, rules) for subject, rules in shown().items())])


def _part(subject: str, rules: dict[str, dict[str, Any]]) -> str:
    title = subject.partition("-")[2].replace("-", " ").capitalize()
    return "\n".join([f"## {title}\n", *(_entry(rule, tests) for rule, tests in rules.items())])


def _entry(rule: str, tests: dict[str, Any]) -> str:
    lines = [f"### {rule}\n", f"{tests['about']}\n"]
    lines += [f"- {side.capitalize()}: {', '.join(map(_link, tests[side]))}" for side in SIDES if tests.get(side)]
    if rule in OPEN:
        lines.append(f"- Open: {OPEN[rule]}")
    return "\n".join(lines) + "\n"


def _link(test: str) -> str:
    path = place(test)
    name = test.rpartition("::")[2]
    return f"[{name}](../../{path.relative_to(ROOT).as_posix()})" if path else name


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
