"""The scenario language: every operation and every expectation with its keys.

One table, the form of `scenario-format.md`. What stands here is understood; whether this build can do it is another
matter (`operations.py`). A key omitted takes its default in the engine, which alone knows it.
"""

from collections.abc import Mapping

from stockline.scenarios.kinds import INTEGER, QUANTITY, TEXT, ByName, Kind, OneOrRows, Rows, TextOr, facts, keys

BESIDE = ("fails", "warns", "as", "note")
"""What may stand beside the operation of a step."""

_CHARACTERISTICS = (
    "warehouse location lot sublot version status package identifier2"
    " custom1 custom2 analysis_request owner packing_unit"
)
_NUMBERS = "serial lot package"

# ---------------------------------------------------------------- parts

_TRACKING_CODE = keys(
    flag="use_expiration require_expiration strict_expiration require_warranty serial_info_must_exist"
    " lot_info_must_exist package_info_must_exist create_serial_info create_lot_info create_package_info",
    integer="expires_after warranty_days",
    serial=OneOrRows(TEXT),
    lot=OneOrRows(TEXT),
    package=OneOrRows(TEXT),
)
_ITEM = keys(
    need="id",
    text="id unit reserve order_tracking reordering replenishment",
    number="rounding reorder_point reorder_quantity maximum minimum_order maximum_order multiple safety_stock",
    integer="lead_time",
    units=ByName(QUANTITY),
    variants=Rows(TEXT),
    tracking=_TRACKING_CODE,
)
_ORDER_LINE = keys(
    need="item quantity",
    text="item unit variant site location type reserve",
    number="quantity",
    day="date ship_date receipt_date",
)
_TRACKING_ROW_TEXT = "serial lot package apply_to apply_from new_serial new_lot new_package"
_TRACKING_ROW_NUMBER = "quantity base_quantity handle invoice"
_TRACKING_ROW_DAY = "expires warranty new_expires"
_TRACKING_ROW = keys(text=_TRACKING_ROW_TEXT, number=_TRACKING_ROW_NUMBER, day=_TRACKING_ROW_DAY)
_WINDOW = keys(need="window", text="window")
_WINDOW_AND_ROW = keys(need="window", text="window", integer="row")
_WINDOW_ROW = keys(need="window row", text="window", integer="row")

# ---------------------------------------------------------------- operations

_MASTER_DATA: dict[str, Kind] = {
    "item": _ITEM,
    "change_item": _ITEM,
    "site": keys(
        need="id",
        text="id",
        flag="in_transit",
        locations=Rows(TextOr(keys(need="id", text="id category"))),
        warehouses=Rows(TEXT),
    ),
    **{
        f"{kind}_info": keys(
            need=f"item {kind}", text=f"item variant description {kind}", flag="blocked", day="expires"
        )
        for kind in _NUMBERS.split()
    },
}

_ORDERS: dict[str, Kind] = {
    "order": keys(
        need="id kind",
        text="id kind site location party from to in_transit item variant unit",
        number="quantity",
        day="date ship_date receipt_date",
        lines=Rows(_ORDER_LINE),
        components=Rows(_ORDER_LINE),
    ),
    "change_line": keys(
        need="line",
        text="line site variant location unit reserve item",
        number="quantity",
        day="date ship_date receipt_date",
    ),
    "delete_line": keys(need="line", text="line", flag="confirm"),
    "delete_order": keys(need="order", text="order", flag="confirm"),
    "post": keys(
        text="order side",
        flag="handle invoice",
        day="date",
        orders=Rows(TEXT),
        quantities=ByName(QUANTITY),
        invoice_quantities=ByName(QUANTITY),
        apply_to=ByName(TEXT),
    ),
    "undo": keys(need="posting", text="posting line"),
    "adjust": keys(
        need="item site quantity",
        text="item variant site location unit apply_to",
        number="quantity",
        day="date",
        lines=Rows(_TRACKING_ROW),
    ),
    "reclassify": keys(
        need="item site",
        text="item variant site new_site location new_location unit",
        day="date",
        lines=Rows(
            keys(
                text=f"{_NUMBERS} new_serial new_lot new_package location new_location",
                number="quantity base_quantity",
                day="new_expires",
            )
        ),
    ),
    "count": keys(
        need="item site",
        text="item variant site location",
        day="date",
        lines=Rows(keys(text=f"{_NUMBERS} location", number="quantity base_quantity")),
    ),
}

_TRACKING: dict[str, Kind] = {
    "tracking": keys(need="line lines", text="line side", lines=Rows(_TRACKING_ROW)),
    "open_tracking": keys(need="line", text="line side"),
    "enter": keys(
        need="window", text=f"window {_TRACKING_ROW_TEXT}", number=_TRACKING_ROW_NUMBER, day=_TRACKING_ROW_DAY
    ),
    "edit": keys(
        need="window row",
        text=f"window {_TRACKING_ROW_TEXT}",
        integer="row",
        number=_TRACKING_ROW_NUMBER,
        day=_TRACKING_ROW_DAY,
    ),
    "remove": _WINDOW_ROW,
    "assign_serials": keys(
        need="window",
        text="window series pattern",
        number="quantity base_quantity",
        integer="increment",
        flag="new_lot new_package",
    ),
    "assign_lot": _WINDOW_AND_ROW,
    "assign_package": _WINDOW_AND_ROW,
    "select_entries": keys(
        need="window", text="window", rows=Rows(keys(text=_NUMBERS, number="quantity base_quantity"))
    ),
    "scan": keys(need="window code", text="window code"),
    "refresh": _WINDOW,
    "close_tracking": _WINDOW,
    "discard_tracking": _WINDOW,
}

_PLANNING: dict[str, Kind] = {
    "reserve": keys(need="line", text=f"line against {_NUMBERS}", number="quantity base_quantity", flag="partial"),
    "unreserve": keys(need="line", text=f"line against {_NUMBERS}", number="quantity base_quantity"),
    "track_orders": keys(need="item", text="item"),
    "plan": keys(text="item variant site", day="until", names=Rows(TEXT)),
    "accept": keys(text="item", names=Rows(TEXT)),
    "promise": keys(need="line", text="line", day="expect"),
}

_STOCK: dict[str, Kind] = {
    "load": keys(
        stock_lines=Rows(
            keys(
                need="item site quantity",
                integer="id",
                text=f"item variant site {_CHARACTERISTICS}",
                number="quantity packing_factor",
            )
        ),
        serials=Rows(
            keys(
                need="item serial",
                text="item variant serial site lot sublot version",
                stock_line=OneOrRows(INTEGER),
                last=keys(need="direction", text="direction site location lot package", day="date"),
            )
        ),
    ),
    "control": keys(
        text="site",
        items=Rows(TEXT),
        only=Rows(TEXT),
        expect=Rows(
            facts(
                text="control finding item variant site serial lot package repair",
                integer="stock_line",
                expected=OneOrRows(TEXT),
                found=OneOrRows(TEXT),
            )
        ),
    ),
    "resync_auto": keys(
        text="site",
        items=Rows(TEXT),
        flag="dry_run",
        expect=Rows(facts(text="item variant action serial reason", integer="from to")),
        left=Rows(facts(text="item variant cause")),
    ),
    "resync_remove": keys(need="stock_line", integer="stock_line", serials=Rows(TEXT)),
    "resync_add": keys(need="stock_line", integer="stock_line", serials=Rows(TEXT)),
    "resync_candidates": keys(need="stock_line", integer="stock_line", flag="all", expect=Rows(TEXT)),
    "move_stock": keys(
        need="to",
        integer="stock_line",
        text=f"item variant site {_CHARACTERISTICS}",
        number="quantity packing_factor",
        serials=Rows(TEXT),
        to=keys(text=f"site {_CHARACTERISTICS}", number="packing_factor"),
    ),
    "undo_resync": keys(need="run", text="run"),
}

# ---------------------------------------------------------------- expectations

_ENTRY_TEXT = f"order line item posting type variant site location {_NUMBERS}"
_ENTRY = facts(text=_ENTRY_TEXT, number="quantity remaining", day="date expires warranty", flag="open")
_FIGURES = facts(number="quantity handle invoice")

_EXPECTATIONS: dict[str, Kind] = {
    "expect_stock": Rows(
        facts(
            need="item quantity",
            text=f"item variant site serial {_CHARACTERISTICS}",
            number="quantity packing_factor",
            integer="id",
        )
    ),
    "expect_serial": Rows(
        facts(
            need="item serial",
            text="item variant serial site location lot sublot version",
            flag="on_hand",
            integer="stock_line",
        )
    ),
    "expect_ledger": facts(
        need="rows",
        where=facts(text="order line item posting"),
        rows=Rows(
            facts(
                text=f"type line item variant site location {_NUMBERS}",
                number="quantity remaining",
                day="date expires warranty",
                flag="open",
            )
        ),
    ),
    "expect_application": facts(need="outbound inbound", number="quantity", outbound=_ENTRY, inbound=_ENTRY),
    "expect_reservations": facts(
        need="rows",
        where=facts(text="item line"),
        rows=Rows(
            facts(
                text="status demand supply binding item variant site demand_lot supply_lot demand_serial supply_serial"
                " demand_package supply_package",
                number="quantity",
            )
        ),
    ),
    "expect_tracking": facts(
        text="line side window",
        rows=Rows(
            facts(
                text=_NUMBERS,
                integer="row",
                number="quantity handle invoice handled invoiced",
                day="expires warranty",
            )
        ),
        totals=facts(source=_FIGURES, tracked=_FIGURES, undefined=_FIGURES),
    ),
    "expect_specification": facts(
        need="line",
        text="line",
        active=facts(number="quantity"),
        historic=facts(number="quantity handled invoiced"),
    ),
    "expect_line": Rows(facts(need="line", text="line", number="quantity outstanding handled invoiced reserved")),
    "expect_availability": Rows(
        facts(
            need="item",
            text=f"item variant site window {_NUMBERS}",
            number="total requested pending available nonspecific",
        )
    ),
    "expect_item": Rows(
        facts(
            need="item",
            text="item variant site lot",
            day="from until",
            number="inventory receipts requirements reserved planned available",
        )
    ),
    "expect_actions": facts(
        need="rows",
        where=facts(text="item"),
        rows=Rows(facts(text="type line", number="quantity new_quantity", day="date new_date")),
    ),
    "expect_untracked": facts(
        need="rows", where=facts(text="item"), rows=Rows(facts(text="line cause", number="quantity"))
    ),
    "expect_trace": facts(
        need="from rows",
        text="direction components",
        from_=facts(text=f"item variant {_NUMBERS}"),
        rows=Rows(facts(text=f"item variant {_NUMBERS} line site", number="quantity", integer="depth", flag="already")),
    ),
    "expect_recall": facts(
        need="from",
        from_=facts(text=f"item variant {_NUMBERS}"),
        on_hand=Rows(facts(text=f"item variant {_NUMBERS} site", number="quantity")),
        held=Rows(facts(text=f"party line item variant {_NUMBERS}", number="quantity")),
        open=Rows(facts(text="line", number="quantity")),
    ),
    "expect_navigate": facts(
        need="rows", text=f"{_NUMBERS} item variant", rows=Rows(facts(text="kind", integer="count"))
    ),
    "expect_sync": facts(
        need="site item",
        text="site item variant verdict",
        number="quantity quantity_new",
        integer="serials serials_new",
        lines=Rows(facts(integer="stock_line serials serials_new", number="quantity")),
    ),
}

GRAMMAR: Mapping[str, Kind] = _MASTER_DATA | _ORDERS | _TRACKING | _PLANNING | _STOCK | _EXPECTATIONS
