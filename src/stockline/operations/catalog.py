"""Items, sites and information cards: creating, changing and finding them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, select, update

from stockline.codes import Code
from stockline.operations.number_dates import remember_ledger
from stockline.refusal import Refusal
from stockline.results import Location
from stockline.rules.item import tracking_code_in_use, unit_in_use
from stockline.schema.catalog import information_card, item, item_unit, location, site, variant, warehouse
from stockline.store.database import Transaction, in_parts
from stockline.tracking_code import NUMBER_KINDS, TrackingCode, tracking_from_json, tracking_to_json
from stockline.values import NUMBER_LENGTH, QuantityLike, ValueProblem, clean_number, parse_quantity, to_units

PLANNING_DEFAULTS: dict[str, Any] = {
    "reserve": "optional",
    "order_tracking": "none",
    "reordering": "none",
    "reorder_point": "0",
    "reorder_quantity": "0",
    "maximum": "0",
    "minimum_order": "0",
    "maximum_order": "0",
    "multiple": "0",
    "safety_stock": "0",
    "lead_time": 0,
    "replenishment": "purchase",
}
PLANNING_CHOICES: dict[str, tuple[str, ...]] = {
    "reserve": ("never", "optional", "always"),
    "order_tracking": ("none", "track", "track_and_action"),
    "reordering": ("none", "order", "lot_for_lot", "fixed_quantity", "maximum_quantity"),
    "replenishment": ("purchase", "production", "assembly", "transfer"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the engine sees it; `rounding` in engine units, `units` with the base unit among them."""

    id: int
    code: str
    unit: str
    rounding: int
    tracking: TrackingCode
    planning: Mapping[str, Any]
    units: Mapping[str, Decimal]
    variants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Site:
    """A site and the places in it."""

    id: int
    code: str
    in_transit: bool
    locations: frozenset[str]
    warehouses: frozenset[str]


def find_items(transaction: Transaction, codes: Iterable[str]) -> dict[str, Item]:
    """The items of these codes, by code; those that do not exist are left out."""
    found: dict[str, Item] = {}
    for some in in_parts(sorted(set(codes))):
        found |= _find_items(transaction, some)
    return found


def _find_items(transaction: Transaction, codes: Sequence[str]) -> dict[str, Item]:
    rows = transaction.execute(select(item).where(item.c.code.in_(codes))).all()
    ids = [row.id for row in rows]
    units: dict[int, dict[str, Decimal]] = {row.id: {row.unit: Decimal(1)} for row in rows}
    variants: dict[int, set[str]] = {id_: set() for id_ in ids}
    for row in transaction.execute(select(item_unit).where(item_unit.c.item_id.in_(ids))):
        units[row.item_id][row.unit] = Decimal(row.factor)
    for row in transaction.execute(select(variant).where(variant.c.item_id.in_(ids))):
        variants[row.item_id].add(row.code)
    return {
        row.code: Item(
            row.id,
            row.code,
            row.unit,
            row.rounding,
            tracking_from_json(row.tracking),
            PLANNING_DEFAULTS | row.planning,
            units[row.id],
            frozenset(variants[row.id]),
        )
        for row in rows
    }


def find_item(transaction: Transaction, code: str) -> Item:
    """One item, or the refusal `not_found`."""
    found = find_items(transaction, [code])
    if code not in found:
        raise Refusal.of(Code.NOT_FOUND, f"There is no item {code}.", item=code)
    return found[code]


def item_codes(transaction: Transaction, ids: Iterable[int]) -> dict[int, str]:
    """The codes of items, by id."""
    query = select(item.c.id, item.c.code)
    parts = in_parts(sorted(set(ids)))
    return {row.id: row.code for some in parts for row in transaction.execute(query.where(item.c.id.in_(some)))}


def site_codes(transaction: Transaction, ids: Iterable[int]) -> dict[int, str]:
    """The codes of sites, by id."""
    rows = transaction.execute(select(site.c.id, site.c.code).where(site.c.id.in_(sorted(set(ids)))))
    return {row.id: row.code for row in rows}


def find_sites(transaction: Transaction, codes: Iterable[str]) -> dict[str, Site]:
    """The sites of these codes, by code; those that do not exist are left out."""
    rows = transaction.execute(select(site).where(site.c.code.in_(sorted(set(codes))))).all()
    ids = [row.id for row in rows]
    places: dict[int, set[str]] = {id_: set() for id_ in ids}
    parts: dict[int, set[str]] = {id_: set() for id_ in ids}
    for row in transaction.execute(select(location.c.site_id, location.c.code).where(location.c.site_id.in_(ids))):
        places[row.site_id].add(row.code)
    for row in transaction.execute(select(warehouse).where(warehouse.c.site_id.in_(ids))):
        parts[row.site_id].add(row.code)
    return {
        row.code: Site(row.id, row.code, row.in_transit, frozenset(places[row.id]), frozenset(parts[row.id]))
        for row in rows
    }


def find_site(transaction: Transaction, code: str) -> Site:
    """One site, or the refusal `not_found`."""
    found = find_sites(transaction, [code])
    if code not in found:
        raise Refusal.of(Code.NOT_FOUND, f"There is no site {code}.", site=code)
    return found[code]


def create_item(
    transaction: Transaction,
    code: str,
    *,
    unit: str,
    units: Mapping[str, QuantityLike],
    variants: Sequence[str],
    tracking: TrackingCode,
    rounding: QuantityLike,
    planning: Mapping[str, Any],
) -> None:
    """A new item. Refused `invalid` when the code is taken or a value makes no sense."""
    code = _new_code(code, "item")
    if find_items(transaction, [code]):
        raise Refusal.of(Code.INVALID, f"Item {code} exists already.", item=code)
    values = {
        "code": code,
        "unit": unit,
        "rounding": _rounding(code, rounding),
        "tracking": tracking_to_json(_checked(code, tracking)),
        "planning": _planning(code, planning),
    }
    id_ = transaction.execute(insert(item).values(values).returning(item.c.id)).scalar_one()
    _write_units(transaction, id_, _factors(code, unit, units))
    _write_variants(transaction, id_, variants)


def change_item(transaction: Transaction, code: str, changes: Mapping[str, Any]) -> None:
    """Change what is given of an item; a tracking code given replaces the former one whole (TW-6)."""
    former = find_item(transaction, code)
    known = {"unit", "units", "variants", "tracking", "rounding", *PLANNING_DEFAULTS}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise Refusal.of(Code.INVALID, f"An item has no {', '.join(unknown)}.", item=code)
    values: dict[str, Any] = {}
    if "tracking" in changes:
        tracking = _checked(code, changes["tracking"] or TrackingCode())
        tracking_code_in_use(transaction, former.id, code, former.tracking, tracking)
        values["tracking"] = tracking_to_json(tracking)
        if tracking.uses_expiration and not former.tracking.uses_expiration:
            remember_ledger(transaction, former.id)
    _change_measures(transaction, former, changes, values)
    planning = {name: changes[name] for name in changes if name in PLANNING_DEFAULTS}
    if planning:
        values["planning"] = {**former.planning, **_planning(code, planning)}
    if values:
        transaction.execute(update(item).where(item.c.id == former.id).values(values))
    if "variants" in changes:
        _write_variants(transaction, former.id, [name for name in changes["variants"] if name not in former.variants])


def _change_measures(
    transaction: Transaction, former: Item, changes: Mapping[str, Any], values: dict[str, Any]
) -> None:
    """Units and rounding: what a line or entry uses cannot change (TW-6)."""
    if "unit" in changes and changes["unit"] != former.unit:
        unit_in_use(transaction, former.id, former.code, [former.unit])
        values["unit"] = changes["unit"]
    if "rounding" in changes and (rounding := _rounding(former.code, changes["rounding"])) != former.rounding:
        unit_in_use(transaction, former.id, former.code, None)
        values["rounding"] = rounding
    if "units" in changes:
        base = changes.get("unit", former.unit)
        factors = _factors(former.code, base, changes["units"])
        changed = [unit for unit in former.units if unit != former.unit and factors.get(unit) != former.units[unit]]
        if changed:
            unit_in_use(transaction, former.id, former.code, changed)
        transaction.execute(delete(item_unit).where(item_unit.c.item_id == former.id))
        _write_units(transaction, former.id, factors)


def create_site(
    transaction: Transaction,
    code: str,
    *,
    locations: Sequence[Location | str],
    warehouses: Sequence[str],
    in_transit: bool,
) -> None:
    """A new site with its places. Refused `invalid` when the code is taken."""
    code = _new_code(code, "site")
    if find_sites(transaction, [code]):
        raise Refusal.of(Code.INVALID, f"Site {code} exists already.", site=code)
    id_ = transaction.execute(insert(site).values(code=code, in_transit=in_transit).returning(site.c.id)).scalar_one()
    places = [place if isinstance(place, Location) else Location(id=place) for place in locations]
    if places:
        rows = [{"site_id": id_, "code": place.id, "category": place.category} for place in places]
        transaction.execute(insert(location), rows)
    if warehouses:
        transaction.execute(insert(warehouse), [{"site_id": id_, "code": name} for name in warehouses])


def set_information_card(
    transaction: Transaction,
    kind: str,
    item_code: str,
    number: str,
    *,
    variant: str,
    blocked: bool,
    expires: date | None,
    description: str,
) -> None:
    """Make the information card of a number, or change it (TW-40, IN-14)."""
    found = find_item(transaction, item_code)
    number = clean_number(number)
    if kind not in NUMBER_KINDS or not 0 < len(number) <= NUMBER_LENGTH:
        raise Refusal.of(Code.INVALID, f"{kind!r} {number!r} names no tracking number.", item=item_code)
    if variant and variant not in found.variants:
        raise Refusal.of(Code.NOT_FOUND, f"Item {item_code} has no variant {variant}.", item=item_code, variant=variant)
    facts = {"blocked": blocked, "expires": expires, "description": description}
    key = {"item_id": found.id, "variant": variant, "kind": kind, "number": number}
    statement = transaction.insert(information_card).values(key | facts)
    transaction.execute(statement.on_conflict_do_update(index_elements=list(key), set_=facts))


def _new_code(code: str, what: str) -> str:
    cleaned = code.strip()
    if not cleaned:
        raise Refusal.of(Code.INVALID, f"An {what} needs an id." if what == "item" else f"A {what} needs an id.")
    return cleaned


def _checked(code: str, tracking: TrackingCode) -> TrackingCode:
    try:
        return replace(tracking.checked())
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Item {code}: {problem}.", item=code) from None


def _rounding(code: str, rounding: QuantityLike) -> int:
    try:
        steps = to_units(parse_quantity(rounding))
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Item {code}: rounding {problem}.", item=code) from None
    if steps < 1:
        raise Refusal.of(Code.INVALID, f"Item {code}: the rounding must be at least 0.00001.", item=code)
    return steps


def _planning(code: str, planning: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in planning.items():
        if name not in PLANNING_DEFAULTS:
            raise Refusal.of(Code.INVALID, f"An item has no {name}.", item=code)
        if name in PLANNING_CHOICES and value not in PLANNING_CHOICES[name]:
            allowed = ", ".join(PLANNING_CHOICES[name])
            raise Refusal.of(Code.INVALID, f"Item {code}: {name} is {value!r}, not one of {allowed}.", item=code)
        kept[name] = str(value) if isinstance(value, Decimal) else value
    return kept


def _factors(code: str, base_unit: str, units: Mapping[str, QuantityLike]) -> dict[str, Decimal]:
    factors = {}
    for unit, given in units.items():
        try:
            factor = parse_quantity(given)
        except ValueProblem as problem:
            raise Refusal.of(Code.INVALID, f"Item {code}, unit {unit}: {problem}.", item=code) from None
        if factor <= 0 or unit == base_unit:
            raise Refusal.of(Code.INVALID, f"Item {code}: unit {unit} cannot be {factor} {base_unit}.", item=code)
        factors[unit] = factor
    return factors


def _write_units(transaction: Transaction, item_id: int, factors: Mapping[str, Decimal]) -> None:
    if factors:
        rows = [{"item_id": item_id, "unit": unit, "factor": str(factor)} for unit, factor in factors.items()]
        transaction.execute(insert(item_unit), rows)


def _write_variants(transaction: Transaction, item_id: int, variants: Iterable[str]) -> None:
    rows = [{"item_id": item_id, "code": name} for name in variants]
    if rows:
        transaction.execute(insert(variant), rows)
