"""The monthly report from what the store holds, for the whole city or one agency."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from exporters.posture import Change
from exporters.report import MonthlyReport
from monitor.configuration import Known
from monitor.judgement import Judge
from monitor.overview import lately, overview, remembered_health
from monitor.rollout import rollout
from monitor.store import Scope, Store
from monitor.tower import SELF
from rules.deed import Move
from rules.emergency import ABOUT as EMERGENCY
from rules.emergency import Emergency, ordered
from rules.response import ABOUT as RESPONSE
from rules.response import Response, responses

YEARS = range(2000, 2200)
"""Of which there may be a report."""


def monthly(known: Known, store: Store, month: str, agency: str, now: dt.datetime) -> MonthlyReport:
    """Return the report of *month* (`2026-11`) on *agency*, a code; the running month is told as it stands *now*.

    Raises:
        ValueError: *month* is none, or has not begun; *agency* is unknown.
    """
    config = known.config
    if agency not in config.tree.agencies:
        raise ValueError(f'没有单位 "{agency}" / there is no agency "{agency}"')
    first, last = span(month)
    zone = config.daemon.time_zone
    begin = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    if begin > now:
        raise ValueError(f"{month} 尚未开始 / {month} has not begun")
    judge = Judge(config, known.rules, store)
    hosts = judge.standing(config.targets, now) if now < end else judge.as_of(end)
    at = min(now, end - dt.timedelta(seconds=1))
    below = set(config.tree.subtree(agency))
    mine = {host: item for host, item in hosts.items() if item.target.agency in below}
    probes = {name: probe for name, probe in known.probes.items() if name != SELF}
    health = remembered_health(store, config, None if now < end else end)
    drawn = overview(config, known.rules, mine.values(), lately(store, config, probes, at), [health], at, agency)
    return MonthlyReport(
        first=first,
        last=last,
        issued=now,
        posture=drawn,
        changes=_changes(store, begin, end, set(mine)),
        earlier=_earlier(store, first),
        advice={rule.id: rule.fix for rule in known.rules.values()},
        rollout=rollout(known, store, drawn, agency) if now < end else None,
        emergencies=_emergencies(store, first, end, zone),
        responses=_responses(store, begin, end, below),
    )


def span(month: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day of *month*.

    Raises:
        ValueError: it is not written like 2026-11.
    """
    try:
        first = dt.datetime.strptime(month, "%Y-%m").replace(tzinfo=dt.UTC).date()
        if first.year not in YEARS:
            raise ValueError(month)
    except ValueError as fault:
        raise ValueError(f'月份应写作 2026-11，不是 "{month}" / a month is written 2026-11, not "{month}"') from fault
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _changes(store: Store, begin: dt.datetime, end: dt.datetime, hosts: set[str]) -> tuple[Change, ...]:
    findings = {finding.key: finding for finding in store.findings(withdrawn=True)}
    return tuple(
        Change(event, findings[event.key])
        for event in store.events(begin, end)
        if event.key.target in hosts and event.key in findings
    )


def _emergencies(store: Store, first: dt.date, end: dt.datetime, zone: dt.tzinfo) -> tuple[Emergency, ...]:
    """Return the emergencies ordered before *end* that lasted until *first* or longer; one lifted ended that day."""
    found: list[Emergency] = []
    for entry in store.deeds(about=EMERGENCY):
        order = ordered([entry.deed])
        if order is not None and entry.deed.at < end:
            found.append(order)
        elif entry.deed.move is Move.EMERGENCY_LIFTED and found:
            lifted = entry.deed.at.astimezone(zone).date()
            found[-1] = replace(found[-1], until=min(found[-1].until, lifted))
    return tuple(each for each in found if each.until >= first)


def _responses(store: Store, begin: dt.datetime, end: dt.datetime, below: set[str]) -> tuple[Response, ...]:
    """Return the responses of the agencies *below* that went on at some time in the span."""
    found = responses(entry.deed for entry in store.deeds(about=RESPONSE) if entry.deed.at < end)
    return tuple(
        each
        for each in found.values()
        if each.opening.agency in below and each.opening.since < end and (not each.closed or each.closed.at >= begin)
    )


def _earlier(store: Store, first: dt.date) -> Mapping[str, float]:
    """Return each agency's risk on the last day kept before the month, or on its first."""
    days = store.days(Scope.AGENCY, first - dt.timedelta(days=31), first)
    return {day.subject: day.risk for day in days}
