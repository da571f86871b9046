"""Items, sites and information cards."""

from typing import Any

from stockline.results import Location
from stockline.scenarios.operations.register import operation
from stockline.scenarios.scene import Given, Scene, present
from stockline.tracking_code import TrackingCode


@operation("item")
def item(scene: Scene, given: Given) -> Any:
    """Make an item."""
    return scene.call("create_item", given.pop("id"), **_with_tracking_code(scene, present(given)))


@operation("change_item")
def change_item(scene: Scene, given: Given) -> Any:
    """Change an item; a null clears."""
    return scene.call("change_item", given.pop("id"), **_with_tracking_code(scene, given))


def _with_tracking_code(scene: Scene, given: Given) -> Given:
    if given.get("tracking") is not None:
        given["tracking"] = scene.build(TrackingCode, given["tracking"])
    return given


@operation("site")
def site(scene: Scene, given: Given) -> Any:
    """Make a site with its locations and warehouses."""
    if given.get("locations") is not None:
        given["locations"] = [
            place if isinstance(place, str) else scene.build(Location, place) for place in given["locations"]
        ]
    return scene.call("create_site", given.pop("id"), **present(given))


@operation("serial_info")
def serial_info(scene: Scene, given: Given) -> Any:
    """Write the information card of a serial."""
    return _card(scene, "serial", given)


@operation("lot_info")
def lot_info(scene: Scene, given: Given) -> Any:
    """Write the information card of a lot."""
    return _card(scene, "lot", given)


@operation("package_info")
def package_info(scene: Scene, given: Given) -> Any:
    """Write the information card of a package."""
    return _card(scene, "package", given)


def _card(scene: Scene, kind: str, given: Given) -> Any:
    return scene.call("set_information_card", kind, given.pop("item"), given.pop(kind), **present(given))
