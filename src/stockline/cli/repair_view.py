"""Resynchronization by hand on the screen: worklist, item-sites with their draft, stock lines, candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from stockline.cli.console import SHOWN, counted, findings_table, screen
from stockline.cli.reports import telling_characteristics, told_of
from stockline.codes import SENTENCES, Code

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stockline import (
        DraftPlace,
        OpenDraft,
        ResyncCandidate,
        ResyncDraft,
        ResyncRun,
        ResyncSerial,
        SyncLine,
        SyncState,
    )

EVIDENCE = (
    "came in to this very place",
    "came in at this site",
    "linked at this site, never moved",
    "came in or linked at another site",
    "neither moved nor linked, or taken off by a resynchronization",
    "issued",
)
"""What speaks for a candidate, in words (RS-17)."""


# ---------------------------------------------------------------- the worklist


def show_worklist(
    places: Sequence[tuple[str, str, str]], states: Sequence[SyncState], drafts: Collection[OpenDraft]
) -> None:
    """Print what a person goes through, in order, and the drafts there are."""
    table = Table("", "item", "variant")
    for heading in ("quantity", "serials"):
        table.add_column(heading, justify="right")
    for heading in ("verdict", "drafts"):
        table.add_column(heading)
    for nth, ((item, variant, _), state) in enumerate(zip(places, states, strict=True), start=1):
        here = [one for one in drafts if (one.place.item, one.place.variant) == (item, variant)]
        figures = f"{state.quantity_new:,}", f"{state.serials_new:,}"
        table.add_row(str(nth), item, variant, *figures, state.verdict, ", ".join(map(_drafted, here)))
    if places:
        screen().print(table)
    listed = {(item, variant) for item, variant, _ in places}
    for one in drafts:
        if (one.place.item, one.place.variant) not in listed:
            screen().print(f"A draft besides: {named(one.place)}, {_drafted(one)}.")


def _drafted(one: OpenDraft) -> str:
    return f"{one.place.person} {one.serials:,}"


def named(place: DraftPlace) -> str:
    """An item-site in words."""
    return f"{place.item} {place.variant}".strip() + f" at {place.site}"


def _in_words(state: SyncState) -> str:
    """The figures of an item-site and the verdict on them."""
    return f"quantity {state.quantity_new:,} and {counted(state.serials_new, 'serial')}. {state.message}"


# ---------------------------------------------------------------- an item-site


def show_page(draft: ResyncDraft, position: str, *, everything: bool) -> None:
    """Print an item-site as a person works on it: figures, verdict, lines, draft (RS-11 to RS-13).

    Of the lines those that are not synchronized and those the draft touches, or all.
    """
    console, state = screen(), draft.state
    console.print(f"{named(draft.place)}{position}", style="bold")
    table = Table("")
    for heading in ("quantity", "serials"):
        table.add_column(heading, justify="right")
    table.add_row("initial", f"{state.quantity:,}", f"{state.serials:,}")
    table.add_row("new", f"{state.quantity_new:,}", f"{state.serials_new:,}")
    console.print(table)
    console.print(state.message, style="green" if state.verdict == "synchronized" else "yellow")
    touched = {line for change in draft.changes for line in (*change.removed, change.added)}
    shown = [line for line in state.lines if everything or line.stock_line in {*draft.desynchronized, *touched}]
    if shown:
        console.print(_lines_table(shown, draft))
    if more := len(state.lines) - len(shown):
        console.print(f"Not listed: {counted(more, 'synchronized stock line')}; they are shown with --all.")
    if state.put_away:
        console.print(f"Not listed: {counted(state.put_away, 'stock line')} awaiting put-away.")
    show_draft(draft)


def _lines_table(lines: Sequence[SyncLine], draft: ResyncDraft) -> Table:
    """Stock lines with quantity, serials before and now, and the characteristics that any of them tells."""
    numbers = {line.stock_line for line in lines}
    known = {state.stock_line: state for state in draft.stock_lines if state.stock_line in numbers}
    used = telling_characteristics(known.values())
    table = Table("stock line")
    for heading in ("quantity", "serials initial", "serials new"):
        table.add_column(heading, justify="right")
    for name in ("synchronized", *used):
        table.add_column(name.replace("_", " "))
    for line in lines:
        wrong, state = line.stock_line in draft.desynchronized, known.get(line.stock_line)
        figures = f"{line.quantity:,}", f"{line.serials:,}", f"{line.serials_new:,}"
        characteristics = [told_of(state, name) for name in used] if state else ["no such stock line"]
        style = "yellow" if wrong else None
        table.add_row(str(line.stock_line), *figures, "no" if wrong else "yes", *characteristics, style=style)
    return table


def show_draft(draft: ResyncDraft) -> None:
    """Print what is drafted, what would refuse it, what has changed since, and who else is there (RS-14, RS-20)."""
    console = screen()
    if draft.changes:
        console.print(f"Draft of {draft.place.person}: {counted(len(draft.changes), 'serial')}.", style="bold")
        table = Table("serial", "taken off", "put on")
        for change in draft.changes[:SHOWN]:
            table.add_row(change.serial, ", ".join(map(str, change.removed)), str(change.added or ""))
        _show_part(table, len(draft.changes))
    if draft.problem is not None:
        console.print(f"A save would be refused: {draft.problem}. {SENTENCES[draft.problem]}", style="red")
        _show_part(findings_table(draft.findings[:SHOWN]), len(draft.findings))
    if draft.changed:
        console.print(f"Changed since it was drafted; a save would be refused: {Code.WINDOW_STALE}.", style="red")
        _show_part(findings_table(draft.changed[:SHOWN]), len(draft.changed))
    for other, serials in sorted(draft.others.items()):
        console.print(f"{other} has a draft here, too: {counted(serials, 'serial')}.", style="yellow")


def _show_part(table: Table, rows: int) -> None:
    """Print the first rows of so many."""
    screen().print(table)
    if rows > len(table.rows):
        screen().print(f"{rows - len(table.rows):,} more.")


def show_drafted(draft: ResyncDraft) -> None:
    """Print what has become of a draft, and the figures it would make."""
    show_draft(draft)
    if draft.changes:
        screen().print(f"With it {named(draft.place)} has {_in_words(draft.state)}")
    else:
        screen().print(f"Nothing is drafted for {named(draft.place)}.")


def show_saved(run: ResyncRun, place: DraftPlace, state: SyncState) -> None:
    """Print what a save has done, and the figures it has made."""
    screen().print(f"Saved as run {run.number}: {counted(len(run.actions), 'action')}.", style="green")
    screen().print(f"{named(place)} has {_in_words(state)}")


# ---------------------------------------------------------------- a stock line


def show_line(number: int, serials: Sequence[ResyncSerial], draft: ResyncDraft) -> None:
    """Print a stock line, its serials with their marks, and what is drafted for them (RS-14)."""
    console = screen()
    console.print(f"Stock line {number} of {named(draft.place)}", style="bold")
    lines = [line for line in draft.state.lines if line.stock_line == number]
    if lines:
        console.print(_lines_table(lines, draft))
    else:
        console.print("It awaits put-away, or is closed: there is nothing to do on it.")
    off = {change.serial for change in draft.changes if number in change.removed}
    on = [change.serial for change in draft.changes if change.added == number]
    table = Table("serial", "marks", "draft")
    for one in serials:
        marks = ", ".join(mark.replace("_", " ") for mark in one.marks)
        table.add_row(one.serial, marks, "taken off" if one.serial in off else "")
    for serial in on:
        table.add_row(serial, "", "put on")
    if table.rows:
        console.print(table)


def show_candidates(number: int, candidates: Sequence[ResyncCandidate], *, everything: bool) -> None:
    """Print the serials that could belong on a stock line, the best evidence first; of all, why some are left out."""
    console = screen()
    if not candidates:
        console.print(f"There is no candidate for stock line {number}.")
        return
    table = Table("", "serial", "evidence", "on stock line", *(["left out because"] if everything else []))
    for nth, one in enumerate(candidates if everything else candidates[:SHOWN], start=1):
        left_out = [(one.left_out or "").replace("_", " ")] if everything else []
        table.add_row(str(nth), one.serial, EVIDENCE[one.evidence], str(one.stock_line or ""), *left_out)
    console.print(table)
    if len(candidates) > len(table.rows):
        console.print(f"{len(candidates) - len(table.rows):,} more with --all.")
