"""A line looks for partners: candidates are dealt out over what it wants (RE-11 to RE-17).

What looks for a partner is a link of status `wanted` while the operation runs. Passes deal candidates out over it:
first for the parts that name most numbers, at last for those that name none (RE-16).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Insert,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from stockline.operations.lines import SourceLine
from stockline.operations.reservation.candidates import (
    Kinds,
    candidates,
    combinations_of,
    held,
    names_exactly,
    sequence,
    steering_kinds,
    wanted,
)
from stockline.operations.reservation.late_binding import LateBinding
from stockline.operations.reservation.links import (
    FIRST,
    HERE,
    JUST_MADE,
    OTHER,
    LinkBatch,
    made_from,
    numbered,
    pieces,
    stage_split,
)
from stockline.operations.reservation.shares import in_sequence, served, take_turns
from stockline.plan import held_stock
from stockline.plan.matching import Assignment, Request
from stockline.refusal import Finding
from stockline.rules.window import ITEM, LINE
from stockline.schema.reservations import RESERVATION, SIDES, SURPLUS, WANTED, LinkSide, link, staged_turn
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE

STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers a person names; a blank one is not named."""

    serial: str = ""
    lot: str = ""
    package: str = ""

    def __bool__(self) -> bool:
        return bool(self.serial or self.lot or self.package)

    def __str__(self) -> str:
        return " ".join(number for number in (self.serial, self.lot, self.package) if number)

    def parameters(self) -> dict[str, str]:
        """The numbers as parameters of a statement."""
        return {f"of_{kind}": getattr(self, kind) for kind in NUMBER_KINDS}


NO_NUMBERS = Numbers()


class Search:
    """A line that looks for partners: `partner` is None (the system chooses), `stock`, or one line."""

    def __init__(
        self,
        transaction: Transaction,
        line: SourceLine,
        partner: SourceLine | str | None = None,
        batch: LinkBatch | None = None,
    ) -> None:
        self.line = line
        self.batch = batch or LinkBatch.of_line(transaction, line)
        self._transaction = transaction
        self._side = line.side.name
        self._stock = self._side == "demand" and partner in (None, STOCK)
        self._documents = partner != STOCK
        fits = not isinstance(partner, SourceLine) or _agree(line, partner)
        self._partner: dict[str, Any] = {
            "partner": (partner.id if fits else -1) if isinstance(partner, SourceLine) else 0
        }
        self.in_the_way: list[Finding] = []
        self._steering = steering_kinds(line.item.tracking)

    def room(self, numbers: Numbers = NO_NUMBERS) -> int:
        """What of the line is not reserved and carries no number but these."""
        left = max(self._blank_room(), 0)
        return left + (self.carried(numbers) if numbers else self.batch.ask(_surplus(self._side)))

    def carried(self, numbers: Numbers) -> int:
        """What the line carries of these numbers without being reserved."""
        return self.batch.ask(_carried(self._side), **numbers.parameters()) if numbers else 0

    def reserve(self, asked: int, numbers: Numbers = NO_NUMBERS) -> int:
        """Reserve up to this much, of these numbers if any are named; what could be."""
        done, tried = self._reserve_carried(asked, numbers)
        new = min(asked - done - tried, self._more_of(numbers)) if numbers else min(asked - done, self._blank_room())
        if new > 0:
            self.batch.make(_want_new(self._side), part=new, **numbers.parameters())
            done += self.link_wanted(carry=numbers)
            self.batch.run(_forget_wanted(self._side))
        self.end_search()
        return done

    def _reserve_carried(self, asked: int, numbers: Numbers) -> tuple[int, int]:
        """What the line carries without a partner looks for one, up to this much; what found one, and what did not.

        A number that nobody has must not keep others that are free from being reserved: so they have their turn then.
        """
        done = tried = 0
        while done < asked and (wanted := self._want_carried(asked - done, tried, numbers)):
            found = self.link_wanted(carry=numbers)
            self.batch.run(_surplus_again(self._side))
            done, tried = done + found, tried + wanted - found
        return done, tried

    def _want_carried(self, asked: int, tried: int, numbers: Numbers) -> int:
        """So much of what the line carries without a partner looks for one, after what has been tried."""
        self.batch.run(_stage_carried(self._side), **numbers.parameters(), asked=asked, tried=tried)
        self.batch.cut([_WANTED_PIECES])
        return self.wanted()

    def wanted(self) -> int:
        """How much looks for a partner."""
        return self.batch.ask(_sum_wanted(self._side))

    def link_wanted(self, *, carry: Numbers = NO_NUMBERS) -> int:
        """Link what looks for a partner; how much was.

        `carry`: a demand without number that is found for these carries them from now on (RE-17).
        """
        present = self._kinds_named()
        done = 0
        if self._stock and present:
            done += sum(self._link(kinds, stock=True, documents=False) for kinds in present)
            done += self._rebind()
        for kinds in present:
            if self._documents:
                done += self._link(kinds, stock=False, documents=True)
        return done + self._link((), stock=self._stock, documents=self._documents, carry=carry)

    def _kinds_named(self) -> list[Kinds]:
        """The kinds of number named by the parts that name numbers."""
        every = combinations_of(self._steering)
        return [kinds for kinds in every if kinds and self.batch.ask(_has_kinds(self._side, kinds, self._steering))]

    def _link(self, kinds: Kinds, *, stock: bool, documents: bool, carry: Numbers = NO_NUMBERS) -> int:
        if not (stock or documents):
            return 0
        carried = self._steering if carry and self._side == "supply" else ()
        statement = _link_up(self._side, kinds, self._steering, stock, documents, carried)
        given = self._partner | carry.parameters()
        if not self.batch.deal(_wanted_turns(self._side, kinds, self._steering), statement, **given):
            return 0
        self.batch.run(_use_up(self._side, WANTED))
        self.batch.run(_use_up(OTHER[self._side], SURPLUS, carried))
        return self.batch.ask(_MADE)

    def _rebind(self) -> int:
        """Late binding: others that hold the numbers wanted by chance give way; how much is had by it (RE-43)."""
        found = self.batch.rows(_wanted_numbers(self._steering))
        if not found:
            return 0
        binding = LateBinding(self._transaction, self.batch, self._steering)
        requests = [
            Request(held_stock.Numbers(row.serial, row.lot, row.package), row.quantity, partial=True) for row in found
        ]
        result = binding.match(requests)
        assert isinstance(result, Assignment)
        self.in_the_way += [finding for cut in result.cuts[:1] for finding in binding.explain(cut)]
        binding.write(
            [(move.link.id, move.to.number, move.quantity) for move in result.moves]
            + [(found[one.request].id, one.entry.number, one.quantity) for one in result.taken]
        )
        return sum(one.quantity for one in result.taken)

    def _more_of(self, numbers: Numbers) -> int:
        """How much more of these numbers the line may carry: a serial once, of others what has room.

        The incoming side of a transfer carries what is stated on its outgoing side (IN-9).
        """
        if self.line.is_incoming:
            return 0
        if not numbers.serial:
            return abs(self.line.outstanding)
        return SCALE - self.batch.ask(_every(self._side), **numbers.parameters())

    def _blank_room(self) -> int:
        """What of the line is neither reserved nor carries a number."""
        return abs(self.line.outstanding) - self.batch.ask(_held(self._side))

    def end_search(self) -> None:
        """What found no partner is surplus again."""
        self.batch.run(_surplus_again(self._side))
        self.batch.settle()


def _agree(line: SourceLine, partner: SourceLine) -> bool:
    """Both sides of a link are of one item, variant and site, one demand and one supply (RE-8)."""
    place, other = (line.item.id, line.variant, line.site_id), (partner.item.id, partner.variant, partner.site_id)
    return place == other and line.side is not partner.side


# ---------------------------------------------------------------- what looks for a partner

_NUMBERS = {kind: bindparam(f"of_{kind}", type_=Text) for kind in NUMBER_KINDS}
_QUANTITY = bindparam("part", type_=BigInteger)
ASKED = bindparam("asked", type_=BigInteger)
TRIED = bindparam("tried", type_=BigInteger)


def _of_line(side_name: str, status: str) -> Any:
    return and_(link.c.item_id == ITEM, SIDES[side_name].line_id == LINE, link.c.status == status)


def with_numbers(side_name: str) -> Any:
    """The side carries all the numbers that are named."""
    side = SIDES[side_name]
    return and_(*((number == "") | (getattr(side, kind) == number) for kind, number in _NUMBERS.items()))


@cache
def _held(side_name: str) -> Select[Any]:
    return select(held(side_name, LINE))


@cache
def _surplus(side_name: str) -> Select[Any]:
    return select(func.sum(link.c.quantity)).where(_of_line(side_name, SURPLUS), numbered(SIDES[side_name]))


@cache
def _carried(side_name: str) -> Select[Any]:
    return select(func.sum(link.c.quantity)).where(
        _of_line(side_name, SURPLUS), numbered(SIDES[side_name]), with_numbers(side_name)
    )


@cache
def _every(side_name: str) -> Select[Any]:
    """What the line carries of these numbers, reserved or not."""
    of_line = and_(link.c.item_id == ITEM, SIDES[side_name].line_id == LINE)
    return select(func.sum(link.c.quantity)).where(of_line, with_numbers(side_name))


@cache
def _stage_carried(side_name: str) -> Insert:
    side = SIDES[side_name]
    carried = (
        select(link.c.id, side.entered.label("entered"), link.c.quantity)
        .where(_of_line(side_name, SURPLUS), numbered(SIDES[side_name]), with_numbers(side_name))
        .subquery("carried")
    )
    ranked = in_sequence(carried, (carried.c.entered, carried.c.id), ()).subquery("ranked")
    before = ranked.c.upto - ranked.c.quantity
    start = case((before < TRIED, TRIED), else_=before)
    end = case((ranked.c.upto < TRIED + ASKED, ranked.c.upto), else_=TRIED + ASKED)
    part = (end - start).label("quantity")
    return stage_split(select(ranked.c.id.label("link_id"), literal(0).label("target"), part))


_WANTED_PIECES = pieces({"status": literal(WANTED, Text)})


@cache
def _sum_wanted(side_name: str) -> Select[Any]:
    return select(func.sum(link.c.quantity)).where(_of_line(side_name, WANTED))


@cache
def _wanted_numbers(steering: Kinds) -> Select[Any]:
    """What is wanted of specific numbers; the others do not matter (RE-18)."""
    demand = SIDES["demand"]
    numbers = [(getattr(demand, kind) if kind in steering else literal("", Text)).label(kind) for kind in NUMBER_KINDS]
    named = or_(*(getattr(demand, kind) != "" for kind in steering))
    wanted_links = select(link.c.id, link.c.quantity, *numbers).where(_of_line("demand", WANTED), named)
    return wanted_links.where(link.c.quantity > 0).order_by(link.c.id)


@cache
def _want_new(side_name: str) -> Insert:
    named = {f"{side_name}_{kind}": number for kind, number in _NUMBERS.items()}
    figures = {f"{side_name}_{name}": _QUANTITY for name in ("handle", "invoice")}
    values = {"status": literal(WANTED, Text), "quantity": _QUANTITY, f"{side_name}_line_id": LINE} | named | figures
    return made_from(select(LINE), values | {f"{side_name}_entered": FIRST + 1}, ())


@cache
def _forget_wanted(side_name: str) -> Update:
    """What was only asked for and found no partner is forgotten; the figures of what did find one stay (TW-20)."""
    side = SIDES[side_name]
    figures = {f"{side_name}_{name}": getattr(side, name) - link.c.quantity for name in ("handle", "invoice")}
    return update(link).where(_of_line(side_name, WANTED)).values({"quantity": 0} | figures)


@cache
def _surplus_again(side_name: str) -> Update:
    return update(link).where(_of_line(side_name, WANTED)).values(status=SURPLUS)


# ---------------------------------------------------------------- linking


@cache
def _has_kinds(side_name: str, kinds: Kinds, steering: Kinds) -> Select[Any]:
    """Whether some demand that may take part names just these kinds of numbers."""
    named = and_(SIDES["demand"].line_id.isnot(None), names_exactly("demand", kinds, steering))
    there = _of_line("demand", WANTED) if side_name == "demand" else and_(HERE, link.c.status == SURPLUS)
    return select(case((select(link.c.id).where(there, named).exists(), 1), else_=0))


@cache
def _wanted_turns(side_name: str, kinds: Kinds, steering: Kinds) -> Insert:
    asked = wanted(side_name, kinds, steering).subquery("asked")
    return take_turns(asked, (asked.c.id,), kinds)


@cache
def _link_up(side_name: str, kinds: Kinds, steering: Kinds, stock: bool, documents: bool, carried: Kinds) -> Insert:
    """Link what is wanted with what is free, in the order of RE-11 and RE-12.

    `carried`: the kinds of number that a demand without them carries from now on (RE-17).
    """
    other = OTHER[side_name]
    there = candidates(other, kinds, steering, stock=stock, documents=documents).subquery("there")
    if "serial" in carried:
        there = select(there).where(~_carries_serial(there.c.line_id)).subquery("without_serial")
    joined, free, quantity = served(there, sequence(other, there), kinds)
    mine = link.alias("mine")
    own = LinkSide(side_name, mine)
    values: dict[str, Any] = {"status": literal(RESERVATION, Text), "quantity": quantity}
    values |= {f"{side_name}_line_id": LINE, f"{other}_line_id": free.c.line_id}
    if stock:
        values["supply_entry_id"] = free.c.entry_id
    values |= {f"{side_name}_{kind}": getattr(own, kind) for kind in NUMBER_KINDS}
    values |= {f"{other}_{kind}": free.c[kind] for kind in NUMBER_KINDS}
    if carried:
        values |= {f"demand_{kind}": getattr(own, kind) for kind in carried}
        values |= {"demand_handle": quantity, "demand_invoice": quantity, "demand_entered": FIRST + 1}
    looking = and_(mine.c.item_id == ITEM, mine.c.id == staged_turn.c.id)
    rows = select(quantity).select_from(joined.join(mine, looking))
    return made_from(rows, values, (staged_turn.c.upto, free.c.upto))


def _carries_serial(line_id: Any) -> Any:
    """The demand carries the serial already, which is one unit."""
    demand, serial = SIDES["demand"], _NUMBERS["serial"]
    own = (link.c.item_id == ITEM, demand.line_id == line_id)
    return select(link.c.id).where(*own, demand.serial == serial, serial != "").exists()


@cache
def _use_up(side_name: str, status: str, carried: Kinds = ()) -> Update:
    """Take what has just been linked off what had no partner; it had none of the numbers it carries only now."""
    side = SIDES[side_name]
    key = [side.line_id, *(getattr(side, kind) for kind in NUMBER_KINDS if kind not in carried)]
    without = [getattr(side, kind) == "" for kind in carried]
    used = (
        select(*key, func.sum(link.c.quantity).label("used"))
        .where(JUST_MADE, side.line_id.isnot(None))
        .group_by(*key)
        .subquery("used")
    )
    same = [column == used.c[column.name] for column in key]
    return (
        update(link)
        .where(link.c.item_id == ITEM, link.c.status == status, *same, *without)
        .values(quantity=link.c.quantity - used.c.used)
    )


_MADE = select(func.sum(link.c.quantity)).where(JUST_MADE)
