"""`stockline demo`: a quarter of a company's stock in a few seconds, told as it happens."""

from collections import Counter
from contextlib import nullcontext
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import stockline
from stockline import Refusal, Stockline, TrackingRow
from stockline.cli import demo_foreign
from stockline.cli.console import counted, screen, show_refusal
from stockline.cli.demo_data import PERISHABLES, SITES, TODAY, Company, Order, mistake, tracking_codes
from stockline.cli.demo_delivery import DELIVERED, write_delivery
from stockline.cli.foreign import figures, read_files, show_figures
from stockline.cli.import_ import report, run_import
from stockline.cli.importing import Request
from stockline.cli.load import load_found
from stockline.cli.progress import StepBar
from stockline.cli.repair import make_known
from stockline.cli.repair_view import show_drafted, show_saved
from stockline.cli.reports import every_stock_line, print_findings
from stockline.cli.resync_report import sheets, show
from stockline.cli.resynchronizing import Selection, carry_out
from stockline.exchange import x3
from stockline.exchange.mapping import Mapping
from stockline.exchange.opening import open_sheet
from stockline.exchange.report import write_report

SEED = 20250602
FOLDER = Path("stockline-demo")
KINDS = {
    "purchase": "goods from suppliers",
    "sale": "goods to customers",
    "sale_return": "units that customers brought back",
    "journal": "used in the workshop, or missing at a count",
}
DELIVERY = Mapping(item="article", serial="serial_no", site="=CENTRAL", location="=A-01", date="arrived")
IMPORT_COMMAND = "stockline import {} --item article --serial serial_no --site =CENTRAL --location =A-01 --date arrived"


def demo(
    directory: Annotated[
        Path, typer.Option(help="Where its files go; those of an earlier demo are replaced.")
    ] = FOLDER,
) -> None:
    """Show on a made-up bicycle company what Stockline does: import, orders, posting, refusals, control, repair."""
    directory.mkdir(parents=True, exist_ok=True)
    database = directory / "demo.db"
    for old in directory.glob("demo.db*"):
        old.unlink()
    console = screen()
    with stockline.open(str(database), today=TODAY) as stock:
        story = Story(stock, directory, console, Random(SEED))
        story.set_up()
        story.import_delivery()
        story.trade()
        story.refuse()
        story.show_stock()
        story.show_availability()
        story.take_over()
        story.put_right()
        story.ask_a_person()
    _what_next(console, database)


class Story:
    """The chapters of the demo. Each does something and says what has happened."""

    def __init__(self, stock: Stockline, directory: Path, console: Console, chance: Random) -> None:
        self.stock = stock
        self.directory = directory
        self.console = console
        self.company = Company(chance)
        self.delivered: dict[str, list[str]] = {}
        self.open_lines: list[tuple[str, str]] = []

    def chapter(self, title: str, text: str) -> None:
        """A heading and what the chapter is about."""
        self.console.print()
        self.console.rule(title, align="left", style="bold")
        self.console.print(text)

    def set_up(self) -> None:
        """Items and sites."""
        codes = tracking_codes()
        with self.stock.transaction():
            for site, locations in SITES.items():
                self.stock.create_site(site, locations=locations)
            for item, code in codes.items():
                self.stock.create_item(item, tracking=code)
        kinds = Counter(tracked_by(item) for item in codes)
        self.chapter(
            "1. A company",
            f"Northfield Cycles sells and repairs electric bicycles at {len(SITES)} sites: {', '.join(SITES)}.\n"
            f"{kinds['serial']} of its items are tracked by serials, {kinds['lot']} by lots "
            f"({len(PERISHABLES)} of which expire), {kinds['']} not at all.",
        )

    def import_delivery(self) -> None:
        """A delivery whose list comes as a file: first with mistakes in it, then corrected."""
        self.delivered = {item: self.company.new_serials(item, count) for item, count in DELIVERED.items()}
        self.chapter(
            "2. A delivery comes with a file", "The maker's list has three mistakes in it, so nothing is posted:"
        )
        self._import(write_delivery(self.directory / "delivery.csv", self.delivered, mistakes=True))
        self.console.print("\nThe maker sends the list again, corrected:")
        self._import(write_delivery(self.directory / "delivery-corrected.csv", self.delivered, mistakes=False))
        for item, serials in self.delivered.items():
            self.company.arrived("CENTRAL", item, serials)

    def _import(self, path: Path) -> None:
        self.console.print(f"$ {IMPORT_COMMAND.format(path)}", style="cyan")
        request = Request(order=f"IMPORT-{path.stem}", kind="purchase")
        source = open_sheet(path)
        outcome = run_import(lambda: nullcontext(self.stock), source, DELIVERY, request)
        report(request, source, outcome, path.with_name(f"{path.stem}-refused.csv"))

    def trade(self) -> None:
        """A quarter's orders, each created, tracked and posted in one transaction; the last ones stay open."""
        orders = list(self.company.orders())
        self.open_lines = [(line, order.kind) for order in orders if not order.posted for line in order.line_names]
        self.chapter("3. A quarter of trade", f"{len(orders)} orders are created, tracked and posted:")
        entries: Counter[str] = Counter()
        for order in track(
            orders, "orders", console=self.console, disable=not self.console.is_terminal, transient=True
        ):
            entries[order.kind] += self._place(order)
        table = Table("orders", "what")
        for header in ("lines", "posted", "open", "ledger entries"):
            table.add_column(header, justify="right")
        for kind, what in KINDS.items():
            of_kind = [order for order in orders if order.kind == kind]
            posted = sum(order.posted for order in of_kind)
            numbers = sum(len(order.lines) for order in of_kind), posted, len(of_kind) - posted, entries[kind]
            table.add_row(f"{len(of_kind)} {kind.replace('_', ' ')}", what, *(f"{number:,}" for number in numbers))
        self.console.print(table)

    def _place(self, order: Order) -> int:
        with self.stock.transaction():
            lines = [line.order_line for line in order.lines]
            self.stock.create_order(
                order.id, order.kind, lines=lines, site=order.site, date=order.date, party=order.party or None
            )
            for name, line in zip(order.line_names, order.lines, strict=True):
                if line.rows:
                    self.stock.track(name, line.rows)
            return self.stock.post(order.id, date=order.date).entries if order.posted else 0

    def refuse(self) -> None:
        """What must not happen, does not."""
        self.chapter("4. Four mistakes", "What breaks a rule is refused and changes nothing.")
        for what, order in self._mistakes():
            self.console.print(f"\n{what}:", style="cyan")
            self._try(order)

    def _mistakes(self) -> list[tuple[str, Order]]:
        battery = self.delivered["BATTERY-500"][0]
        lot = next(line for line in self.stock.stock_lines(site="HARBOUR") if line.lot)
        more = lot.quantity + 1
        of_lot = [TrackingRow(None, lot.lot, base_quantity=more)]
        return [
            (
                f"Receive battery {battery} at STATION, although it is in stock at CENTRAL",
                mistake("purchase", "STATION", "BATTERY-500", [TrackingRow(battery)]),
            ),
            (
                "Sell a motor at CENTRAL that was never there",
                mistake("sale", "CENTRAL", "MOTOR-BX3", [TrackingRow("BX3 7A 99999")]),
            ),
            ("Sell a motor at CENTRAL without saying which", mistake("sale", "CENTRAL", "MOTOR-BX3", [])),
            (
                f"Sell {more:,} of lot {lot.lot} at HARBOUR, where there are {lot.quantity:,}",
                mistake("sale", "HARBOUR", lot.item, of_lot, more),
            ),
        ]

    def _try(self, order: Order) -> None:
        try:
            self._place(order)
        except Refusal as refusal:
            show_refusal(refusal, self.console)
        else:
            raise AssertionError(f"{order.id} should have been refused")

    def show_stock(self) -> None:
        """What is where."""
        on_hand: dict[tuple[str, str], Decimal] = {}
        for line in every_stock_line(self.stock):
            on_hand[line.item, line.site] = on_hand.get((line.item, line.site), Decimal()) + line.quantity
        self.chapter("5. What is in stock", f"On {TODAY}, by item and site:")
        table = Table("item", "tracked by")
        for header in (*SITES, "all"):
            table.add_column(header, justify="right")
        for item in tracking_codes():
            quantities = [on_hand.get((item, site), Decimal()) for site in SITES]
            table.add_row(item, tracked_by(item), *(f"{quantity:,}" for quantity in (*quantities, sum(quantities))))
        self.console.print(table)

    def show_availability(self) -> None:
        """What open orders leave of it, and what they add."""
        self.chapter(
            "6. What is still available", "Some orders are still open: what they will take, and what they will bring:"
        )
        outgoing: Counter[tuple[str, str]] = Counter()
        incoming: Counter[tuple[str, str]] = Counter()
        for name, kind in self.open_lines:
            line = self.stock.line(name)
            (outgoing if kind == "sale" else incoming)[line.item, line.site] += int(line.outstanding)
        table = Table("item", "site")
        for header in ("on hand", "on open sales", "left", "on open purchases"):
            table.add_column(header, justify="right")
        for item, site in sorted(outgoing.keys() | incoming.keys()):
            on_hand = self.stock.quantity_on_hand(item, site=site)
            sold, bought = outgoing[item, site], incoming[item, site]
            table.add_row(item, site, f"{on_hand:,}", f"{sold:,}", f"{on_hand - sold:,}", f"{bought:,}")
        self.console.print(table)

    def take_over(self) -> None:
        """A foreign system's stock is loaded as it is, and control finds what does not agree in it."""
        site = demo_foreign.SITE
        files = [str(path) for path in demo_foreign.write_export(self.directory)]
        self.chapter("7. A shop is taken over", f"Its old system's stock is loaded for site {site} as it is:")
        self.console.print(f"$ stockline load --from x3 {' '.join(files)} --yes", style="cyan")
        with StepBar() as steps:
            found = read_files(x3.SYSTEM, files, steps)
        show_figures(x3.SYSTEM, figures(found))
        load_found(self.stock, found)
        self.console.print("Control finds what does not agree, and who can mend it:")
        findings = sorted(self.stock.control(repairs=True), key=lambda finding: (finding.item, finding.site or ""))
        for (item, place), group in groupby(findings, key=lambda finding: (finding.item, finding.site)):
            print_findings(self.console, f"{item} at {place}", list(group))
        own = [finding for finding in findings if finding.site in SITES]
        self.console.print(f"{len(findings)} findings at {site}, {len(own)} at the company's own sites.")

    def put_right(self) -> None:
        """What has only one right way is repaired; the rest is told to a person."""
        site, path = demo_foreign.SITE, self.directory / "resync.xlsx"
        self.chapter("8. What does not agree is put right", "Where only one way is right, the machine goes it:")
        self.console.print(f"$ stockline resync --site {site} --report {path}", style="cyan")
        with StepBar() as steps:
            outcome = carry_out(self.stock, Selection(site, None), steps, repair=True, dry_run=False)
        show(outcome)
        write_report(path, sheets(outcome, [], None))
        self.console.print(
            f"See {path} for all of it. What is left needs a person: {counted(len(outcome.after), 'finding')}."
        )

    def ask_a_person(self) -> None:
        """A person goes and looks, and puts on a stock line what is there."""
        line, serial = demo_foreign.UNNUMBERED, demo_foreign.READ
        place = self.stock.draft_place(line, "Kim")
        self.chapter(
            "9. A person does what no machine can", "Two batteries have no number; Kim finds one and reads its label:"
        )
        self.console.print(f"$ stockline repair add {line} {serial} --new --person Kim", style="cyan")
        make_known(self.stock, place, [serial])
        show_drafted(self.stock.draft_addition(place, line, [serial]))
        reason = "read off its label"
        self.console.print(
            f'$ stockline repair save {place.site} {place.item} --reason "{reason}" --person Kim', style="cyan"
        )
        run = self.stock.save_draft(place, reason=reason)
        show_saved(run, place, self.stock.sync_state(place.site, place.item))


def tracked_by(item: str) -> str:
    """In a word, which numbers an item carries."""
    code = tracking_codes()[item]
    return "" if code is None else "serial" if code.serial == "specific" else "lot"


def _what_next(console: Console, database: Path) -> None:
    console.print()
    console.rule("What to try next", align="left", style="bold")
    console.print(f"All this is in {database}. Try:\n")
    for command in (
        "stock --site HARBOUR",
        "stock --item BATTERY-500",
        f"serial CITYBIKE-E5 {demo_foreign.EXAMPLE}",
        f"control --site {demo_foreign.SITE}",
        f"repair show {demo_foreign.SITE}",
        "runs list",
    ):
        console.print(f"  stockline --database {database} {command}", style="cyan")
