"""Who did what, when: a log that only grows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Connection, select

from monitor.store.nouns import AuditEntry
from monitor.store.schema import audit


def add(connection: Connection, entry: AuditEntry) -> None:
    """Append *entry*."""
    row = {
        "at": entry.at,
        "actor": entry.actor,
        "act": entry.act,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    connection.execute(audit.insert().values(row))


def read(connection: Connection, since: dt.datetime | None) -> Iterator[AuditEntry]:
    """Yield the acts from *since* on, in the order they were written."""
    query = select(audit).order_by(audit.c.id)
    if since is not None:
        query = query.where(audit.c.at >= since)
    for row in connection.execute(query):
        yield AuditEntry(row.at, row.actor, row.act, row.subject, row.detail)
