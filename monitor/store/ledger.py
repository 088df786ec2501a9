"""The log of deeds: lines are added behind the last one, and never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor.store.schema import deed
from rules.deed import BEGINNING, Deed, Entry, Move, sealed
from rules.finding import Key

_LAST = "\U0010ffff"
"""Behind every text that goes on from the same beginning."""


def add(
    connection: Connection,
    decide: Callable[[Sequence[Entry]], Sequence[Deed]],
    about: str | None = None,
    after: int = 0,
) -> list[Entry]:
    """Add the deeds that *decide* answers with when it is shown those that `read` yields."""
    known = list(read(connection, after, about))
    tail = connection.execute(select(deed.c.number, deed.c.seal).order_by(deed.c.number.desc()).limit(1)).first()
    last, previous = (tail.number, tail.seal) if tail else (0, BEGINNING)
    added: list[Entry] = []
    for number, item in enumerate(decide(known), start=last + 1):
        entry = sealed(number, item, previous)
        added.append(entry)
        previous = entry.seal
    if added:
        connection.execute(deed.insert(), [_row(entry) for entry in added])
    return added


def read(connection: Connection, after: int, about: str | None = None) -> Iterator[Entry]:
    """Yield the lines behind number *after*, in order; with *about* those on things whose name begins so."""
    query = select(deed).where(deed.c.number > after).order_by(deed.c.number)
    if about is not None:
        query = query.where(deed.c.about >= about, deed.c.about < about + _LAST)
    for row in connection.execute(query):
        yield _entry(row)


def _row(entry: Entry) -> dict[str, object]:
    done = entry.deed
    return {
        "number": entry.number,
        "move": done.move.value,
        "who": done.who,
        "account": done.account,
        "at": done.at,
        "why": done.why,
        "findings": json.dumps([[key.rule, key.target, key.subject] for key in done.keys], ensure_ascii=False),
        "notice": done.notice,
        "sent_to": done.to,
        "until": done.until,
        "value": done.value,
        "previous": entry.previous,
        "seal": entry.seal,
        "about": done.about,
    }


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    done = Deed(
        move=Move(row.move),
        who=row.who,
        at=row.at,
        why=row.why,
        keys=tuple(Key(*key) for key in json.loads(row.findings)),
        notice=row.notice,
        to=row.sent_to,
        until=row.until,
        value=row.value,
        account=row.account,
        about=row.about,
    )
    return Entry(row.number, done, row.previous, row.seal)
