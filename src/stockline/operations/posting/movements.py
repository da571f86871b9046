"""Moving goods: the entries of a wave are applied to each other and to what is open, stock lines and serials follow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stockline.operations.ledger.applications import (
    apply_outbound,
    apply_serials,
    apply_staged,
    close_serials,
    has_shortages,
    open_inbound,
)
from stockline.operations.ledger.fixed_applications import apply_fixed
from stockline.operations.locks import EVERY_SITE
from stockline.operations.posting.dates import keeps_expired
from stockline.operations.posting.legs import Leg
from stockline.operations.posting.renumbering import put_renumbered, take_from_named_lines
from stockline.operations.posting.transit import stage_receipts
from stockline.operations.stock.further_links import has_further_links
from stockline.operations.stock.inbound import are_known, put_stock
from stockline.operations.stock.outbound import stage_serial_takes, stage_takes, take_serials, take_stock
from stockline.rules.dates import expired
from stockline.rules.framework import Offence, Rule, offences, refuse_first
from stockline.rules.posting import (
    held_by_others,
    in_transit_is_held,
    insufficient_stock,
    not_enough_at_location,
    number_not_at_location,
    number_not_in_stock,
    returned_too_much,
    serial_already_in_stock,
    serial_issued_twice,
    serial_not_in_stock,
    serial_received_twice,
    stock_line_too_small,
)
from stockline.store.database import Transaction
from stockline.values import SCALE


def stock_changes(moved: Iterable[Leg]) -> dict[tuple[int, str, int], int]:
    """What the posting adds to the quantity on hand, by item, variant and site: all it must hold."""
    changes: dict[tuple[int, str, int], int] = {}
    for leg in moved:
        line = leg.posted.line
        key = (line.item.id, line.variant, leg.site_id)
        changes[key] = changes.get(key, 0) + leg.sign * leg.posted.quantity
        code = line.item.tracking
        if leg.sign > 0 and (code.steers("serial") or code.uses_expiration):
            changes[line.item.id, line.variant, EVERY_SITE] = 0
    return changes


def post_inbound(
    transaction: Transaction,
    parameters: Mapping[str, Any],
    wave: Sequence[Leg],
    *,
    fixed: bool = False,
    held: bool = False,
) -> None:
    """A set of movements that bring goods in.

    `fixed`: somebody named entries they are applied to or bring back; `held`: what comes in may be reserved.
    """
    by_serial = any(leg.posted.line.item.tracking.steers("serial") for leg in wave)
    known = by_serial and are_known(transaction, parameters)
    if by_serial and not _have_just_left(transaction, parameters, wave):
        in_stock = [serial_already_in_stock] if known else []
        twice = [serial_received_twice] if _share_items(wave) else []
        refuse_first(transaction, _offences(transaction, [*in_stock, *twice], parameters))
    if fixed:
        refuse_first(transaction, _offences(transaction, [returned_too_much], parameters))
    short = has_shortages(transaction, parameters)
    if fixed:
        apply_fixed(transaction, parameters)
    open_inbound(transaction, parameters, short=short, held=held)
    if _is_renumbered(wave):
        put_renumbered(transaction, parameters, by_serial=by_serial)
    else:
        put_stock(transaction, parameters, by_serial=by_serial, known=known)


def _have_just_left(transaction: Transaction, parameters: Mapping[str, Any], wave: Sequence[Leg]) -> bool:
    """Whether the serials that come in went out in this posting: then only a damaged link can say they are in stock."""
    if any(leg.posted.line.kind != "transfer" for leg in wave):
        return False
    return not has_further_links(transaction, parameters)


def post_outbound(
    transaction: Transaction,
    parameters: Mapping[str, Any],
    wave: Sequence[Leg],
    *,
    fixed: bool = False,
    decided: bool = False,
    held: bool = False,
) -> None:
    """A set of movements that take goods out: specific serials leave as they are, the rest is dealt out.

    `fixed`: somebody named entries to apply to; `decided`: the operation staged some; `held`: others may have reserved
    some of the stock.
    """
    by_serial = [leg for leg in wave if leg.posted.line.item.tracking.steers("serial")]
    found = []
    if fixed:
        refuse_first(transaction, _offences(transaction, [serial_not_in_stock], parameters))
        apply_fixed(transaction, parameters)
    if len(by_serial) < len(wave):
        if any(leg.is_receipt for leg in wave):
            stage_receipts(transaction, parameters)
            decided = True
        if decided:
            apply_staged(transaction, parameters)
        found += _deal_out(transaction, parameters, renumbered=_is_renumbered(wave), held=held)
    if by_serial:
        found += _find_serials(transaction, parameters, by_serial, fixed=fixed)
    found += _offences(transaction, _application_rules(wave), parameters)
    refuse_first(transaction, found)
    if by_serial:
        close_serials(transaction, parameters)
        take_serials(transaction, parameters)


def _is_renumbered(wave: Sequence[Leg]) -> bool:
    """Whether the wave takes up or puts down what a reclassification renumbers; its lines are posted one by one."""
    return wave[0].posted.line.renumbers


def _application_rules(wave: Sequence[Leg]) -> list[Rule]:
    """What the entries that the wave was applied to must obey."""
    rules = [expired] if any(keeps_expired(leg.posted.line) for leg in wave) else []
    return [*rules, in_transit_is_held] if any(leg.site_in_transit for leg in wave) else rules


def _deal_out(
    transaction: Transaction, parameters: Mapping[str, Any], *, renumbered: bool, held: bool
) -> list[Offence]:
    """Apply entries without a specific serial and take them from stock lines; what is lacking."""
    apply_outbound(transaction, parameters, held=held)
    if renumbered:
        take_from_named_lines(transaction, parameters)
    stage_takes(transaction, parameters)
    found = _offences(transaction, (*([held_by_others] if held else []), *_DEALT_OUT), parameters)
    if not found:
        take_stock(transaction, parameters, put_down=renumbered)
    return found


_DEALT_OUT = (number_not_in_stock, insufficient_stock, number_not_at_location, not_enough_at_location)


def _find_serials(
    transaction: Transaction, parameters: Mapping[str, Any], wave: Sequence[Leg], *, fixed: bool
) -> list[Offence]:
    """Apply entries of specific serials to the very serial and find the lines they leave; which cannot leave."""
    found = _offences(transaction, [serial_issued_twice], parameters) if _share_items(wave) else []
    applied = apply_serials(transaction, parameters, fixed=fixed)
    leaving = stage_serial_takes(transaction, parameters)
    # The rules say which serials are missing; whether any is, the numbers tell faster.
    if min(applied, leaving) * SCALE < sum(leg.posted.quantity for leg in wave):
        found += _offences(transaction, (serial_not_in_stock, stock_line_too_small), parameters)
    return found


def _offences(transaction: Transaction, rules: Iterable[Rule], parameters: Mapping[str, Any]) -> list[Offence]:
    return [offence for rule in rules for offence in offences(transaction, rule, parameters)]


def _share_items(wave: Sequence[Leg]) -> bool:
    """Whether several lines are of one item: only then can a serial stand on two of them."""
    keys = [(leg.posted.line.item.id, leg.posted.line.variant) for leg in wave]
    return len(set(keys)) < len(keys)
