"""How far a long command is: one bar per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from stockline.cli.console import screen

if TYPE_CHECKING:
    from types import TracebackType


class StepBar:
    """The steps of a command as bars, one under the other; nothing is shown where there is no terminal."""

    def __init__(self) -> None:
        console = screen(error=True)
        shown = BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[told]}")
        columns = TextColumn("{task.description:<7}"), *shown
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._step = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, step: str, total: int) -> None:
        """A step begins; one that begins again starts from nothing."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total, told="")
        else:
            self._progress.reset(self._tasks[step], total=total)
        self._step = step

    def reach(self, position: int, told: str = "") -> None:
        """How far the step is, and what else there is to tell of it."""
        self._progress.update(self._tasks[self._step], completed=position, told=told)
