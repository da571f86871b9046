"""Orders and journals: made, changed, deleted."""
