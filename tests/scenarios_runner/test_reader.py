from datetime import date
from pathlib import Path

import pytest

from stockline.scenarios import Scenario, UnreadableFile, read_file


def read(tmp_path: Path, text: str) -> list[Scenario]:
    file = tmp_path / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return read_file(file)


def test_a_scenario_with_its_head(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        """
scenarios:
- name: a-name
  title: 'A title: with colon'
  area: posting
  basis: TW-1
  today: 2026-02-03
  steps:
  - item: {id: BIKE}
  - site:
      id: EAST
""",
    )
    assert (found.name, found.title, found.area, found.basis) == ("a-name", "A title: with colon", "posting", "TW-1")
    assert found.today == date(2026, 2, 3)
    assert [(step.line, step.raw) for step in found.steps] == [
        (9, {"item": {"id": "BIKE"}}),
        (10, {"site": {"id": "EAST"}}),
    ]


def test_today_has_a_default(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "scenarios: [{name: a, steps: []}]")
    assert found.today == date(2026, 1, 15)


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        ("0012", "0012"),
        ("+3", "+3"),
        ("NO", "NO"),
        ("on", "on"),
        ("0.33333", "0.33333"),
        ("1e3", "1e3"),
        ("12:30", "12:30"),
        ("2026-01-15", "2026-01-15"),
        ("0x1F", "0x1F"),
        ("'null'", "null"),
        ('""', ""),
        ("null", None),
        ("~", None),
        ("", None),
        ("!!str 7", "7"),
        ("[1, {a: 02}]", ["1", {"a": "02"}]),
    ],
)
def test_scalars_stay_as_they_are_written(tmp_path: Path, written: str, raw: object) -> None:
    (found,) = read(tmp_path, f"scenarios:\n- name: a\n  steps:\n  - x: {written}\n")
    assert found.steps[0].raw == {"x": raw}


def test_keys_stay_as_they_are_written(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "scenarios: [{name: a, steps: [{on: {001: 2, NO: 3}}]}]")
    assert found.steps[0].raw == {"on": {"001": "2", "NO": "3"}}


def test_an_anchor_is_shared(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "scenarios: [{name: a, steps: [{x: &rows [1]}, {y: *rows}]}]")
    assert found.steps[1].raw == {"y": ["1"]}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("scenarios: ]", 1, "not YAML"),
        ("scenarios:\n- {name: a, steps: []}\n- {name: b, steps: [}\n", 3, "not YAML"),
        ("", None, "a scenario file is a mapping"),
        ("- name: a", None, "a scenario file is a mapping"),
        ("scenario: []", 1, "unknown key `scenario`"),
        ("scenarios: 5", 1, "must be a list"),
        ("{}", 1, "must be a list"),
        ("scenarios: [5]", 1, "a scenario is a mapping"),
        ("scenarios:\n- steps: []", 2, "needs a `name`"),
        ("scenarios:\n- name: a", 2, "needs `steps`"),
        ("scenarios:\n- name: a\n  steps: 5", 2, "needs `steps`"),
        ("scenarios:\n- name: a\n  steps: []\n  stepps: []", 2, "unknown key `stepps`"),
        ("scenarios:\n- name: a\n  name: b\n  steps: []", 3, "the key `name` stands twice"),
        ("scenarios:\n- name: a\n  steps:\n  - post: {order: A, order: B}", 4, "the key `order` stands twice"),
        ("scenarios:\n- name: [a]\n  steps: []", 2, "`name` of a scenario is a text"),
        ("scenarios:\n- name: a\n  today: +3\n  steps: []", 2, "is not a date"),
        ("scenarios:\n- {name: a, steps: []}\n\n- {name: a, steps: []}", 4, "a second scenario 'a': the first is in"),
        ("scenarios: [{name: a, steps: [&x [*x]]}]", 1, "contains itself"),
        ("scenarios: [{name: a, steps: [{x: !!python/object:os.system 1}]}]", 1, "has no meaning here"),
        ("scenarios: [{name: a, steps: [{x: !secret 1}]}]", 1, "has no meaning here"),
        ("scenarios: [{name: a, steps: [{[1]: 1}]}]", 1, "plain texts"),
        ("scenarios: [{name: a, steps: []}]\n---\nscenarios: []", 2, "not YAML"),
    ],
)
def test_what_is_no_scenario_file(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    with pytest.raises(UnreadableFile) as problem:
        read(tmp_path, text)
    assert message in problem.value.message
    assert problem.value.line == line
    assert str(problem.value).startswith(str(tmp_path / "a.yaml"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        read_file(tmp_path / "none.yaml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"scenarios: [\xff\xfe]")
    with pytest.raises(UnreadableFile, match="not UTF-8"):
        read_file(tmp_path / "a.yaml")
