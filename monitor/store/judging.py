"""What was concluded: verdicts as they stand, findings with their life, and the log of acts that only grows."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, RowMapping, Select, Table, and_, bindparam, delete, select

from monitor.store.engine import chunks, insert
from monitor.store.nouns import Judgement, StoredVerdict
from monitor.store.schema import event, finding, inventory, verdict
from rules.finding import Act, Event, Finding, Key, State
from rules.policy import Level
from rules.verdict import Outcome, Verdict, Witness

_WITNESSES = TypeAdapter(tuple[Witness, ...])
_Item = TypeVar("_Item", Verdict, Finding)


def judged(connection: Connection, judgements: Sequence[Judgement], at: dt.datetime) -> None:
    """Replace what was concluded of the targets of *judgements*, and add to the log of acts."""
    targets = [judgement.target for judgement in judgements]
    concluded = {_verdict_key(item): item for judgement in judgements for item in judgement.verdicts}
    _replace(connection, verdict, targets, concluded, lambda item, stored: _verdict_update(item, stored, at))
    found = {_finding_key(item): item for judgement in judgements for item in judgement.findings}
    _replace(connection, finding, targets, found, _finding_update)
    if acts := [_event_row(item) for judgement in judgements for item in judgement.events]:
        connection.execute(insert(connection, event).on_conflict_do_nothing(), acts)


def verdicts(connection: Connection, targets: Collection[str] | None) -> Iterator[StoredVerdict]:
    """Yield the verdicts of *targets*, None meaning all, by target, rule, subject and vantage."""
    for query in _split(select(verdict), verdict, targets):
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
    for part in _split(query, finding, targets):
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


def _replace(
    connection: Connection,
    table: Table,
    targets: Iterable[str],
    wanted: Mapping[tuple[str, ...], _Item],
    update: Callable[[_Item, RowMapping | None], dict[str, object] | None],
) -> None:
    """Make *wanted*, by key, all that *table* holds of *targets*.

    *update* returns the row of an item, given the stored one, or None where that may stay.
    """
    key = [column.name for column in table.primary_key]
    stored: dict[tuple[str, ...], RowMapping] = {}
    for query in _split(select(table), table, targets):
        stored.update({tuple(row[name] for name in key): row for row in connection.execute(query).mappings()})
    if vanished := [dict(zip(key, place, strict=True)) for place in stored.keys() - wanted.keys()]:
        same = and_(*(table.c[name] == bindparam(f"old_{name}") for name in key))
        rows = [{f"old_{name}": value for name, value in place.items()} for place in vanished]
        connection.execute(delete(table).where(same), rows)
    updates = [update(item, stored.get(place)) for place, item in wanted.items()]
    if changed := [row for row in updates if row is not None]:
        statement = insert(connection, table)
        others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others), changed)


def _split(
    query: Select[*tuple[Any, ...]], table: Table, targets: Iterable[str] | None
) -> Iterator[Select[*tuple[Any, ...]]]:
    """Yield the query in the order of its key; in parts, where it is limited to *targets*."""
    ordered = query.order_by(*table.primary_key)
    if targets is None:
        yield ordered
        return
    for names in chunks(sorted(set(targets))):
        yield ordered.where(table.c.target.in_(names))


def _verdict_key(item: Verdict) -> tuple[str, ...]:
    return item.target, item.rule, item.subject, item.vantage


def _verdict_update(item: Verdict, stored: RowMapping | None, at: dt.datetime) -> dict[str, object] | None:
    """Return the row of a verdict; None where only the time of its witnesses differs: their spells go on."""
    if stored is None or stored["outcome"] != item.outcome.value:
        return _verdict_row(item, at)
    if (stored["reason"], stored["value"]) == (item.reason, item.value) and _same_witnesses(item, stored["witness"]):
        return None
    return _verdict_row(item, stored["since"])


def _same_witnesses(item: Verdict, stored: str) -> bool:
    before = [(witness["probe"], witness["vantage"], witness["subject"]) for witness in json.loads(stored)]
    return before == [(witness.probe, witness.vantage, witness.subject) for witness in item.witness]


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


def _finding_key(item: Finding) -> tuple[str, ...]:
    return item.key.target, item.key.rule, item.key.subject


def _finding_update(item: Finding, stored: RowMapping | None) -> dict[str, object] | None:
    row = _finding_row(item)
    return None if stored is not None and row == dict(stored) else row


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
        "excused": item.excused,
        "policy": item.policy,
        "recent": item.recent,
        "flaps": item.flaps,
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
        excused=row.excused,
        policy=row.policy,
        recent=row.recent,
        flaps=row.flaps,
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
