"""Postings and their undo (spec part 20)."""
