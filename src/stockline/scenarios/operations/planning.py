"""Planning."""

from typing import Any

from stockline.scenarios.operations.register import operation
from stockline.scenarios.scene import Given, Scene, present


@operation("plan")
def plan(scene: Scene, given: Given) -> Any:
    """Propose supply for the open demand of an item."""
    return scene.call("plan", **present(given))


@operation("accept")
def accept(scene: Scene, given: Given) -> Any:
    """Carry out the messages and proposals of an item."""
    return scene.call("accept", **present(given))
