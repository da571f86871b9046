"""Resynchronization: links of serials brought back into agreement with stock lines."""

from collections.abc import Callable, Iterable

from stockline.operations.resync import corrections, manual, undo
from stockline.operations.resync.auto import AutomaticRun, resync_automatically
from stockline.operations.resync.candidates import candidates
from stockline.results import ResyncCandidate, ResyncCorrections, ResyncProgress, ResyncRun
from stockline.service.base import Service


class Resynchronization(Service):
    """Links of serials brought back into agreement with stock lines."""

    def resync_auto(
        self,
        *,
        site: str | None = None,
        items: tuple[str, str] | None = None,
        dry_run: bool = False,
        person: str = "",
        report: Callable[[ResyncProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ResyncRun:
        """Merge equal lines and change the links that are forced, at a site and of a range of items (RS-1 to RS-10).

        Every case is done whole or not at all, and what is done stays, whatever comes after it. `report` is told how
        far it is, about once a second; `cancelled` is asked between cases. `dry_run` answers the same and writes
        nothing.

        Raises:
            Refusal: `not_found` for the site.
        """
        asked = AutomaticRun(self.today, site, items, dry_run, person, report, cancelled)
        return resync_automatically(self._database, asked)

    def resync_remove(
        self, stock_line: int, serials: Iterable[str], *, person: str = "", reason: str = ""
    ) -> ResyncRun:
        """Unlink serials from a stock line, all or none; the ledger follows (RS-9, RS-15).

        Raises:
            Refusal: in this order `stock_line_unknown`, `invalid`, `tracking_duplicate`, `awaiting_put_away`,
                `serial_unknown`, `serial_on_other_line`, `not_found`, `reservation_exists`.
        """
        request = manual.LineRequest(stock_line, list(serials), person, reason)
        return self._write(lambda transaction: manual.remove(transaction, request, self.today))

    def resync_add(self, stock_line: int, serials: Iterable[str], *, person: str = "", reason: str = "") -> ResyncRun:
        """Link serials to a stock line, all or none; they can be issued at once (RS-9, RS-15, RS-16).

        Raises:
            Refusal: in this order `stock_line_unknown`, `invalid`, `tracking_duplicate`, `awaiting_put_away`,
                `serial_unknown`, `serial_already_in_stock`, `serial_on_other_line`, `attribute_mismatch`,
                `exceeds_stock_quantity`.
        """
        request = manual.LineRequest(stock_line, list(serials), person, reason)
        return self._write(lambda transaction: manual.add(transaction, request, self.today))

    def undo_resync(self, run: int, *, person: str = "") -> ResyncRun:
        """Put every link back that a run changed, blank the attributes it filled, correct the ledger likewise (RS-19).

        Merged lines stay merged. The undo is a run of its own.

        Raises:
            Refusal: `not_found` for a run that is not known, or a dry run; `undo_not_possible` when it has been undone,
                or a serial of it was moved, issued or linked otherwise since, or is reserved and would not be at
                the site any more, or its old line has closed since.
        """
        return self._write(lambda transaction: undo.undo_resync(transaction, run, self.today, person))

    def resync_corrections(self, run: int) -> ResyncCorrections:
        """What a run has changed, and the stock lines and serials it is about as they were before (RS-18).

        That is what the system the stock was loaded from has to be told.

        Raises:
            Refusal: `not_found` for a run that is not known, or a dry run.
        """
        return self._read(lambda transaction: corrections.run_corrections(transaction, run))

    def resync_candidates(self, stock_line: int, *, every: bool = False) -> list[ResyncCandidate]:
        """The serials that could belong on a stock line, the best evidence first (RS-17).

        With `every`, all serials of the item and variant, each with the reason why it is no candidate, if it is none.

        Raises:
            Refusal: `stock_line_unknown`; `invalid` when the item is not tracked by specific serials.
        """
        return self._read(lambda transaction: candidates(transaction, stock_line, every=every))
