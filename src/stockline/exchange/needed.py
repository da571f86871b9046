"""The items, sites and places that found stock needs, as far as the stock itself tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stockline.results import FoundItem, FoundSite, Location
from stockline.tracking_code import NUMBER_KINDS, TrackingCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stockline.exchange.overrides import Overrides
    from stockline.results import FoundReservation, FoundSerial, FoundStockLine


def sites_of(
    lines: Iterable[FoundStockLine],
    serials: Iterable[FoundSerial],
    reservations: Iterable[FoundReservation],
    waits: Callable[[str, str], bool],
) -> dict[str, FoundSite]:
    """The sites and places that lines, serials, movements and reservations name; at some, goods wait to be put away."""
    locations: dict[str, dict[str, None]] = {}
    warehouses: dict[str, dict[str, None]] = {}
    for line in lines:
        locations.setdefault(line.site, {})[line.location] = None
        if line.warehouse:
            warehouses.setdefault(line.site, {})[line.warehouse] = None
    for serial in serials:
        if serial.site:
            locations.setdefault(serial.site, {})
        if serial.last and serial.last.site:
            locations.setdefault(serial.last.site, {})[serial.last.location] = None
    for reservation in reservations:
        locations.setdefault(reservation.site, {})
    return {
        site: FoundSite(
            locations=tuple(
                Location(id=place, category="put_away" if waits(site, place) else "") for place in places if place
            ),
            warehouses=tuple(warehouses.get(site, ())),
        )
        for site, places in locations.items()
    }


def items_of(
    lines: Iterable[FoundStockLine],
    serials: Iterable[FoundSerial],
    reservations: Iterable[FoundReservation],
    overrides: Overrides,
) -> dict[str, FoundItem]:
    """The items: tracked by serials where any is found, by lots where every open line has one, else as is said."""
    variants: dict[str, dict[str, None]] = {}
    carried: dict[str, set[str]] = {}
    lacking: dict[str, set[str]] = {}
    for line in lines:
        variants.setdefault(line.item, {})[line.variant] = None
        for kind in ("lot", "package"):
            if getattr(line, kind):
                carried.setdefault(line.item, set()).add(kind)
            elif line.quantity:
                lacking.setdefault(line.item, set()).add(kind)
    for serial in serials:
        variants.setdefault(serial.item, {})[serial.variant] = None
        carried.setdefault(serial.item, set()).add("serial")
    for reservation in reservations:
        variants.setdefault(reservation.item, {})[reservation.variant] = None
        named = (kind for kind in NUMBER_KINDS if getattr(reservation, kind))
        carried.setdefault(reservation.item, set()).update(named)
    return {
        item: FoundItem(
            tracking=overrides.items.get(item)
            or _tracking(carried.get(item, set()), lacking.get(item, set()), overrides),
            variants=tuple(filter(None, names)),
        )
        for item, names in variants.items()
    }


def _tracking(carried: set[str], lacking: set[str], overrides: Overrides) -> TrackingCode:
    """A number that all stock of an item carries is specific, one that some of it carries may be given."""
    if not carried and overrides.tracking is not None:
        return overrides.tracking

    def policy(kind: str) -> Literal["none", "specific"] | tuple[str, ...]:
        if kind not in carried:
            return "none"
        return "specific" if kind == "serial" or (kind == "lot" and kind not in lacking) else ()

    return TrackingCode(serial=policy("serial"), lot=policy("lot"), package=policy("package"))
