"""How long the state machines play: short by default, as long as `STOCKLINE_PROPERTIES` says, `200x50` for instance."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from stockline import Refusal
from stockline.codes import Code


class Machine(RuleBasedStateMachine):
    """A state machine that plays on a database of its own each time."""

    target: str | None = None
    """The server the databases are made on; None: in memory."""


def play(machine: type[Machine], target: str | None, short: str) -> None:
    """Play a machine on a database: so many examples of so many steps."""
    examples, steps = map(int, os.environ.get("STOCKLINE_PROPERTIES", short).split("x"))
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(type(machine.__name__, (machine,), {"target": target}), settings=chosen)


def same(code: Code | None, work: Callable[[], Any]) -> Any:
    """What the engine answers; it refuses what the model refuses, for the same reason."""
    answer, refused = None, None
    try:
        answer = work()
    except Refusal as refusal:
        refused = refusal
    assert (refused and refused.code) == code, refused
    return answer
