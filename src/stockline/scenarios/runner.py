"""Running scenarios: each on a database of its own, a failure of one never the end of the others."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from time import perf_counter
from typing import Any

from stockline import service
from stockline.scenarios.grammar import BESIDE
from stockline.scenarios.problems import ScratchUnavailable, StepFailure, UnknownOperation, UnreadableFile
from stockline.scenarios.reader import Raw, Scenario, read_file
from stockline.scenarios.scene import Scene
from stockline.scenarios.steps import parse_step, perform

OpenScratch = Callable[[date], AbstractContextManager[Any]]
"""Opens an engine on an empty database that is thrown away, with this work date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one scenario went; `step` counts from 1 and is None when it passed."""

    name: str
    file: str
    passed: bool
    step: int | None = None
    line: int | None = None
    message: str | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.passed:
            return f"passed {self.name}"
        return f"failed {self.name} ({self.file}:{self.line}) step {self.step}: {self.message}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The scenarios read, and the files that could not be."""

    scenarios: Sequence[Scenario]
    unreadable: Sequence[UnreadableFile]


def read_paths(paths: Iterable[Path], only: str | None = None) -> Selection:
    """The scenarios of files and folders (their `*.yaml` and `*.yml`, at any depth), by `only` narrowed to names."""
    scenarios: dict[str, Scenario] = {}
    unreadable: list[UnreadableFile] = []
    for file in _files(paths, unreadable):
        try:
            read = read_file(file)
            _refuse_known_names(read, scenarios)
        except UnreadableFile as problem:
            unreadable.append(problem)
        else:
            scenarios |= {scenario.name: scenario for scenario in read}
    chosen = [scenario for scenario in scenarios.values() if only is None or fnmatchcase(scenario.name, only)]
    return Selection(chosen, unreadable)


def _files(paths: Iterable[Path], unreadable: list[UnreadableFile]) -> list[Path]:
    files: dict[Path, Path] = {}
    for path in paths:
        found = (
            sorted(each for each in path.rglob("*") if each.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
        )
        if not found:
            unreadable.append(UnreadableFile(path, "no scenario file (*.yaml) in this folder"))
        for file in found:
            files.setdefault(file.resolve(), file)
    return list(files.values())


def _refuse_known_names(read: Iterable[Scenario], known: dict[str, Scenario]) -> None:
    for scenario in read:
        if scenario.name in known:
            other = known[scenario.name]
            message = f"a second scenario {scenario.name!r}: the first is in {other.file}:{other.line}"
            raise UnreadableFile(scenario.file, message, scenario.line)


def run(
    scenarios: Iterable[Scenario], *, database: str | None = None, open_scratch: OpenScratch | None = None
) -> Iterator[Outcome]:
    """Run scenarios one after the other, on the database server or file kind that `database` names."""
    opener = open_scratch or (lambda today: service.open_scratch(database, today))
    for scenario in scenarios:
        yield _run_one(scenario, opener)


def _run_one(scenario: Scenario, open_scratch: OpenScratch) -> Outcome:
    start = perf_counter()
    with ExitStack() as stack:
        try:
            stock = stack.enter_context(open_scratch(scenario.today))
        except Exception as problem:
            raise ScratchUnavailable(_one_line(problem)) from problem
        failure = _tell(scenario, Scene(stock, scenario.today))
    step, line, message = failure or (None, None, None)
    return Outcome(
        name=scenario.name,
        file=str(scenario.file),
        passed=failure is None,
        step=step,
        line=line,
        message=message,
        seconds=round(perf_counter() - start, 6),
    )


def _tell(scenario: Scenario, scene: Scene) -> tuple[int, int, str] | None:
    """Do the steps until one fails: its number, its line in the file, and what went wrong."""
    for number, written in enumerate(scenario.steps, 1):
        try:
            perform(scene, parse_step(written.raw))
        except UnknownOperation as problem:
            return number, written.line, _one_line(problem)
        except StepFailure as problem:
            return number, written.line, f"{_operation(written.raw)}: {_one_line(problem)}"
        except Exception as problem:
            # Whatever else escapes is a bug of the engine: it belongs to this scenario, the others still run.
            return (
                number,
                written.line,
                f"{_operation(written.raw)}: crashed: {type(problem).__name__}: {_one_line(problem)}",
            )
    return None


def _operation(raw: Raw) -> str:
    names = [key for key in raw if key not in BESIDE] if isinstance(raw, dict) else []
    return ", ".join(names) or "step"


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def write_json(outcomes: Iterable[Outcome], file: Path) -> None:
    """Write outcomes for machines: a list of `{name, file, passed, step, message, seconds}`."""
    keys = ("name", "file", "passed", "step", "message", "seconds")
    rows = [{key: getattr(outcome, key) for key in keys} for outcome in outcomes]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
