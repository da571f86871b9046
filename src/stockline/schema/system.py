"""What is kept about the work of the system itself."""

from sqlalchemy import JSON, Column, Text

from stockline.schema.base import CodeText, Moment, reference_table, text

answered_request = reference_table(
    "answered_request",
    Column("key", CodeText, primary_key=True),
    text("operation"),
    Column("content", Text, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("answered_at", Moment, nullable=False),
)
"""A request that carried a key of its sender's: what was asked, as a digest, and answered, should it be sent again."""
