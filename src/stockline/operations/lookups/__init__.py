"""What is on hand and available, of a number and of an item."""
