"""What of an item or a tracking number is there, asked for and free."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The summary of one number of an item at a site, or of all of them (TW-30); base units.

    `total` is on hand, `requested` asked for by lines that name the number, `pending` entered in the window asked from
    and not saved, `available` = total - requested - pending; `nonspecific` is the part of total that reservations
    hold which name no number, not deducted.
    """

    total: Decimal
    requested: Decimal
    pending: Decimal
    available: Decimal
    nonspecific: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOnHand(Availability):
    """One number on hand at a site with its summary (TW-30) and what is known of it.

    A serial comes with the lot and package it is in; a lot or package alone. `blocked`: its information card says so
    (TW-40). `at_location` is what of the total lies in the location asked about, None where none was.
    """

    serial: str
    lot: str
    package: str
    expires: dt.date | None
    warranty: dt.date | None
    blocked: bool
    at_location: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAvailability:
    """What of an item there is and will be, by the day asked about (OT-40, OT-44); base units.

    `available` = inventory + receipts + planned - requirements; `reserved` is the part of the requirements that firm
    reservations cover, not deducted.
    """

    inventory: Decimal
    receipts: Decimal
    requirements: Decimal
    reserved: Decimal
    planned: Decimal
    available: Decimal
