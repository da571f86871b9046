"""Links of serials as a person changes them: checked by their net effect, written at once (RS-14 to RS-16)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from stockline.codes import Code
from stockline.operations.problems import Problems
from stockline.operations.resync.desk import Desk, DeskSerial, desks_of
from stockline.operations.resync.links import (
    Figure,
    LinkChanges,
    RunBook,
    hold_item_sites,
    open_posting,
    write_links,
)
from stockline.operations.resync.log import MANUAL, begin_run, told
from stockline.operations.resync.stock import ItemSite
from stockline.operations.resync.sync_state import SiteFigures, site_figures
from stockline.plan.repair import Action
from stockline.plan.series import natural
from stockline.refusal import Finding, Refusal
from stockline.results import ResyncRun
from stockline.store.database import Transaction
from stockline.values import SCALE, clean_number, to_quantity

REFUSALS = (
    Code.AWAITING_PUT_AWAY,
    Code.SERIAL_UNKNOWN,
    Code.SERIAL_ALREADY_IN_STOCK,
    Code.SERIAL_ON_OTHER_LINE,
    Code.NOT_FOUND,
    Code.ATTRIBUTE_MISMATCH,
    Code.EXCEEDS_STOCK_QUANTITY,
    Code.RESERVATION_EXISTS,
)
"""What is looked at serial by serial, in this order (RS-15)."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person does to serials of one item and variant: taken off these lines, put on this one."""

    removed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)

    @property
    def serials(self) -> list[str]:
        """The serials it is about, in their natural order."""
        return sorted({*self.removed, *self.added}, key=natural)

    @property
    def lines(self) -> set[int]:
        """The lines it names."""
        return {number for numbers in self.removed.values() for number in numbers} | set(self.added.values())


class ManualChange:
    """An edit on what is there now."""

    def __init__(self, desk: Desk, edit: Edit) -> None:
        self._desk = desk
        self._edit = edit
        self.serials = desk.serials(edit.serials)
        linked = {number for one in self.serials.values() for number in one.links}
        self.lines = desk.lines(edit.lines | linked)
        self.linked = desk.linked(edit.lines | linked)

    def links_after(self, serial: DeskSerial) -> tuple[int, ...]:
        """The links it has then; one put on a line leaves links that lead nowhere (RS-16)."""
        kept = [number for number in serial.links if number not in self._edit.removed.get(serial.number, ())]
        if serial.number not in self._edit.added:
            return tuple(kept)
        leading = [number for number in kept if self._is_open(number)]
        return (self._edit.added[serial.number], *leading)

    def is_right_after(self, serial: DeskSerial) -> bool:
        """Whether it is on one open line then, on which it fits, or on none."""
        after = self.links_after(serial)
        return len(after) <= 1 and all(self._is_open(number) and serial.fits(self.lines[number]) for number in after)

    def _is_open(self, number: int) -> bool:
        return number in self.lines and self.lines[number].quantity > 0

    # ------------------------------------------------------------ checks

    def check(self) -> None:
        """Refuse what breaks a rule of RS-15, naming every serial."""
        problems = Problems(REFUSALS)
        for serial in self.serials.values():
            self._check_removed(serial, problems)
            self._check_added(serial, problems)
        self._check_room(problems)
        problems.refuse()

    def _refer(self, problems: Problems, code: Code, serial: DeskSerial, what: str) -> None:
        message = f"Serial {serial.number}: {what}."
        problems.add(code, message, item=self._desk.item.code, variant=self._desk.variant, serial=serial.number)

    def _check_removed(self, serial: DeskSerial, problems: Problems) -> None:
        numbers = self._edit.removed.get(serial.number)
        if numbers is None:
            return
        if not serial.known:
            self._refer(problems, Code.SERIAL_UNKNOWN, serial, "nothing is known of it")
        elif not serial.links:
            self._refer(problems, Code.NOT_FOUND, serial, "it is linked to no stock line")
        elif numbers.difference(serial.links):
            self._refer(problems, Code.SERIAL_ON_OTHER_LINE, serial, f"it is linked to {_listed(serial.links)}")
        for number in numbers:
            if number in self.lines and self.lines[number].put_away:
                self._refer(problems, Code.AWAITING_PUT_AWAY, serial, f"stock line {number} awaits put-away")
        after = self.links_after(serial)
        sites = {self.lines[number].site for number in after if self._is_open(number)}
        if serial.reserved_at - sites:
            self._refer(problems, Code.RESERVATION_EXISTS, serial, "a reservation names it")

    def _check_added(self, serial: DeskSerial, problems: Problems) -> None:
        number = self._edit.added.get(serial.number)
        if number is None:
            return
        line = self.lines.get(number)
        if any(self.lines[one].put_away for one in (number, *serial.links) if one in self.lines):
            self._refer(problems, Code.AWAITING_PUT_AWAY, serial, "it awaits put-away, or the stock line does")
        if not serial.known:
            self._refer(problems, Code.SERIAL_UNKNOWN, serial, "nothing is known of it")
        if number in serial.links:
            self._refer(problems, Code.SERIAL_ALREADY_IN_STOCK, serial, f"it is on stock line {number} already")
        others = [one for one in self.links_after(serial)[1:] if one != number]
        if others:
            self._refer(problems, Code.SERIAL_ON_OTHER_LINE, serial, f"it is on stock line {_listed(others)}")
        if line is not None and not serial.fits(line):
            self._refer(problems, Code.ATTRIBUTE_MISMATCH, serial, f"it does not fit on stock line {number}")

    def _check_room(self, problems: Problems) -> None:
        """No line may have more serials than its quantity where some were put on it."""
        after = self.counts_after()
        for serial in self.serials.values():
            number = self._edit.added.get(serial.number)
            if number is not None and after[number] * SCALE > self._quantity(number):
                what = f"stock line {number} takes {self._quantity(number) // SCALE}, it would have {after[number]}"
                self._refer(problems, Code.EXCEEDS_STOCK_QUANTITY, serial, what)

    def _quantity(self, number: int) -> int:
        return self.lines[number].quantity if number in self.lines else 0

    def counts_after(self) -> Counter[int]:
        """How many serials are linked to each line then."""
        counts = Counter(self.linked)
        for serial in self.serials.values():
            counts.subtract(serial.links)
            counts.update(self.links_after(serial))
        return counts

    # ------------------------------------------------------------ writing

    def changes(self, transaction: Transaction, reason: str) -> LinkChanges:
        """What is to be written."""
        changed = [serial for serial in self.serials.values() if self.links_after(serial) != serial.links]
        actions = [action for serial in changed for action in self._actions(serial, reason)]
        after = self.counts_after()
        touched = {number for action in actions for number in (action.from_line, action.to_line) if number is not None}
        variant = self._desk.variant
        figures = site_figures(transaction, self._desk.item.id)
        return LinkChanges(
            self._desk.item,
            actions,
            {(variant, serial.number): next(iter(self.links_after(serial)), None) for serial in changed},
            {number: Figure(self._quantity(number), self.linked.get(number, 0), after[number]) for number in touched},
            {key: self.site_figure(figures[key[1]], key) for key in self.item_sites},
            extra=[(variant, serial.number, one) for serial in changed for one in self.links_after(serial)[1:]],
            several=any(len(serial.links) > 1 for serial in changed),
        )

    def _actions(self, serial: DeskSerial, reason: str) -> Iterable[Action]:
        after = self.links_after(serial)
        dropped = [number for number in serial.links if number not in after]
        for number in after:
            if number not in serial.links:
                source = dropped.pop(0) if dropped else None
                yield Action(self._desk.variant, serial.number, source, number, reason)
        for number in dropped:
            yield Action(self._desk.variant, serial.number, number, None, reason)

    @property
    def item_sites(self) -> set[ItemSite]:
        """Variant and site of all that is touched."""
        lines = [self.lines[number] for number in self._edit.lines if number in self.lines]
        places = {(line.variant, line.site) for line in lines}
        for serial in self.serials.values():
            places |= self._places_of(serial, serial.links)
        return places | {(self._desk.variant, site) for _, site in places}

    def _places_of(self, serial: DeskSerial, links: Iterable[int]) -> set[ItemSite]:
        lines = [self.lines.get(number) for number in links]
        places = {(line.variant, line.site) for line in lines if line is not None}
        if serial.site is not None and None in lines:
            places.add((self._desk.variant, serial.site))
        return places

    def site_figure(self, now: SiteFigures, place: ItemSite) -> Figure:
        """The different serials of an item-site before and after, where these are its figures."""
        variant, _ = place
        before = now.serials.get(variant, 0)
        difference = sum(
            (place in self._places_of(serial, self.links_after(serial)))
            - (place in self._places_of(serial, serial.links))
            for serial in self.serials.values()
        )
        return Figure(now.quantities[variant], before, before + difference)


def hold(transaction: Transaction, desk: Desk, edit: Edit) -> None:
    """Hold all that an edit touches."""
    hold_item_sites(transaction, desk.item.id, ManualChange(desk, edit).item_sites)


def carry_out(
    transaction: Transaction, desk: Desk, edit: Edit, today: date, *, person: str = "", reason: str = ""
) -> ResyncRun:
    """Check an edit, what it touches being held, and write it as a run of its own."""
    change = ManualChange(desk, edit)
    change.check()
    book = RunBook(begin_run(transaction, MANUAL, person=person, stated_reason=reason), today)
    open_posting(transaction, book.run, today)
    changes = change.changes(transaction, reason)
    write_links(transaction, book, changes)
    return ResyncRun(number=book.run, actions=[told(desk.item.code, action) for action in changes.actions])


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


# ---------------------------------------------------------------- one line


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Serials of one stock line a person removes or adds, and why."""

    stock_line: int
    serials: Sequence[str]
    person: str = ""
    reason: str = ""


def remove(transaction: Transaction, request: LineRequest, today: date) -> ResyncRun:
    """Unlink serials from a stock line (RS-15)."""
    desk = _desk(transaction, request)
    numbers = named(desk, request, adding=False)
    edit = Edit(removed=dict.fromkeys(numbers, frozenset({request.stock_line})))
    return _saved(transaction, desk, edit, request, today)


def add(transaction: Transaction, request: LineRequest, today: date) -> ResyncRun:
    """Link serials to a stock line (RS-15)."""
    desk = _desk(transaction, request)
    numbers = named(desk, request, adding=True)
    return _saved(transaction, desk, Edit(added=dict.fromkeys(numbers, request.stock_line)), request, today)


def _desk(transaction: Transaction, request: LineRequest) -> Desk:
    """The desk of the line; of a number that holds serials of several, that which knows the most of those named."""
    desks = desks_of(transaction, request.stock_line)
    if len(desks) == 1:
        return desks[0]
    numbers = {clean_number(number) for number in request.serials}

    def acquaintance(desk: Desk) -> tuple[int, int]:
        serials = desk.serials(numbers).values()
        return sum(request.stock_line in one.links for one in serials), sum(one.known for one in serials)

    return max(desks, key=acquaintance)


def _saved(transaction: Transaction, desk: Desk, edit: Edit, request: LineRequest, today: date) -> ResyncRun:
    hold(transaction, desk, edit)
    return carry_out(transaction, desk, edit, today, person=request.person, reason=request.reason)


def named(desk: Desk, request: LineRequest, *, adding: bool) -> list[str]:
    """The serials that are named, if they and the line can be worked with at all.

    Refused `invalid`, `tracking_duplicate`.
    """
    numbers = [clean_number(number) for number in request.serials]
    problem = _invalid(desk, request.stock_line, numbers, adding=adding)
    if problem:
        raise Refusal.of(Code.INVALID, problem, item=desk.item.code)
    twice = [number for number, times in Counter(numbers).items() if times > 1]
    if twice:
        findings = [Finding(f"Serial {number} is named twice.", item=desk.item.code, serial=number) for number in twice]
        raise Refusal(Code.TRACKING_DUPLICATE, findings)
    return numbers


def _invalid(desk: Desk, stock_line: int, numbers: Sequence[str], *, adding: bool) -> str | None:
    if not desk.item.tracking.steers("serial"):
        return f"Item {desk.item.code} is not tracked by specific serials."
    if not numbers or not all(numbers):
        return "No serial is named."
    line = desk.lines([stock_line]).get(stock_line)
    if adding and line is not None and not line.is_whole:
        return f"Stock line {stock_line} has the quantity {to_quantity(line.quantity)}: serials are whole units."
    return None
