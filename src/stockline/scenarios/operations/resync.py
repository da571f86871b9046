"""Resynchronization."""

from collections.abc import Sequence
from typing import Any

from stockline.scenarios.operations.register import item_range, operation
from stockline.scenarios.problems import StepFailure
from stockline.scenarios.rows import check_rows, show_value
from stockline.scenarios.scene import Given, Scene, present


@operation("resync_auto")
def resync_auto(scene: Scene, given: Given) -> Any:
    """Resynchronize automatically and compare all actions, and all cases left, with those expected, if written."""
    expected, left = given.pop("expect", None), given.pop("left", None)
    if given.get("items") is not None:
        given["items"] = item_range(given["items"])
    run = scene.call("resync_auto", **present(given))
    if expected is not None:
        check_rows(expected, _rows(run.actions), "actions")
    if left is not None:
        check_rows(left, run.left, "cases left")
    return run


@operation("resync_remove")
def resync_remove(scene: Scene, given: Given) -> Any:
    """Unlink serials from a stock line."""
    return scene.call("resync_remove", given["stock_line"], given.get("serials") or ())


@operation("resync_add")
def resync_add(scene: Scene, given: Given) -> Any:
    """Link serials to a stock line."""
    return scene.call("resync_add", given["stock_line"], given.get("serials") or ())


@operation("resync_candidates")
def resync_candidates(scene: Scene, given: Given) -> Any:
    """The candidates of a stock line, compared in their order with those expected, if written."""
    expected = given.pop("expect", None)
    every = bool(given.get("all"))
    found = scene.call("resync_candidates", given["stock_line"], **({"every": True} if every else {}))
    serials = [candidate.serial for candidate in found]
    if expected is not None and list(expected) != serials:
        raise StepFailure(f"candidates: expected {show_value(list(expected))}, found {show_value(serials)}")
    return found


@operation("undo_resync")
def undo_resync(scene: Scene, given: Given) -> Any:
    """Take a resynchronization back; a name that no step gave is that of an unknown run."""
    run = given["run"]
    return scene.call("undo_resync", scene.posting(run) if run in scene.named else 0)


def _rows(actions: Sequence[Any]) -> list[dict[str, Any]]:
    """Actions under the names scenarios have for their lines."""
    facts = ("item", "variant", "action", "serial", "reason")
    return [
        {name: getattr(action, name) for name in facts} | {"from": action.from_line, "to": action.to_line}
        for action in actions
    ]
