"""Packet filters for hosts, drawn together from what is declared, what was found, and where they are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from exporters.enforcement import Closing, Enforcement
from monitor.configuration import Known
from monitor.store import Store
from probes.dns_address import DnsAddress
from probes.observation import Observation
from probes.target import Address, Target, Transport
from probes.wire.scope import Network
from rules.finding import Finding, State

_PORT = re.compile(rf"({'|'.join(Transport)})/(\d{{1,5}})(?:/|$)", re.ASCII)
"""How the subject of a finding about a port begins."""


def plans(known: Known, store: Store, hosts: Sequence[str], trusted: Collection[Network]) -> list[Enforcement]:
    """Return the filter of each of *hosts*, in their order."""
    config = known.config
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in store.findings(hosts, [State.OPEN]):
        found[finding.key.target].append(finding)
    seen = _addresses(store, hosts)
    policy = config.policy
    made = []
    for host in hosts:
        target = config.targets[host]
        ours = {target.literal} if target.literal is not None else seen.get(host, set())
        inside = sorted((each for each in ours if config.scope.refusal(each) is None), key=_order)
        made.append(
            Enforcement(
                host=host,
                agency=config.tree.agencies[target.agency].name,
                declared=target.declared,
                addresses=tuple(inside),
                beyond=tuple(sorted(ours - set(inside), key=_order)),
                trusted=tuple(sorted(trusted, key=str)),
                closings=tuple(_closings(known, target, found[host])),
                vantage=config.vantage.name,
                contact=config.daemon.contact,
                policy=f"{policy.profile} {policy.version} {policy.digest[:12]}".rstrip(),
            )
        )
    return made


def _closings(known: Known, target: Target, findings: Collection[Finding]) -> list[Closing]:
    ports = {(service.transport.value, service.port) for service in target.declared}
    return [
        Closing(finding, known.rules[finding.key.rule].title, (match[1], int(match[2])) in ports)
        for finding in findings
        if finding.key.rule in known.rules and (match := _PORT.match(finding.key.subject))
    ]


def _addresses(store: Store, hosts: Collection[str]) -> Mapping[str, set[Address]]:
    """Return what the DNS gave of each host when last asked."""
    found: dict[str, set[Address]] = defaultdict(set)
    for item in store.state(hosts):
        record = item.record
        if isinstance(record, Observation) and isinstance(record.facts, DnsAddress):
            found[record.target].update(record.facts.addresses)
    return found


def _order(address: Address) -> tuple[int, int]:
    return address.version, int(address)
