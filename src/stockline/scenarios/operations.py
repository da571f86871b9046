"""The operations this build can do, each a few lines from the keys of a step to the library.

A handler is registered under the name that `grammar.py` gives its operation. An operation of the grammar without a
handler is unknown to the build; adding one is writing its handler.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stockline.results import FoundSerial, FoundStockLine, LastMovement, Location, OrderLine, TrackingRow
from stockline.scenarios.problems import GrammarProblem
from stockline.scenarios.rows import check_rows
from stockline.scenarios.scene import Given, Scene, present
from stockline.tracking_code import TrackingCode

Handler = Callable[[Scene, Any], Any]
"""Does a step, from its keys as the grammar has read them."""
OPERATIONS: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under the name of its operation."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[name] = handler
        return handler

    return register


# ---------------------------------------------------------------- master data


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


# ---------------------------------------------------------------- orders

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
        given["rows"] = _tracking_rows(scene, given["lines"])
    given.pop("lines", None)
    return scene.call("adjust", *place, **_with_entries(scene, present(given)))


# ---------------------------------------------------------------- tracking


@operation("tracking")
def tracking(scene: Scene, given: Given) -> Any:
    """Open the window of a line, make its rows exactly these, close it."""
    line, rows = given.pop("line"), _tracking_rows(scene, given.pop("lines"))
    return scene.call("track", line, rows, **present(given))


def _tracking_rows(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> list[TrackingRow]:
    return [scene.build(TrackingRow, _with_entries(scene, present(row))) for row in rows]


def _with_entries(scene: Scene, given: Given) -> Given:
    for key in ("apply_to", "apply_from"):
        if key in given:
            given[key] = scene.entry(given[key])
    return given


# ---------------------------------------------------------------- stock as it is found, control


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
        given["items"] = _range(given["items"])
    found = scene.call("control", **present(given))
    if expected is not None:
        check_rows(expected, found, "findings")
    return found


def _range(items: Sequence[str | None]) -> tuple[str | None, ...]:
    if len(items) != 2:
        raise GrammarProblem("items: a range is [FROM, TO]")
    return tuple(items)


def one_of(given: Given, *keys: str) -> Any:
    """Take the value of the one key that is written of several that exclude each other."""
    written = [key for key in keys if given.get(key) is not None]
    if len(written) != 1:
        raise GrammarProblem(f"exactly one of {', '.join(keys)} is needed")
    values = {key: given.pop(key, None) for key in keys}
    return values[written[0]]
