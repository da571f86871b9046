from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from stockline.scenarios import Outcome, read_file, run

Play = Callable[..., Outcome]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run one scenario, given by its steps, against an engine."""

    def playing(steps: str, stock: Any, head: str = "") -> Outcome:
        file = tmp_path / "one.yaml"
        file.write_text(f"scenarios:\n- name: one\n{indent(head, '  ')}  steps:\n{indent(steps.strip(), '  ')}\n")
        (outcome,) = run(read_file(file), open_scratch=stock.opened)
        return outcome

    return playing
