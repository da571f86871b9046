"""Tracking windows: opened, drafted, closed (spec part 10)."""
