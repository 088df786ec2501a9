"""Policy of findings: by which policy each was last judged, its last looks, and how often it came back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; what was judged before is by no policy that is known."""
    op.add_column("finding", sa.Column("policy", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("finding", sa.Column("recent", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("finding", sa.Column("flaps", sa.Integer(), nullable=False, server_default=sa.text("0")))
