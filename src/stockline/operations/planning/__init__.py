"""Planning: a supply of its own for each demand of an item that is ordered for its orders."""
