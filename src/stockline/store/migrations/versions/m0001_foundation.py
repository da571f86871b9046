"""The tables of the first version, as each database wants them; see the files beside this one."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    dialect = op.get_context().dialect.name
    statements = Path(__file__).with_name(f"m0001_foundation.{dialect}.sql").read_text(encoding="utf-8")
    for statement in statements.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
