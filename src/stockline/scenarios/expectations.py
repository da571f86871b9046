"""The expectations: each asks the library and compares on the keys that are written.

What this build does not keep yet it cannot compare; the expectation then fails and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from stockline.codes import Code
from stockline.refusal import Refusal
from stockline.scenarios.operations import Handler, one_of
from stockline.scenarios.problems import StepFailure
from stockline.scenarios.rows import add_up, check_facts, check_rows, matches, show
from stockline.scenarios.scene import Given, Scene, present

EXPECTATIONS: dict[str, Handler] = {}
_NUMBERS = ("serial", "lot", "package")


def expectation(name: str) -> Callable[[Handler], Handler]:
    """Register a comparison under the name of its expectation."""

    def register(handler: Handler) -> Handler:
        EXPECTATIONS[name] = handler
        return handler

    return register


def _split(given: Mapping[str, Any], *keys: str) -> tuple[Given, Given]:
    """What selects (these keys, as far as they are written and not null) and what is compared (all others)."""
    selected = {key: given[key] for key in keys if given.get(key) is not None}
    return selected, {key: value for key, value in given.items() if key not in keys}


# ---------------------------------------------------------------- stock


@expectation("expect_stock")
def expect_stock(scene: Scene, given: Sequence[Given]) -> None:
    """The quantity on hand of each row, summed over all stock lines that match."""
    for row in given:
        place = {key: value for key, value in row.items() if key not in ("item", "quantity")}
        # Here null is a characteristic like another: the blank one. A key left out is any.
        asked = {key: "" if value is None else value for key, value in place.items()}
        if "id" in asked:
            asked["stock_line"] = asked.pop("id")
        found = scene.ask("quantity_on_hand", "stock on hand", row["item"], **asked)
        check_facts({"quantity": row["quantity"]}, {"quantity": found}, show({"item": row["item"], **place}))


@expectation("expect_serial")
def expect_serial(scene: Scene, given: Sequence[Given]) -> None:
    """The state of one serial in each row."""
    for row in given:
        key, expected = _split(row, "item", "serial", "variant")
        check_facts(expected, _serial_state(scene, key), key["serial"])


def _serial_state(scene: Scene, key: Given) -> Any:
    """A serial nobody has heard of is on hand nowhere, which can be expected like anything else."""
    variant = {"variant": key["variant"]} if "variant" in key else {}
    try:
        return scene.ask("serial", "serials", key["item"], key["serial"], **variant)
    except Refusal as refusal:
        if refusal.code not in (Code.NOT_FOUND, Code.SERIAL_UNKNOWN):
            raise
        blank = dict.fromkeys(("site", "location", "stock_line", "lot", "sublot", "version"))
        return {"on_hand": False, **blank}


@expectation("expect_sync")
def expect_sync(scene: Scene, given: Given) -> None:
    """The figures of an item at a site before and after resynchronization, and the verdict of the new ones."""
    key, expected = _split(given, "site", "item", "variant")
    lines = expected.pop("lines", None)
    state = scene.ask("sync_state", "synchronization figures", key.pop("site"), key.pop("item"), **key)
    check_facts(expected, state)
    if lines is not None:
        check_rows(lines, state.lines, "lines")


# ---------------------------------------------------------------- ledger


@expectation("expect_ledger")
def expect_ledger(scene: Scene, given: Given) -> None:
    """The ledger entries of an order, a line, an item, a posting."""
    check_rows(given["rows"], _ledger(scene, given.get("where") or {}))


def _ledger(scene: Scene, where: Mapping[str, Any]) -> list[Any]:
    asked = present(where)
    if "posting" in asked:
        asked["posting"] = scene.posting(asked["posting"])
    return list(scene.ask("ledger", "ledger", **asked))


@expectation("expect_application")
def expect_application(scene: Scene, given: Given) -> None:
    """What the entries on one side took from those on the other, in all."""
    outbound, inbound = (_entries(scene, side, given[side]) for side in ("outbound", "inbound"))
    applied = sum(
        (scene.ask("applied", "applications", out.number, into.number) for out in outbound for into in inbound),
        Decimal(0),
    )
    quantity = given.get("quantity")
    if quantity is None:
        if not applied:
            raise StepFailure("expected entries applied to each other, found none applied")
        return
    check_facts({"quantity": quantity}, {"quantity": applied}, "applied")


def _entries(scene: Scene, side: str, keys: Mapping[str, Any]) -> list[Any]:
    where, expected = _split(keys, "order", "line", "item", "posting")
    found = [entry for entry in _ledger(scene, where) if matches(expected, entry)]
    if not found:
        raise StepFailure(f"expected {side} ledger entries {show(keys)}, found none")
    return found


# ---------------------------------------------------------------- documents, reservations, tracking


@expectation("expect_line")
def expect_line(scene: Scene, given: Sequence[Given]) -> None:
    """The quantities of each source line, in its unit."""
    for row in given:
        check_facts(
            {key: row[key] for key in row if key != "line"}, scene.ask("line", "source lines", row["line"]), row["line"]
        )


@expectation("expect_reservations")
def expect_reservations(scene: Scene, given: Given) -> None:
    """The links of an item or a line; those that no row tells apart are added up."""
    found = scene.ask("links", "reservation entries", **present(given.get("where") or {}))
    check_rows(given["rows"], add_up(given["rows"], found) if given["rows"] else found)


@expectation("expect_tracking")
def expect_tracking(scene: Scene, given: Given) -> None:
    """The rows and the header matrix of a window: of a line as it would open now, or of one that is open."""
    view = _window(scene, given)
    if given.get("rows") is not None:
        check_rows(given["rows"], view.rows)
    for name, figures in (given.get("totals") or {}).items():
        check_facts(figures or {}, getattr(view, name), f"totals {name}")


def _window(scene: Scene, given: Given) -> Any:
    side = {"side": given["side"]} if given.get("side") is not None else {}
    if given.get("window") is not None:
        one_of(dict(given), "line", "window")
        return scene.ask("window", "open window", scene.window(given["window"]))
    return scene.ask("tracking", "tracking", one_of(given, "line", "window"), **side)


@expectation("expect_specification")
def expect_specification(scene: Scene, given: Given) -> None:
    """The sums over the active and the historic numbers of a line."""
    found = scene.ask("specification", "tracking specifications", given["line"])
    active, historic = given.get("active") or {}, given.get("historic") or {}
    check_facts(active, {"quantity": found.active}, "active")
    past = {"quantity": found.historic, "handled": found.handled, "invoiced": found.invoiced}
    check_facts(historic, past, "historic")


@expectation("expect_availability")
def expect_availability(scene: Scene, given: Sequence[Given]) -> None:
    """The summary of the availability lookup in each row."""
    for row in given:
        key, expected = _split(row, "item", "variant", "site", "window", *_NUMBERS)
        about = show(key)
        item, window = key.pop("item"), key.pop("window", None)
        if window is None:
            found = scene.ask("availability", "availability by number", item, **key)
        else:
            found = scene.ask("availability", "open window", item, window=scene.window(window), **key)
        check_facts(expected, found, about)


# ---------------------------------------------------------------- planning and tracing


@expectation("expect_item")
def expect_item(scene: Scene, given: Sequence[Given]) -> None:
    """The availability of an item over a time in each row."""
    for row in given:
        key, expected = _split(row, "item", "variant", "site", "lot", "from", "until")
        about = show(key)
        item, start = key.pop("item"), key.pop("from", None)
        between = {} if start is None else {"start": start}
        check_facts(expected, scene.ask("item_availability", "availability by item", item, **between, **key), about)


@expectation("expect_actions")
def expect_actions(scene: Scene, given: Given) -> None:
    """The action messages of an item."""
    check_rows(given["rows"], scene.ask("actions", "action messages", **present(given.get("where") or {})))


@expectation("expect_untracked")
def expect_untracked(scene: Scene, given: Given) -> None:
    """The untracked quantities of an item and their cause."""
    check_rows(given["rows"], scene.ask("untracked", "untracked quantities", **present(given.get("where") or {})))


@expectation("expect_trace")
def expect_trace(scene: Scene, given: Given) -> None:
    """The tree of ledger entries from a number to where it went, or came from."""
    way, _ = _split(given, "direction", "components")
    check_rows(given["rows"], scene.ask("trace", "trace", **present(given["from"]), **way))


@expectation("expect_recall")
def expect_recall(scene: Scene, given: Given) -> None:
    """Where everything is that a number went into."""
    found = scene.ask("recall", "recall report", **present(given["from"]))
    for part in ("on_hand", "held", "open"):
        if given.get(part) is not None:
            check_rows(given[part], getattr(found, part), part)


@expectation("expect_navigate")
def expect_navigate(scene: Scene, given: Given) -> None:
    """How many records of each kind carry a number."""
    key, _ = _split(given, "item", "variant", *_NUMBERS)
    check_rows(given["rows"], scene.ask("navigate", "records by number", **key))
