"""Policy of findings: by which policy each was last judged."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the digest; what was judged before is by none that is known."""
    op.add_column("finding", sa.Column("policy", sa.Text(), nullable=False, server_default=sa.text("''")))
