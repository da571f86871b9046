"""Items, sites and places that found stock needs: what of them does not exist is made."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert

from stockline.operations.catalog import find_items, find_sites
from stockline.results import FoundItem, FoundSite
from stockline.schema.catalog import item, location, site, variant, warehouse
from stockline.store.database import Transaction
from stockline.tracking_code import tracking_to_json


def create_missing_items(transaction: Transaction, wanted: Mapping[str, FoundItem]) -> list[str]:
    """Make the items that do not exist, and the variants that they lack. Answers the items made."""
    known = find_items(transaction, wanted)
    new = [code for code in wanted if code not in known]
    _insert(transaction, item, ({"code": code, **_values(wanted[code])} for code in new))
    known |= find_items(transaction, [code for code in new if wanted[code].variants])
    lacking = (
        {"item_id": found.id, "code": name}
        for code, found in known.items()
        for name in wanted[code].variants
        if name not in found.variants
    )
    _insert(transaction, variant, lacking)
    return new


def _values(found: FoundItem) -> dict[str, Any]:
    return {"rounding": 1, "tracking": tracking_to_json(found.tracking.checked()), "planning": {}}


def create_missing_sites(transaction: Transaction, wanted: Mapping[str, FoundSite]) -> list[str]:
    """Make the sites that do not exist, and the locations and warehouses that they lack. Answers the sites made.

    A location that exists keeps its category.
    """
    known = find_sites(transaction, wanted)
    new = [code for code in wanted if code not in known]
    _insert(transaction, site, ({"code": code, "in_transit": False} for code in new))
    known |= find_sites(transaction, new)
    places = (
        {"site_id": found.id, "code": place.id, "category": place.category}
        for code, found in known.items()
        for place in wanted[code].locations
        if place.id not in found.locations
    )
    _insert(transaction, location, places)
    parts = (
        {"site_id": found.id, "code": name}
        for code, found in known.items()
        for name in wanted[code].warehouses
        if name not in found.warehouses
    )
    _insert(transaction, warehouse, parts)
    return new


def _insert(transaction: Transaction, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    if rows := list(rows):
        transaction.execute(insert(table), rows)
