"""Resynchronization of serials and stock lines (spec part 60)."""
