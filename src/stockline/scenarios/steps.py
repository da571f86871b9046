"""One step: what is written, what it does, and whether it went as it says.

A step that must be refused is held to it twice: the code is one of those written, and the database is what it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockline.codes import Code, WarningCode
from stockline.refusal import Refusal
from stockline.scenarios.expectations import EXPECTATIONS
from stockline.scenarios.grammar import BESIDE, GRAMMAR
from stockline.scenarios.kinds import Place
from stockline.scenarios.operations import OPERATIONS, Handler
from stockline.scenarios.problems import GrammarProblem, StepFailure, UnknownOperation
from stockline.scenarios.reader import Raw
from stockline.scenarios.scene import Scene

HANDLERS: Mapping[str, Handler] = OPERATIONS | EXPECTATIONS
Snapshot = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation and what is said beside it; its keys are read when it is its turn."""

    operation: str
    keys: Raw
    fails: Sequence[str] = ()
    warns: Sequence[str] = ()
    name: str | None = None


def parse_step(raw: Raw) -> Step:
    """The step that a mapping of the file means."""
    if not isinstance(raw, dict):
        raise GrammarProblem("a step is a mapping with one operation")
    operations = [key for key in raw if key not in BESIDE]
    if len(operations) != 1:
        raise GrammarProblem(f"a step has one operation, this one has {', '.join(operations) or 'none'}")
    step = Step(
        operation=operations[0],
        keys=raw[operations[0]],
        fails=_codes(raw, "fails", frozenset(Code)),
        warns=_codes(raw, "warns", frozenset(WarningCode)),
        name=_name(raw),
    )
    if step.fails and step.warns:
        raise GrammarProblem("a step has `fails` or `warns`, not both: a refused operation warns of nothing")
    return step


def _codes(raw: Mapping[str, Raw], key: str, known: frozenset[str]) -> list[str]:
    """The codes written under `fails` or `warns`: one or a list."""
    if key not in raw:
        return []
    written = raw[key]
    codes = written if isinstance(written, list) else [written]
    for code in codes or [None]:
        if not isinstance(code, str) or code not in known:
            raise GrammarProblem(f"{key}: there is no such code: {code}")
    return [str(code) for code in codes]


def _name(raw: Mapping[str, Raw]) -> str | None:
    name = raw.get("as")
    if isinstance(name, dict | list):
        raise GrammarProblem("as: a text is expected")
    return name


def perform(scene: Scene, step: Step) -> None:
    """Do one step. Raises `StepFailure` when it does not go as the step says."""
    handler = HANDLERS.get(step.operation)
    if handler is None:
        raise UnknownOperation(step.operation)
    given = GRAMMAR[step.operation].read(step.keys, Place(scene.today))
    if given is None:
        raise GrammarProblem("its keys are missing")
    scene.operation = step.operation
    if step.fails:
        _refused(scene, handler, given, step.fails)
    else:
        _succeeds(scene, handler, given, step)


def _refused(scene: Scene, handler: Handler, given: Any, codes: Sequence[str]) -> None:
    before: Snapshot = scene.stock.snapshot()
    expected = f"a refusal: {' or '.join(codes)}"
    try:
        handler(scene, given)
    except Refusal as refusal:
        if refusal.code not in codes:
            raise StepFailure(f"expected {expected}, found a refusal: {refusal}") from None
    else:
        raise StepFailure(f"expected {expected}, found that it succeeded")
    changed = _changed(before, scene.stock.snapshot())
    if changed:
        raise StepFailure(f"expected that a refused operation leaves no trace, found changes in {', '.join(changed)}")


def _changed(before: Snapshot, after: Snapshot) -> list[str]:
    return [
        name for name in sorted(before.keys() | after.keys()) if list(before.get(name, ())) != list(after.get(name, ()))
    ]


def _succeeds(scene: Scene, handler: Handler, given: Any, step: Step) -> None:
    try:
        result = handler(scene, given)
    except Refusal as refusal:
        raise StepFailure(f"expected that it succeeds, found a refusal: {refusal}") from None
    warned = [warning.code for warning in getattr(result, "warnings", ())]
    for code in step.warns:
        if code not in warned:
            raise StepFailure(f"expected the warning {code}, found {', '.join(warned) or 'no warning'}")
    if step.name is not None:
        scene.named[step.name] = result
