"""Every scenario of `tests/scenarios`, on SQLite and on PostgreSQL, and what must be true after any of them.

Stock that no `load` has damaged agrees with itself after every story: control finds nothing (spec part 60, part 3).
"""

from dataclasses import replace
from pathlib import Path

import pytest

from stockline.scenarios import Scenario, read_paths, run
from stockline.scenarios.reader import WrittenStep

FOLDER = Path(__file__).parent / "scenarios"
SELECTION = read_paths([FOLDER])


KEPT = ("stock_lines", "totals", "lots", "ledger", "serials", "reservations")
"""What no operation of ours breaks. Not `packages`: a part of one may be moved, and then it is in two places."""


def _with_invariants(scenario: Scenario) -> Scenario:
    """The story, and at its end a control of everything that must find nothing."""
    if any(isinstance(step.raw, dict) and "load" in step.raw for step in scenario.steps):
        return scenario
    control = WrittenStep(scenario.line, {"control": {"only": list(KEPT), "expect": []}})
    return replace(scenario, steps=[*scenario.steps, control])


def test_all_files_are_read() -> None:
    assert SELECTION.scenarios
    assert [str(problem) for problem in SELECTION.unreadable] == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SELECTION.scenarios])
def test_scenario(scenario: Scenario, database: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres") if database == "postgresql" else None
    (outcome,) = run([_with_invariants(scenario)], database=url)
    if not outcome.passed:
        place = f"{scenario.file}:{outcome.line}, step {outcome.step}"
        pytest.fail(f"{scenario.name}: {scenario.title}\n{place}\n{outcome.message}", pytrace=False)
