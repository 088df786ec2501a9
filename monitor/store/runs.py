"""Runs: which probe looked from where, when, at how many, and what it could not look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, func, select, update

from exporters.posture import Campaign
from monitor.store.nouns import RunId
from monitor.store.schema import run, run_gap
from probes.observation import GapReason


def begin(connection: Connection, probe: str, vantage: str, at: dt.datetime, planned: int) -> RunId:
    """Open a run over *planned* targets."""
    row = {"probe": probe, "vantage": vantage, "started": at, "planned": planned}
    number = connection.execute(run.insert().values(row).returning(run.c.id)).scalar_one()
    return RunId(number, probe, vantage, at)


def end(connection: Connection, number: int, at: dt.datetime, *, complete: bool) -> None:
    """Close a run; one that is closed already stays as it is."""
    connection.execute(
        update(run).where(run.c.id == number, run.c.finished.is_(None)).values(finished=at, complete=complete)
    )


def campaigns(connection: Connection, since: Mapping[str, dt.datetime]) -> list[Campaign]:
    """Return one campaign per probe: its runs since the moment given for it, together, and at least the last one."""
    newest = select(run.c.probe, func.max(run.c.id).label("number")).group_by(run.c.probe)
    found: list[Campaign] = []
    for probe, number in connection.execute(newest.order_by(run.c.probe)).all():
        mine = run.c.id == number
        if probe in since:
            mine = (run.c.probe == probe) & ((run.c.started >= since[probe]) | (run.c.id == number))
        found.append(_together(connection, probe, mine))
    return found


def abandon(connection: Connection, at: dt.datetime) -> None:
    """Close, as incomplete, the runs a dead process left open."""
    connection.execute(update(run).where(run.c.finished.is_(None)).values(finished=at, complete=False))


def _together(connection: Connection, probe: str, mine: ColumnElement[bool]) -> Campaign:
    rows = connection.execute(select(run).where(mine)).all()
    gaps: dict[GapReason, int] = {}
    counted = select(run_gap.c.reason, func.sum(run_gap.c["count"])).join(run, run.c.id == run_gap.c.run)
    for reason, count in connection.execute(counted.where(mine).group_by(run_gap.c.reason)):
        gaps[GapReason(reason)] = count
    finished = [row.finished for row in rows]
    return Campaign(
        probe=probe,
        started=min(row.started for row in rows),
        finished=None if None in finished else max(finished),
        targets=sum(row.done for row in rows),
        observations=sum(row.observations for row in rows),
        gaps=gaps,
        defects=gaps.get(GapReason.DEFECT, 0),
        complete=all(row.complete for row in rows),
    )
