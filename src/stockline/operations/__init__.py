"""What Stockline does: one module per subject, each operation a transaction over sets."""
