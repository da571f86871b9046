"""The plan of one item: its cases with the serials they are about, ready to be carried out or told."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from stockline.operations.catalog import Item
from stockline.operations.resync.links import Figure, LinkChanges, held_by
from stockline.operations.resync.log import told
from stockline.operations.resync.stock import ItemSite, ItemStock, Merge
from stockline.plan.alternatives import best_plans
from stockline.plan.repair import Action, Case, Cause, Choice, Reason, plan_repair
from stockline.results import ResyncAction, ResyncLeft
from stockline.store.database import Transaction

SENTENCES = {
    Cause.AMBIGUOUS: "there are several ways to repair it, and nothing tells which is right",
    Cause.NO_SERIAL: "a line would still lack serials",
    Cause.NO_ROOM: "a line would still have too many serials",
    Cause.CONTRADICTION: "movements, attributes, quantity and ledger contradict each other",
    Cause.OUTSIDE_SELECTION: "it reaches beyond the site selected",
    Cause.RESERVED: "a serial that would go is reserved by its number",
    Cause.CHANGED: "stock has changed again and again meanwhile",
}

PORTION = 100
"""As many cases are carried out in one transaction: what takes time is the statements, not the rows."""


class ItemPlan:
    """The best plan of an item at this moment; what has been carried out of it is known to it."""

    def __init__(self, transaction: Transaction, item: Item, site: int | None) -> None:
        self.stock = ItemStock(transaction, item, site)
        self.cases = plan_repair(self.stock.lines.values(), self.stock.classes, site)
        self._numbers = self.stock.numbers(
            {choice.serials for case in self.cases for choice in case.choices}
            | {serials for case in self.cases for serials in case.contradictory}
        )
        self._linked = self.stock.linked()
        self._different = self.stock.different()
        self._quantities = self.stock.quantities()
        self._complete = all(
            len(self._numbers[choice.serials]) == choice.serials.count for case in self.cases for choice in case.choices
        )

    def changes(self) -> Iterator[LinkChanges]:
        """What is to be carried out, a transaction each: equal lines become one, then the cases, in portions."""
        solvable = [case for case in self.cases if case.cause is None]
        portions = [solvable[start : start + PORTION] for start in range(0, len(solvable), PORTION)]
        if self.stock.merges:
            first, *portions = portions or [[]]
            yield self._of_cases(first, self.stock.merges)
        for portion in portions:
            yield self._of_cases(portion)

    def _of_cases(self, cases: Sequence[Case], merges: Sequence[Merge] = ()) -> LinkChanges:
        """The changes that carry out cases; these have no lines in common."""
        numbers = [*(number for case in cases for number in case.lines), *(merge.to_line for merge in merges)]
        choices = [choice for case in cases for choice in case.choices]
        lines: Counter[int] = Counter(dict.fromkeys(numbers, 0))
        sites: Counter[ItemSite] = Counter()
        for number in numbers:
            if number in self.stock.lines:
                sites[self.stock.lines[number].variant, self.stock.lines[number].site] += 0
        for choice in choices:
            self._count(choice, lines, sites)
        return LinkChanges(
            self.stock.item,
            [
                *map(_merging, merges),
                *(action for case in cases for action in case.actions(self._numbers)),
            ],
            {
                (choice.serials.variant, number): choice.places[0]
                for choice in choices
                for number in self._numbers[choice.serials]
            },
            {number: self._line_figure(number, difference) for number, difference in lines.items()},
            {key: self._figure(key, difference) for key, difference in sites.items()},
            merges,
            several=any(len(choice.serials.links) > 1 for choice in choices),
            cases=len(cases),
        )

    def _count(self, choice: Choice, lines: Counter[int], sites: Counter[ItemSite]) -> None:
        """What a choice adds to the serials of lines and item-sites."""
        serials, place = choice.serials, choice.places[0]
        before = self.stock.item_sites(serials)
        after = set() if place is None else {(self.stock.lines[place].variant, self.stock.lines[place].site)}
        for number in serials.links:
            lines[number] -= serials.count
        if place is not None:
            lines[place] += serials.count
        for key in before | after:
            sites[key] += ((key in after) - (key in before)) * serials.count
            sites[serials.variant, key[1]] += 0

    def _line_figure(self, number: int, difference: int) -> Figure:
        line, before = self.stock.lines.get(number), self._linked[number]
        return Figure(0 if line is None else line.quantity, before, before + difference)

    def _figure(self, key: ItemSite, difference: int) -> Figure:
        before = self._different[key]
        return Figure(self._quantities[key], before, before + difference)

    # ------------------------------------------------------------ keeping up

    def is_current(self, changes: LinkChanges, now: Mapping[ItemSite, int]) -> bool:
        """Whether the stock the changes are about is as it was planned for, its item-sites being held."""
        return self._complete and all(now[key] == revision for key, revision in self._next_revisions(changes))

    def go_on(self, changes: LinkChanges) -> None:
        """Changes have been written; the rest of the plan stands."""
        self.stock.revisions.update(self._next_revisions(changes))
        self._linked.update({number: figure.after - figure.before for number, figure in changes.lines.items()})
        self._different.update({key: figure.after - figure.before for key, figure in changes.sites.items()})

    def _next_revisions(self, changes: LinkChanges) -> Iterator[tuple[ItemSite, int]]:
        """What the revisions are while the changes are made: to hold an item-site counts as one."""
        for key in held_by(changes.sites.keys()):
            yield key, self.stock.revisions.get(key, 0) + 1

    # ------------------------------------------------------------ telling

    def left(self, *, changed: bool = False) -> Iterator[ResyncLeft]:
        """The cases left alone, each with its cause and best plans (RS-10); `changed`: nothing could be carried out."""
        for case in self.cases:
            if case.cause is not None or changed:
                yield self._left(case, case.cause or Cause.CHANGED)

    def _left(self, case: Case, cause: Cause) -> ResyncLeft:
        numbers = ", ".join(map(str, case.lines))
        serials = [number for one in case.contradictory for number in self._numbers[one]]
        what = f"Stock line{'s' * (len(case.lines) > 1)} {numbers}" if case.lines else f"Serial {', '.join(serials)}"
        plans: Sequence[Sequence[Action]] = best_plans(case, self._numbers) if case.choices else ()
        return ResyncLeft(
            item=self.stock.item.code,
            variant=self._variant(case),
            cause=cause,
            message=f"{what}: {SENTENCES[cause]}.",
            lines=list(case.lines),
            serials=serials,
            plans=[[told(self.stock.item.code, action) for action in plan] for plan in plans],
        )

    def _variant(self, case: Case) -> str:
        variants = [self.stock.lines[number].variant for number in case.lines if number in self.stock.lines]
        classes = [*(choice.serials for choice in case.choices), *case.contradictory]
        return next(iter([*variants, *(serials.variant for serials in classes)]), "")

    def told(self, changes: LinkChanges) -> list[ResyncAction]:
        """What changes do, as it is answered."""
        return [told(self.stock.item.code, action) for action in changes.actions]


def _merging(merge: Merge) -> Action:
    return Action(merge.variant, "", merge.from_line, merge.to_line, Reason.EQUAL_LINES, merge.quantity)
