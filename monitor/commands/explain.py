"""What was concluded about one host, and everything that made us conclude so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.configuration import Known
from monitor.judgement import Judge
from monitor.store import Store, StoredRecord
from rules.finding import Finding, Key
from rules.policy import Clause, Level
from rules.rule import Rule
from rules.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Explained:
    """One verdict with its rule, its clause, what it rests on, and the finding it feeds, if any.

    *since* is when its outcome was first concluded; None where nobody has concluded it before.
    """

    verdict: Verdict
    since: dt.datetime | None
    rule: Rule
    clause: Clause
    witnesses: tuple[StoredRecord, ...]
    finding: Finding | None


def explain(known: Known, store: Store, host: str, now: dt.datetime, rule: str = "") -> list[Explained]:
    """Return the verdicts on *host* as it stands *now*, the gravest first; *rule* narrows them to one."""
    today = known.config.policy.today(now)
    policy = known.config.policy_for(known.config.targets[host], today)
    records = list(store.state([host]))
    findings = {finding.key: finding for finding in store.findings([host])}
    since = {_which(stored.verdict): stored.since for stored in store.verdicts([host])}
    explained = [
        Explained(
            verdict,
            since.get(_which(verdict)),
            known.rules[verdict.rule],
            policy.clauses.get(verdict.rule, Clause(verdict.rule, Level.NOTICE)),
            _witnesses(verdict, records),
            findings.get(Key(verdict.rule, host, verdict.subject)),
        )
        for verdict in Judge(known.config, known.rules, store).concluded(now, hosts=[host])[host]
        if rule in ("", verdict.rule)
    ]
    return sorted(explained, key=_order)


def _which(verdict: Verdict) -> tuple[str, str, str, Outcome]:
    return verdict.rule, verdict.subject, verdict.vantage, verdict.outcome


def _order(one: Explained) -> tuple[int, int, str, str]:
    return -one.verdict.outcome.gravity, one.clause.level.rank, one.rule.id, one.verdict.subject


def _witnesses(verdict: Verdict, records: Sequence[StoredRecord]) -> tuple[StoredRecord, ...]:
    wanted = {(witness.probe, witness.vantage, witness.subject) for witness in verdict.witness}
    return tuple(
        item for item in records if (item.record.probe, item.record.vantage, str(item.record.subject)) in wanted
    )
