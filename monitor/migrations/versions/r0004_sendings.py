"""Sendings: what was sent to whom and when."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = ("at", "target", "address", "what", "refused", "batch")


def upgrade() -> None:
    """Build the ledger."""
    op.create_table(
        "sending",
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("target", "address", "what", "refused")),
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("whole_day", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("exchanges", "packets", "sent", "received")),
        sa.Column("ports", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name="pk_sending"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sending_target_at", "sending", ["target", "at"])
