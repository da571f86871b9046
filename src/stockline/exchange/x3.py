"""Sage X3: stock lines from STOCK, serials from STOSER, last movements from STOJOU, reservations from STOALL.

A serial is linked by STOFCY + STOCOU. Where STOCK itself has the serial ("received/issued", one row a serial), rows of
equal characteristics become one line.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from stockline.exchange.journeys import Step
from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Row, Table, filled, needed, optional
from stockline.plan.series import parts_of_one_length
from stockline.results import FoundReservation, FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey
    from stockline.exchange.gathering import Gathering

STOCK = Table(
    "STOCK",
    (
        filled("STOFCY", "site"),
        filled("STOCOU", "line"),
        filled("ITMREF", "item"),
        filled("QTYSTU", "quantity"),
        *map(optional, ("WRH", "LOC", "LOCCAT", "LOT", "SLO", "ECCVALMAJ", "STA", "PALNUM", "CTRNUM")),
        *map(optional, ("STOFLD1", "STOFLD2", "QLYCTLDEM", "OWNER", "PCU")),
        optional("PCUSTUCOE", "quantity"),
        optional("SERNUM", "serial"),
    ),
    never=("VCRNUM",),
).with_suffix("_0")
STOSER = Table(
    "STOSER",
    (
        filled("ITMREF", "item"),
        filled("SERNUM", "serial"),
        needed("STOFCY"),
        needed("STOCOU", "link"),
        *map(optional, ("LOT", "SLO", "ECCVALMAJ")),
    ),
).with_suffix("_0")
STOJOU = Table(
    "STOJOU",
    (
        filled("STOFCY", "site"),
        filled("ITMREF", "item"),
        filled("IPTDAT", "moment"),
        filled("QTYSTU", "quantity"),
        needed("SERNUM", "serial"),
        optional("SERNUMF", "serial"),
        *(optional(name, "whole") for name in ("MVTSEQ", "MVTIND")),
        *map(optional, ("LOC", "LOT", "PALNUM")),
    ),
).with_suffix("_0")
STOALL = Table(
    "STOALL",
    (
        filled("STOFCY", "site"),
        filled("ITMREF", "item"),
        filled("QTYSTU", "quantity"),
        filled("VCRNUM", "document"),
        *map(optional, ("VCRTYP", "VCRLIN", "LOT", "PALNUM")),
        optional("STOCOU", "link"),
        optional("SERNUM", "serial"),
    ),
    never=("IPTDAT",),
).with_suffix("_0")
STOLOC = Table("STOLOC", (filled("STOFCY", "site"), filled("LOC", "text"), needed("LOCCAT"))).with_suffix("_0")

WORK_ORDER = "work order"
"""Of the types of document, as exports write them out, the one that consumes what it reserves."""

CHARACTERISTICS = {
    "warehouse": "WRH",
    "lot": "LOT",
    "sublot": "SLO",
    "version": "ECCVALMAJ",
    "package": "PALNUM",
    "identifier2": "CTRNUM",
    "custom1": "STOFLD1",
    "custom2": "STOFLD2",
    "analysis_request": "QLYCTLDEM",
    "owner": "OWNER",
    "packing_unit": "PCU",
}


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of X3."""
    for row in tables.rows("STOLOC"):
        _note_category(row, gathering)
    lines = _gather_lines(tables, gathering)
    _gather_serials(tables, gathering)
    _gather_movements(tables, gathering)
    _gather_allocations(tables, lines, gathering)


def _note_category(row: Row, gathering: Gathering) -> None:
    if row["LOCCAT"] in gathering.overrides.put_away_categories:
        gathering.awaits_put_away(*gathering.overrides.place(row["STOFCY"], row["LOC"]))


_Lines = dict["LineKey", tuple[FoundStockLine, str]]
"""The rows of STOCK by their keys, each as a stock line, and the serial that it has itself."""


def _gather_lines(tables: Tables, gathering: Gathering) -> _Lines:
    """The rows of STOCK; those of items whose serials STOCK itself has are kept back and put together."""
    rows: _Lines = {}
    for _, _, row in tables.once("STOCK", "STOFCY", "STOCOU"):
        _note_category(row, gathering)
        rows[row["STOFCY"], str(row["STOCOU"])] = (_line(row, gathering), row["SERNUM"])
    one_each = {line.item for line, serial in rows.values() if serial}
    for key, (line, _) in rows.items():
        if line.item not in one_each:
            gathering.add_line(key, line, Decimal(line.quantity))
    if one_each:
        of_these = {key: told for key, told in rows.items() if told[0].item in one_each}
        _put_together(of_these, gathering)
    return rows


def _line(row: Row, gathering: Gathering) -> FoundStockLine:
    site, location = gathering.overrides.place(row["STOFCY"], row["LOC"])
    return FoundStockLine(
        id=row["STOCOU"],
        item=row["ITMREF"],
        site=site,
        location=location,
        quantity=row["QTYSTU"],
        status=row["STA"] or "A",
        packing_factor=1 if row["PCUSTUCOE"] is None else row["PCUSTUCOE"],
        **{name: row[column] for name, column in CHARACTERISTICS.items()},
    )


def _put_together(rows: _Lines, gathering: Gathering) -> None:
    """Rows of equal characteristics become one line, under the lowest number; each serial is linked to it."""
    lines: dict[FoundStockLine, LineKey] = {}
    for key, (line, serial) in sorted(rows.items(), key=lambda kept: (kept[1][0].site, kept[1][0].id or 0)):
        quantity = Decimal(line.quantity)
        # An emptied row is a closed line of its own: what was on it is not on the open line of its characteristics.
        same = replace(line, id=None if quantity else line.id, quantity=0)
        into = lines.setdefault(same, key)
        gathering.add_line(into, line, quantity)
        if serial:
            whose = (line.item, "", serial)
            gathering.add_serial(whose, site=line.site, lot=line.lot, sublot=line.sublot, version=line.version)
            if quantity >= 0:
                gathering.link(whose, into)


def _gather_serials(tables: Tables, gathering: Gathering) -> None:
    for row in tables.rows("STOSER"):
        serial = (row["ITMREF"], "", row["SERNUM"])
        site = gathering.overrides.place(row["STOFCY"])[0] if row["STOFCY"] else ""
        gathering.add_serial(serial, site=site, lot=row["LOT"], sublot=row["SLO"], version=row["ECCVALMAJ"])
        if row["STOCOU"]:
            gathering.link(serial, (row["STOFCY"], str(row["STOCOU"])), row["STOCOU"])


def _gather_movements(tables: Tables, gathering: Gathering) -> None:
    """The journal's entries. One entry holds a range of serials, so the serials must be known by now."""
    columns = {"location": "LOC", "lot": "LOT", "package": "PALNUM"}
    gathering.untold = frozenset(name for name, column in columns.items() if tables.lacks("STOJOU", column))
    numbers = {item: _ByLength(serials) for item, serials in gathering.serials_by_item().items()}
    for row in tables.rows("STOJOU"):
        known = numbers.get(row["ITMREF"])
        if known is None or not row["SERNUM"] or not row["QTYSTU"]:
            continue
        # Within a day sequence and index tell which entry is the higher.
        when = (row["IPTDAT"], (row["MVTSEQ"] or 0) * 1_000_000 + (row["MVTIND"] or 0))
        step = _step(row, gathering)
        for serial in known.between(row["SERNUM"], row["SERNUMF"]):
            gathering.moved((row["ITMREF"], "", serial), when, step)


def _step(row: Row, gathering: Gathering) -> Step:
    site, location = gathering.overrides.place(row["STOFCY"], row["LOC"])
    moment: datetime = row["IPTDAT"]
    inward = row["QTYSTU"] > 0
    last = LastMovement(
        direction="in" if inward else "out",
        date=moment.date(),
        site=site,
        location=location,
        lot=row["LOT"],
        package=row["PALNUM"],
    )
    place = (row["STOFCY"], row["LOC"], row["LOT"], row["PALNUM"])
    return Step(last, reached=place) if inward else Step(last, left=place)


class _ByLength:
    """The serials of an item, to be found by ranges: numbers of one length, so that their order is that of texts."""

    def __init__(self, serials: list[str]) -> None:
        self._serials = sorted((len(serial), serial) for serial in serials)

    def between(self, first: str, last: str) -> Iterator[str]:
        """The serials from first to last; without last, the first alone."""
        for low, high in parts_of_one_length(first, last):
            start = bisect_left(self._serials, (len(low), low))
            for _, serial in self._serials[start : bisect_right(self._serials, (len(high), high))]:
                if _counts_on(low, high, serial):
                    yield serial


def _counts_on(first: str, last: str, serial: str) -> bool:
    """Whether a serial between two others differs from them in digits only."""
    return all(
        one == two == three or (one.isdigit() and two.isdigit() and three.isdigit())
        for one, two, three in zip(first, last, serial, strict=True)
    )


def _gather_allocations(tables: Tables, lines: _Lines, gathering: Gathering) -> None:
    """The allocations. A detailed one names a stock line: what it does not say itself of numbers, the line says."""
    for file, number, row in tables.numbered_rows("STOALL"):
        line, serial = lines.get((row["STOFCY"], str(row["STOCOU"])), (None, ""))
        one = row["QTYSTU"] == 1
        reservation = FoundReservation(
            document=row["VCRNUM"],
            line=row["VCRLIN"],
            kind="production" if WORK_ORDER in row["VCRTYP"].casefold() else "sale",
            item=row["ITMREF"],
            site=gathering.overrides.place(row["STOFCY"])[0],
            quantity=row["QTYSTU"],
            serial=row["SERNUM"] or (serial if one else ""),
            lot=row["LOT"] or (line.lot if line else ""),
            package=row["PALNUM"] or (line.package if line else ""),
        )
        if reason := gathering.reserve(reservation):
            tables.refuse(file, number, "QTYSTU", reason, row["ITMREF"])


SYSTEM = System(
    name="x3",
    title="Sage X3",
    tables=(STOCK, STOSER, STOJOU, STOALL, STOLOC),
    gather=gather,
    quantities=("STOCK",),
    serial_table="STOSER",
    serial_columns={"ITMREF": "item", "SERNUM": "serial"},
    line_columns={"STOFCY": "site", "STOCOU": "id"},
    shown_columns={"LOC": "location", "LOT": "lot", "SLO": "sublot", "STA": "status", "PALNUM": "package"},
    stock_table="STOCK",
    quantity_column="QTYSTU",
)
