"""Resynchronization: links of serials brought back into agreement with stock lines."""

from collections.abc import Callable, Collection, Iterable

from stockline.operations.resync import corrections, draft_view, drafts, history, manual, undo, worklist
from stockline.operations.resync.auto import AutomaticRun, resync_automatically
from stockline.operations.resync.candidates import candidates
from stockline.results import (
    DraftPlace,
    OpenDraft,
    ResyncAudit,
    ResyncCandidate,
    ResyncCorrections,
    ResyncDraft,
    ResyncLogEntry,
    ResyncProgress,
    ResyncReport,
    ResyncRun,
    ResyncSerial,
)
from stockline.service.base import Service
from stockline.store.database import Transaction


class Resynchronization(Service):
    """Links of serials brought back into agreement with stock lines."""

    def resync_auto(
        self,
        *,
        site: str | None = None,
        items: tuple[str, str] | None = None,
        without: Collection[str] = (),
        dry_run: bool = False,
        person: str = "",
        report: Callable[[ResyncProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ResyncRun:
        """Merge equal lines and change the links that are forced, at a site and of a range of items (RS-1 to RS-10).

        Items named in `without` are left as they are: those whose stock is not known in full, for example.
        Every case is done whole or not at all, and what is done stays, whatever comes after it. `report` is told how
        far it is, about once a second; `cancelled` is asked between cases. `dry_run` answers the same and writes
        nothing.

        Raises:
            Refusal: `not_found` for the site.
        """
        asked = AutomaticRun(self.today, site, items, without, dry_run, person, report, cancelled)
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

    def resync_worklist(
        self, site: str, *, items: tuple[str, str] | None = None, everything: bool = False
    ) -> list[tuple[str, str, str]]:
        """What a person goes through at a site: item, variant and site, in order, as `sync_states` takes them (RS-11).

        Those with a finding on their serials, or, with `everything`, all that have stock or serials there.

        Raises:
            Refusal: `not_found` for the site.
        """
        return self._database.read(
            lambda transaction: worklist.worklist(transaction, site, items, everything=everything), scans=True
        )

    def resync_drafts(self, site: str) -> list[OpenDraft]:
        """The drafts there are at a site, whosever they are, by item, variant and person (RS-14, RS-20).

        Raises:
            Refusal: `not_found` for the site.
        """
        return self._read(lambda transaction: worklist.open_drafts(transaction, site))

    def draft_place(self, stock_line: int, person: str) -> DraftPlace:
        """Where a person drafts changes of a stock line (RS-14).

        Its item, variant and site; of a number that is no stock line, what its serials say.

        Raises:
            Refusal: `stock_line_unknown`.
        """
        return self._read(lambda transaction: worklist.draft_place(transaction, stock_line, person))

    def resync_serials(self, stock_line: int) -> list[ResyncSerial]:
        """The serials on a stock line, each marked: whether it fits, and what speaks against it (RS-14).

        Raises:
            Refusal: `stock_line_unknown`; `invalid` when the item is not tracked by specific serials.
        """
        return self._read(lambda transaction: worklist.serials_on_line(transaction, stock_line))

    def draft_removal(self, place: DraftPlace, stock_line: int, serials: Iterable[str]) -> ResyncDraft:
        """Draft that serials are taken off a stock line (RS-14).

        A draft is kept for its person and item-site until it is saved or dropped; it changes nothing and locks nobody
        out. What it breaks of RS-15 it shows; only its net effect counts, so a swap may be entered in either order.

        Raises:
            Refusal: `not_found`, `stock_line_unknown`, `invalid`, `tracking_duplicate`.
        """
        request = manual.LineRequest(stock_line, list(serials))
        return self._drafted(place, lambda transaction: drafts.take_off(transaction, place, request))

    def draft_addition(
        self, place: DraftPlace, stock_line: int, serials: Iterable[str], *, move: bool = False
    ) -> ResyncDraft:
        """Draft that serials are put on a stock line; with `move` off whatever line they are on (RS-14, RS-17).

        Raises:
            Refusal: `not_found`, `stock_line_unknown`, `invalid`, `tracking_duplicate`.
        """
        request = manual.LineRequest(stock_line, list(serials))
        return self._drafted(place, lambda transaction: drafts.put_on(transaction, place, request, move=move))

    def _drafted(self, place: DraftPlace, change: Callable[[Transaction], None]) -> ResyncDraft:
        def work(transaction: Transaction) -> ResyncDraft:
            change(transaction)
            return draft_view.show(transaction, place)

        return self._write(work)

    def resync_draft(self, place: DraftPlace) -> ResyncDraft:
        """A draft, the figures it would make, what has changed meanwhile, and who else has one there (RS-13, RS-20).

        Raises:
            Refusal: `not_found`; `invalid` for an item that is not tracked by specific serials.
        """
        return self._read(lambda transaction: draft_view.show(transaction, place))

    def save_draft(self, place: DraftPlace, *, reason: str = "") -> ResyncRun:
        """Write all of a draft in one transaction; then there is no draft any more (RS-14).

        Raises:
            Refusal: `not_found` when nothing is drafted; `window_stale` when a line or serial it touches has changed,
                with what was and what is (RS-20); else what `resync_remove` and `resync_add` refuse.
        """
        return self._write(lambda transaction: drafts.save(transaction, place, self.today, reason))

    def look_again(self, place: DraftPlace) -> ResyncDraft:
        """Keep a draft although something has changed: it stands on what is there now (RS-20)."""
        return self._drafted(place, lambda transaction: drafts.look_again(transaction, place))

    def cancel_draft(self, place: DraftPlace) -> None:
        """Drop a draft; nothing has changed by it (RS-14)."""
        self._write(lambda transaction: drafts.cancel(transaction, place))

    def undo_resync(self, run: int, *, person: str = "") -> ResyncRun:
        """Put every link back that a run changed, blank the attributes it filled, correct the ledger likewise (RS-19).

        Merged lines stay merged. The undo is a run of its own.

        Raises:
            Refusal: `not_found` for a run that is not known, or a dry run; `undo_not_possible` when it has been undone,
                or a serial of it was moved, issued or linked otherwise since, or is reserved and would not be at
                the site any more, or its old line has closed since.
        """
        return self._write(lambda transaction: undo.undo_resync(transaction, run, self.today, person))

    def resync_log(self, *, before: int | None = None, limit: int = 100) -> list[ResyncLogEntry]:
        """Runs, the latest first, at most `limit` of those before the run `before` (RS-10). A dry run is none."""
        return self._read(lambda transaction: history.log(transaction, before=before, limit=limit))

    def resync_entry(self, run: int) -> ResyncLogEntry:
        """A run in the log, and how far it is (RS-10). Refused `not_found`."""
        return self._read(lambda transaction: history.entry_of(transaction, run))

    def resync_report(self, run: int) -> ResyncReport:
        """Figures, actions and cases left of a run, also of one that has not ended yet (RS-10). Refused `not_found`."""
        return self._read(lambda transaction: history.report(transaction, run))

    def cancel_resync(self, run: int) -> ResyncLogEntry:
        """Let an automatic run stop between two cases; what it has done stays (RS-10).

        One that has told nothing for ten minutes, as its process was killed, is ended at once. Refused `not_found`.
        """
        return self._write(lambda transaction: history.cancel(transaction, run, self._now()))

    def resync_audit(
        self, *, run: int | None = None, item: str | None = None, serial: str | None = None, variant: str | None = None
    ) -> list[ResyncAudit]:
        """Every link that a run changed, or that was changed of an item or a serial of it, the latest first (RS-18).

        Each with who changed it when and why, the numbers of serials on both lines before and after, and what was
        known of the serial at that moment. Nothing of it is ever deleted.

        Raises:
            Refusal: `not_found`; `invalid` when neither run nor item is named.
        """
        return self._read(
            lambda transaction: history.audit(transaction, run=run, item=item, serial=serial, variant=variant)
        )

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
