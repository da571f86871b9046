"""The tables, by subject."""

from stockline.schema import catalog, documents, ledger, reservations, stock, system, windows
from stockline.schema.base import metadata

__all__ = ["catalog", "documents", "ledger", "metadata", "reservations", "stock", "system", "windows"]
