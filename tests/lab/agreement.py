"""What Diaolou says of the city, held against what is true of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exporters.posture import HostPosture
from monitor.configuration import Known, read
from monitor.judgement import Judge
from monitor.store import Store
from probes.dns_address import DnsAddress
from probes.observation import Observation, Record
from probes.target import Family
from probes.tcp_ports import TcpPorts
from probes.tls_certificate import TlsCertificate
from probes.wire import ChainFault
from rules.verdict import Outcome, Verdict

Truth = Mapping[str, Any]

CERTIFICATE = {
    "valid": frozenset[ChainFault](),
    "expiring": frozenset[ChainFault](),
    "expired": frozenset({ChainFault.EXPIRED}),
    "wrong_name": frozenset({ChainFault.NAME_MISMATCH}),
    "self_signed": frozenset({ChainFault.SELF_SIGNED}),
}


def disagreements(config: Path, truth: Truth) -> list[str]:
    """Return, in words, everything the last round over *config* said that is not true; empty when all is."""
    known = read(config)
    with Store.open_to_read(known.config.daemon.store_url) as store:
        hosts = Judge(known.config, known.rules, store).standing(known.config.targets)
        records = [item.gap or item.record for item in store.state()]
        verdicts = [item.verdict for item in store.verdicts()]
    found: list[str] = []
    for name, told in truth["hosts"].items():
        mine = [record for record in records if record.target == name]
        said = [verdict for verdict in verdicts if verdict.target == name]
        for difference in _host(told, hosts[name], mine, said):
            found.append(f"{name}: {difference}")
    return found + list(_blame(known, verdicts, truth))


def _host(told: Truth, host: HostPosture, records: list[Record], verdicts: list[Verdict]) -> Iterator[str]:
    stage = host.readiness.stage
    if stage != told["ladder"]:
        yield f"stage {stage}, true is {told['ladder']}"
    yield from _addresses(told, records)
    yield from _ports(told, records)
    yield from _certificates(told, records)
    yield from _content(told, verdicts)


def _addresses(told: Truth, records: list[Record]) -> Iterator[str]:
    for family, kind in ((Family.IPV4, "A"), (Family.IPV6, "AAAA")):
        facts = [record for record in records if record.probe == "dns_address" and record.subject.family is family]
        met = {
            str(a)
            for r in facts
            if isinstance(r, Observation) and isinstance(r.facts, DnsAddress)
            for a in r.facts.addresses
        }
        if met != set(told[kind]):
            yield f"{kind} {sorted(met)}, true is {told[kind]}"


def _ports(told: Truth, records: list[Record]) -> Iterator[str]:
    for record in records:
        if not isinstance(record, Observation) or not isinstance(record.facts, TcpPorts):
            continue
        for port, state in told["addresses"][str(record.subject.address)]["ports"].items():
            met = _state(record.facts, int(port))
            if met != state:
                yield f"{record.subject} port {port} is {met}, true is {state}"


def _state(facts: TcpPorts, port: int) -> str:
    for state in ("open", "closed"):
        if port in getattr(facts, state):
            return state
    # A silent address behind a router that says so is as shut as one nobody speaks for.
    return "filtered"


def _certificates(told: Truth, records: list[Record]) -> Iterator[str]:
    for record in records:
        if isinstance(record, Observation) and isinstance(record.facts, TlsCertificate):
            state = told["certificate"].get(record.subject.family)
            if state is not None and set(record.facts.faults) != CERTIFICATE[state]:
                yield f"{record.subject} certificate {record.facts.faults}, true is {state}"


def _content(told: Truth, verdicts: list[Verdict]) -> Iterator[str]:
    outcomes = {verdict.outcome for verdict in verdicts if verdict.rule == "families_agree_on_content"}
    if told["same_content"] is False and Outcome.FAIL not in outcomes:
        yield "content differs, and nobody noticed"
    if told["same_content"] is not False and Outcome.FAIL in outcomes:
        yield "content is the same, and is said to differ"


def _blame(known: Known, verdicts: list[Verdict], truth: Truth) -> Iterator[str]:
    """Yield every failing rule on a host of which the truth knows no fault at all."""
    zones = truth["zones"]
    for verdict in verdicts:
        told = truth["hosts"].get(verdict.target)
        if told is None or verdict.outcome is not Outcome.FAIL:
            continue
        faulty_zone = any(zone["faults"] for name, zone in zones.items() if verdict.target.endswith(name))
        if not told["faults"] and not faulty_zone:
            title = known.rules[verdict.rule].title.en
            yield f"{verdict.target} has no fault, and yet: {title} ({verdict.subject})"
