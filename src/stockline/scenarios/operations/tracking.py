"""The tracking window."""

from typing import Any

from stockline.scenarios.operations.register import operation, tracking_rows
from stockline.scenarios.scene import Given, Scene, present


@operation("tracking")
def tracking(scene: Scene, given: Given) -> Any:
    """Open the window of a line, make its rows exactly these, close it."""
    line, rows = given.pop("line"), tracking_rows(scene, given.pop("lines"))
    return scene.call("track", line, rows, **present(given))
