"""The tables, by subject."""

from stockline.schema import catalog, documents, ledger, planning, reservations, resync, stock, system, windows
from stockline.schema.base import metadata

__all__ = [
    "catalog",
    "documents",
    "ledger",
    "metadata",
    "planning",
    "reservations",
    "resync",
    "stock",
    "system",
    "windows",
]
