"""The tracking window."""

from typing import Any

from stockline.scenarios.operations.register import operation, tracking_row, tracking_rows, with_entries
from stockline.scenarios.scene import Given, Scene, present


@operation("tracking")
def tracking(scene: Scene, given: Given) -> Any:
    """Open the window of a line, make its rows exactly these, close it."""
    line, rows = given.pop("line"), tracking_rows(scene, given.pop("lines"))
    return scene.call("track", line, rows, **present(given))


@operation("open_tracking")
def open_tracking(scene: Scene, given: Given) -> Any:
    """Open the window of a line."""
    return scene.call("open_tracking", given.pop("line"), **present(given))


@operation("enter")
def enter(scene: Scene, given: Given) -> Any:
    """Enter a row in an open window."""
    window = scene.window(given.pop("window"))
    return scene.call("enter_row", window, tracking_row(scene, given))


@operation("edit")
def edit(scene: Scene, given: Given) -> Any:
    """Change a row of an open window, named by its place; a null clears."""
    window = scene.window(given.pop("window"))
    key = _key(scene, window, given.pop("row"))
    return scene.call("edit_row", window, key, **with_entries(scene, given))


@operation("remove")
def remove(scene: Scene, given: Given) -> Any:
    """Remove a row of an open window, named by its place."""
    window = scene.window(given["window"])
    return scene.call("remove_row", window, _key(scene, window, given["row"]))


@operation("assign_serials")
def assign_serials(scene: Scene, given: Given) -> Any:
    """Add rows of new serials."""
    return scene.call("assign_serials", scene.window(given.pop("window")), **present(given))


@operation("assign_lot")
def assign_lot(scene: Scene, given: Given) -> Any:
    """Give a row a new lot."""
    return _assign(scene, "assign_lot", given)


@operation("assign_package")
def assign_package(scene: Scene, given: Given) -> Any:
    """Give a row a new package."""
    return _assign(scene, "assign_package", given)


def _assign(scene: Scene, method: str, given: Given) -> Any:
    window, row = scene.window(given["window"]), given.get("row")
    return scene.call(method, window, None if row is None else _key(scene, window, row))


@operation("select_entries")
def select_entries(scene: Scene, given: Given) -> Any:
    """Take stock into an open window: these rows, or the proposal."""
    window = scene.window(given.pop("window"))
    return scene.call("select_entries", window, tracking_rows(scene, given.get("rows") or ()))


@operation("refresh")
def refresh(scene: Scene, given: Given) -> Any:
    """Look again at what is available for an open window."""
    return scene.call("refresh_tracking", scene.window(given["window"]))


@operation("scan")
def scan(scene: Scene, given: Given) -> Any:
    """Scan a code into an open window."""
    return scene.call("scan", scene.window(given["window"]), given["code"])


@operation("close_tracking")
def close_tracking(scene: Scene, given: Given) -> Any:
    """Close a window."""
    return scene.call("close_tracking", scene.window(given["window"]))


@operation("discard_tracking")
def discard_tracking(scene: Scene, given: Given) -> Any:
    """Close a window without saving."""
    return scene.call("discard_tracking", scene.window(given["window"]))


def _key(scene: Scene, window: int, row: int) -> int:
    return int(scene.call("window_row", window, row).key)
