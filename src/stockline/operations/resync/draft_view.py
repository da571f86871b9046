"""A draft on the screen: its changes, the figures it would make, what would refuse it, who else is there (RS-14)."""

from dataclasses import replace

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.operations.control import control
from stockline.operations.questions import stock_lines_of
from stockline.operations.resync.drafts import Draft
from stockline.operations.resync.manual import ManualChange
from stockline.operations.resync.sync_state import site_figures, sync_state
from stockline.refusal import Finding, Refusal
from stockline.results import DraftChange, DraftPlace, ResyncDraft, SyncState
from stockline.results.control import Verdict
from stockline.store.database import Transaction


def show(transaction: Transaction, place: DraftPlace) -> ResyncDraft:
    """The draft of a person for an item-site; without changes where there is none."""
    draft = Draft(transaction, place)
    meant = ManualChange(draft.desk, draft.edit)
    state = _state(transaction, place, meant)
    problem, findings = _problem(meant)
    return ResyncDraft(
        place=place,
        changes=[
            DraftChange(serial=number, removed=sorted(change.removed), added=change.added)
            for number, change in draft.changes.items()
        ],
        state=state,
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


def _state(transaction: Transaction, place: DraftPlace, meant: ManualChange) -> SyncState:
    """The figures of the item-site, the new ones as the draft would make them."""
    now = sync_state(transaction, place.site, place.item, place.variant)
    site = find_site(transaction, place.site).id
    here = site_figures(transaction, find_item(transaction, place.item).id)[site]
    counts = meant.counts_after()
    after = replace(
        now,
        serials_new=meant.site_figure(here, (place.variant, site)).after,
        lines=[replace(line, serials_new=counts.get(line.stock_line, line.serials_new)) for line in now.lines],
    )
    return replace(after, verdict=_verdict(transaction, place, after, meant))


def _verdict(transaction: Transaction, place: DraftPlace, after: SyncState, meant: ManualChange) -> Verdict:
    """What the verdict of these figures would be: a serial that the draft puts somewhere is right there."""
    if after.serials_new != after.quantity_new:
        return "total_mismatch"
    lines = {line.stock_line for line in after.lines}
    short = any(line.quantity > 0 and line.serials_new != line.quantity for line in after.lines)
    left = any(not meant.is_right_after(serial) for serial in meant.serials.values())
    findings = control(transaction, place.site, (place.item, place.item), ["serials"])
    others = any(
        one.serial not in meant.serials
        and (one.stock_line in lines if one.stock_line is not None else one.finding == "duplicate_link")
        for one in findings
        if one.serial is not None
    )
    return "line_mismatch" if short or left or others else "synchronized"
