"""What another policy would change, told before it is released: over what is known now, or was on past days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from exporters.documenting import clause_change_document, policy_name_document, shift_document
from exporters.documents import ComparisonDocument
from monitor.commands.report import span
from monitor.configuration import Known
from monitor.judgement import Judge
from monitor.store import Store
from rules.comparison import ClauseChange, Shift, Turn, clause_changes, shifts
from rules.policy import Policy
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Moment:
    """When facts are taken from, None meaning as they stand; and the day whose clauses count."""

    as_of: dt.datetime | None
    day: dt.date


@dataclass(frozen=True, slots=True)
class Touched:
    """One finding a policy would touch, its agency, and on how many of the days asked for."""

    shift: Shift
    agency: str
    days: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What *new* would change of *old* over *days*, in order; *profiles* names those that differ."""

    old: Known
    new: Known
    days: tuple[dt.date, ...]
    clauses: tuple[ClauseChange, ...]
    touched: tuple[Touched, ...]
    profiles: tuple[str, ...] = ()

    def by_agency(self) -> Mapping[str, Mapping[Turn, int]]:
        """Return, for each agency with any, how many of its findings take which turn."""
        counts: dict[str, dict[Turn, int]] = {}
        for one in self.touched:
            row = counts.setdefault(one.agency, {})
            row[one.shift.turn] = row.get(one.shift.turn, 0) + 1
        return dict(sorted(counts.items()))


def compare(old: Known, new: Known, store: Store, moments: Sequence[Moment], now: dt.datetime) -> Comparison:
    """Return what *new* would change of *old*; *moments* are not empty, and nothing is written.

    A finding that several days touch is told as on the last of them. Confirmations are not waited for.
    """
    judges = [Judge(known.config, known.rules, store) for known in (old, new)]
    last: dict[tuple[str, str, str], Shift] = {}
    days: dict[tuple[str, str, str], int] = {}
    for moment in moments:
        before, after = (judge.concluded(now, moment.as_of) for judge in judges)
        for shift in _shifts(old, new, before, after, moment.day):
            key = (shift.key.target, shift.key.rule, shift.key.subject)
            last[key] = shift
            days[key] = days.get(key, 0) + 1
    touched = [Touched(shift, old.config.targets[key[0]].agency, days[key]) for key, shift in last.items()]
    return Comparison(
        old,
        new,
        tuple(moment.day for moment in moments),
        tuple(clause_changes(old.config.policy, new.config.policy)),
        tuple(sorted(touched, key=_order)),
        _profiles(old.config.policy, new.config.policy),
    )


def moments_of(month: str, zone: ZoneInfo, now: dt.datetime) -> list[Moment]:
    """Return the end of each day of *month* (`2026-10`) that has ended by *now*, and now itself in the running month.

    Raises:
        ValueError: *month* is none, or has not begun.
    """
    first, last = span(month)
    today = now.astimezone(zone).date()
    if first > today:
        raise ValueError(f"{month} 尚未开始 / {month} has not begun")
    days = [first + dt.timedelta(days=number) for number in range((min(last, today) - first).days + 1)]
    return [Moment(None if day == today else _end(day, zone), day) for day in days]


def moment_of(day: dt.date | None, zone: ZoneInfo, now: dt.datetime) -> Moment:
    """Return the end of *day*, or now for None and for today.

    Raises:
        ValueError: *day* has not come.
    """
    today = now.astimezone(zone).date()
    if day is not None and day > today:
        raise ValueError(f"{day} 还没有到 / {day} has not come")
    return Moment(None, today) if day is None or day == today else Moment(_end(day, zone), day)


def counting_on(moments: Sequence[Moment], day: dt.date | None) -> list[Moment]:
    """Return *moments* with the clauses of *day* in place of their own; None leaves them."""
    return [moment if day is None else replace(moment, day=day) for moment in moments]


def _profiles(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return the names of the profiles that differ, or stand in one policy alone."""
    before, after = ({profile.name: profile for profile in policy.profiles} for policy in (old, new))
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def _end(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def _shifts(
    old: Known,
    new: Known,
    before: Mapping[str, list[Verdict]],
    after: Mapping[str, list[Verdict]],
    day: dt.date,
) -> Iterator[Shift]:
    for host, verdicts in before.items():
        was, will = (known.config.policy_for(known.config.targets[host], day) for known in (old, new))
        yield from shifts(was, will, verdicts, after[host], day)


def _order(one: Touched) -> tuple[int, int, str, str, str]:
    level = one.shift.after or one.shift.before
    key = one.shift.key
    return list(Turn).index(one.shift.turn), level.rank if level else 0, key.target, key.rule, key.subject


def document(found: Comparison) -> ComparisonDocument:
    """Return *found* as what `policy diff --json` prints."""
    return {
        "old": policy_name_document(found.old.config.policy),
        "new": policy_name_document(found.new.config.policy),
        "days": [day.isoformat() for day in found.days],
        "clauses": [clause_change_document(one) for one in found.clauses],
        "profiles": list(found.profiles),
        "agencies": {
            code: {turn.value: count for turn, count in counts.items()} for code, counts in found.by_agency().items()
        },
        "findings": [shift_document(one.shift, one.agency, one.days) for one in found.touched],
    }
