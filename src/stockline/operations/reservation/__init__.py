"""Links of demand and supply (spec part 30)."""
