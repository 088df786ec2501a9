"""The tables: what `monitor/migrations` builds, as SQLAlchemy sees it.

A spell is a value that held for a time: facts, a failure, or the reason of a gap. The open spells (no `valid_to`) are
the current state, the closed ones are history, and both are one table, so that no past moment is told differently
from the present.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Moment(TypeDecorator[dt.datetime]):
    """An aware UTC time, kept as whole microseconds since 1970: exact, sortable and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:
        """Write the time."""
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:
        """Read the time."""
        return None if value is None else EPOCH + dt.timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers only INTEGER keys by itself; elsewhere a table of spells may outgrow 32 bits.
_KEY = BigInteger().with_variant(Integer, "sqlite")
_OPEN = text("valid_to IS NULL")

run = Table(
    "run",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("probe", Text, nullable=False),
    Column("vantage", Text, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("planned", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("observations", Integer, nullable=False, server_default="0"),
    Column("complete", Boolean, nullable=False, server_default=text("false")),
    Index(None, "probe", "vantage", "started"),
    # A number that was given must never be given again: it orders what came before and after.
    sqlite_autoincrement=True,
)

run_gap = Table(
    "run_gap",
    metadata,
    Column("run", _KEY, primary_key=True, autoincrement=False),
    Column("reason", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

look = Table(
    "look",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("target", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("vantage", Text, nullable=False),
    Column("run", _KEY, nullable=False),
    Column("settled", _KEY, nullable=False),
    Column("at", Moment),
    Column("valid_from", Moment),
    Column("valid_to", Moment),
    Index("ix_look_open", "target", "probe", "vantage", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

fact = Table(
    "fact",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

spell = Table(
    "spell",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("target", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("vantage", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("digest", Text),
    Column("failure", Text),
    Column("gap", Text),
    Column("since", Moment, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),
    Column("seen_at", Moment, nullable=False),
    Column("run", _KEY, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("detail", Text, nullable=False),
    Column("samples", Text),
    Index("ix_spell_open", "target", "probe", "vantage", "subject", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(None, "target", "valid_from"),
)

sample = Table(
    "sample",
    metadata,
    Column("target", Text, primary_key=True),
    Column("probe", Text, primary_key=True),
    Column("vantage", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("ok", Integer, nullable=False),
    Column("sum", Float, nullable=False),
    Column("least", Float),
    Column("most", Float),
    sqlite_with_rowid=False,
)

verdict = Table(
    "verdict",
    metadata,
    Column("target", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("vantage", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("witness", Text, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("target", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_confirmed", Moment, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("passes", Integer, nullable=False),
    Column("closed_at", Moment),
    Column("deadline", Date),
    Column("waived", Boolean, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("excused", Text, nullable=False, server_default=text("''")),
    Column("policy", Text, nullable=False, server_default=text("''")),
    Column("recent", Text, nullable=False, server_default=text("''")),
    Column("flaps", Integer, nullable=False, server_default=text("0")),
)

event = Table(
    "event",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("target", "rule", "subject", "act", "at"),
    Index(None, "at"),
)

deed = Table(
    "deed",
    metadata,
    Column("number", _KEY, primary_key=True, autoincrement=False),
    Column("move", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("sent_to", Text, nullable=False),
    Column("until", Date),
    Column("value", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("about", Text, nullable=False, server_default=text("''")),
    # Two writers at once cannot both follow the same line: the log stays one chain.
    UniqueConstraint("previous"),
    Index(None, "about", "number"),
)

day = Table(
    "day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("risk", Float, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("oldest", Moment),
    Column("rank", Integer),
    Column("hosts", Integer, nullable=False),
    Column("stages", Text, nullable=False),
    Column("exempt", Integer, nullable=False),
    Column("findings", Text, nullable=False),
    Column("overdue", Integer, nullable=False),
    Column("waived", Integer, nullable=False),
    Index(None, "scope", "subject", "day"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

sending = Table(
    "sending",
    metadata,
    Column("at", Moment, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("refused", Text, primary_key=True),
    # What was written together bears one number, so that writing it again does no harm.
    Column("batch", _KEY, primary_key=True, autoincrement=False),
    Column("whole_day", Boolean, nullable=False, server_default=text("false")),
    Column("exchanges", BigInteger, nullable=False),
    Column("packets", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("ports", Text, nullable=False),
    Index(None, "target", "at"),
    sqlite_with_rowid=False,
)

inventory = Table(
    "inventory",
    metadata,
    Column("target", Text, primary_key=True),
    Column("added", Moment, nullable=False),
    Column("removed", Moment),
)

schedule = Table(
    "schedule",
    metadata,
    Column("probe", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("next_due", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("standing", Text, nullable=False),
    Index(None, "probe", "next_due"),
)
