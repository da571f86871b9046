"""How far a long command is: one bar per step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from stockline.cli.console import counted, screen

if TYPE_CHECKING:
    from types import TracebackType

    from stockline import ResyncProgress


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

    def reach(self, position: int, told: str = "", total: int | None = None) -> None:
        """How far the step is, what else there is to tell of it, and how long it is, if that is known only now."""
        self._progress.update(self._tasks[self._step], completed=position, total=total, told=told)

    def say(self, text: str) -> None:
        """Something that stays on the screen above the bars."""
        self._progress.console.print(text)


def told(progress: ResyncProgress) -> str:
    """How far a resynchronization is: items, cases found in them so far, rows, rate and time left (RS-10)."""
    items = f"{progress.items_done:,} of {counted(progress.items_found, 'item')}"
    cases = f"{progress.cases_done:,} of {counted(progress.cases_found, 'case')}"
    read = f"{counted(progress.lines_read, 'line')}, {counted(progress.serials_read, 'serial')}"
    rate = f"{progress.rate:,.0f} serials a second"
    left = progress.seconds_left
    return f"{items}, {cases}; {read}, {rate}" + (f"; {timedelta(seconds=round(left))} left" if left else "")
