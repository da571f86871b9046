"""A trade goes on with stock that was loaded wrong: no operation of ours makes it worse (ST-8, ST-11, ST-15)."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stockline import Refusal, Stockline
from stockline.service import open_scratch
from tests.properties.loaded import SITES, VARIANTS, LoadedTrade
from tests.support.warehouse import TODAY

DIFFERENCES = ("quantity_not_ledger", "total_differs")
WRONG_LINES = ("negative_quantity", "fractional_quantity", "twin_lines")
MAY_MAKE_IT_WORSE = ("load_more", "undo_resync")
"""Loading, and putting back what a resynchronization had repaired (RS-19)."""
BY_HAND = ("remove_or_add", "draft", "move_stock")
"""A person may leave lines desynchronized (RS-14), and take lines that are so off the dock (ST-9)."""


class Watched:
    """The library, of which every call that is refused is looked at: it leaves no trace, and says why."""

    def __init__(self, stock: Stockline) -> None:
        self._stock = stock

    def __getattr__(self, name: str) -> Callable[..., Any]:
        called = getattr(self._stock, name)

        def call(*given: Any, **named: Any) -> Any:
            before = self._stock.snapshot()
            try:
                return called(*given, **named)
            except Refusal as refusal:
                check_refusal(refusal)
                assert self._stock.snapshot() == before, (name, given, named)
                raise

        return call


def check_refusal(refusal: Refusal) -> None:
    """It names what offends, in a whole sentence."""
    assert refusal.findings
    assert not any("None" in one.message or "  " in one.message for one in refusal.findings), refusal


def wounds(stock: Stockline) -> dict[tuple[Any, ...], Any]:
    """What is wrong, and of a sum by how much."""
    found: dict[tuple[Any, ...], Any] = {}
    for one in stock.control(only=["ledger", "totals", "stock_lines", "serials"]):
        if one.finding in DIFFERENCES:
            found[one.finding, one.variant, one.site, one.lot, one.package] = one.found - one.expected
        elif one.finding == "application_differs":
            found[one.finding, one.message] = None
        elif one.finding in WRONG_LINES:
            found[one.finding, one.stock_line] = None
        elif one.finding == "duplicate_link":
            found[one.finding, one.variant, one.serial] = None
    return found


def synchronized(stock: Stockline, item: str) -> set[tuple[str, str]]:
    """The sites and variants whose quantity and serials agree."""
    places = [(site, variant) for site in SITES for variant in VARIANTS.get(item, ("",))]
    return {
        (site, variant)
        for site, variant in places
        if stock.sync_state(site, item, variant=variant).verdict == "synchronized"
    }


def check_no_worse(before: dict[tuple[Any, ...], Any], after: dict[tuple[Any, ...], Any], done: str) -> None:
    """A wrong sum stays as wrong as it was, until it is counted; nothing else becomes wrong."""
    # A line below 0 is joined by nothing: what arrives opens a line of its own beside it (ST-8).
    below = any(key[0] == "negative_quantity" for key in before)
    allowed = {"twin_lines"} if below else set()
    if done == "move_stock":
        # A fraction of a serial goes with the whole line that has it, to a line of another number (ST-5).
        allowed.add("fractional_quantity")
    new = {key for key in after.keys() - before.keys() if key[0] not in allowed}
    assert not new, (done, new)
    if done != "count":
        sums = {key for key in before.keys() | after.keys() if key[0] in DIFFERENCES}
        changed = {key: (before.get(key), after.get(key)) for key in sums if before.get(key) != after.get(key)}
        assert not changed, (done, changed)


def check_lookups(stock: Stockline, trade: LoadedTrade) -> None:
    """Lists and summaries say the same of each number, and stock lines what is on hand."""
    lines = stock.stock_lines(item=trade.item)
    for site in SITES:
        there = sum((line.quantity for line in lines if line.site == site), Decimal(0))
        assert stock.quantity_on_hand(trade.item, site=site) == there
        for kind in ("serial", "lot", "package"):
            if trade.code.policy(kind) != "none":
                rows = stock.numbers_on_hand(trade.item, kind, site=site)
                assert len({getattr(row, kind) for row in rows}) == len(rows)
                for row in rows:
                    summary = stock.availability(trade.item, site=site, **{kind: getattr(row, kind)})
                    figures = ("total", "requested", "pending", "available", "nonspecific")
                    assert all(getattr(row, name) == getattr(summary, name) for name in figures), (row, summary)


def go_on(seed: int, url: str | None = None, steps: int = 10) -> int:
    """Load stock and trade with it; how many things were done and not refused."""
    chance, went_through = random.Random(seed), 0
    with open_scratch(url, TODAY) as stock:
        trade = LoadedTrade(stock, chance)
        trade.load_well()
        trade.load_more()
        trade.stock = Watched(stock)
        by_serial = trade.code.steers("serial")
        before, good = wounds(stock), synchronized(stock, trade.item) if by_serial else set()
        for _ in range(steps):
            done, refused = trade.step()
            went_through += not refused
            after, still_good = wounds(stock), synchronized(stock, trade.item) if by_serial else set()
            if done not in MAY_MAKE_IT_WORSE:
                check_no_worse(before, after, done)
                assert good <= still_good or done in BY_HAND, (done, good - still_good)
            check_lookups(stock, trade)
            before, good = after, still_good
    return went_through


def test_trade_with_loaded_stock_on_sqlite() -> None:
    assert sum(noted(seed) for seed in range(9)) > 30


def test_trade_with_loaded_stock_on_postgresql(postgres: str) -> None:
    assert sum(noted(seed, postgres) for seed in range(3)) > 8


def noted(seed: int, url: str | None = None) -> int:
    try:
        return go_on(seed, url)
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
