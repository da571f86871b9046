"""Reservations."""

from typing import Any

from stockline.scenarios.operations.register import operation
from stockline.scenarios.scene import Given, Scene, present


@operation("reserve")
def reserve(scene: Scene, given: Given) -> Any:
    """Reserve a demand from supplies, or a supply for demands."""
    return scene.call("reserve", given.pop("line"), **present(given))


@operation("unreserve")
def unreserve(scene: Scene, given: Given) -> Any:
    """Cancel reservations of a line."""
    return scene.call("unreserve", given.pop("line"), **present(given))
