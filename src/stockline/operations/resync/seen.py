"""What a person saw of serials and stock lines when a draft first touched them, and how it differs from now (RS-20)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stockline.operations.resync.desk import Desk, DeskSerial
from stockline.operations.resync.links import OWN
from stockline.plan.placement import Attributes
from stockline.values import to_quantity

Facts = dict[str, Any]
"""What there is to show, by name."""
Difference = tuple[str, Facts, Facts]
"""A change in words, and what there is to show of it before and now."""

MOVEMENT = ("last_direction", "last_set_id", "last_batch_id")
"""The last movement of a serial: its direction, the characteristics it saw, its number."""


@dataclass(frozen=True, slots=True)
class SerialSeen:
    """A serial as a person saw it: its links ascending, its own attributes, its last movement."""

    links: tuple[int, ...]
    attributes: Attributes
    movement: tuple[int, int | None, int | None]

    def difference(self, now: "SerialSeen") -> Difference:
        """How it is another now."""
        before, after = self._facts(), now._facts()
        differing = [name for name in before if before[name] != after[name]]
        what = "; ".join(f"{_LABELS[name]} {_told(before[name])}, now {_told(after[name])}" for name in differing)
        return (
            what or "has moved meanwhile",
            {name: before[name] for name in differing},
            {name: after[name] for name in differing},
        )

    def _facts(self) -> Facts:
        return {"stock_lines": list(self.links), **dict(zip(OWN, self.attributes, strict=True))}


_LABELS = {"stock_lines": "was on stock line", **{name: f"was of {name}" for name in OWN}}


def _told(value: str | list[int]) -> str:
    return (value if isinstance(value, str) else ", ".join(map(str, value))) or "none"


@dataclass(frozen=True, slots=True)
class LineSeen:
    """A stock line as a person saw it: its quantity in engine units, the number of its serials, a digest of these."""

    quantity: int = 0
    serials: int = 0
    digest: int = 0

    def difference(self, now: "LineSeen") -> Difference:
        """How it is another now."""
        before, after = self._facts(), now._facts()
        if before == after:
            return "has other serials, or what is known of them is another", before, after
        quantity, serials = after.values()
        what = f"had the quantity {before['quantity']} and {before['serials']} serials, now {quantity} and {serials}"
        return what, before, after

    def _facts(self) -> Facts:
        return {"quantity": to_quantity(self.quantity), "serials": self.serials}


def serial_seen(one: DeskSerial) -> SerialSeen:
    """A serial as it is seen now."""
    return SerialSeen(tuple(sorted(one.links)), one.attributes, one.movement)


def lines_seen(desk: Desk, numbers: Iterable[int]) -> dict[int, LineSeen]:
    """Stock lines as they are seen now; a number that is none has the quantity 0."""
    wanted = sorted(numbers)
    lines, linked, digests = desk.lines(wanted), desk.linked(wanted), desk.digests(wanted)
    return {
        number: LineSeen(
            lines[number].quantity if number in lines else 0, linked.get(number, 0), digests.get(number, 0)
        )
        for number in wanted
    }
