"""The versions of the tables, oldest first, run by Alembic."""

HEAD = "0001"
"""The version this Stockline works with: the newest of `versions`. A test holds it against them."""
