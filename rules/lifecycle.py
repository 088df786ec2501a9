"""How a finding lives: opened when confirmed, closed by evidence, reopened with its first day kept.

Only the policy can close it otherwise: without a clause in force nobody is asked to mend anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rules.clause import LONGEST
from rules.finding import Act, Event, Finding, Key, State, Waiver
from rules.handling import NOBODYS, UNHANDLED, Handling
from rules.policy import Clause, Policy
from rules.verdict import Outcome, Verdict
from rules.waiving import excused

LAPSED = "waiver lapsed"
"""What is said of a finding that a waiver does not cover any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one target's findings: all of them as they stand now, those given up, and what happened."""

    findings: tuple[Finding, ...]
    dropped: tuple[Key, ...]
    events: tuple[Event, ...]


def advance(
    agency: str,
    verdicts: Sequence[Verdict],
    known: Iterable[Finding],
    policy: Policy,
    waivers: Sequence[Waiver],
    now: dt.datetime,
    unsettled: Collection[str] = (),
    handlings: Mapping[Key, Handling] = NOBODYS,
) -> Progress:
    """Move the findings of one target on by one judgement.

    *known* are the target's findings, closed ones included. A finding whose rule was judged in full and whose
    subject is no longer there is closed as gone; where any part of its rule is unknown it stays. *unsettled* are
    subjects that were met with a failure or a gap: a rule that has nothing to say of them has not been kept. A
    verdict without evidence moves nothing, and evidence of the future is none. What a wrong clock dated later than
    *now* counts as now. *handlings* are what people did about findings: deadlines granted, false positives.
    """
    before = {finding.key: _by_now(finding, policy, now) for finding in known}
    outcome = _by_key(verdicts)
    evidence = _evidence(verdicts, now)
    unsure = {verdict.rule for verdict in verdicts if verdict.outcome is Outcome.UNKNOWN}
    judged = {verdict.rule for verdict in verdicts}
    after: list[Finding] = []
    dropped: list[Key] = []
    events: list[Event] = []
    for key in sorted({*before, *outcome}, key=lambda key: (key.rule, key.subject)):
        finding = before.get(key)
        verdict = outcome.get(key)
        clause = policy.clauses.get(key.rule)
        if clause is None or not clause.in_force(policy.today(now)):
            moved, happened = _withdraw(finding, policy, now) if finding else (None, [])
        elif verdict is None:
            gone = key.rule in judged and key.rule not in unsure and key.subject not in unsettled
            at = evidence.get(key.rule)
            moved, happened = (
                _pass(finding, clause, policy, now, at, "gone") if gone and finding and at else (finding, [])
            )
        elif verdict.outcome is Outcome.FAIL:
            moved, happened = _fail(finding, verdict, agency, clause, policy, now)
        elif verdict.outcome is Outcome.UNKNOWN or finding is None or _silent(verdict, unsettled):
            moved, happened = finding, []
        else:
            at = _proven(verdict, now)
            moved, happened = _pass(finding, clause, policy, now, at, verdict.outcome.value) if at else (finding, [])
        if moved is not None:
            after.append(excused(moved, waivers, handlings.get(key, UNHANDLED), policy.today(now)))
            happened += _lapsed(finding, after[-1], now)
        elif finding is not None:
            dropped.append(key)
        events += happened
    return Progress(tuple(after), tuple(dropped), tuple(events))


def _lapsed(before: Finding | None, after: Finding, now: dt.datetime) -> list[Event]:
    if before is None or not before.waived or after.waived or after.state is not State.OPEN:
        return []
    return [Event(after.key, Act.CHANGED, now, LAPSED)]


def _silent(verdict: Verdict, unsettled: Collection[str]) -> bool:
    """Say whether the rule has nothing to say, because nothing could be learned of its subject."""
    return verdict.outcome is Outcome.NOT_APPLICABLE and verdict.subject in unsettled


def _by_key(verdicts: Iterable[Verdict]) -> Mapping[Key, Verdict]:
    """Return one verdict per finding key: across vantages a failure counts first, then what is unknown."""
    chosen: dict[Key, Verdict] = {}
    for verdict in verdicts:
        key = Key(verdict.rule, verdict.target, verdict.subject)
        if key not in chosen or verdict.outcome.gravity > chosen[key].outcome.gravity:
            chosen[key] = verdict
    return chosen


def _evidence(verdicts: Iterable[Verdict], now: dt.datetime) -> Mapping[str, dt.datetime]:
    """Return, for each rule, the moment up to which all behind its verdicts has been looked at."""
    oldest: dict[str, dt.datetime] = {}
    for verdict in verdicts:
        if (at := _proven(verdict, now)) is not None:
            oldest[verdict.rule] = min(at, oldest.get(verdict.rule, at))
    return oldest


def _proven(verdict: Verdict, now: dt.datetime) -> dt.datetime | None:
    """Return the moment of the verdict's evidence; None without any, or while that lies in the future."""
    at = verdict.evidence
    return at if at is not None and at <= now else None


def _fail(
    finding: Finding | None, verdict: Verdict, agency: str, clause: Clause, policy: Policy, now: dt.datetime
) -> tuple[Finding | None, list[Event]]:
    key = Key(verdict.rule, verdict.target, verdict.subject)
    at = _proven(verdict, now)
    if at is None:
        return finding, []
    if finding is None or (finding.state is State.CLOSED and _forgotten(finding, policy, now)):
        finding = Finding(key, agency, clause.level, State.PENDING, now, at, failures=0)
    elif at <= finding.last_confirmed:
        return finding, []
    was = finding
    finding = replace(
        finding,
        agency=agency,
        level=clause.level,
        failures=finding.failures + 1,
        passes=0,
        last_confirmed=at,
        value=verdict.value,
        reason=verdict.reason,
        policy=policy.digest,
        recent=(finding.recent + "f")[-LONGEST:],
    )
    events: list[Event] = []
    if finding.state is State.PENDING and policy.proof(clause).opens(finding.recent):
        finding = replace(finding, state=State.OPEN, deadline=policy.deadline(clause, now))
        events.append(Event(key, Act.OPENED, now, verdict.reason))
    elif finding.state is State.CLOSED:
        # What comes back within the period was never mended: no second confirmation, and its first day stays.
        finding = replace(
            finding,
            state=State.OPEN,
            closed_at=None,
            deadline=finding.deadline or policy.deadline(clause, now),
            flaps=finding.flaps + 1,
        )
        events.append(Event(key, Act.REOPENED, now, verdict.reason))
    elif finding.state is State.OPEN and (was.level is not finding.level or was.value != finding.value):
        detail = f"{was.level} → {finding.level}" if was.level is not finding.level else verdict.reason
        events.append(Event(key, Act.CHANGED, now, detail))
    return finding, events


def _pass(
    finding: Finding, clause: Clause, policy: Policy, now: dt.datetime, at: dt.datetime, detail: str
) -> tuple[Finding | None, list[Event]]:
    if at <= finding.last_confirmed or finding.state is State.CLOSED:
        return finding, []
    proof = policy.proof(clause)
    finding = replace(
        finding,
        passes=finding.passes + 1,
        failures=0,
        last_confirmed=at,
        policy=policy.digest,
        recent=(finding.recent + "p")[-LONGEST:],
    )
    if finding.state is State.PENDING:
        return None if proof.lost(finding.recent) else finding, []
    if not proof.closes(finding.passes, finding.flaps):
        return finding, []
    return replace(finding, state=State.CLOSED, closed_at=now), [Event(finding.key, Act.CLOSED, now, detail)]


def _withdraw(finding: Finding, policy: Policy, now: dt.datetime) -> tuple[Finding | None, list[Event]]:
    if finding.state is State.OPEN:
        closed = replace(finding, state=State.CLOSED, closed_at=now, policy=policy.digest)
        return closed, [Event(finding.key, Act.CLOSED, now, "withdrawn")]
    return (None if finding.state is State.PENDING else finding), []


def _forgotten(finding: Finding, policy: Policy, now: dt.datetime) -> bool:
    return finding.closed_at is None or now - finding.closed_at > dt.timedelta(days=policy.reopen_days)


def _by_now(finding: Finding, policy: Policy, now: dt.datetime) -> Finding:
    """Return *finding* with nothing later than *now*, so that the next look counts; a deadline set then is set anew."""
    if max(finding.first_seen, finding.last_confirmed, finding.closed_at or now) <= now:
        return finding
    clause = policy.clauses.get(finding.key.rule)
    latest = None if clause is None else policy.deadline(clause, now)
    return replace(
        finding,
        first_seen=min(finding.first_seen, now),
        last_confirmed=min(finding.last_confirmed, now),
        closed_at=finding.closed_at and min(finding.closed_at, now),
        deadline=min(finding.deadline, latest) if finding.deadline and latest else finding.deadline,
    )
