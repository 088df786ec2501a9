"""Continuous values, rolled up by day: how often, how long, at least and at most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, case, select

from monitor.store.engine import chunks, insert
from monitor.store.nouns import Sample
from monitor.store.schema import sample
from probes.observation import Observation

_Key = tuple[str, str, str, str, str, dt.date]
_NAMES = ("target", "probe", "vantage", "family", "measure", "day")


@dataclass(slots=True)
class _Sum:
    count: int = 0
    ok: int = 0
    sum: float = 0.0
    least: float | None = None
    most: float | None = None

    def add(self, value: float | None) -> None:
        self.count += 1
        if value is not None:
            self.ok += 1
            self.sum += value
            self.least = value if self.least is None else min(self.least, value)
            self.most = value if self.most is None else max(self.most, value)


@dataclass(slots=True)
class RollUp:
    """The sums of one batch, before they are added to those of the day."""

    sums: dict[_Key, _Sum] = field(default_factory=dict)

    def add(self, record: Observation, measures: Mapping[str, float], zone: dt.tzinfo) -> None:
        """Count one observation: its duration, and every measure among its facts (which may replace `seconds`)."""
        seconds = None if record.facts is None else record.seconds
        day = record.at.astimezone(zone).date()
        for measure, value in {"seconds": seconds, **measures}.items():
            key = (record.target, record.probe, record.vantage, record.subject.family or "", measure, day)
            self.sums.setdefault(key, _Sum()).add(value)


def write(connection: Connection, rolled: RollUp) -> None:
    """Add a batch's sums to the days they belong to."""
    rows = [
        {**dict(zip(_NAMES, key, strict=True)), "count": item.count, "ok": item.ok, "sum": item.sum,
         "least": item.least, "most": item.most}
        for key, item in rolled.sums.items()
    ]  # fmt: skip
    if not rows:
        return
    statement = insert(connection, sample)
    new, old = statement.excluded, sample.c
    merged = {
        "count": old["count"] + new["count"],
        "ok": old.ok + new.ok,
        "sum": old.sum + new.sum,
        "least": case((old.least.is_(None) | (new.least < old.least), new.least), else_=old.least),
        "most": case((old.most.is_(None) | (new.most > old.most), new.most), else_=old.most),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=list(_NAMES), set_=merged), rows)


def read(
    connection: Connection,
    targets: Collection[str],
    since: dt.date,
    until: dt.date,
    probes: Collection[str] | None = None,
) -> Iterator[Sample]:
    """Yield the days from *since* to *until*, both included, by target, probe, vantage, family, measure and day."""
    order = [sample.c[name] for name in _NAMES]
    span = select(sample).where(sample.c.day.between(since, until)).order_by(*order)
    if probes is not None:
        span = span.where(sample.c.probe.in_(sorted(probes)))
    for names in chunks(sorted(targets)):
        for row in connection.execute(span.where(sample.c.target.in_(names))):
            yield _sample(row)


def _sample(row: Row[*tuple[Any, ...]]) -> Sample:
    return Sample(
        day=row.day,
        target=row.target,
        probe=row.probe,
        vantage=row.vantage,
        family=row.family,
        measure=row.measure,
        count=row._mapping["count"],
        ok=row.ok,
        mean=row.sum / row.ok if row.ok else None,
        least=row.least,
        most=row.most,
    )
