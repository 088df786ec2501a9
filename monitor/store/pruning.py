"""Forgetting on purpose: history beyond the time it is kept for. Findings, their acts and the audit log are kept."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, delete, func, select

from monitor.store import sendings
from monitor.store.schema import fact, look, run, run_gap, sample, spell


def prune(connection: Connection, before: dt.datetime) -> None:
    """Drop spells, looks, runs, samples and sendings that ended before *before*; the current state is left whole."""
    for table in (spell, look):
        connection.execute(delete(table).where(table.c.valid_to < before))
    held = select(spell.c.digest).where(spell.c.digest.is_not(None))
    connection.execute(delete(fact).where(fact.c.digest.not_in(held)))
    # The last run of each probe is what its campaign is told from.
    newest = select(func.max(run.c.id)).group_by(run.c.probe)
    connection.execute(delete(run).where(run.c.finished < before, run.c.id.not_in(newest)))
    connection.execute(delete(run_gap).where(run_gap.c.run.not_in(select(run.c.id))))
    sendings.forget(connection, before)
    connection.execute(delete(sample).where(sample.c.day < before.date()))
