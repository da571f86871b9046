"""Planning: what demand wants is proposed as supply, and accepted as orders."""

import datetime as dt
from collections.abc import Sequence

from stockline.operations.planning import runs
from stockline.results import Accepted, ActionMessage, Planned
from stockline.service.base import Service


class Planning(Service):
    """Planning: what demand wants is proposed as supply, and accepted as orders."""

    def plan(
        self, item: str, *, site: str | None = None, until: dt.date | None = None, names: Sequence[str] = ()
    ) -> Planned:
        """Propose a planned order of its own for each open demand of an item, bound to it (OT-29, OT-35).

        For items of the policy `order`; of one that is not reordered nothing is proposed. `until` is the last day
        looked at. What was proposed before up to that day is dropped first. `names` are for the planned orders, by
        date. What orders that are there should become is answered by `actions`.

        Raises:
            Refusal: `not_found`; `invalid` for a name that is taken, and for an item of another policy.
        """
        return self._write(lambda transaction: runs.plan(transaction, item, site, until, names, self.today))

    def accept(self, item: str, *, names: Sequence[str] = ()) -> Accepted:
        """Carry out all messages and proposals of an item, all or none; nothing to do is fine (OT-27).

        A planned order becomes an order of the kind the item is replenished by, with its numbers and links; `names` are
        for these, by date. Dates that break reservations are not refused: these are dissolved (RE-25).

        Raises:
            Refusal: `not_found`; `invalid` for a name that is taken, for `transfer`, and for an item of another policy;
                what refuses the change of a line: `quantity_below_handled`, `quantity_below_tracked`, `has_tracking`.
        """
        return self._write(lambda transaction: runs.accept(transaction, item, names, self.today))

    def actions(self, item: str) -> list[ActionMessage]:
        """The action messages of an item, its planned orders among them as `new` (OT-19, OT-25).

        They are those of the last plan; of an item of the policy `track_and_action` those that follow from its orders
        as they stand.

        Raises:
            Refusal: `not_found`; `invalid` for an item of another policy than `order`.
        """
        return self._read(lambda transaction: runs.messages(transaction, item))
