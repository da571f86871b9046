"""Postings."""

from typing import Any

from stockline.results import Counted, Reclassified
from stockline.scenarios.operations.register import one_of, operation, tracking_rows, with_entries, with_new_numbers
from stockline.scenarios.scene import Given, Scene, present


@operation("post")
def post(scene: Scene, given: Given) -> Any:
    """Post one order or several in one posting."""
    orders = one_of(given, "order", "orders")
    if given.get("apply_to") is not None:
        given["apply_to"] = {line: scene.entry(name) for line, name in given["apply_to"].items()}
    return scene.call("post", orders, **present(given))


@operation("adjust")
def adjust(scene: Scene, given: Given) -> Any:
    """Make an adjustment journal and post it at once."""
    place = given.pop("item"), given.pop("site"), given.pop("quantity")
    if given.get("lines") is not None:
        given["rows"] = tracking_rows(scene, given["lines"])
    given.pop("lines", None)
    return scene.call("adjust", *place, **with_entries(scene, present(given)))


@operation("undo")
def undo(scene: Scene, given: Given) -> Any:
    """Take back a posting, or one line of it."""
    return scene.call("undo", scene.posting(given.pop("posting")), **present(given))


@operation("reclassify")
def reclassify(scene: Scene, given: Given) -> Any:
    """Make a reclassification journal and post it at once."""
    rows = [Reclassified(**with_new_numbers(row)) for row in given.pop("lines", None) or ()]
    return scene.call("reclassify", given.pop("item"), given.pop("site"), rows, **present(given))


@operation("count")
def count(scene: Scene, given: Given) -> Any:
    """Post what a count has found to differ."""
    rows = [scene.build(Counted, present(row)) for row in given.pop("lines", None) or ()]
    return scene.call("count", given.pop("item"), given.pop("site"), rows, **present(given))
