"""Drawing the posture of the city together from what the store holds."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exporters.posture import (
    Access,
    AgencyPosture,
    Availability,
    Campaign,
    CertificateExpiry,
    HostPosture,
    Look,
    Posture,
    VantageHealth,
)
from monitor.store import StoredRecord
from monitor.weeks import Weeks
from probes.observation import Observation, Record
from probes.site_visit import site_visit
from probes.target import Family, Target
from probes.tcp_access import TcpAccess
from probes.tls_certificate import TlsCertificate
from rules.agency import Tree
from rules.finding import Finding, State
from rules.policy import Policy
from rules.readiness import climb
from rules.score import Score, group_score, host_score
from rules.templates import group_index
from rules.text import Text
from rules.verdict import Outcome, Verdict


def host_posture(
    target: Target,
    stored: Sequence[StoredRecord],
    verdicts: Sequence[Verdict],
    findings: Iterable[Finding],
    policy: Policy,
    visited: Weeks,
    now: dt.datetime,
) -> HostPosture:
    """Return one host as it stands; what is too old to be judged by *now* is only told of by its age."""
    observations = [item.record for item in stored if isinstance(item.record, Observation)]
    latest = [record for item in stored if policy.counts((record := item.gap or item.record).at, now)]
    oldest = min((record.at for record in observations), default=None)
    current = tuple(
        sorted(
            (finding for finding in findings if finding.state is State.OPEN),
            key=lambda finding: (finding.level.rank, finding.key.rule, finding.key.subject),
        )
    )
    return HostPosture(
        target=target,
        score=host_score(target.host, current, verdicts, policy, oldest),
        readiness=climb(target.host, verdicts, policy, exempt=target.ipv6_exempt),
        verdicts=Counter(verdict.outcome for verdict in verdicts),
        findings=current,
        certificates=tuple(_certificates(record for record in observations if policy.counts(record.at, now))),
        looks=tuple(_looks(latest)),
        accesses=tuple(_accesses(record for record in observations if policy.counts(record.at, now))),
        availability={
            Family(family): Availability(week.looks, week.failed, week.share(policy.visits_a_day))
            for (probe, family), week in sorted(visited.items())
            if probe == site_visit.__name__
        },
    )


def posture(
    at: dt.datetime,
    root: str,
    tree: Tree,
    policy: Policy,
    hosts: Iterable[HostPosture],
    campaigns: Sequence[Campaign],
    vantages: Sequence[VantageHealth],
    titles: Mapping[str, Text],
) -> Posture:
    """Return the city below *root*, agencies by rank and hosts by risk."""
    everyone = sorted(hosts, key=lambda host: (-host.score.risk, host.target.host))
    below: dict[str, list[HostPosture]] = defaultdict(list)
    for host in everyone:
        for code in (host.target.agency, *tree.ancestors(host.target.agency)):
            below[code].append(host)
    rows = [_agency(tree, code, below[code], policy, at.date()) for code in tree.subtree(root) if below[code]]
    ranked = _rank(rows, root, policy)
    return Posture(
        at=at,
        tree=tree,
        policy=policy,
        city=next((row for row in ranked if row.agency.code == root), _agency(tree, root, [], policy, at.date())),
        agencies=tuple(row for row in ranked if row.agency.code != root),
        hosts=tuple(everyone),
        campaigns=tuple(campaigns),
        vantages=tuple(vantages),
        rules={rule: (title.zh, title.en) for rule, title in titles.items()},
    )


def _agency(tree: Tree, code: str, hosts: Sequence[HostPosture], policy: Policy, today: dt.date) -> AgencyPosture:
    findings = [finding for host in hosts for finding in host.findings]
    verdicts: Counter[Outcome] = Counter()
    for host in hosts:
        verdicts.update(host.verdicts)
    return AgencyPosture(
        agency=tree.agencies[code],
        score=_score(code, hosts),
        rank=None,
        hosts=len(hosts),
        stages=Counter(host.readiness.stage for host in hosts if not host.readiness.exempt),
        exempt=sum(host.readiness.exempt for host in hosts),
        findings=Counter(finding.level for finding in findings if not finding.waived),
        overdue=sum(finding.overdue(today) for finding in findings),
        waived=sum(finding.waived for finding in findings),
        verdicts=verdicts,
        index=group_index(host.templates.index for host in hosts if host.templates.index is not None),
    )


def _score(code: str, hosts: Sequence[HostPosture]) -> Score:
    return group_score(code, [(host.score, host.target.value) for host in hosts])


def _rank(rows: Sequence[AgencyPosture], root: str, policy: Policy) -> list[AgencyPosture]:
    """Give each agency its place, the safest first, among all and among those of the same superior.

    Who was too little measured has none.
    """
    able = [row for row in rows if row.agency.code != root and row.score.coverage >= policy.minimum_coverage]
    ranked = _places(able)
    peers: dict[str, int] = {}
    for superior in {row.agency.parent for row in able}:
        peers |= _places([row for row in able if row.agency.parent == superior])
    placed = [replace(row, rank=ranked.get(row.agency.code), peer_rank=peers.get(row.agency.code)) for row in rows]
    return sorted(placed, key=lambda row: (row.rank is None, row.rank or 0, row.agency.code))


def _places(rows: Sequence[AgencyPosture]) -> dict[str, int]:
    """Return the place of each by its risk as that is shown; equal ones share one."""
    risks = sorted(round(row.score.risk, 1) for row in rows)
    return {row.agency.code: risks.index(round(row.score.risk, 1)) + 1 for row in rows}


def _certificates(observations: Iterable[Observation]) -> Iterable[CertificateExpiry]:
    for record in observations:
        subject = record.subject
        if isinstance(record.facts, TlsCertificate) and subject.port and subject.family:
            yield CertificateExpiry(subject.port, subject.family, str(subject.address), record.facts.not_after)


def _accesses(observations: Iterable[Observation]) -> Iterable[Access]:
    met: dict[tuple[int, Family], list[TcpAccess]] = defaultdict(list)
    for record in observations:
        subject = record.subject
        if isinstance(record.facts, TcpAccess) and subject.port and subject.family:
            met[subject.port, subject.family].append(record.facts)
    for (port, family), found in sorted(met.items()):
        times = [facts.median_seconds for facts in found if facts.made]
        yield Access(port, family, min(facts.rate for facts in found), max(times, default=None))


def _looks(records: Iterable[Record]) -> Iterable[Look]:
    groups: dict[tuple[str, Family | None], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.probe, record.subject.family].append(record)
    for (probe, family), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        results = sorted({_result(record) for record in group} - {"ok"})
        good = [record.seconds for record in group if isinstance(record, Observation) and record.facts is not None]
        yield Look(
            probe, family, results[0] if results else "ok", max(good, default=None), max(record.at for record in group)
        )


def _result(record: Record) -> str:
    if isinstance(record, Observation):
        return "ok" if record.failure is None else record.failure.value
    return record.reason.value
