"""What planning proposes for orders that are there; supply it proposes anew is an order of kind `planned`."""

from sqlalchemy import Column, Date

from stockline.schema.base import item_table, key, quantity

action_message = item_table(
    "action_message",
    key(),
    key("line_id"),
    quantity(),
    Column("date", Date, nullable=False),
)
"""What the last plan would have a supply line be: its base quantity, 0 for none at all, and its date (OT-25)."""
