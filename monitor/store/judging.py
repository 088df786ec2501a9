"""What was concluded: verdicts as they stand, findings with their life, and the log of acts that only grows."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, Table, and_, bindparam, delete, select

from monitor.store.engine import chunks, insert
from monitor.store.nouns import Judgement, StoredVerdict
from monitor.store.schema import event, finding, inventory, verdict
from rules.finding import Act, Event, Finding, Key, State
from rules.policy import Level
from rules.verdict import Outcome, Verdict, Witness

_WITNESSES = TypeAdapter(tuple[Witness, ...])
_VERDICT_KEY = ("target", "rule", "subject", "vantage")
_FINDING_KEY = ("target", "rule", "subject")


def judged(connection: Connection, judgements: Sequence[Judgement], at: dt.datetime) -> None:
    """Replace what was concluded of the targets of *judgements*, and add to the log of acts."""
    targets = [judgement.target for judgement in judgements]
    _verdicts(connection, targets, [item for judgement in judgements for item in judgement.verdicts], at)
    rows = [_finding_row(item) for judgement in judgements for item in judgement.findings]
    _replace(connection, finding, _FINDING_KEY, targets, rows)
    if acts := [_event_row(item) for judgement in judgements for item in judgement.events]:
        connection.execute(insert(connection, event).on_conflict_do_nothing(), acts)


def verdicts(connection: Connection, targets: Collection[str] | None) -> Iterator[StoredVerdict]:
    """Yield the verdicts of *targets*, None meaning all, by target, rule, subject and vantage."""
    for query in _split(select(verdict), verdict, _VERDICT_KEY, targets):
        for row in connection.execute(query):
            yield StoredVerdict(_verdict(row), row.since)


def counts(connection: Connection) -> Mapping[str, Mapping[Outcome, int]]:
    """Return how many verdicts of each outcome each target has."""
    found: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for row in connection.execute(select(verdict.c.target, verdict.c.outcome)):
        found[row.target][Outcome(row.outcome)] += 1
    return found


def findings(
    connection: Connection, targets: Collection[str] | None, states: Collection[State] | None, *, withdrawn: bool
) -> Iterator[Finding]:
    """Yield findings by target, rule and subject; those of targets no longer in the inventory only if *withdrawn*."""
    query = select(finding)
    if states is not None:
        query = query.where(finding.c.state.in_([state.value for state in states]))
    if not withdrawn:
        gone = select(inventory.c.target).where(inventory.c.removed.is_not(None))
        query = query.where(finding.c.target.not_in(gone))
    for part in _split(query, finding, _FINDING_KEY, targets):
        for row in connection.execute(part):
            yield _finding(row)


def events(
    connection: Connection, since: dt.datetime | None, until: dt.datetime | None, targets: Collection[str] | None
) -> Iterator[Event]:
    """Yield the acts from *since* to before *until*, oldest first."""
    query = select(event).order_by(event.c.at, event.c.id)
    if since is not None:
        query = query.where(event.c.at >= since)
    if until is not None:
        query = query.where(event.c.at < until)
    wanted = None if targets is None else frozenset(targets)
    for row in connection.execute(query):
        if wanted is None or row.target in wanted:
            yield Event(Key(row.rule, row.target, row.subject), Act(row.act), row.at, row.detail)


def worst_open(connection: Connection, targets: Collection[str] | None) -> Mapping[str, Level]:
    """Return the worst level among the open, unwaived findings of each of *targets* that has any."""
    worst: dict[str, Level] = {}
    for item in findings(connection, targets, (State.OPEN,), withdrawn=False):
        known = worst.get(item.key.target)
        if not item.waived and (known is None or item.level.rank < known.rank):
            worst[item.key.target] = item.level
    return worst


def _verdicts(connection: Connection, targets: Sequence[str], items: Iterable[Verdict], at: dt.datetime) -> None:
    before = {_verdict_key(stored.verdict): stored for stored in verdicts(connection, targets)}
    rows: list[dict[str, object]] = []
    for item in items:
        known = before.get(_verdict_key(item))
        if known is not None and _gist(known.verdict) == _gist(item):
            rows.append(_verdict_row(known.verdict, known.since))
        else:
            same = known is not None and known.verdict.outcome is item.outcome
            rows.append(_verdict_row(item, known.since if known is not None and same else at))
    _replace(connection, verdict, _VERDICT_KEY, targets, rows)


def _replace(
    connection: Connection, table: Table, key: Sequence[str], targets: Iterable[str], rows: Iterable[dict[str, object]]
) -> None:
    """Make *rows* all that *table* holds of *targets*, touching only what differs."""
    names = [column.name for column in table.c]
    wanted = {tuple(row[name] for name in key): row for row in rows}
    vanished: list[dict[str, object]] = []
    for query in _split(select(table), table, key, targets):
        for stored in connection.execute(query).mappings():
            place = tuple(stored[name] for name in key)
            if place not in wanted:
                vanished.append({f"old_{name}": stored[name] for name in key})
            elif all(stored[name] == wanted[place][name] for name in names):
                del wanted[place]
    if vanished:
        same = and_(*(table.c[name] == bindparam(f"old_{name}") for name in key))
        connection.execute(delete(table).where(same), vanished)
    if wanted:
        statement = insert(connection, table)
        others = {name: statement.excluded[name] for name in names if name not in key}
        upsert = statement.on_conflict_do_update(index_elements=list(key), set_=others)
        connection.execute(upsert, list(wanted.values()))


def _split(
    query: Select[*tuple[Any, ...]], table: Table, order: Sequence[str], targets: Iterable[str] | None
) -> Iterator[Select[*tuple[Any, ...]]]:
    ordered = query.order_by(*(table.c[name] for name in order))
    if targets is None:
        yield ordered
        return
    for names in chunks(sorted(set(targets))):
        yield ordered.where(table.c.target.in_(names))


def _verdict_key(item: Verdict) -> tuple[str, str, str, str]:
    return item.target, item.rule, item.subject, item.vantage


def _gist(item: Verdict) -> tuple[object, ...]:
    """Return what makes a verdict another one. The time of its witnesses does not: their spells go on."""
    who = tuple((witness.probe, witness.vantage, witness.subject) for witness in item.witness)
    return item.outcome, item.reason, item.value, who


def _verdict_row(item: Verdict, since: dt.datetime) -> dict[str, object]:
    return {
        "target": item.target,
        "rule": item.rule,
        "subject": item.subject,
        "vantage": item.vantage,
        "outcome": item.outcome.value,
        "since": since,
        "reason": item.reason,
        "value": item.value,
        "witness": _WITNESSES.dump_json(item.witness).decode(),
    }


def _verdict(row: Row[*tuple[Any, ...]]) -> Verdict:
    return Verdict(
        rule=row.rule,
        target=row.target,
        subject=row.subject,
        vantage=row.vantage,
        outcome=Outcome(row.outcome),
        witness=_WITNESSES.validate_json(row.witness),
        reason=row.reason,
        value=row.value,
    )


def _finding_row(item: Finding) -> dict[str, object]:
    return {
        "target": item.key.target,
        "rule": item.key.rule,
        "subject": item.key.subject,
        "agency": item.agency,
        "level": item.level.value,
        "state": item.state.value,
        "first_seen": item.first_seen,
        "last_confirmed": item.last_confirmed,
        "failures": item.failures,
        "passes": item.passes,
        "closed_at": item.closed_at,
        "deadline": item.deadline,
        "waived": item.waived,
        "value": item.value,
        "reason": item.reason,
    }


def _finding(row: Row[*tuple[Any, ...]]) -> Finding:
    return Finding(
        key=Key(row.rule, row.target, row.subject),
        agency=row.agency,
        level=Level(row.level),
        state=State(row.state),
        first_seen=row.first_seen,
        last_confirmed=row.last_confirmed,
        failures=row.failures,
        passes=row.passes,
        closed_at=row.closed_at,
        deadline=row.deadline,
        waived=row.waived,
        value=row.value,
        reason=row.reason,
    )


def _event_row(item: Event) -> dict[str, object]:
    return {
        "rule": item.key.rule,
        "target": item.key.target,
        "subject": item.key.subject,
        "act": item.act.value,
        "at": item.at,
        "detail": item.detail,
    }
