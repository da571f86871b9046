"""Plans: what a query cannot say, as pure functions on plain values. They know no database and explain their result."""
