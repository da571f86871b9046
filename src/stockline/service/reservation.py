"""Links between demand and supply."""

from stockline.operations import questions
from stockline.results import Link
from stockline.service.base import Service


class Reservations(Service):
    """Links between demand and supply."""

    def links(self, *, item: str | None = None, line: str | None = None) -> list[Link]:
        """The links of an item or a line (RE-4)."""
        return self._read(lambda transaction: questions.links(transaction, item, line))
