"""What was concluded about one host, and everything that made us conclude so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.configuration import Known
from monitor.store import Store, StoredRecord
from rules.finding import Finding, Key
from rules.policy import Clause, Level
from rules.rule import Rule
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Explained:
    """One verdict with its rule, its clause, what it rests on, and the finding it feeds, if any."""

    verdict: Verdict
    since: dt.datetime
    rule: Rule
    clause: Clause
    witnesses: tuple[StoredRecord, ...]
    finding: Finding | None


def explain(known: Known, store: Store, host: str, rule: str = "") -> list[Explained]:
    """Return the verdicts on *host*, the gravest first; *rule* narrows them to one."""
    today = known.config.policy.today(dt.datetime.now(dt.UTC))
    policy = known.config.policy_for(known.config.targets[host], today)
    records = list(store.state([host]))
    findings = {finding.key: finding for finding in store.findings([host])}
    explained = [
        Explained(
            stored.verdict,
            stored.since,
            known.rules[stored.verdict.rule],
            policy.clauses.get(stored.verdict.rule, Clause(stored.verdict.rule, Level.NOTICE)),
            _witnesses(stored.verdict, records),
            findings.get(Key(stored.verdict.rule, host, stored.verdict.subject)),
        )
        for stored in store.verdicts([host])
        if stored.verdict.rule in known.rules and rule in ("", stored.verdict.rule)
    ]
    return sorted(explained, key=_order)


def _order(one: Explained) -> tuple[int, int, str, str]:
    return -one.verdict.outcome.gravity, one.clause.level.rank, one.rule.id, one.verdict.subject


def _witnesses(verdict: Verdict, records: Sequence[StoredRecord]) -> tuple[StoredRecord, ...]:
    wanted = {(witness.probe, witness.vantage, witness.subject) for witness in verdict.witness}
    return tuple(
        item for item in records if (item.record.probe, item.record.vantage, str(item.record.subject)) in wanted
    )
