"""Who was looked at to the end: only there does an absent subject mean that there is nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from monitor.store.engine import chunks
from monitor.store.nouns import RunId
from monitor.store.schema import look


@dataclass(slots=True)
class OpenLook:
    """One target and probe: the last *run* that looked, the last one that finished (*settled*, 0: none) and when.

    *valid_from* is the end of the first complete look, None before it.
    """

    number: int | None
    target: str
    run: int = 0
    settled: int = 0
    at: dt.datetime | None = None
    valid_from: dt.datetime | None = None


def load(connection: Connection, run: RunId, targets: Iterable[str]) -> dict[str, OpenLook]:
    """Return what is known of *targets*, those never looked at left out."""
    mine = look.c.probe == run.probe, look.c.vantage == run.vantage, look.c.valid_to.is_(None)
    columns = look.c.id, look.c.target, look.c.run, look.c.settled, look.c.at, look.c.valid_from
    found: dict[str, OpenLook] = {}
    for names in chunks(sorted(targets)):
        for row in connection.execute(select(*columns).where(*mine, look.c.target.in_(names))):
            found[row.target] = OpenLook(*row)
    return found


def write(
    connection: Connection,
    run: RunId,
    known: Mapping[str, OpenLook],
    ends: Mapping[str, dt.datetime],
    finished: Collection[str],
) -> int:
    """Note that *run* looked at the targets of *ends*, at those *finished* to the end.

    Return at how many of them it had not looked before.
    """
    fresh = 0
    moved: list[OpenLook] = []
    for target, at in ends.items():
        item = known.get(target) or OpenLook(None, target)
        if item.run > run.number:
            continue
        fresh += item.run != run.number
        item.run = run.number
        if target in finished:
            item.settled, item.at, item.valid_from = run.number, at, item.valid_from or at
        moved.append(item)
    _flush(connection, run, moved)
    return fresh


def _flush(connection: Connection, run: RunId, moved: Iterable[OpenLook]) -> None:
    old: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for item in moved:
        row = {"run": item.run, "settled": item.settled, "at": item.at, "valid_from": item.valid_from}
        if item.number is None:
            new.append({**row, "target": item.target, "probe": run.probe, "vantage": run.vantage})
        else:
            old.append({**row, "number": item.number})
    if old:
        connection.execute(update(look).where(look.c.id == bindparam("number")), old)
    if new:
        connection.execute(look.insert(), new)
