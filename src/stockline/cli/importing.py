"""The import of a sheet as one order, tracked and posted in one transaction: everything or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from stockline import Code, OrderLine, Refusal, TrackingCode
from stockline.exchange.movements import BadRow, Movements, Place, blame
from stockline.exchange.reading import Reading
from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Iterator

    from stockline import Posting, Stockline, TrackingRow
    from stockline.exchange.mapping import Mapping
    from stockline.exchange.sheets import Sheet
    from stockline.values import DocumentKind

Kind = Literal["purchase", "sale", "purchase_return", "sale_return", "positive_adjustment", "negative_adjustment"]
RECEIPTS: tuple[Kind, ...] = ("purchase", "sale_return", "positive_adjustment")
ADJUSTMENTS: tuple[Kind, ...] = ("positive_adjustment", "negative_adjustment")
KINDS: tuple[Kind, ...] = get_args(Kind)

ATTEMPTS = 25
"""How often rows are dropped and the rest tried again. A refusal has one code, and there are fewer codes than this."""

EVERY = 1000
"""Tracking rows between two reports of progress."""


class Steps(Protocol):
    """Whoever follows an import: told of each step it begins, and how far it is in it."""

    def begin(self, step: str, total: int) -> None:
        """A step begins; it ends when the next one does."""

    def reach(self, position: int) -> None:
        """How far the step is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be made of the movements of a sheet."""

    order: str
    kind: Kind
    create: bool | None = None
    """Whether items and sites that do not exist are created. None: for receipts that carry numbers."""
    skip_bad: bool = False
    expires: bool = False
    """Whether created items use expiration dates."""

    @property
    def document_kind(self) -> DocumentKind:
        """The kind of the order; adjustments are lines of a journal."""
        return "journal" if self.kind in ADJUSTMENTS else self.kind  # type: ignore[return-value]

    @property
    def line_type(self) -> str | None:
        """The type of its lines, which only a journal has."""
        return self.kind if self.kind in ADJUSTMENTS else None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an import has come to. Without `posting` nothing has been changed."""

    read: int
    bad: list[BadRow]
    movements: Movements
    posting: Posting | None = None
    lines: int = 0
    refusal: Refusal | None = None
    """A refusal that is about no row of the file."""
    created_items: list[str] = field(default_factory=list)
    created_sites: list[str] = field(default_factory=list)


def read_sheet(sheet: Sheet, mapping: Mapping, steps: Steps, *, found: bool = False) -> Outcome:
    """Read a sheet and check its rows, each on its own and against each other. No database is needed for that.

    `found`: its quantities are what was found, which may be nothing.
    """
    steps.begin("read", sheet.size)
    reading = Reading(sheet, mapping, found=found)
    reading.run(steps.reach)
    if not reading.read:
        raise SheetProblem(f"{sheet.path} has a header, but no rows{' that --where lets pass' * bool(mapping.where)}.")
    steps.begin("check", 1)
    reading.check()
    steps.reach(1)
    return Outcome(read=reading.read, bad=reading.bad, movements=reading.movements)


def post_movements(stock: Stockline, request: Request, outcome: Outcome, steps: Steps) -> Outcome:
    """Post what has been read. Rows that are refused become bad rows; `skip_bad` tries the rest without them."""
    for _ in range(ATTEMPTS):
        attempt = _Attempt(stock, request, outcome.movements, steps)
        try:
            with stock.transaction():
                outcome.posting = attempt.run()
        except Refusal as refusal:
            blamed = blame(outcome.movements, refusal, attempt.line_names)
            outcome.bad.extend(
                BadRow(outcome.movements.line[row], refusal.code, message) for row, message in blamed.items()
            )
            outcome.movements = outcome.movements.without(blamed)
            if not blamed:
                outcome.refusal = refusal
            if not blamed or not request.skip_bad or not len(outcome.movements):
                break
        else:
            outcome.lines = len(attempt.line_names)
            outcome.created_items, outcome.created_sites = attempt.created_items, attempt.created_sites
            break
    outcome.bad.sort()
    return outcome


class _Attempt:
    """One try to create the order, track its lines and post it."""

    def __init__(self, stock: Stockline, request: Request, movements: Movements, steps: Steps) -> None:
        self._stock = stock
        self._request = request
        self._movements = movements
        self._steps = steps
        self._by_place = movements.by_place()
        self.line_names = {f"{request.order}/{number}": place for number, place in enumerate(self._by_place, start=1)}
        self.created_items: list[str] = []
        self.created_sites: list[str] = []

    def run(self) -> Posting:
        self._create_order()
        if self._movements.tracked:
            self._track()
        self._steps.begin("post", 1)
        posting = self._stock.post(self._request.order, date=self._movements.date)
        self._steps.reach(1)
        return posting

    def _create_order(self) -> None:
        """Create the order; what it names and does not exist is created first, if that is wanted."""
        lines = [self._order_line(place, rows) for place, rows in self._by_place.items()]
        request = self._request
        try:
            self._stock.create_order(request.order, request.document_kind, lines=lines, date=self._movements.date)
        except Refusal as refusal:
            if refusal.code is not Code.NOT_FOUND or not self._creates:
                raise
            self._create_missing(refusal)
            self._stock.create_order(request.order, request.document_kind, lines=lines, date=self._movements.date)

    def _order_line(self, place: Place, rows: array[int]) -> OrderLine:
        return self._movements.order_line(place, rows, kind=self._request.line_type)

    @property
    def _creates(self) -> bool:
        if self._request.create is None:
            return self._request.kind in RECEIPTS and self._movements.tracked
        return self._request.create

    def _create_missing(self, refusal: Refusal) -> None:
        """Create the items and sites that the refusal names, with the variants and locations that the file names."""
        self.created_items = _missing(refusal, "item", part="variant")
        variants = _parts((place.item, place.variant) for place in self._by_place)
        for item in self.created_items:
            self._stock.create_item(item, variants=variants.get(item, []), tracking=self._tracking_code())
        self.created_sites = _missing(refusal, "site", part="location")
        locations = _parts((place.site, place.location) for place in self._by_place)
        for site in self.created_sites:
            self._stock.create_site(site, locations=locations.get(site, []))

    def _tracking_code(self) -> TrackingCode:
        """What the mapped columns imply: a number that every row carries is specific."""
        rows = self._movements
        return TrackingCode(
            serial="specific" if rows.serial else "none",
            lot="specific" if rows.lot else "none",
            package="specific" if rows.package else "none",
            use_expiration=self._request.expires or None,
        )

    def _track(self) -> None:
        self._steps.begin("track", len(self._movements))
        done = 0
        for line, place in self.line_names.items():
            rows = self._by_place[place]
            self._stock.track(line, _counted(self._movements.tracking_rows(rows), self._steps.reach, done))
            done += len(rows)
            self._steps.reach(done)


def _missing(refusal: Refusal, kind: str, *, part: str) -> list[str]:
    """The items or sites that are not found; a finding that names a part of one says that only the part is missing."""
    named = {getattr(finding, kind): None for finding in refusal.findings if not getattr(finding, part)}
    return [name for name in named if name]


def _parts(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, list[str]]:
    """The variants of each item or the locations of each site, in the order of the file."""
    parts: dict[str, dict[str, None]] = {}
    for whole, part in pairs:
        if whole and part:
            parts.setdefault(whole, {})[part] = None
    return {whole: list(named) for whole, named in parts.items()}


def _counted(rows: Iterable[TrackingRow], reach: Callable[[int], None], done: int) -> Iterator[TrackingRow]:
    for count, row in enumerate(rows, start=done):
        if not count % EVERY:
            reach(count)
        yield row
