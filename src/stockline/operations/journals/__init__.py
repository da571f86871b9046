"""Journals made and posted at once: adjustments, counts, reclassifications."""
