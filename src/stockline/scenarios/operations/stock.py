"""Stock as it is found, and control."""

from collections.abc import Mapping
from typing import Any

from stockline.results import FoundSerial, FoundStockLine, LastMovement
from stockline.scenarios.operations.register import item_range, operation
from stockline.scenarios.rows import check_rows
from stockline.scenarios.scene import Given, Scene, present


@operation("load")
def load(scene: Scene, given: Given) -> Any:
    """Put in stock as another system has it, right or wrong."""
    lines = [scene.build(FoundStockLine, row) for row in given.get("stock_lines") or ()]
    return scene.call("load", stock_lines=lines, serials=[_found(scene, row) for row in given.get("serials") or ()])


def _found(scene: Scene, row: Mapping[str, Any]) -> FoundSerial:
    last = row.get("last")
    return scene.build(FoundSerial, {**row, "last": last and scene.build(LastMovement, last)})


@operation("control")
def control(scene: Scene, given: Given) -> Any:
    """Control the stock and compare all findings with those expected, if any are written."""
    expected = given.pop("expect", None)
    if given.get("items") is not None:
        given["items"] = item_range(given["items"])
    if any("repair" in row for row in expected or ()):
        given["repairs"] = True
    found = scene.call("control", **present(given))
    if expected is not None:
        check_rows(expected, found, "findings")
    return found


@operation("move_stock")
def move_stock(scene: Scene, given: Given) -> Any:
    """Move stock to other characteristics."""
    return scene.call("move_stock", **present(given))
