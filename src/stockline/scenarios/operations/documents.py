"""Orders, journals and their lines."""

from typing import Any

from stockline.results import OrderLine
from stockline.scenarios.operations.register import operation
from stockline.scenarios.scene import Given, Scene, present

_RENAMED = {"from": "from_site", "to": "to_site"}
"""Keys that are no names in Python."""


@operation("order")
def order(scene: Scene, given: Given) -> Any:
    """Make an order or journal with its lines."""
    for rows in ("lines", "components"):
        if given.get(rows) is not None:
            given[rows] = [scene.build(OrderLine, row) for row in given[rows]]
    number, kind, lines = given.pop("id"), given.pop("kind"), given.pop("lines", None)
    given = {_RENAMED.get(key, key): value for key, value in present(given).items()}
    return scene.call("create_order", number, kind, lines=lines or [], **given)


@operation("change_line")
def change_line(scene: Scene, given: Given) -> Any:
    """Change a line; a null clears."""
    return scene.call("change_line", given.pop("line"), **given)


@operation("delete_line")
def delete_line(scene: Scene, given: Given) -> Any:
    """Delete a line."""
    return scene.call("delete_line", given.pop("line"), **present(given))


@operation("delete_order")
def delete_order(scene: Scene, given: Given) -> Any:
    """Delete an order with all its lines."""
    return scene.call("delete_order", given.pop("order"), **present(given))
