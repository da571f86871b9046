"""What a person says about a foreign system's files that the files do not say: a small TOML file.

Its sections are described in docs/reference/foreign-stock.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stockline.exchange.sheets import SheetProblem
from stockline.tracking_code import NUMBER_KINDS, TrackingCode
from stockline.values import ValueProblem

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = ("decimal", "dates", "columns", "sites", "locations", "put_away", "tracking", "items", "no_stock")
PUT_AWAY = ("2",)
NO_STOCK = ("Partners", "Virtual Locations", "Physical Locations")
"""Where Odoo has what is not, or no longer, the company's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the file says; without one, everything is as the system itself has it."""

    decimal: str = "."
    dates: str | None = None
    """How dates are written, as `strptime` has it; None: YYYY-MM-DD."""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By table: the system's column, and the file's name for it."""
    sites: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By the system's site: the site here, and the location in it, "" where that is the system's own."""
    locations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By site here: the system's location, and the location here."""
    put_away_categories: frozenset[str] = frozenset(PUT_AWAY)
    put_away_locations: frozenset[str] = frozenset()
    """`SITE/LOCATION`, by the names here."""
    tracking: TrackingCode | None = None
    items: Mapping[str, TrackingCode] = field(default_factory=dict)
    no_stock: frozenset[str] = frozenset(NO_STOCK)
    """Sites, by the system's names, whose places hold no stock of the company."""

    def place(self, site: str, location: str = "") -> tuple[str, str]:
        """The site and location here of a place there."""
        here, inside = self.sites.get(site, (site, ""))
        return here, inside or self.locations.get(here, {}).get(location, location)

    def place_there(self, site: str, location: str) -> tuple[str, str]:
        """The site and location there of a place here: what `place` makes of it, undone."""
        names = {inside: name for name, inside in self.locations.get(site, {}).items()}
        there = names.get(location, location)
        for name, (here, inside) in self.sites.items():
            if here == site and inside in ("", there):
                return name, "" if inside else there
        return site, there

    def puts_away(self, site: str, location: str) -> bool:
        """Whether goods at a place, by its names here, wait to be put away."""
        return f"{site}/{location}" in self.put_away_locations


def read_overrides(path: Path) -> Overrides:
    """What a TOML file says. A `SheetProblem` when some of it means nothing, so that no typing error goes unseen."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SheetProblem(f"{path} cannot be read: {reason}.") from None
    unknown = [name for name in said if name not in SECTIONS]
    if unknown:
        raise SheetProblem(f"{path} says {', '.join(unknown)}; only {', '.join(SECTIONS)} mean something.")
    try:
        return _overrides(said)
    except (ValueProblem, TypeError, AttributeError, KeyError) as error:
        raise SheetProblem(f"{path}: {error}.") from None


def _overrides(said: dict[str, Any]) -> Overrides:
    put_away = _only(said.get("put_away", {}), ("categories", "locations"), "put_away")
    return Overrides(
        decimal=_one_of(said.get("decimal", "."), (".", ","), "decimal"),
        dates=_dates(said.get("dates")),
        columns=_named("columns", said),
        sites={there: _site(there, here) for there, here in _section("sites", said).items()},
        locations=_named("locations", said),
        put_away_categories=_texts("put_away.categories", put_away.get("categories", PUT_AWAY)),
        put_away_locations=_texts("put_away.locations", put_away.get("locations", ())),
        tracking=_tracking("tracking", said["tracking"]) if "tracking" in said else None,
        no_stock=_texts("no_stock", said.get("no_stock", NO_STOCK)),
        items={item: _tracking(item, code) for item, code in _section("items", said).items()},
    )


def _dates(said: Any) -> str | None:
    """How dates are written, if it is said: a date must come back as it was."""
    if said is None:
        return None
    if not isinstance(said, str):
        raise ValueProblem(f"dates is {said!r}, not a text")
    day = datetime(2001, 2, 3, tzinfo=UTC)
    try:
        tells = datetime.strptime(day.strftime(said), said).date() == day.date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        tells = False
    if not tells:
        raise ValueProblem(f"dates is {said!r}, which tells no day, month and year; %d/%m/%Y does")
    return said


def _texts(name: str, said: Any) -> frozenset[str]:
    """A list of texts; a category may be written as the number it looks like."""
    if not isinstance(said, list | tuple):
        raise ValueProblem(f"{name} is {said!r}, not a list, as in [{said!r}]")
    return frozenset(_name(name, text) for text in said)


def _name(of: str, said: Any) -> str:
    """A name; one of digits may be written as a number."""
    if not isinstance(said, str | int) or isinstance(said, bool):
        raise ValueProblem(f"{of} is {said!r}, not a name")
    return str(said)


def _section(name: str, said: dict[str, Any]) -> dict[str, Any]:
    part = said.get(name, {})
    if not isinstance(part, dict):
        raise ValueProblem(f"{name} is {part!r}; write [{name}] and what it says below it")
    return part


def _named(section: str, said: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The pairs of a section's parts."""
    parts = _section(section, said)
    for name, pairs in parts.items():
        if not isinstance(pairs, dict):
            raise ValueProblem(f"{name} in [{section}] is {pairs!r}; write [{section}.{name}] and its names below it")
    return {name: {there: _name(there, here) for there, here in pairs.items()} for name, pairs in parts.items()}


def _site(there: str, here: Any) -> tuple[str, str]:
    if isinstance(here, str):
        return here, ""
    named = _only(here, ("site", "location"), there)
    return _name("site", named.get("site", there)), _name("location", named.get("location", ""))


def _tracking(of: str, said: Any) -> TrackingCode:
    return TrackingCode(**_only(said, NUMBER_KINDS, of)).checked()


def _only(said: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(said, dict) or (unknown := [name for name in said if name not in names]):
        what = f"says {', '.join(unknown)}" if isinstance(said, dict) else f"is {said!r}"
        raise ValueProblem(f"[{where}] {what}; it holds {', '.join(names)}")
    return said


def _one_of(said: Any, values: tuple[str, ...], name: str) -> str:
    if said not in values:
        raise ValueProblem(f"{name} is {said!r}, not one of {' '.join(values)}")
    return str(said)
