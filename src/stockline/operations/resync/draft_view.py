"""A draft on the screen: its changes, the figures it would make, what would refuse it, who else is there (RS-14)."""

from collections.abc import Collection
from dataclasses import replace

from stockline.codes import Code
from stockline.operations.catalog import find_site
from stockline.operations.control import control
from stockline.operations.questions import stock_lines_of
from stockline.operations.resync.drafts import Draft
from stockline.operations.resync.manual import ManualChange
from stockline.operations.resync.sync_state import ItemFigures
from stockline.plan.series import natural
from stockline.refusal import Finding, Refusal
from stockline.results import DraftChange, DraftPlace, ResyncDraft, SyncState
from stockline.results.control import Verdict
from stockline.store.database import Transaction


def show(transaction: Transaction, place: DraftPlace) -> ResyncDraft:
    """The draft of a person for an item-site; without changes where there is none."""
    draft = Draft(transaction, place)
    meant = ManualChange(draft.desk, draft.edit)
    state = _figures(transaction, place, meant)
    wrong = _desynchronized(transaction, draft, state, meant)
    problem, findings = _problem(meant)
    return ResyncDraft(
        place=place,
        changes=[
            DraftChange(serial=number, removed=sorted(change.removed), added=change.added)
            for number, change in sorted(draft.changes.items(), key=lambda one: natural(one[0]))
        ],
        state=replace(state, verdict=_verdict(state, wrong)),
        desynchronized=wrong,
        stock_lines=stock_lines_of(transaction, [line.stock_line for line in state.lines]),
        problem=problem,
        findings=findings,
        changed=draft.changed(),
        others=draft.others(),
    )


def _problem(meant: ManualChange) -> tuple[Code | None, tuple[Finding, ...]]:
    try:
        meant.check()
    except Refusal as refusal:
        return Code(refusal.code), refusal.findings
    return None, ()


def _figures(transaction: Transaction, place: DraftPlace, meant: ManualChange) -> SyncState:
    """The figures of the item-site, the new ones as the draft would make them; a verdict is not given yet."""
    figures, site = ItemFigures(transaction, place.item), find_site(transaction, place.site)
    now = figures.state(site, place.variant, wrong=())
    counts = meant.counts_after()
    return replace(
        now,
        serials_new=meant.site_figure(figures.now[site.id], (place.variant, site.id)).after,
        lines=[replace(line, serials_new=counts.get(line.stock_line, line.serials_new)) for line in now.lines],
    )


def _desynchronized(transaction: Transaction, draft: Draft, state: SyncState, meant: ManualChange) -> set[int]:
    """The lines that would not be synchronized: too few or too many serials, or one that is not right there (CO-3)."""
    wrong = {line.stock_line for line in state.lines if line.quantity > 0 and line.serials_new != line.quantity}
    for serial in meant.serials.values():
        if not meant.is_right_after(serial):
            wrong.update(meant.links_after(serial))
    place = draft.place
    of_others = (
        one
        for one in control(transaction, place.site, (place.item, place.item), ["serials"])
        if one.serial is not None and (one.variant != place.variant or one.serial not in meant.serials)
    )
    wrong |= draft.desk.lines_of(of_others)
    return wrong & {line.stock_line for line in state.lines}


def _verdict(state: SyncState, wrong: Collection[int]) -> Verdict:
    if state.serials_new != state.quantity_new:
        return "total_mismatch"
    return "line_mismatch" if wrong else "synchronized"
