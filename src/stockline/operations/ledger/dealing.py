"""Dealing out in sequence: demands are served one after the other from supplies taken one after the other."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, Subquery, cast, func, null, select, union_all


def deal(
    demands: FromClause,
    demand_order: Sequence[Any],
    supplies: FromClause,
    supply_order: Sequence[Any],
    keys: tuple[str, ...],
) -> Subquery:
    """Who takes how much from whom: `item_id`, `demand_id`, `supply_id` and `quantity`.

    Both give the keys, the item among them, `id` and `quantity`; what is not positive takes no part. Within a key all
    quantities are laid end to end, those of the demands and those of the supplies: wherever one of them ends, a share
    ends, of the demand and the supply that reach so far or farther. It takes one pass over both. Joined, they are two
    sets of unknown size, which PostgreSQL pairs all with all as long as its statistics are of a smaller stock.
    """
    ends = union_all(
        _ends(demands, demand_order, keys, demand_id=demands.c.id, supply_id=cast(null(), BigInteger)),
        _ends(supplies, supply_order, keys, demand_id=cast(null(), BigInteger), supply_id=supplies.c.id),
    ).subquery("ends")
    key = func.dense_rank().over(order_by=[ends.c[name] for name in keys]).label("key")
    laid = select(ends.c.item_id, ends.c.demand_id, ends.c.supply_id, ends.c.upto, key).subquery("laid")
    down = laid.c.upto.desc()
    before = func.lead(laid.c.upto).over(partition_by=laid.c.key, order_by=down)
    shares = select(
        *laid.c,
        (laid.c.upto - func.coalesce(before, 0)).label("quantity"),
        # Rows with the same number have the same demand, or supply, before them: the one that is among them.
        func.count(laid.c.demand_id).over(partition_by=laid.c.key, order_by=down).label("demand_number"),
        func.count(laid.c.supply_id).over(partition_by=laid.c.key, order_by=down).label("supply_number"),
    ).subquery("shares")
    sides = {
        name: func.max(shares.c[f"{name}_id"]).over(partition_by=[shares.c.key, shares.c[f"{name}_number"]])
        for name in ("demand", "supply")
    }
    named = (side.label(f"{name}_id") for name, side in sides.items())
    pairs = select(shares.c.item_id, *named, shares.c.quantity).subquery("pairs")
    both = (pairs.c.demand_id.isnot(None), pairs.c.supply_id.isnot(None), pairs.c.quantity > 0)
    return select(*pairs.c).where(*both).subquery("dealt")


def _ends(rows: FromClause, order: Sequence[Any], keys: tuple[str, ...], **ids: Any) -> Select[Any]:
    """Where each row ends when the quantities of its key are laid end to end."""
    key = [rows.c[name] for name in keys]
    upto = func.sum(rows.c.quantity).over(partition_by=key, order_by=list(order))
    named = (id_.label(name) for name, id_ in ids.items())
    return select(*key, *named, upto.label("upto")).where(rows.c.quantity > 0)
