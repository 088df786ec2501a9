"""What else a deed is about: an alert, an emergency or a response."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the name; lines written before are about none of these."""
    op.add_column("deed", sa.Column("about", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_index("ix_deed_about_number", "deed", ["about", "number"])
