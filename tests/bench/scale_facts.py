"""What a flawless round would bring back from the many hosts: their formula as records, with nothing sent."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence

from probes.dns_address import DnsAddress
from probes.dns_delegation import DnsDelegation
from probes.http_home import HttpHome
from probes.icmp_echo import IcmpEcho
from probes.nameserver import ServerAnswer, Standing
from probes.observation import WHOLE, Facts, Failure, Observation, Subject
from probes.target import Family, Transport
from probes.tcp_ports import TcpPorts
from probes.tls_certificate import TlsCertificate
from probes.wire import Presence, Source
from probes.wire.zone import Side
from tests.lab import scale
from tests.lab.model import Name
from tests.lab.network import server_addresses
from tests.lab.zones import server_name

VANTAGE = "lab"
_FAILURES = {"closed": Failure.CONNECTION_REFUSED, "filtered": Failure.CONNECTION_TIMEOUT}
_SECONDS = {"open": 0.02, "closed": 0.01, "filtered": 4.0}
_SERVERS = (Name.NS1, Name.NS3)


def records(index: int, ports: Sequence[int], at: dt.datetime) -> list[Observation]:
    """Return everything known of host *index* at *at*, the given *ports* looked at."""
    host = scale.name(index)
    return [
        Observation(
            probe,
            host,
            VANTAGE,
            subject,
            at,
            seconds,
            outcome if isinstance(outcome, Facts) else None,
            outcome if isinstance(outcome, Failure) else None,
        )
        for probe, subject, outcome, seconds in _sightings(index, ports, at)
    ]


Met = tuple[str, Subject, Facts | Failure, float]


def _sightings(index: int, ports: Sequence[int], at: dt.datetime) -> Iterator[Met]:
    yield "dns_delegation", WHOLE, _delegation(_SERVERS), 0.01
    for server in _SERVERS:
        yield "dns_delegation", Subject(server=server_name(server)), _delegation((server,)), 0.01
    profile = scale.profile(index)
    for family in Family:
        published = family in profile.published
        yield "dns_address", Subject(family=family), _address(index, family, published=published), 0.01
        if published:
            yield from _at_address(index, family, profile.half(family), ports, at)


def _at_address(index: int, family: Family, half: scale.Half, ports: Sequence[int], at: dt.datetime) -> Iterator[Met]:
    address = scale.address(index, family)
    subject = Subject(family=family, address=address)
    yield "tcp_ports", subject, _ports(half, ports), 0.01
    yield "icmp_echo", subject, Failure.ECHO_TIMEOUT if half.dark else IcmpEcho(3, 3, 0.01, 0.01, 0.01), 0.01
    for port, scheme in ((80, "http"), (443, "https")):
        state = half.state(port)
        page = _FAILURES.get(state) or _page(index, scheme)
        yield "http_home", Subject(family, address, scheme, port, "/"), page, _SECONDS[state]
    state = half.state(443)
    yield "tls_certificate", Subject(family, address, "tls", 443), _FAILURES.get(state) or _certificate(at), 0.02


def _address(index: int, family: Family, *, published: bool) -> DnsAddress:
    addresses = (scale.address(index, family),) if published else ()
    presence = Presence.PRESENT if published else Presence.NODATA
    return DnsAddress(presence, addresses, len(addresses), (), 60, Source.RECURSIVE, (), contradicted=False)


def _ports(half: scale.Half, ports: Sequence[int]) -> TcpPorts:
    found = {state: tuple(port for port in ports if half.state(port) == state) for state in _SECONDS}
    return TcpPorts(found["open"], found["closed"], found["filtered"], ())


def _page(index: int, scheme: str) -> HttpHome:
    title = scale.name(index)
    return HttpHome(
        status=200,
        final=f"{scheme}://{title}/",
        hops=(),
        stopped="",
        arrived=True,
        upgraded=False,
        title=title,
        content_type="text/html; charset=utf-8",
        server_header="kaiping-demo",
        hsts_seconds=0,
        headers=(),
        truncated=False,
        protocol="h2",
        text_length=64,
        sketch=tuple(range(index, index + 32)),
        body_digest=hashlib.sha256(title.encode()).hexdigest(),
        body_bytes=300,
        dns_seconds=0.01,
        lag_seconds=0.001,
        connect_seconds=0.001,
        tls_seconds=0.002,
        first_byte_seconds=0.003,
        transfer_seconds=0.001,
    )


def _certificate(at: dt.datetime) -> TlsCertificate:
    return TlsCertificate(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        subject_name=f"CN=*.{scale.ZONE}",
        issuer_name="CN=Kaiping demo authority",
        serial="01",
        fingerprint="ab" * 32,
        names=(f"*.{scale.ZONE}",),
        not_before=at - dt.timedelta(days=30),
        not_after=at + dt.timedelta(days=200),
        key="secp256r1",
        key_bits=256,
        signature="sha256",
        chain=1,
        faults=(),
    )


def _delegation(servers: Sequence[Name]) -> DnsDelegation:
    names, count = tuple(server_name(server) for server in servers), len(servers)
    answers = tuple(
        ServerAnswer(server_name(server), address, Family.of(address), transport, Standing.AUTHORITATIVE, "NOERROR")
        for server in servers
        for address in server_addresses(server)
        for transport in Transport
    )
    return DnsDelegation(
        zone=scale.ZONE,
        side=Side.CHILD,
        servers=names,
        count=count,
        with_ipv4=count,
        with_ipv6=count,
        ipv4_udp=count,
        ipv4_tcp=count,
        ipv6_udp=count,
        ipv6_tcp=count,
        lame=0,
        serials_agree=True,
        answers=answers,
        serials=(1,),
        ipv4_seconds=0.001,
        ipv6_seconds=0.001,
    )
