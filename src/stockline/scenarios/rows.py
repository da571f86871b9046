"""Comparing what a step writes with what is found: on the keys written, rows one to one in any order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from stockline.scenarios.problems import StepFailure

Row = Mapping[str, Any]
_SHOWN = 6
_MISSING = "not recorded"


def value_of(found: object, key: str) -> Any:
    """What a found row says of a key, whether it is a mapping or an object of the library."""
    return found.get(key, _MISSING) if isinstance(found, Mapping) else getattr(found, key, _MISSING)


def as_row(found: object, keys: Iterable[str]) -> dict[str, Any]:
    """The facts of a found row under these keys."""
    return {key: value_of(found, key) for key in keys}


def equal(expected: Any, found: Any) -> bool:
    """Whether a value written says what was found. Blank and null are one; a text stands for what it is the text of."""
    if expected in (None, "") or found in (None, ""):
        return expected in (None, "") and found in (None, "")
    if isinstance(expected, list):
        same_size = isinstance(found, Collection) and not isinstance(found, str) and len(found) == len(expected)
        return same_size and all(map(equal, expected, found))
    if isinstance(expected, str) != isinstance(found, str):
        return _equal_as_text(str(expected), found) if isinstance(expected, str) else str(expected) == found
    return bool(expected == found)


def _equal_as_text(expected: str, found: Any) -> bool:
    if isinstance(found, Decimal | int) and not isinstance(found, bool):
        try:
            return Decimal(expected) == found
        except InvalidOperation:
            return False
    return expected == show_value(found)


def matches(expected: Row, found: object) -> bool:
    """Whether a found row agrees on every key written."""
    return all(equal(value, value_of(found, key)) for key, value in expected.items())


def pair(expected: Sequence[Row], found: Sequence[object]) -> dict[int, int]:
    """The largest one-to-one matching, found position by expected position.

    A row written in part may agree with several found ones, so taking the first that fits is not enough: partners are
    exchanged along augmenting paths.
    """
    fits = [[at for at, row in enumerate(found) if matches(wanted, row)] for wanted in expected]
    partner: dict[int, int] = {}
    for start in range(len(expected)):
        _augment(start, fits, partner)
    return {wanted: at for at, wanted in partner.items()}


def _augment(start: int, fits: Sequence[Sequence[int]], partner: dict[int, int]) -> None:
    """Give `start` a partner, moving others if need be, by a breadth-first search for a found row that is free."""
    reached_from: dict[int, int] = {}
    queue = [start]
    for wanted in queue:
        for at in fits[wanted]:
            if at in reached_from:
                continue
            reached_from[at] = wanted
            if at not in partner:
                _exchange(at, start, reached_from, partner)
                return
            queue.append(partner[at])


def _exchange(free: int, start: int, reached_from: Mapping[int, int], partner: dict[int, int]) -> None:
    held = {wanted: at for at, wanted in partner.items()}
    at: int | None = free
    while at is not None:
        wanted = reached_from[at]
        partner[at] = wanted
        at = None if wanted == start else held[wanted]


def add_up(expected: Sequence[Row], found: Sequence[object]) -> list[dict[str, Any]]:
    """Found rows with the quantities of those added that are equal in all keys any expected row writes."""
    keys = _keys(expected) - {"quantity"}
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    ordered = sorted(keys)
    for row in found:
        sums[tuple(value_of(row, key) or None for key in ordered)] += value_of(row, "quantity")
    return [dict(zip(ordered, same, strict=True)) | {"quantity": quantity} for same, quantity in sums.items()]


def check_rows(expected: Sequence[Row], found: Sequence[object], what: str = "") -> None:
    """Refuse unless the rows match one to one; the failure shows those without partner on either side."""
    partners = pair(expected, found)
    if len(partners) == len(expected) == len(found):
        return
    keys = _keys(expected)
    wanted = [show(row) for at, row in enumerate(expected) if at not in partners]
    taken = set(partners.values())
    over = [show(as_row(row, keys) if keys else _said(row)) for at, row in enumerate(found) if at not in taken]
    agreed = f" ({len(partners)} {'row agrees' if len(partners) == 1 else 'rows agree'})" if partners else ""
    where = f"{what}: " if what else ""
    raise StepFailure(f"{where}expected {_list(wanted)}, found {_list(over)}{agreed}")


def check_facts(expected: Row, found: object, what: str = "") -> None:
    """Refuse unless one found thing agrees on every key written; the failure shows the keys that differ."""
    differ = {key: value for key, value in expected.items() if not equal(value, value_of(found, key))}
    if differ:
        where = f"{what}: " if what else ""
        raise StepFailure(f"{where}expected {show(differ)}, found {show(as_row(found, differ))}")


def _keys(rows: Sequence[Row]) -> set[str]:
    return {key for row in rows for key in row}


def _said(found: object) -> Row:
    """Everything a found row says that is not blank, for rows nobody expected."""
    if is_dataclass(found) and not isinstance(found, type):
        found = as_row(found, [each.name for each in fields(found)])
    if not isinstance(found, Mapping):
        return {"": found}
    return {key: value for key, value in found.items() if value not in (None, "")}


def show(row: Row) -> str:
    """A row as one would write it in a scenario."""
    return "{" + ", ".join(f"{key}: {show_value(row[key])}" for key in sorted(row, key=_reading_order)) + "}"


def _reading_order(key: str) -> tuple[bool, str]:
    return (key not in ("item", "line", "serial", "lot"), key)


def show_value(value: Any) -> str:
    """A value as one would write it in a scenario."""
    match value:
        case None | "":
            shown = "null"
        case bool():
            shown = str(value).lower()
        case Decimal():
            shown = format(value, "f")
        case date():
            shown = value.isoformat()
        case Mapping():
            shown = show(value)
        case list() | tuple():
            shown = "[" + ", ".join(map(show_value, value)) + "]"
        case _:
            shown = " ".join(str(value).split())
    return shown


def _list(shown: Sequence[str]) -> str:
    if not shown:
        return "no other row"
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
