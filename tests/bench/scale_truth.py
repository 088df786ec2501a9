"""What a round says of the many hosts, held against the formula that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from exporters.posture import HostPosture
from probes.dns_address import DnsAddress
from probes.http_home import HttpHome
from probes.icmp_echo import IcmpEcho
from probes.ipv6_only import Ipv6Only
from probes.observation import Failure, Gap, Observation, Record
from probes.target import Family
from probes.tcp_ports import TcpPorts
from probes.tls_certificate import TlsCertificate
from probes.tls_versions import TlsVersions
from probes.web_links import WebLinks
from rules.policy import Stage
from tests.lab import scale

WEB = frozenset({80, 443})
DANGEROUS = frozenset({3306, 6379})
"""Those of the ports somebody listens on that the sample policy calls dangerous."""
STATES = {
    "open": frozenset[Failure](),
    "closed": frozenset({Failure.CONNECTION_REFUSED}),
    "filtered": frozenset({Failure.CONNECTION_TIMEOUT}),
}


def stage(profile: scale.Profile) -> Stage:
    """Return the step of the ladder a host of *profile* stands on."""
    if Family.IPV6 not in profile.published:
        return Stage.NONE
    if not profile.ipv6.open >= WEB:
        return Stage.PUBLISHED
    apart = Family.IPV4 in profile.published and profile.ipv4.open != profile.ipv6.open
    # Their pages refer to nothing, so nothing is missing without IPv4.
    return Stage.REACHABLE if apart else Stage.IPV6_ONLY


def wrong(hosts: Mapping[str, HostPosture], records: Iterable[Record], count: int) -> Iterator[str]:
    """Yield, in words, everything said of *count* hosts that is not so, and everything that is so and was not said.

    A gap is no statement, and passes.
    """
    by_host: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_host[record.target].append(record)
    for index in range(count):
        name = scale.name(index)
        for difference in _host(index, hosts[name], by_host[name]):
            yield f"{name} ({scale.profile(index).name}): {difference}"


def _host(index: int, host: HostPosture, records: list[Record]) -> Iterator[str]:
    profile = scale.profile(index)
    if host.readiness.stage not in (stage(profile), None):
        yield f"stage {host.readiness.stage}, true is {stage(profile)}"
    exposed = {finding.key.subject for finding in host.findings if finding.key.rule == "no_dangerous_port_open"}
    truly = {f"tcp/{port}/{family}" for family in Family for port in profile.half(family).open & DANGEROUS}
    if exposed != truly:
        yield f"dangerous ports {sorted(exposed)}, true is {sorted(truly)}"
    for family in Family:
        mine = [record for record in records if record.subject.family is family]
        yield from _family(index, family, mine)


def _family(index: int, family: Family, records: list[Record]) -> Iterator[str]:
    published = family in scale.profile(index).published
    looked = {record.probe for record in records}
    expected = {"dns_address"}
    if published:
        expected |= {"tcp_ports", "http_home", "tls_certificate", "tls_versions", "icmp_echo"}
    if family is Family.IPV6:
        expected |= {"ipv6_only", "web_links"} if published else {"ipv6_only"}
    if looked != expected:
        yield f"{family}: {sorted(looked ^ expected)} looked at, or not, as should be"
    for record in records:
        if not isinstance(record, Gap):
            yield from _observation(index, family, record, published=published)


def _observation(index: int, family: Family, record: Observation, *, published: bool) -> Iterator[str]:
    own = scale.address(index, family)
    half = scale.profile(index).half(family)
    met: object
    true: object
    match record.facts:
        case DnsAddress(addresses=addresses):
            met, true = addresses, (own,) if published else ()
        case TcpPorts() as ports:
            met = {port: state for state in STATES for port in getattr(ports, state)}
            true = {port: half.state(port) for port in met}
            if record.subject.address != own or ports.unreachable or not met.keys() >= WEB:
                yield f"{record.subject}: not its address, or not its ports"
        case HttpHome() as page:
            met, true = (
                (page.status, page.title, "open"),
                (200, scale.name(index), half.state(record.subject.port or 0)),
            )
        case TlsCertificate() as shown:
            met, true = (shown.faults, "open"), ((), half.state(record.subject.port or 0))
        case TlsVersions() as offered:
            met, true = (offered.weaknesses, "open"), ((), half.state(record.subject.port or 0))
        case WebLinks() as below:
            met, true = (below.status, below.second.linked, below.window_count), (200, 0, 0)
        case Ipv6Only() as alone:
            met, true = alone.needs, () if published and half.open >= WEB else ("page" if published else "dns",)
        case IcmpEcho():
            met, true = "answers", "silence" if half.dark else "answers"
        case _:
            met, true = record.failure, _failure(record, half)
    if met != true:
        yield f"{record.probe} {record.subject}: {met}, true is {true}"


def _failure(record: Observation, half: scale.Half) -> Failure | None:
    """Return the failure there must be, None where there must be none."""
    if record.probe == "icmp_echo":
        return Failure.ECHO_TIMEOUT if half.dark else None
    return next(iter(STATES[half.state(record.subject.port or 0)]), None)
