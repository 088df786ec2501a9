"""What Diaolou measured of the city, held against what is true of it, probe by probe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from probes.dns_address import DnsAddress
from probes.dns_chain import DnsChain
from probes.dns_delegation import DnsDelegation
from probes.http_home import HttpHome
from probes.ipv6_only import Ipv6Only
from probes.nameserver import ServerAnswer, Standing
from probes.observation import Failure, Observation, Record
from probes.path_mtu import PathMtu
from probes.route_trace import RouteTrace
from probes.site_visit import SiteVisit
from probes.target import Family
from probes.tcp_access import TcpAccess
from probes.tcp_ports import TcpPorts
from probes.tls_certificate import TlsCertificate
from probes.tls_versions import TlsVersions
from probes.web_links import WebLinks
from probes.wire import ChainFault

Truth = Mapping[str, Any]

CERTIFICATE = {
    "valid": frozenset[ChainFault](),
    "expiring": frozenset[ChainFault](),
    "expired": frozenset({ChainFault.EXPIRED}),
    "wrong_name": frozenset({ChainFault.NAME_MISMATCH}),
    "self_signed": frozenset({ChainFault.SELF_SIGNED}),
}
_DISTANCE = 2
"""Hops to every host: the router lies between."""
UNASKED = ("no_address", "bogus_address")
"""Words of the truth for pages that nobody can ask for."""


def mismeasured(told: Truth, zones: Truth, records: Iterable[Record]) -> Iterator[str]:
    """Yield every fact and failure in *records*, which are of one host, that the truth contradicts."""
    observed = [record for record in records if isinstance(record, Observation)]
    yield from _addresses(told, observed)
    yield from _ports(told, observed)
    yield from _parity(told, observed)
    yield from _handshakes(told, observed)
    yield from _offers(told, observed)
    yield from _pages(told, observed)
    yield from _echoes(told, observed)
    yield from _paths(told, observed)
    yield from _routes(told, observed)
    yield from _accesses(told, observed)
    yield from _servers(zones, observed)
    yield from _chains(zones, observed)
    yield from _depth(told, observed)
    yield from _visits(told, observed)


def _addresses(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    met: dict[str, set[str]] = {"A": set(), "AAAA": set()}
    for record in observed:
        if isinstance(record.facts, DnsAddress):
            kind = "A" if record.subject.family is Family.IPV4 else "AAAA"
            met[kind] |= {str(address) for address in record.facts.addresses}
    for kind, addresses in met.items():
        if addresses != set(told[kind]):
            yield f"{kind} {sorted(addresses)}, true is {told[kind]}"


def _ports(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    for record in observed:
        if isinstance(record.facts, TcpPorts):
            for port, state in told["addresses"][str(record.subject.address)]["ports"].items():
                if (met := _state(record.facts, int(port))) != state:
                    yield f"{record.subject} port {port} is {met}, true is {state}"


def _state(facts: TcpPorts, port: int) -> str:
    for state in ("open", "closed"):
        if port in getattr(facts, state):
            return state
    # A silent address behind a router that says so is as shut as one nobody speaks for.
    return "filtered"


def _parity(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    """Compare the families' ports where there is something to compare: addresses of both that can be looked at."""
    seen: dict[Family, list[TcpPorts]] = {family: [] for family in Family}
    for record in observed:
        place = told["addresses"].get(str(record.subject.address))
        if isinstance(record.facts, TcpPorts) and place is not None and not place["bogus"]:
            seen[Family(place["family"])].append(record.facts)
    if not all(seen.values()):
        return
    gaps = []
    for port in map(int, next(iter(told["ports"].values()))):
        four, six = ({_state(facts, port) for facts in seen[family]} for family in Family)
        if four != six:
            gaps.append(port)
    if gaps != told["parity_gaps"]:
        yield f"ports {gaps} differ between the families, true is {told['parity_gaps']}"


def _handshakes(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    met: set[str] = set()
    for record in observed:
        family = record.subject.family
        if not isinstance(record.facts, TlsCertificate) or family is None:
            continue
        met.add(family)
        if told["web"]["https"][family] == "mixed":
            continue
        state, version = told["certificate"].get(family), told["tls"].get(family)
        if state is None or set(record.facts.faults) != CERTIFICATE[state]:
            yield f"{record.subject} certificate {record.facts.faults}, true is {state}"
        if record.facts.version != version:
            yield f"{record.subject} speaks {record.facts.version}, true is {version}"
    for family in set(told["certificate"]) - met:
        yield f"no certificate was met over {family}"


def _offers(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    met: set[str] = set()
    for record in observed:
        family = record.subject.family
        if not isinstance(record.facts, TlsVersions) or family is None:
            continue
        met.add(family)
        accepted = told["accepts"].get(family)
        seen = {"versions": list(record.facts.versions), "weaknesses": list(record.facts.weaknesses)}
        if told["web"]["https"][family] != "mixed" and seen != accepted:
            yield f"{record.subject} accepts {seen}, true is {accepted}"
        if not (record.facts.versions_settled and record.facts.suites_settled):
            yield f"{record.subject} was not asked to the end"
    for family in set(told["accepts"]) - met:
        yield f"nobody learnt what is accepted over {family}"


def _pages(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    pages = [record for record in observed if record.probe == "http_home" and record.subject.path == "/"]
    for record in pages:
        over = "h2" if record.subject.family in told["http2"] else "http/1.1"
        if isinstance(record.facts, HttpHome) and record.subject.scheme == "https" and record.facts.protocol != over:
            yield f"{record.subject} came over {record.facts.protocol}, true is {over}"
    for scheme, families in told["web"].items():
        for family, truth in families.items():
            met = {
                str(record.failure or "ok")
                for record in pages
                if record.subject.scheme == scheme and record.subject.family == family and record.subject.address
            }
            if truth == "mixed":
                right = len(met) > 1
            elif truth in UNASKED or truth == Failure.DNS_SERVFAIL:
                right = "ok" not in met
            else:
                right = met == {truth}
            if not right:
                yield f"{scheme} over {family} is {sorted(met)}, true is {truth}"


def _echoes(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    for record in observed:
        if record.probe == "icmp_echo" and record.subject.address is not None:
            truth = told["addresses"][str(record.subject.address)]["ping"]
            if (record.failure is None) is not truth:
                yield f"{record.subject} ping is {record.failure or 'answered'}, true is {truth}"


def _paths(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    for record in observed:
        if isinstance(facts := record.facts, PathMtu):
            truth = told["addresses"][str(record.subject.address)]["path"]
            met = {word: getattr(facts, word) for word in truth}
            # A lossy path may leave it open; what is said must be true.
            if any(said is not None and said != truth[word] for word, said in met.items()):
                yield f"{record.subject} path {met}, true is {truth}"
            elif not told["loss"] and met != truth:
                yield f"{record.subject} path is left at {met}, true is {truth}"


def _routes(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    for record in observed:
        if isinstance(facts := record.facts, RouteTrace) and not told["loss"]:
            place = told["addresses"][str(record.subject.address)]
            if facts.reached is not place["ping"] or (facts.reached and facts.length != _DISTANCE):
                yield f"{record.subject} route {facts.route}, true is {place['ping']}"
            if "open" in {place["ports"][str(port)] for port in told["declared"]}:
                yield f"{record.subject} was traced, and can be reached"


def _accesses(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    for record in observed:
        if isinstance(facts := record.facts, TcpAccess) and not told["loss"]:
            state = told["addresses"][str(record.subject.address)]["ports"][str(record.subject.port)]
            if facts.rate != (state == "open"):
                yield f"{record.subject} connects {facts.made} of {facts.tried} times, true is {state}"


def _servers(zones: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    """Compare each name server's answers, and the lame ones, with those of the zone."""
    for record in observed:
        if not isinstance(record.facts, DnsDelegation) or record.subject.server:
            continue
        zone = zones[record.facts.zone]
        if set(record.facts.servers) != set(zone["servers"]):
            yield f"{record.facts.zone} is served by {record.facts.servers}, true is {sorted(zone['servers'])}"
            continue
        asked = {
            (name, str(family), transport)
            for name, server in zone["servers"].items()
            for family, transports in server["answers"].items()
            for transport in transports
        }
        met = {(answer.server, str(answer.family), str(answer.transport)) for answer in record.facts.answers}
        if met != asked:
            yield f"{record.facts.zone} was asked {sorted(met)}, true is {sorted(asked)}"
        for answer in record.facts.answers:
            truth = zone["servers"][answer.server]["answers"][answer.family][answer.transport]
            if _said(answer) != truth:
                yield f"{answer.server} at {answer.address} over {answer.transport} {_said(answer)}, true is {truth}"


def _chains(zones: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    """Compare the way by IPv6 alone: it passes each zone whose servers answer over IPv6, and stops at any other."""
    for record in observed:
        if not isinstance(record.facts, DnsChain):
            continue
        true = {each.zone: _answering(zones[each.zone]) for each in record.facts.zones}
        if (met := {each.zone: each.answering for each in record.facts.zones}) != true:
            yield f"over IPv6 alone so many servers answer: {met}, true is {true}"
        if record.facts.resolves is not all(true.values()):
            yield f"over IPv6 alone it resolves: {record.facts.resolves}, true is {all(true.values())}"


def _answering(zone: Truth) -> int:
    return sum(server["answers"].get("ipv6", {}).get("udp") == "ok" for server in zone["servers"].values())


def _said(answer: ServerAnswer) -> str:
    if answer.standing is Standing.AUTHORITATIVE:
        return "ok"
    if answer.standing is Standing.LAME:
        return f"dns_{answer.rcode.lower()}"
    return str(answer.failure or answer.gap)


def _depth(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    """Compare what the pages below the home page refer to, and what the home page needs that IPv6 does not bring."""
    true = told["depth"]
    for record in observed:
        facts = record.facts
        if record.subject.path != "/" or true is None:
            continue
        if isinstance(facts, WebLinks):
            for level in ("second", "third"):
                met = {word: getattr(getattr(facts, level), word) for word in true[level]}
                if met != true[level]:
                    yield f"links of the {level} level are {met}, true is {true[level]}"
            if (windows := sorted(window.host for window in facts.windows)) != true["windows"]:
                yield f"sky windows {windows}, true is {true['windows']}"
            if (literals := sorted({literal.address for literal in facts.literals})) != true["literals"]:
                yield f"IPv4 literals {literals}, true is {true['literals']}"
            if not all(mark in true["marked"] for mark in (facts.marks.site_code, facts.marks.icp)):
                yield f"marks {facts.marks}, true is {true['marked']}"
        elif isinstance(facts, Ipv6Only):
            blockers = sorted({(blocker.need.value, blocker.host) for blocker in facts.blockers})
            if blockers != [tuple(blocker) for blocker in true["blockers"]]:
                yield f"IPv6 alone lacks {blockers}, true is {true['blockers']}"
    if true is not None and {"web_links", "ipv6_only"} - {record.probe for record in observed}:
        yield "nobody looked below the home page"


def _visits(told: Truth, observed: Iterable[Observation]) -> Iterator[str]:
    """Compare whether the website opened over each family: any address, and either scheme, will do."""
    for record in observed:
        if record.probe != "site_visit" or told["redirect"]:
            continue
        family = record.subject.family
        opens = any(told["web"][scheme][family] in ("ok", "mixed") for scheme in ("http", "https"))
        came = isinstance(record.facts, SiteVisit) and record.facts.came == 1
        if came is not opens:
            yield f"{record.subject} came {came}, true is {opens}"
