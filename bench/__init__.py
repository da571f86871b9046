"""Benchmarks: what Stockline costs beside the barest SQL that writes the same rows. Run with `make bench`."""
