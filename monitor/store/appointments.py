"""Who is due when: one row per probe and target, claimed in order and given back with a new appointment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from monitor.spread import fraction
from monitor.store.engine import chunks, insert
from monitor.store.nouns import Appointment
from monitor.store.schema import Moment, inventory, look, schedule, spell, verdict
from probes.registry import Probe
from probes.target import Target

_HORIZON = 100.0
"""Periods of a probe beyond which an appointment can only have been made by a wrong clock."""


def sync(
    connection: Connection, targets: Sequence[Target], probes: Sequence[Probe], now: dt.datetime, spread: float
) -> None:
    """Make the schedule that of *targets* and *probes*; what vanished leaves the current state, not history.

    New pairs fall due within *spread* seconds. A target that comes back starts anew.
    """
    wanted = {(probe.name, target.host) for probe in probes for target in targets if probe.suits(target)}
    known = set(connection.execute(select(schedule.c.probe, schedule.c.target)))
    if new := wanted - known:
        rows = [
            {"probe": probe, "target": target, "standing": "", "next_due": now + _share(spread, probe, target)}
            for probe, target in sorted(new)
        ]
        connection.execute(schedule.insert(), rows)
    if gone := sorted(known - wanted):
        _forget(connection, gone, now)
    for probe in probes:
        _mend(connection, probe, now, spread)
    _enlist(connection, {target.host for target in targets}, now)


def leave_others(connection: Connection, vantage: str, now: dt.datetime) -> None:
    """End what is open of every vantage but *vantage*, and drop the verdicts from there."""
    for table in (spell, look):
        others = table.c.vantage != vantage, table.c.valid_to.is_(None)
        connection.execute(update(table).where(*others).values(valid_to=_ending(table, now)))
    connection.execute(delete(verdict).where(verdict.c.vantage != vantage))


def watched_since(connection: Connection) -> Mapping[str, dt.datetime]:
    """Return since when each target of the inventory has been in it."""
    query = select(inventory.c.target, inventory.c.added).where(inventory.c.removed.is_(None))
    return dict(connection.execute(query).all())


def claim(connection: Connection, probe: str, now: dt.datetime, limit: int, lease: dt.timedelta) -> list[str]:
    """Take at most *limit* targets that are due, the longest overdue first, and hold them for *lease*."""
    mine = _due(probe, now).limit(limit).with_for_update(skip_locked=True)
    taken = (
        update(schedule)
        .where(schedule.c.probe == probe, schedule.c.target.in_(mine))
        .values(claimed_until=now + lease)
        .returning(schedule.c.next_due, schedule.c.target)
    )
    return [target for _, target in sorted(connection.execute(taken))]


def due(connection: Connection, probe: str, now: dt.datetime, limit: int) -> list[str]:
    """Return what `claim` would take, taking nothing."""
    return list(connection.execute(_due(probe, now).limit(limit)).scalars())


def backlog(connection: Connection, now: dt.datetime) -> Mapping[str, int]:
    """Return, by probe, how many targets are due and nobody's."""
    free = or_(schedule.c.claimed_until.is_(None), schedule.c.claimed_until <= now)
    query = select(schedule.c.probe, func.count()).where(schedule.c.next_due <= now, free).group_by(schedule.c.probe)
    return dict(connection.execute(query).all())


def standings(connection: Connection, probe: str, targets: Iterable[str]) -> Mapping[str, str]:
    """Return how urgent each of *targets* was found to be at its last look, empty before the first."""
    found: dict[str, str] = {}
    for names in chunks(sorted(targets)):
        query = select(schedule.c.target, schedule.c.standing).where(schedule.c.probe == probe)
        found.update(connection.execute(query.where(schedule.c.target.in_(names))).all())
    return found


def reschedule(connection: Connection, probe: str, appointments: Iterable[Appointment]) -> None:
    """Give targets back with their next appointment; one that was removed meanwhile is left out."""
    rows = [
        {"host": item.target, "next_due": item.next_due, "standing": item.standing, "claimed_until": None}
        for item in appointments
    ]
    if rows:
        mine = schedule.c.probe == probe, schedule.c.target == bindparam("host")
        connection.execute(update(schedule).where(*mine), rows)


def release(connection: Connection, probe: str | None, targets: Collection[str] | None) -> None:
    """Give targets back, due as they were; None means every probe, or every target."""
    statement = update(schedule).values(claimed_until=None).where(schedule.c.claimed_until.is_not(None))
    if probe is not None:
        statement = statement.where(schedule.c.probe == probe)
    if targets is None:
        connection.execute(statement)
        return
    for names in chunks(sorted(targets)):
        connection.execute(statement.where(schedule.c.target.in_(names)))


def hasten(connection: Connection, probes: Mapping[str, Collection[str]], at: dt.datetime) -> None:
    """Make targets due at *at* that were due later; *probes* names for each target those that are to look."""
    sooner = schedule.c.probe == bindparam("which"), schedule.c.target == bindparam("host"), schedule.c.next_due > at
    rows = [{"which": probe, "host": target} for target, names in probes.items() for probe in names]
    if rows:
        connection.execute(update(schedule).where(*sooner).values(next_due=_moment(at)), rows)


def shift(connection: Connection, step: dt.timedelta) -> None:
    """Move every appointment by *step*, as the clock was: none falls due for it, none is put off."""
    micro = step // dt.timedelta(microseconds=1)
    moved = {name: type_coerce(schedule.c[name], BigInteger) + micro for name in ("next_due", "claimed_until")}
    connection.execute(update(schedule).values(moved))


def _due(probe: str, now: dt.datetime) -> Select[str]:
    free = or_(schedule.c.claimed_until.is_(None), schedule.c.claimed_until <= now)
    query: Select[str] = select(schedule.c.target)
    return query.where(schedule.c.probe == probe, schedule.c.next_due <= now, free).order_by(schedule.c.next_due)


def _share(spread: float, probe: str, target: str) -> dt.timedelta:
    return dt.timedelta(seconds=spread * fraction(probe, target))


def _forget(connection: Connection, pairs: Iterable[tuple[str, str]], now: dt.datetime) -> None:
    """Drop the appointments of *pairs* and end what is open of them."""
    rows = [{"which": probe, "host": target} for probe, target in pairs]
    for table in (spell, look):
        mine = table.c.probe == bindparam("which"), table.c.target == bindparam("host"), table.c.valid_to.is_(None)
        connection.execute(update(table).where(*mine).values(valid_to=_ending(table, now)), rows)
    both = schedule.c.probe == bindparam("which"), schedule.c.target == bindparam("host")
    connection.execute(delete(schedule).where(*both), rows)


def _ending(table: Table, now: dt.datetime) -> ColumnElement[dt.datetime]:
    """Return when a row ends now: what began after a clock that went back ends where it began, and never was."""
    ending: ColumnElement[dt.datetime] = case((table.c.valid_from > now, table.c.valid_from), else_=_moment(now))
    return ending


def _mend(connection: Connection, probe: Probe, now: dt.datetime, spread: float) -> None:
    """Bring back appointments so far off that only a wrong clock can have made them."""
    limit = now + dt.timedelta(seconds=_HORIZON * probe.every)
    lost = connection.execute(
        select(schedule.c.target).where(schedule.c.probe == probe.name, schedule.c.next_due > limit)
    ).scalars()
    rows = [{"host": target, "next_due": now + _share(spread, probe.name, target)} for target in lost]
    if rows:
        mine = schedule.c.probe == probe.name, schedule.c.target == bindparam("host")
        connection.execute(update(schedule).where(*mine), rows)


def _enlist(connection: Connection, hosts: set[str], now: dt.datetime) -> None:
    """Keep the list of who is, and who was, in the inventory."""
    present = set(connection.execute(select(inventory.c.target).where(inventory.c.removed.is_(None))).scalars())
    if gone := [{"host": host} for host in sorted(present - hosts)]:
        left = inventory.c.target == bindparam("host")
        connection.execute(update(inventory).where(left).values(removed=_moment(now)), gone)
        connection.execute(delete(verdict).where(verdict.c.target == bindparam("host")), gone)
    if new := [{"target": host, "added": now, "removed": None} for host in sorted(hosts - present)]:
        statement = insert(connection, inventory)
        back = {"removed": None}
        connection.execute(statement.on_conflict_do_update(index_elements=["target"], set_=back), new)


def _moment(at: dt.datetime) -> ColumnElement[dt.datetime]:
    return literal(at, Moment)
