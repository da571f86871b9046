import json
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stockline import service
from stockline.cli.scenario import app
from stockline.codes import Code
from tests.scenarios_runner.fake import FakeStock, refusal, result

GOOD = "- name: {name}\n  steps:\n  - post: {{order: A}}\n"
BAD = "- name: {name}\n  steps:\n  - post: {{order: A}}\n  - delete_order: {{order: A}}\n"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The databases asked for; every scenario gets an engine whose orders cannot be deleted."""
    urls: list[str | None] = []

    def open_scratch(url: str | None, today: date) -> AbstractContextManager[Any]:
        urls.append(url)
        return FakeStock(post=result(), delete_order=refusal(Code.HAS_TRACKING, "line 1\nhas S1")).opened(today)

    monkeypatch.setattr(service, "open_scratch", open_scratch, raising=False)
    return urls


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"scenarios:\n{text}")
    return file


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


@pytest.mark.usefixtures("opened")
def test_none_failed(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", GOOD.format(name="a"))
    write(tmp_path, "deep/er/b.yml", GOOD.format(name="b"))
    write(tmp_path, "deep/notes.txt", "not a scenario")
    called = call(tmp_path)
    assert (called.exit_code, called.stdout) == (0, "2 passed, 0 failed\n")


@pytest.mark.usefixtures("opened")
def test_one_line_per_failure(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", GOOD.format(name="a") + BAD.format(name="b") + GOOD.format(name="c"))
    called = call(file)
    assert called.exit_code == 1
    assert called.stdout.splitlines() == [
        f"failed b ({file}:8) step 2: delete_order: expected that it succeeds,"
        " found a refusal: has_tracking: line 1 has S1",
        "2 passed, 1 failed",
    ]


@pytest.mark.usefixtures("opened")
def test_an_unknown_operation_fails_alone(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "- {name: a, steps: [{fly: {to: moon}}]}\n" + GOOD.format(name="b"))
    called = call(file)
    assert called.exit_code == 1
    assert called.stdout.splitlines() == [f"failed a ({file}:2) step 1: unknown operation: fly", "1 passed, 1 failed"]


@pytest.mark.usefixtures("opened")
def test_unreadable_files_are_named_and_the_others_run(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", GOOD.format(name="a"))
    broken = write(tmp_path, "b.yaml", "- name: [\n")
    again = write(tmp_path, "c.yaml", "\n" + GOOD.format(name="a") + BAD.format(name="d"))
    called = call(tmp_path, tmp_path / "none.yaml")
    assert called.exit_code == 2
    assert called.stdout == "1 passed, 0 failed\n"
    lines = called.stderr.splitlines()
    assert lines[0].startswith(f"cannot be read: {broken}:3: not YAML")
    assert lines[1] == f"cannot be read: {again}:3: a second scenario 'a': the first is in {tmp_path / 'a.yaml'}:2"
    assert lines[2] == f"cannot be read: {tmp_path / 'none.yaml'}: No such file or directory"


@pytest.mark.usefixtures("opened")
def test_a_folder_without_scenarios_is_a_mistake(tmp_path: Path) -> None:
    called = call(tmp_path)
    assert called.exit_code == 2
    assert "no scenario file" in called.stderr


@pytest.mark.usefixtures("opened")
def test_a_file_named_twice_runs_once(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", GOOD.format(name="a"))
    assert call(file, tmp_path, file).stdout == "1 passed, 0 failed\n"


@pytest.mark.usefixtures("opened")
def test_only(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "".join(GOOD.format(name=name) for name in ("post-a", "post-b", "tw-a")))
    assert call(file, "--only", "post-*").stdout == "2 passed, 0 failed\n"
    assert call(file, "--only", "nothing").stdout == "0 passed, 0 failed\n"


@pytest.mark.usefixtures("opened")
def test_json(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", GOOD.format(name="a") + BAD.format(name="b"))
    call(file, "--json", tmp_path / "out.json")
    passed, failed = json.loads((tmp_path / "out.json").read_text())
    assert list(passed) == ["name", "file", "passed", "step", "message", "seconds"]
    assert (passed["name"], passed["file"], passed["passed"], passed["step"], passed["message"]) == (
        "a",
        str(file),
        True,
        None,
        None,
    )
    assert passed["seconds"] >= 0
    assert (failed["passed"], failed["step"]) == (False, 2)
    assert failed["message"].startswith("delete_order: expected that it succeeds")


@pytest.mark.usefixtures("opened")
def test_json_that_cannot_be_written(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", GOOD.format(name="a"))
    called = call(file, "--json", tmp_path / "none" / "out.json")
    assert called.exit_code == 2
    assert "cannot write" in called.stderr


def test_each_scenario_has_a_database_of_its_own(tmp_path: Path, opened: list[str | None]) -> None:
    file = write(tmp_path, "a.yaml", GOOD.format(name="a") + GOOD.format(name="b"))
    call(file)
    call(file, "--database", "postgresql:///test", "--only", "a")
    assert opened == [None, None, "postgresql:///test"]


def test_a_database_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_scratch(_url: str | None, _today: date) -> AbstractContextManager[Any]:
        raise ConnectionError("nobody\nlistens")

    monkeypatch.setattr(service, "open_scratch", open_scratch, raising=False)
    called = call(write(tmp_path, "a.yaml", GOOD.format(name="a")), "--database", "postgresql:///test")
    assert called.exit_code == 2
    assert called.stderr == "no database to run on: nobody listens\n"
