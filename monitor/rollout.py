"""The rollout of an agency and all below it, by what the store holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping

from exporters.posture import HostPosture, Posture
from monitor.configuration import Known
from monitor.store import Scope, Store
from probes.dns_delegation import DnsDelegation, dns_delegation
from probes.observation import Observation
from rules.policy import Stage
from rules.rollout import Fix, Rollout, Step, progress, reached, remedies

LATELY = dt.timedelta(days=28)
"""The time whose pace is told."""


def rollout(known: Known, store: Store, posture: Posture, agency: str) -> Rollout:
    """Return the rollout of *agency*, a code, by how the city stands in *posture*."""
    below = frozenset(known.config.tree.subtree(agency))
    hosts = [host for host in posture.hosts if host.target.agency in below and not host.readiness.exempt]
    shared = frozenset(rule.id for rule in known.rules.values() if dns_delegation.__name__ in rule.reads)
    steps = tuple(_steps(hosts, shared, _servers(store, [host.target.host for host in hosts])))
    today = posture.at.astimezone(known.config.daemon.time_zone).date()
    stages: dict[Stage | None, int] = {}
    for host in hosts:
        stages[host.readiness.stage] = stages.get(host.readiness.stage, 0) + 1
    days = store.days(Scope.AGENCY, today - LATELY, today - dt.timedelta(days=1), agency)
    goals = (
        progress(goal, stages, [(day.day, reached(day.stages, goal.stage)) for day in days], today)
        for goal in posture.policy.goals
    )
    return Rollout(steps, remedies(steps), tuple(goals))


def _steps(hosts: Iterable[HostPosture], shared: Collection[str], servers: Mapping[str, str]) -> Iterator[Step]:
    """Yield what each host needs; what fails by its zone is mended at the name servers, once for all they serve."""
    for host in sorted(hosts, key=lambda host: host.target.host):
        name, ready = host.target.host, host.readiness
        fixes = frozenset(Fix(rule, servers.get(name, name) if rule in shared else name) for rule in ready.blockers)
        yield Step(name, host.target.agency, ready.stage, fixes, ready.unknown)


def _servers(store: Store, hosts: Collection[str]) -> Mapping[str, str]:
    """Return the name servers of each host's zone, in one line."""
    found: dict[str, str] = {}
    for item in store.state(hosts):
        facts = item.record.facts if isinstance(item.record, Observation) else None
        if isinstance(facts, DnsDelegation) and not item.record.subject.server and facts.servers:
            found[item.record.target] = " ".join(facts.servers)
    return found
