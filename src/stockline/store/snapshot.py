"""The whole content of a database, to see whether an operation left a trace."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stockline.schema import metadata
from stockline.schema.base import STAGE
from stockline.store.database import Transaction

TECHNICAL = {"counter"}


def snapshot(transaction: Transaction) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    """The rows of every table that is not technical, by table, in the order of the key."""
    content = {}
    for table in metadata.sorted_tables:
        if table.info["placement"] != STAGE and table.name not in TECHNICAL:
            rows = transaction.execute(select(table).order_by(*table.primary_key)).all()
            content[table.name] = [tuple(row) for row in rows]
    return content
