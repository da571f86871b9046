"""The tables, by subject."""

from stockline.schema import catalog, documents, ledger, reservations, resync, stock, system, windows
from stockline.schema.base import metadata

__all__ = ["catalog", "documents", "ledger", "metadata", "reservations", "resync", "stock", "system", "windows"]
