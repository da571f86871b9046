"""From a file to scenarios. Scalars stay the text that was written.

YAML 1.1 would read `+3` as 3, `0012` as 10, `NO` as false and 0.33333 as a float. Which of them is a number and which a
name is known only where the value stands, so the grammar decides and nothing is lost before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from stockline.scenarios.problems import UnreadableFile

DEFAULT_TODAY = date(2026, 1, 15)
SCENARIO_KEYS = ("name", "title", "area", "basis", "today", "steps")

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NULL, _MERGE = f"{_TAG}null", f"{_TAG}merge"
_PLAIN = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "seq", "map")}

Raw = str | list["Raw"] | dict[str, "Raw"] | None
"""A value as written: text, list, mapping, or the null that clears."""


@dataclass(frozen=True, slots=True)
class WrittenStep:
    """One step as it stands in the file, not yet understood."""

    line: int
    raw: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A short story of operations and of what must be true after them."""

    name: str
    file: Path
    line: int
    steps: Sequence[WrittenStep]
    today: date = DEFAULT_TODAY
    title: str = ""
    area: str = ""
    basis: str = ""


def read_file(path: Path) -> list[Scenario]:
    """The scenarios of one file. Raises `UnreadableFile`, with the line where it is known."""
    root = _compose(path)
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableFile(path, "a scenario file is a mapping with the key `scenarios`")
    values = _Values(path)
    top = values.mapping(root)
    for key in top.keys() - {"scenarios"}:
        raise UnreadableFile(path, f"unknown key `{key}`: a scenario file has the key `scenarios`", _line(root))
    node = top.get("scenarios")
    if not isinstance(node, yaml.SequenceNode):
        raise UnreadableFile(path, "`scenarios` must be a list of scenarios", _line(node or root))
    scenarios = [_scenario(path, values, child) for child in node.value]
    _refuse_same_names(scenarios)
    return scenarios


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8")
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as problem:
        raise UnreadableFile(path, f"not UTF-8 text: {problem.reason}") from None
    except OSError as problem:
        raise UnreadableFile(path, problem.strerror or str(problem)) from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        message = " ".join(filter(None, [problem.context, problem.problem]))
        raise UnreadableFile(path, f"not YAML: {message}", mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, RecursionError) as problem:
        raise UnreadableFile(path, f"not YAML: {' '.join(str(problem).split())}") from None
    return node


def _scenario(path: Path, values: "_Values", node: yaml.Node) -> Scenario:
    line = _line(node)
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableFile(path, "a scenario is a mapping with `name` and `steps`", line)
    given = values.mapping(node)
    for key in given.keys() - set(SCENARIO_KEYS):
        raise UnreadableFile(path, f"unknown key `{key}` of a scenario: it has {', '.join(SCENARIO_KEYS)}", line)
    steps = given.pop("steps", None)
    if not isinstance(steps, yaml.SequenceNode):
        raise UnreadableFile(path, "a scenario needs `steps`, a list", line)
    facts = {key: _text(path, key, values.raw(child), _line(child)) for key, child in given.items()}
    if not facts.get("name"):
        raise UnreadableFile(path, "a scenario needs a `name`", line)
    return Scenario(
        name=facts["name"],
        file=path,
        line=line,
        title=facts.get("title", ""),
        area=facts.get("area", ""),
        basis=facts.get("basis", ""),
        today=_today(path, facts["today"], line) if facts.get("today") else DEFAULT_TODAY,
        steps=[WrittenStep(_line(step), values.raw(step)) for step in steps.value],
    )


def _text(path: Path, key: str, raw: Raw, line: int) -> str:
    if isinstance(raw, dict | list):
        raise UnreadableFile(path, f"`{key}` of a scenario is a text", line)
    return raw or ""


def _today(path: Path, text: str, line: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnreadableFile(path, f"today: {text!r} is not a date (YYYY-MM-DD)", line) from None


def _refuse_same_names(scenarios: Sequence[Scenario]) -> None:
    first: dict[str, Scenario] = {}
    for scenario in scenarios:
        other = first.setdefault(scenario.name, scenario)
        if other is not scenario:
            message = f"a second scenario {scenario.name!r}: the first is in {other.file}:{other.line}"
            raise UnreadableFile(scenario.file, message, scenario.line)


class _Values:
    """Turns YAML nodes into raw values; a node that an alias shares is turned once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[int, Raw] = {}
        self._under_way: set[int] = set()

    def raw(self, node: yaml.Node) -> Raw:
        """The value of a node: its text, or lists and mappings of texts."""
        if node.tag not in _PLAIN:
            raise UnreadableFile(self.path, f"the tag {node.tag} has no meaning here", _line(node))
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else str(node.value)
        if id(node) not in self._done:
            if id(node) in self._under_way:
                raise UnreadableFile(self.path, "an alias that contains itself", _line(node))
            self._under_way.add(id(node))
            self._done[id(node)] = self._collection(node)
        return self._done[id(node)]

    def _collection(self, node: yaml.Node) -> Raw:
        if isinstance(node, yaml.MappingNode):
            return {key: self.raw(value) for key, value in self.mapping(node).items()}
        return [self.raw(child) for child in node.value]

    def mapping(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        """The nodes of a mapping by key. A key written twice is an error: YAML would keep one of them silently."""
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                raise UnreadableFile(self.path, "the keys of a mapping are plain texts", _line(key))
            if key.value in found:
                raise UnreadableFile(self.path, f"the key `{key.value}` stands twice", _line(key))
            found[key.value] = value
        return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
