"""Where hosts and agencies stood, day by day."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from exporters.posture import AgencyPosture, HostPosture
from monitor.store.nouns import Day, Scope
from monitor.store.schema import day as days
from rules.policy import Level, Stage
from rules.score import Score

_UNSURE = "unknown"


def of_host(day: dt.date, host: HostPosture) -> Day:
    """Return the day's figures of one host."""
    counted = [finding for finding in host.findings if not finding.waived]
    exempt = host.readiness.exempt
    return _day(
        day,
        Scope.HOST,
        host.score,
        rank=None,
        hosts=1,
        stages={} if exempt else {host.readiness.stage: 1},
        exempt=int(exempt),
        findings=Counter(finding.level for finding in counted),
        overdue=sum(finding.overdue(day) for finding in counted),
        waived=len(host.findings) - len(counted),
    )


def of_agency(day: dt.date, agency: AgencyPosture) -> Day:
    """Return the day's figures of one agency."""
    return _day(
        day,
        Scope.AGENCY,
        agency.score,
        rank=agency.rank,
        hosts=agency.hosts,
        stages=agency.stages,
        exempt=agency.exempt,
        findings=agency.findings,
        overdue=agency.overdue,
        waived=agency.waived,
    )


def write(connection: Connection, day: dt.date, figures: Iterable[Day]) -> None:
    """Make *figures* the record of *day*, in place of an earlier one of the same day."""
    connection.execute(delete(days).where(days.c.day == day))
    if rows := [_row(item) for item in figures]:
        connection.execute(days.insert(), rows)


def read(connection: Connection, scope: Scope, subject: str | None, since: dt.date, until: dt.date) -> Iterator[Day]:
    """Yield the days from *since* to *until*, both included, by subject and day; those not recorded are absent."""
    query = select(days).where(days.c.scope == scope.value, days.c.day.between(since, until))
    if subject is not None:
        query = query.where(days.c.subject == subject)
    for row in connection.execute(query.order_by(days.c.subject, days.c.day)):
        yield _read(row)


def _day(
    day: dt.date,
    scope: Scope,
    score: Score,
    *,
    rank: int | None,
    hosts: int,
    stages: Mapping[Stage | None, int],
    exempt: int,
    findings: Mapping[Level, int],
    overdue: int,
    waived: int,
) -> Day:
    return Day(
        day, scope, score.subject, score.risk, score.coverage, score.oldest,
        rank, hosts, stages, exempt, findings, overdue, waived,
    )  # fmt: skip


def _row(item: Day) -> dict[str, object]:
    return {
        "day": item.day,
        "scope": item.scope.value,
        "subject": item.subject,
        "risk": item.risk,
        "coverage": item.coverage,
        "oldest": item.oldest,
        "rank": item.rank,
        "hosts": item.hosts,
        "stages": json.dumps({stage.value if stage else _UNSURE: count for stage, count in item.stages.items()}),
        "exempt": item.exempt,
        "findings": json.dumps({level.value: count for level, count in item.findings.items()}),
        "overdue": item.overdue,
        "waived": item.waived,
    }


def _read(row: Row[*tuple[Any, ...]]) -> Day:
    stages = {None if name == _UNSURE else Stage(name): count for name, count in json.loads(row.stages).items()}
    return Day(
        day=row.day,
        scope=Scope(row.scope),
        subject=row.subject,
        risk=row.risk,
        coverage=row.coverage,
        oldest=row.oldest,
        rank=row.rank,
        hosts=row.hosts,
        stages=stages,
        exempt=row.exempt,
        findings={Level(name): count for name, count in json.loads(row.findings).items()},
        overdue=row.overdue,
        waived=row.waived,
    )
