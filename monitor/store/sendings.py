"""The ledger: what was sent to whom and when, by the minute, and by the day once that is long ago."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, delete, func, literal, select, true, type_coerce

from monitor.store.engine import insert
from monitor.store.schema import Moment, sending
from probes.observation import GapReason
from probes.wire.ledger import Line, What, spans, unspan

_DAY = 86_400_000_000
_KEY = sending.c.at, sending.c.target, sending.c.address, sending.c.what, sending.c.refused, sending.c.whole_day
_SUMS = sending.c.exchanges, sending.c.packets, sending.c.sent, sending.c.received


@dataclass(frozen=True, slots=True)
class Sending:
    """One line of the ledger; *whole_day*: the sums of a day of UTC, its ports forgotten."""

    line: Line
    whole_day: bool = False


def write(connection: Connection, batch: int, lines: Sequence[Line]) -> None:
    """Add *lines*, no two of them alike; those of a *batch* known already are left as they are."""
    if lines:
        rows = [_row(batch, line) for line in lines]
        connection.execute(insert(connection, sending).on_conflict_do_nothing(), rows)


def read(connection: Connection, since: dt.datetime, until: dt.datetime, target: str | None) -> Iterator[Sending]:
    """Yield what began from *since* to before *until*, for *target* (all, if None), in order of time."""
    chosen = select(*_KEY, *_SUMS, sending.c.ports).where(sending.c.at >= since, sending.c.at < until)
    if target is not None:
        chosen = chosen.where(sending.c.target == target)
    for _, rows in groupby(connection.execute(chosen.order_by(*_KEY)), key=lambda row: row[: len(_KEY)]):
        yield _together([_sending(row) for row in rows])


def condense(connection: Connection, before: dt.datetime) -> None:
    """Put the minutes of the days that ended by *before* together, day by day."""
    begin = before.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    old = sending.c.at < begin, sending.c.whole_day.is_(False)
    at = type_coerce(sending.c.at, BigInteger)
    day = type_coerce(at - at % _DAY, Moment)
    key = sending.c.target, sending.c.address, sending.c.what, sending.c.refused
    sums = (func.sum(column) for column in _SUMS)
    days = select(day, *key, func.min(sending.c.batch), true(), *sums, literal("")).where(*old).group_by(day, *key)
    names = "at", "target", "address", "what", "refused", "batch", "whole_day", *(each.name for each in _SUMS), "ports"
    made = connection.execute(days).all()
    connection.execute(delete(sending).where(*old))
    if made:
        connection.execute(sending.insert(), [dict(zip(names, row, strict=True)) for row in made])


def forget(connection: Connection, before: dt.datetime) -> None:
    """Drop what began before *before*."""
    connection.execute(delete(sending).where(sending.c.at < before))


def _row(batch: int, line: Line) -> dict[str, object]:
    return {
        "at": line.at,
        "target": line.target,
        "address": str(line.address),
        "what": line.what.value,
        "refused": line.refused.value if line.refused else "",
        "batch": batch,
        "whole_day": False,
        "exchanges": line.exchanges,
        "packets": line.packets,
        "sent": line.sent,
        "received": line.received,
        "ports": line.ports,
    }


def _sending(row: Row[*tuple[Any, ...]]) -> Sending:
    refused = GapReason(row.refused) if row.refused else None
    key = row.at, row.target, ip_address(row.address), What(row.what), refused
    return Sending(Line(*key, row.exchanges, row.packets, row.sent, row.received, row.ports), row.whole_day)


def _together(parts: Sequence[Sending]) -> Sending:
    """Return the sum of *parts* of one line, which were written at different times."""
    lines = [part.line for part in parts]
    return replace(
        parts[0],
        line=replace(
            lines[0],
            exchanges=sum(line.exchanges for line in lines),
            packets=sum(line.packets for line in lines),
            sent=sum(line.sent for line in lines),
            received=sum(line.received for line in lines),
            ports=spans(port for line in lines for port in unspan(line.ports)),
        ),
    )
