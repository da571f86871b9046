"""Which column of a sheet says what: the user's words for it, found in a header."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What each value of a movement is read from: a column by its name, or `=text` for the same text on every row."""

    item: str
    variant: str | None = None
    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    quantity: str | None = None
    site: str | None = None
    location: str | None = None
    date: str | None = None
    expires: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    """Only rows whose column holds the text, for all pairs."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A mapping bound to a header. A text that is the same for all rows counts as a field behind the row's own."""

    at: dict[str, int]
    """The position of every value that is mapped."""
    constants: list[str]
    where: list[tuple[int, str]]


def bind(mapping: Mapping, columns: Sequence[str]) -> Bound:
    """Find the mapped columns in a header. Refuses columns that it lacks or has twice, all in one message."""
    bound = Bound({}, [], [])
    missing: list[str] = []
    for name, wanted in _mapped(mapping):
        if wanted.startswith("="):
            bound.at[name] = len(columns) + len(bound.constants)
            bound.constants.append(constant(name, wanted))
        elif (column := find_column(wanted, columns, missing)) is not None:
            bound.at[name] = column
    for wanted, text in mapping.where:
        if (column := find_column(wanted, columns, missing)) is not None:
            bound.where.append((column, text.strip()))
    if missing:
        raise SheetProblem(f"{' '.join(missing)} The columns are: {', '.join(map(_short, columns))}.")
    return bound


def _mapped(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for field in fields(mapping):
        if field.name != "where" and (wanted := getattr(mapping, field.name)) is not None:
            yield field.name, wanted


def find_column(wanted: str, columns: Sequence[str], missing: list[str]) -> int | None:
    """The position of a column; its exact name goes before one that differs in case or outer blanks only."""
    for plain in (str, _folded):
        places = [position for position, column in enumerate(columns) if plain(column) == plain(wanted)]
        if len(places) > 1:
            raise SheetProblem(f"The header has the column {wanted!r} {len(places)} times; give them different names.")
        if places:
            return places[0]
    names = {_folded(column): column for column in columns}
    nearest = get_close_matches(_folded(wanted), names, n=1)
    hint = f" Did you mean {names[nearest[0]]!r}?" if nearest else ""
    missing.append(f"There is no column {_short(wanted)!r}.{hint}")
    return None


def constant(name: str, wanted: str) -> str:
    """The text behind the `=` of one that is the same for all rows."""
    if not wanted[1:].strip():
        raise SheetProblem(f"'=' alone gives no {name}: write the text after it, as in --{name} =TEXT.")
    return wanted[1:].strip()


def _folded(name: str) -> str:
    return name.strip().casefold()


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
