"""Deeds: the sealed log of what people did about findings and notices, and what a waiver was granted on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHANGES = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Build the log; the database itself lets nobody change or remove a line of it."""
    op.create_table(
        "deed",
        sa.Column("number", KEY, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("move", "who", "account")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("why", "findings", "notice", "sent_to")),
        sa.Column("until", sa.Date()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("value", "previous", "seal")),
        sa.PrimaryKeyConstraint("number", name="pk_deed"),
        sa.UniqueConstraint("previous", name="uq_deed_previous"),
    )
    op.add_column("finding", sa.Column("excused", sa.Text(), nullable=False, server_default=sa.text("''")))
    if op.get_bind().dialect.name == "sqlite":
        for change in CHANGES:
            op.execute(
                f"CREATE TRIGGER deed_no_{change.lower()} BEFORE {change} ON deed "
                "BEGIN SELECT RAISE(ABORT, 'the log of deeds only grows'); END"
            )
