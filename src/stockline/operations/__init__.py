"""What Stockline does, a folder per subject; each operation is a transaction over sets."""
