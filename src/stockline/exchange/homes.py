"""Where a movement went that its system tells only in part: a journal without locations, entries without bins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from stockline.results import FoundStockLine, LastMovement

TELLING = ("site", "location", "lot", "package")


class Homes:
    """The open stock lines that a movement may have led to."""

    def __init__(self, lines: Iterable[FoundStockLine], untold: Collection[str]) -> None:
        self._untold = untold
        self._told = [name for name in TELLING if name not in untold]
        self._lines: dict[tuple[str, ...], list[FoundStockLine]] = {}
        for line in lines if untold else ():
            if line.quantity:
                self._lines.setdefault((line.item, line.variant, *self._tells(line)), []).append(line)

    def complete(
        self, item: tuple[str, str], last: LastMovement | None, linked: Sequence[FoundStockLine]
    ) -> LastMovement | None:
        """The movement with what is not told taken from the one line it fits: one the serial is on, else any."""
        if not self._untold or last is None or last.direction == "out":
            return last
        told = self._tells(last)
        fitting = [line for line in linked if self._tells(line) == told] or self._lines.get((*item, *told), [])
        if len(fitting) != 1:
            return last
        return replace(last, **{name: getattr(fitting[0], name) for name in self._untold})

    def _tells(self, of: FoundStockLine | LastMovement) -> tuple[str, ...]:
        return tuple(getattr(of, name) for name in self._told)
