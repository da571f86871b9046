"""Stock lines follow what is posted and moved (spec part 60)."""
