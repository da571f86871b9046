"""Who can repair what control found: of serials and equal lines, the plan of their item tells (CO-1, RS-5)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from stockline.operations.catalog import find_items, find_site
from stockline.operations.resync.plan import ItemPlan
from stockline.results import ControlFinding
from stockline.store.database import Transaction

MERGED = ("twin_lines", "negative_quantity")
"""Findings on stock lines that are gone when equal lines become one."""


Report = Callable[[int, int], None]
"""Is told of how many items the repairs are planned, and of how many they will be."""


def with_repairs(
    transaction: Transaction, findings: Sequence[ControlFinding], site: str | None, report: Report | None = None
) -> list[ControlFinding]:
    """The findings; machine, where a run over the site, or over all, would repair them. Nothing is written."""
    site_id = find_site(transaction, site).id if site is not None else None
    items = find_items(transaction, {one.item for one in findings if _is_planned(one)})
    planned = {code: item for code, item in items.items() if item.tracking.steers("serial")}
    plans: dict[str, _Repairs] = {}
    for code, item in planned.items():
        plans[code] = _Repairs(ItemPlan(transaction, item, site_id))
        if report is not None:
            report(len(plans), len(planned))
    return [
        replace(one, repair=plans[one.item].who(one)) if _is_planned(one) and one.item in plans else one
        for one in findings
    ]


def _is_planned(finding: ControlFinding) -> bool:
    """Whether the automatic resynchronization looks at such a finding."""
    return finding.control == "serials" or finding.finding in MERGED


class _Repairs:
    """What the automatic resynchronization would do about an item."""

    def __init__(self, plan: ItemPlan) -> None:
        self._merged = {merge.from_line: merge.to_line for merge in plan.stock.merges}
        self._left = {line for case in plan.cases if case.cause is not None for line in case.lines}
        self._lines: set[int | None] = set(self._merged.values())
        self._serials: set[tuple[str, str | None]] = set()
        self._united: Collection[tuple[str, str | None]] = plan.stock.united()
        for changes in plan.changes():
            self._lines.update(changes.lines)
            self._serials.update(changes.places)

    def who(self, finding: ControlFinding) -> str:
        """Machine where the finding is gone afterwards, else person; a quantity below 0 is for a count, a posting."""
        line = finding.stock_line and self._merged.get(finding.stock_line, finding.stock_line)
        if finding.finding in MERGED:
            return "machine" if line in self._merged.values() else "posting"
        if finding.finding == "duplicate_link" and (finding.variant, finding.serial) in self._united:
            return "machine"
        repaired = line in self._lines or (finding.variant, finding.serial) in self._serials
        return "machine" if repaired and line not in self._left else "person"
