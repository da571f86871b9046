"""The register of operations, and what their handlers share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stockline.results import TrackingRow
from stockline.scenarios.problems import GrammarProblem
from stockline.scenarios.scene import Given, Scene, present

Handler = Callable[[Scene, Any], Any]
"""Does a step, from its keys as the grammar has read them."""
OPERATIONS: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under the name of its operation."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[name] = handler
        return handler

    return register


def one_of(given: Given, *keys: str) -> Any:
    """Take the value of the one key that is written of several that exclude each other."""
    written = [key for key in keys if given.get(key) is not None]
    if len(written) != 1:
        raise GrammarProblem(f"exactly one of {', '.join(keys)} is needed")
    values = {key: given.pop(key, None) for key in keys}
    return values[written[0]]


def item_range(items: Sequence[str | None]) -> tuple[str | None, ...]:
    """The first and the last item of a range."""
    if len(items) != 2:
        raise GrammarProblem("items: a range is [FROM, TO]")
    return tuple(items)


def tracking_rows(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> list[TrackingRow]:
    """Rows of a tracking window as the library takes them."""
    return [tracking_row(scene, row) for row in rows]


def tracking_row(scene: Scene, row: Mapping[str, Any]) -> TrackingRow:
    """One of them."""
    return TrackingRow(**with_entries(scene, with_new_numbers(row)))


def with_new_numbers(row: Mapping[str, Any]) -> Given:
    """A new number written as null is the blank one, a new date no date; what else is null is left out."""
    blank = {key: None if key == "new_expires" else "" for key in row if key.startswith("new_")}
    return blank | present(row)


def with_entries(scene: Scene, given: Given) -> Given:
    """The keys with the ledger entries that their names stand for."""
    for key in ("apply_to", "apply_from"):
        if given.get(key) is not None:
            given[key] = scene.entry(given[key])
    return given
