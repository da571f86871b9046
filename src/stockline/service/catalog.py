"""Items, sites and information cards."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from stockline.operations import catalog
from stockline.results import Location, Result
from stockline.service.base import Service
from stockline.tracking_code import TrackingCode
from stockline.values import QuantityLike


class Catalog(Service):
    """Items, sites and information cards."""

    def create_item(
        self,
        id: str,
        *,
        unit: str = "PCS",
        units: Mapping[str, QuantityLike] | None = None,
        variants: Sequence[str] = (),
        tracking: TrackingCode | None = None,
        rounding: QuantityLike = "0.00001",
        **planning: Any,
    ) -> Result:
        """A new item; `units` are base units per further unit, `planning` its reservation and planning policies.

        Raises:
            Refusal: `invalid` when the id is taken or a value makes no sense (TW-5, PO-48).
        """
        self._write(
            lambda transaction: catalog.create_item(
                transaction,
                id,
                unit=unit,
                units=units or {},
                variants=variants,
                tracking=tracking or TrackingCode(),
                rounding=rounding,
                planning=planning,
            )
        )
        return Result()

    def change_item(self, id: str, **changes: Any) -> Result:
        """Change what is given of an item, by the names of `create_item`; a tracking code replaces the former whole.

        Raises:
            Refusal: `not_found`, `invalid`, `tracking_code_in_use` (TW-6).
        """
        self._write(lambda transaction: catalog.change_item(transaction, id, changes))
        return Result()

    def create_site(
        self,
        id: str,
        *,
        locations: Sequence[Location | str] = (),
        warehouses: Sequence[str] = (),
        in_transit: bool = False,
    ) -> Result:
        """A new site with its locations and warehouses.

        Raises:
            Refusal: `invalid` when the id is taken (IN-14).
        """
        self._write(
            lambda transaction: catalog.create_site(
                transaction, id, locations=locations, warehouses=warehouses, in_transit=in_transit
            )
        )
        return Result()

    def set_information_card(
        self,
        kind: Literal["serial", "lot", "package"],
        item: str,
        number: str,
        *,
        variant: str = "",
        blocked: bool = False,
        expires: dt.date | None = None,
        description: str = "",
    ) -> Result:
        """Make the information card of a number, or change it (TW-40).

        Raises:
            Refusal: `not_found` for item or variant, `invalid` without number.
        """
        self._write(
            lambda transaction: catalog.set_information_card(
                transaction,
                kind,
                item,
                number,
                variant=variant,
                blocked=blocked,
                expires=expires,
                description=description,
            )
        )
        return Result()
