"""Links between demand and supply."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from stockline.operations import questions
from stockline.operations.reservation import release, reserving, search, worksheet
from stockline.results import Link, Reserved, WorksheetLine
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
        numbers = search.Numbers(serial, lot, package)
        request = reserving.ReserveRequest(line, quantity, base_quantity, against, numbers, partial)
        return self._write(lambda transaction: reserving.reserve(transaction, request))

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
        numbers = search.Numbers(serial, lot, package)
        request = reserving.ReserveRequest(line, quantity, base_quantity, against, numbers)
        return self._write(lambda transaction: release.unreserve(transaction, request))

    def links(self, *, item: str | None = None, line: str | None = None) -> list[Link]:
        """The links of an item or a line (RE-4)."""
        return self._read(lambda transaction: questions.links(transaction, item, line))

    def worksheet(
        self,
        *,
        item: str | None = None,
        site: str | None = None,
        until: dt.date | None = None,
        policies: Sequence[str] = (),
        priorities: Mapping[str, int] | None = None,
    ) -> list[WorksheetLine]:
        """Open demand lines up to a day, with what each is to get of the free stock; changes nothing (RE-52).

        `policies` share it out, each among lines that do not get all they want yet: `basic` (also where none is named),
        `equal`, `customer_priority`, or what an installed package offers as an entry point of the group
        `stockline.allocation_policies` (RE-53). `priorities`: the priority of parties, a higher number first.

        Raises:
            Refusal: `not_found` for names that do not exist, `invalid` for a policy that gives more than there is.
        """
        horizon = worksheet.Horizon(item, site, until)
        given = dict(priorities or {})
        return self._read(lambda transaction: worksheet.worksheet(transaction, horizon, policies, given))

    def carry_out(self, lines: Iterable[WorksheetLine]) -> list[WorksheetLine]:
        """Reserve the accepted lines of a worksheet from stock, all or none; which they were (RE-52).

        A person may have changed what a line is to reserve: `dataclasses.replace(line, to_reserve=...)`.

        Raises:
            Refusal: as `reserve`; `nothing_to_reserve` where the stock is gone by now.
        """
        chosen = list(lines)
        return self._write(lambda transaction: worksheet.carry_out(transaction, chosen))
