"""Hosts that pages refer to: asked about at our own resolvers, and sent nothing."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from probes.observation import Failure
from probes.outsider import Outsider, Standing, ipv4_literal, nameable, outsider
from tests.probes.resolving_wire import ResolvingWire, Zone
from tests.probes.scripted_wire import ScriptedWire

ZONE: Zone = {
    ("dual.test", "A"): ("1.0.0.1",),
    ("dual.test", "AAAA"): ("2400:3200::1",),
    ("old.test", "A"): ("1.0.0.1",),
    ("bogus.test", "A"): ("1.0.0.1",),
    ("bogus.test", "AAAA"): ("::1",),
    ("mute.test", "A"): ("1.0.0.1",),
    ("mute.test", "AAAA"): Failure.DNS_TIMEOUT,
    ("made.test", "A"): ("1.0.0.1",),
    ("made.test", "AAAA"): ("2400:64::100:1",),
    ("ipv4only.arpa", "AAAA"): ("2400:64::c000:aa",),
    ("cdn.test", "CNAME"): ("edge.old.test",),
    ("edge.old.test", "A"): ("1.0.0.1",),
}


@pytest.mark.parametrize(
    ("host", "standing", "end"),
    [
        ("dual.test", Standing.IPV6, "dual.test"),
        ("old.test", Standing.IPV4_ONLY, "old.test"),
        ("bogus.test", Standing.IPV4_ONLY, "bogus.test"),
        ("made.test", Standing.IPV4_ONLY, "made.test"),
        ("cdn.test", Standing.IPV4_ONLY, "edge.old.test"),
        ("gone.test", Standing.ABSENT, "gone.test"),
        ("mute.test", Standing.UNKNOWN, "mute.test"),
    ],
)
async def test_a_host_stands_where_dns_says_it_does(host: str, standing: Standing, end: str) -> None:
    wire = ResolvingWire(zone=ZONE)
    assert await outsider(host, wire) == Outsider(host, standing, end)
    assert (wire.resolved, wire.fetched, wire.connected) == ([], [], [])


async def test_without_a_resolver_nothing_is_known() -> None:
    assert (await outsider("old.test", ScriptedWire())).standing is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("198.18.1.2", "198.18.1.2"),
        ("0xC6120102", "198.18.1.2"),
        ("3323068674", "198.18.1.2"),
        ("198.18.258", "198.18.1.2"),
        ("0306.18.1.2", "198.18.1.2"),
        ("::ffff:198.18.1.2", "198.18.1.2"),
        ("127.0.0.1", None),
        ("::ffff:7f00:1", None),
        ("2001:db8::1", None),
        ("www.gov.test", None),
        ("1.2.3.4.5", None),
        ("256.1.1.1", None),
        ("1e3", None),
    ],
)  # fmt: skip
def test_an_ipv4_address_is_one_however_it_is_spelled(host: str, address: str | None) -> None:
    assert ipv4_literal(host) == (ip_address(address) if address else None)


@pytest.mark.parametrize(
    "host", ["localhost", "a..test", "-" * 64 + ".test", "a b.test", "开平.test", ".test", "a" * 260 + ".test"]
)
def test_what_is_no_name_is_not_asked_for(host: str) -> None:
    assert not nameable(host)
    assert nameable("www.gov.test")
