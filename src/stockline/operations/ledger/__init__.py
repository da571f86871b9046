"""What entries take from each other."""
