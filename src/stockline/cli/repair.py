"""`stockline repair`: resynchronization by hand, as drafts that are kept until they are saved or dropped."""

from collections.abc import Iterable
from typing import Annotated, NoReturn

import typer

from stockline import Code, DraftPlace, Refusal, Stockline, numbers_between
from stockline.cli.console import Person, counted, item_range, screen, show_refusal, stock_of
from stockline.cli.repair_view import (
    named,
    show_candidates,
    show_drafted,
    show_line,
    show_page,
    show_saved,
    show_worklist,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Bring serials and stock lines into agreement by hand, where no machine can tell what is right.\n\n"
    "Serials are taken off and put on stock lines as a draft, which is kept until it is saved or dropped.",
)

Site = Annotated[str, typer.Argument(help="The site.")]
Item = Annotated[str, typer.Argument(help="The item.")]
Variant = Annotated[str, typer.Option(help="The item's variant.")]
Line = Annotated[int, typer.Argument(metavar="LINE", help="The number of a stock line.")]
Serials = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SERIAL|FIRST..LAST]...", help="Serials, or the ends of a series of them."),
]
SerialFile = Annotated[
    typer.FileText | None,
    typer.Option(
        "--file",
        metavar="FILE",
        encoding="utf-8-sig",
        help="Serials in a file, one a line; - for what is typed or scanned.",
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="What is synchronized as well.")]


# ---------------------------------------------------------------- looking


@app.command("list")
def list_places(
    context: typer.Context,
    site: Site,
    items: Annotated[str | None, typer.Option(metavar="ITEM|FIRST..LAST", help="Only these items.")] = None,
    everything: Everything = False,
) -> None:
    """List what is to be gone through at a site: items that are desynchronized, and who has drafts there."""
    with stock_of(context) as stock:
        places = stock.resync_worklist(site, items=item_range(items), everything=everything)
        states, drafts = stock.sync_states(places), stock.resync_drafts(site)
    show_worklist(places, states, drafts)
    what = "to go through" if everything else "desynchronized"
    screen().print(f"{counted(len(places), 'item')} {what} at {site}." if places else f"Nothing is {what} at {site}.")


@app.command()
def show(
    context: typer.Context,
    site: Site,
    item: Annotated[str | None, typer.Argument(help="The item; if left out, the first of the list.")] = None,
    variant: Annotated[str | None, typer.Option(help="The item's variant, if several are there.")] = None,
    everything: Everything = False,
    *,
    person: Person,
) -> None:
    """Show an item at a site: figures, verdict, stock lines, and the draft with what it would make of them."""
    with stock_of(context) as stock:
        # Which of how many it is takes a control of the whole site: only who did not name the item waits for that.
        listed = item is None or everything
        places = [place[:2] for place in stock.resync_worklist(site, everything=everything)] if listed else []
        if item is None and not places:
            screen().print(f"Nothing is desynchronized at {site}.")
            return
        shown = places[0] if item is None else (item, _only_variant(stock, site, item) if variant is None else variant)
        draft = stock.resync_draft(DraftPlace(site=site, item=shown[0], variant=shown[1], person=person))
    position = f", {places.index(shown) + 1} of {len(places)}" if shown in places else ""
    show_page(draft, position, everything=everything)


def _only_variant(stock: Stockline, site: str, item: str) -> str:
    """The variant of an item that is at a site, if no other is."""
    there = [variant for _, variant, _ in stock.resync_worklist(site, items=(item, item), everything=True)]
    if len(there) > 1:
        named = ", ".join(variant or '""' for variant in there)
        raise typer.BadParameter(f"{item} is at {site} in several variants: {named}. Name one with --variant.")
    return there[0] if there else ""


@app.command("line")
def line_page(context: typer.Context, line: Line, *, person: Person) -> None:
    """Show the serials of a stock line, what is to be said of each, and what is drafted for them."""
    with stock_of(context) as stock:
        serials = stock.resync_serials(line)
        draft = stock.resync_draft(stock.draft_place(line, person))
    show_line(line, serials, draft)


@app.command()
def candidates(
    context: typer.Context,
    line: Line,
    everything: Annotated[
        bool, typer.Option("--all", help="All serials of the item, with the reason why one is no candidate.")
    ] = False,
) -> None:
    """List the serials that could belong on a stock line, those with the best evidence first."""
    with stock_of(context) as stock:
        found = stock.resync_candidates(line, every=everything)
    show_candidates(line, found, everything=everything)


# ---------------------------------------------------------------- drafting


@app.command()
def remove(
    context: typer.Context, line: Line, serials: Serials = None, file: SerialFile = None, *, person: Person
) -> None:
    """Draft that serials are taken off a stock line."""
    with stock_of(context) as stock:
        place = stock.draft_place(line, person)
        draft = stock.draft_removal(place, line, _numbers(serials, file))
    show_drafted(draft)


@app.command()
def add(
    context: typer.Context,
    line: Line,
    serials: Serials = None,
    file: SerialFile = None,
    move: Annotated[bool, typer.Option("--move", help="Take them off whatever stock line they are on.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Make an information card for those nobody knows yet.")] = False,
    *,
    person: Person,
) -> None:
    """Draft that serials are put on a stock line."""
    with stock_of(context) as stock:
        place, numbers = stock.draft_place(line, person), _numbers(serials, file)
        draft = stock.draft_addition(place, line, numbers, move=move)
        if new and draft.problem == Code.SERIAL_UNKNOWN:
            make_known(stock, place, [one.serial for one in draft.findings if one.serial in numbers])
            draft = stock.resync_draft(place)
    show_drafted(draft)


def make_known(stock: Stockline, place: DraftPlace, serials: Iterable[str]) -> None:
    """Give serials that nobody knows a card, so that they can be put on a stock line (RS-16)."""
    with stock.transaction():
        for serial in serials:
            stock.set_information_card("serial", place.item, serial, variant=place.variant)


def _numbers(serials: list[str] | None, file: typer.FileText | None) -> list[str]:
    """The serials that are named, in a file or one by one; there, two dots stand between the ends of a series."""
    numbers = [number for text in serials or [] for number in _series(text)]
    return numbers + [line.strip() for line in file or () if line.strip()]


def _series(text: str) -> list[str]:
    first, dots, last = text.partition("..")
    if not dots:
        return [text]
    try:
        return numbers_between(first.strip(), last.strip())
    except ValueError as problem:
        raise typer.BadParameter(f"{text}: {problem}.") from None


# ---------------------------------------------------------------- ending a draft


@app.command()
def save(
    context: typer.Context,
    site: Site,
    item: Item,
    variant: Variant = "",
    reason: Annotated[str, typer.Option(help="Why, for the log.")] = "",
    *,
    person: Person,
) -> None:
    """Carry out a draft, all of it or, if a rule refuses it or something has changed meanwhile, nothing."""
    place = DraftPlace(site=site, item=item, variant=variant, person=person)
    with stock_of(context) as stock:
        try:
            run = stock.save_draft(place, reason=reason)
        except Refusal as refusal:
            _refuse(refusal, place)
        state = stock.sync_state(site, item, variant=variant)
    show_saved(run, place, state)


def _refuse(refusal: Refusal, place: DraftPlace) -> NoReturn:
    """Show why a draft is not saved; one that is stale may be kept."""
    console = screen(error=True)
    show_refusal(refusal, console)
    if refusal.code == Code.WINDOW_STALE:
        for what, command in (("See", "show"), ("Keep", "look-again"), ("Drop", "cancel")):
            console.print(f"{what} the draft with 'stockline repair {command} {_typed(place)}'.")
    raise typer.Exit(1)


def _typed(place: DraftPlace) -> str:
    """An item-site as it is named to a command."""
    return f"{place.site} {place.item}" + (f" --variant {place.variant}" if place.variant else "")


@app.command()
def look_again(context: typer.Context, site: Site, item: Item, variant: Variant = "", *, person: Person) -> None:
    """Keep a draft although something has changed: it stands on what is there now."""
    with stock_of(context) as stock:
        draft = stock.look_again(DraftPlace(site=site, item=item, variant=variant, person=person))
    show_drafted(draft)


@app.command()
def cancel(context: typer.Context, site: Site, item: Item, variant: Variant = "", *, person: Person) -> None:
    """Drop a draft; nothing has changed by it."""
    place = DraftPlace(site=site, item=item, variant=variant, person=person)
    with stock_of(context) as stock:
        stock.cancel_draft(place)
    screen().print(f"{person} has no draft for {named(place)} any more.")
