"""Begin: state and history, runs, samples, verdicts, findings, days, audit log and schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("valid_to IS NULL")


def text(name: str, *, null: bool = False) -> sa.Column[str]:
    """Return a text column."""
    return sa.Column(name, sa.Text(), nullable=null)


def whole(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[int]:
    """Return an integer column."""
    return sa.Column(name, sa.Integer(), nullable=null, server_default=default)


def real(name: str, *, null: bool = False) -> sa.Column[float]:
    """Return a column of numbers."""
    return sa.Column(name, sa.Float(), nullable=null)


def moment(name: str, *, null: bool = False) -> sa.Column[int]:
    """Return a column of microseconds since 1970."""
    return sa.Column(name, sa.BigInteger(), nullable=null)


def key(name: str, *, null: bool = False) -> sa.Column[int]:
    """Return a column for a row's number."""
    return sa.Column(name, KEY, nullable=null, autoincrement=name == "id")


def upgrade() -> None:
    """Build the tables."""
    _observations()
    _runs()
    _conclusions()
    _days()
    _schedule()


def _observations() -> None:
    op.create_table("fact", text("digest"), text("body"), sa.PrimaryKeyConstraint("digest", name="pk_fact"))
    op.create_table(
        "spell",
        key("id"),
        text("target"),
        text("probe"),
        text("vantage"),
        text("subject"),
        text("digest", null=True),
        text("failure", null=True),
        text("gap", null=True),
        moment("since"),
        moment("valid_from"),
        moment("valid_to", null=True),
        moment("seen_at"),
        key("run"),
        real("seconds"),
        text("detail"),
        text("samples", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_spell"),
    )
    names = ["target", "probe", "vantage", "subject"]
    op.create_index("ix_spell_open", "spell", names, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_spell_target_valid_from", "spell", ["target", "valid_from"])
    op.create_table(
        "look",
        key("id"),
        text("target"),
        text("probe"),
        text("vantage"),
        key("run"),
        key("settled"),
        moment("at", null=True),
        moment("valid_from", null=True),
        moment("valid_to", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_look"),
    )
    op.create_index("ix_look_open", "look", names[:3], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def _runs() -> None:
    op.create_table(
        "run",
        key("id"),
        text("probe"),
        text("vantage"),
        moment("started"),
        moment("finished", null=True),
        whole("planned"),
        whole("done", default="0"),
        whole("observations", default="0"),
        sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_probe_vantage_started", "run", ["probe", "vantage", "started"])
    op.create_table(
        "run_gap",
        key("run"),
        text("reason"),
        whole("count"),
        sa.PrimaryKeyConstraint("run", "reason", name="pk_run_gap"),
    )
    names = ["target", "probe", "vantage", "family", "measure"]
    op.create_table(
        "sample",
        *(text(name) for name in names),
        sa.Column("day", sa.Date(), nullable=False),
        whole("count"),
        whole("ok"),
        real("sum"),
        real("least", null=True),
        real("most", null=True),
        sa.PrimaryKeyConstraint(*names, "day", name="pk_sample"),
        sqlite_with_rowid=False,
    )


def _conclusions() -> None:
    op.create_table(
        "verdict",
        text("target"),
        text("rule"),
        text("subject"),
        text("vantage"),
        text("outcome"),
        moment("since"),
        text("reason"),
        text("value"),
        text("witness"),
        sa.PrimaryKeyConstraint("target", "rule", "subject", "vantage", name="pk_verdict"),
    )
    op.create_table(
        "finding",
        text("target"),
        text("rule"),
        text("subject"),
        text("agency"),
        text("level"),
        text("state"),
        moment("first_seen"),
        moment("last_confirmed"),
        whole("failures"),
        whole("passes"),
        moment("closed_at", null=True),
        sa.Column("deadline", sa.Date()),
        sa.Column("waived", sa.Boolean(), nullable=False),
        text("value"),
        text("reason"),
        sa.PrimaryKeyConstraint("target", "rule", "subject", name="pk_finding"),
    )
    once = ["target", "rule", "subject", "act", "at"]
    op.create_table(
        "event",
        key("id"),
        text("rule"),
        text("target"),
        text("subject"),
        text("act"),
        moment("at"),
        text("detail"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint(*once, name="uq_event_target_rule_subject_act_at"),
    )
    op.create_index("ix_event_at", "event", ["at"])


def _days() -> None:
    op.create_table(
        "day",
        sa.Column("day", sa.Date(), nullable=False),
        text("scope"),
        text("subject"),
        real("risk"),
        real("coverage"),
        moment("oldest", null=True),
        whole("rank", null=True),
        whole("hosts"),
        text("stages"),
        whole("exempt"),
        text("findings"),
        whole("overdue"),
        whole("waived"),
        sa.PrimaryKeyConstraint("day", "scope", "subject", name="pk_day"),
    )
    op.create_index("ix_day_scope_subject_day", "day", ["scope", "subject", "day"])
    op.create_table(
        "audit",
        key("id"),
        moment("at"),
        text("actor"),
        text("act"),
        text("subject"),
        text("detail"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])


def _schedule() -> None:
    op.create_table(
        "inventory",
        text("target"),
        moment("added"),
        moment("removed", null=True),
        sa.PrimaryKeyConstraint("target", name="pk_inventory"),
    )
    op.create_table(
        "schedule",
        text("probe"),
        text("target"),
        moment("next_due"),
        moment("claimed_until", null=True),
        text("standing"),
        sa.PrimaryKeyConstraint("probe", "target", name="pk_schedule"),
    )
    op.create_index("ix_schedule_probe_next_due", "schedule", ["probe", "next_due"])
