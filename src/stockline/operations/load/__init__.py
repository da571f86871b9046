"""Stock taken over as it is found elsewhere."""
