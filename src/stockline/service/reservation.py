"""Links between demand and supply."""

from stockline.operations import questions, reservation, reservation_release, reservation_search
from stockline.results import Link, Reserved
from stockline.service.base import Service
from stockline.values import QuantityLike


class Reservations(Service):
    """Links between demand and supply."""

    def reserve(
        self,
        line: str,
        *,
        quantity: QuantityLike | None = None,
        base_quantity: QuantityLike | None = None,
        against: str | None = None,
        serial: str = "",
        lot: str = "",
        package: str = "",
        partial: bool = False,
    ) -> Reserved:
        """Reserve a demand from supplies, or a supply for demands; what was reserved, in base units (RE-11 to RE-17).

        `quantity` is in the line's unit, left out it is all that is not reserved. `against` is `stock` or a line; left
        out the system chooses. A number makes it a specific reservation of that number. `partial` takes what is free.

        Raises:
            Refusal: `not_found`, `reserve_not_allowed`, `not_tracked`, `invalid` beyond the rest of the line,
                `nothing_to_reserve` (RE-7, RE-14).
        """
        numbers = reservation_search.Numbers(serial, lot, package)
        request = reservation.ReserveRequest(line, quantity, base_quantity, against, numbers, partial)
        return self._write(lambda transaction: reservation.reserve(transaction, request))

    def unreserve(
        self,
        line: str,
        *,
        quantity: QuantityLike | None = None,
        base_quantity: QuantityLike | None = None,
        against: str | None = None,
        serial: str = "",
        lot: str = "",
        package: str = "",
    ) -> Reserved:
        """Cancel reservations of a line, those with one partner, or a quantity of them; what was cancelled (RE-29).

        Raises:
            Refusal: `not_found` where there is no such reservation, `invalid` for more than is reserved.
        """
        numbers = reservation_search.Numbers(serial, lot, package)
        request = reservation.ReserveRequest(line, quantity, base_quantity, against, numbers)
        return self._write(lambda transaction: reservation_release.unreserve(transaction, request))

    def links(self, *, item: str | None = None, line: str | None = None) -> list[Link]:
        """The links of an item or a line (RE-4)."""
        return self._read(lambda transaction: questions.links(transaction, item, line))
