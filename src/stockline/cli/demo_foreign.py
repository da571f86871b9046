"""The demo's foreign system: the stock of a shop that was taken over, whose serials no longer match its quantities."""

from datetime import date

from stockline import FoundSerial, FoundStockLine, LastMovement

SITE = "OLDTOWN"
LOCATIONS = ("SHOP", "CELLAR")
EXAMPLE = "NF24C003120"
"""One of its serials."""

STOCK_LINES = [
    FoundStockLine(id=90001, item="CITYBIKE-E5", site=SITE, location="SHOP", quantity=4),
    FoundStockLine(id=90002, item="CITYBIKE-E5", site=SITE, location="CELLAR", quantity=3),
    FoundStockLine(id=90003, item="TREKKING-E7", site=SITE, location="SHOP", quantity=2),
    FoundStockLine(id=90004, item="TREKKING-E7", site=SITE, location="CELLAR", quantity=0),
    FoundStockLine(id=90005, item="BATTERY-500", site=SITE, location="CELLAR", quantity=6),
    FoundStockLine(id=90006, item="MOTOR-BX3", site=SITE, location="CELLAR", quantity=2),
    FoundStockLine(id=90007, item="TYRE-28-47", site=SITE, location="SHOP", lot="TY241104-2", quantity=12),
    FoundStockLine(id=90008, item="TYRE-28-47", site=SITE, location="SHOP", lot="TY241104-2", quantity=5),
]
"""The last two are one line twice, as a race between two users leaves them."""


def _last(direction: str, day: date, location: str) -> LastMovement:
    return LastMovement(direction="in" if direction == "in" else "out", date=day, site=SITE, location=location)


def serials() -> list[FoundSerial]:
    """The serials of the foreign system, with the links it has, right or wrong."""
    return [*_bikes(), *_moved_bikes(), *_parts()]


def _bikes() -> list[FoundSerial]:
    """In the shop one bicycle more than there is, sold but never taken off; in the cellar one too few, never put on."""
    in_shop = [f"NF24C{number:06d}" for number in (3120, 3121, 3125, 3130)]
    in_cellar = [f"NF24C{number:06d}" for number in (3144, 3145)]
    return [
        *(FoundSerial(item="CITYBIKE-E5", serial=number, stock_line=90001, site=SITE) for number in in_shop),
        *(FoundSerial(item="CITYBIKE-E5", serial=number, stock_line=90002, site=SITE) for number in in_cellar),
        FoundSerial(
            item="CITYBIKE-E5",
            serial="NF24C003099",
            stock_line=90001,
            site=SITE,
            last=_last("out", date(2025, 4, 26), "SHOP"),
        ),
        FoundSerial(item="CITYBIKE-E5", serial="NF24C003151", site=SITE, last=_last("in", date(2025, 5, 9), "CELLAR")),
    ]


def _moved_bikes() -> list[FoundSerial]:
    """The cellar was emptied into the shop; one bicycle's link stayed behind on the line that is closed now."""
    return [
        FoundSerial(item="TREKKING-E7", serial="NF24T001870", stock_line=90003, site=SITE),
        FoundSerial(item="TREKKING-E7", serial="NF24T001871", stock_line=90004, site=SITE),
    ]


def _parts() -> list[FoundSerial]:
    """Six batteries, of which four have a number; two motors, one of them on two lines at once."""
    batteries = [f"BT500-2411-{number:05d}" for number in (20417, 20418, 20433, 20440)]
    return [
        *(FoundSerial(item="BATTERY-500", serial=number, stock_line=90005, site=SITE) for number in batteries),
        FoundSerial(item="MOTOR-BX3", serial="BX3 7A 00877", stock_line=90006, site=SITE),
        FoundSerial(item="MOTOR-BX3", serial="BX3 7A 00878", stock_line=(90006, 90099), site=SITE),
    ]
