"""No address outside the scope is ever given to a socket, whatever is asked of the wire."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.framework import look
from probes.http_home import HttpHome
from probes.observation import Observation
from probes.registry import load
from probes.target import Address, Family, Kind, Target
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    FamilyResolution,
    HttpRequest,
    NotLooked,
    Presence,
    Resolution,
    Surroundings,
    TlsRequest,
    Unreached,
)
from probes.wire.live import Ask, Gate, LiveWire
from probes.wire.memo import Memo
from probes.wire.scope import Prefixes, Scope
from probes.wire.tcp import Dialer
from tests.probes.wire_world import V4, guard, saying, serving


class FakeSocket:
    """Notes where it is told to connect, and is refused."""

    told: list[str]

    def __init__(self, family: int, kind: int, told: list[str]) -> None:
        self.family, self.told = family, told

    def connect_ex(self, there: tuple[str, int]) -> int:
        self.told.append(there[0])
        return errno.ECONNREFUSED

    def setsockopt(self, *_: object) -> None:
        pass

    def recvmsg(self, *_: object) -> None:
        raise BlockingIOError

    def close(self) -> None:
        pass


class Names:
    """A resolver that knows two sets of addresses; also an asker and an echoer that need no network."""

    def __init__(self, addresses: tuple[Address, ...]) -> None:
        self.addresses = self.elsewhere = addresses
        self.asked: list[str] = []

    async def resolve(self, name: str, ask: Ask) -> Resolution:
        def of(family: Family) -> FamilyResolution:
            meant = self.addresses if name == "www.example" else self.elsewhere
            with suppress(ValueError):
                meant = (ip_address(name),)
            mine = tuple(address for address in meant if Family.of(address) is family)
            return FamilyResolution(family, Presence.PRESENT if mine else Presence.NODATA, None, mine)

        return {family: of(family) for family in Family}

    async def ask(self, query: DnsQuery, gate: Gate) -> DnsAnswer:
        async with gate(query.server, query.port):
            self.asked.append(str(query.server))
            return DnsAnswer("NOERROR", True, False, (), (), (), 0.0)

    async def echo(self, address: Address, count: int, timeout: float) -> tuple[float, ...]:
        self.asked.append(str(address))
        return (0.1,)


def fake(told: list[str]) -> Dialer:
    return Dialer(make=lambda family, kind: FakeSocket(family, kind, told))  # type: ignore[arg-type,return-value]


def wire_of(scope: Scope, names: Names, dialer: Dialer) -> LiveWire:
    return LiveWire(
        guard(scope),
        Surroundings(),
        asker=names,
        resolver=names,
        echoer=names,
        sweeper=names,
        memo=Memo(),
        dialer=dialer,
    )


# Few bits, so that addresses and prefixes meet often.
v4 = st.integers(0, 63).map(lambda low: IPv4Address(0x7F000000 + low))
v6 = st.integers(0, 63).map(lambda low: IPv6Address((0x20010DB8 << 96) + low))
odd = st.one_of(
    v4.map(lambda address: ip_address(f"::ffff:{address}")),
    v4.map(lambda address: ip_address(f"64:ff9b::{address}")),
    st.sampled_from([ip_address(text) for text in ("::", "::1", "0.0.0.0", "ff02::1", "fe80::1", "224.0.0.1")]),
    st.ip_addresses(),
)
addresses = st.one_of(v4, v6, odd)
networks = st.one_of(
    st.tuples(v4, st.integers(24, 32)).map(lambda pair: IPv4Network(pair, strict=False)),
    st.tuples(v6, st.integers(120, 128)).map(lambda pair: IPv6Network(pair, strict=False)),
    st.sampled_from([IPv6Network("::/0"), IPv4Network("0.0.0.0/0"), IPv6Network("::/96")]),
)
scopes = st.builds(Scope, *[st.lists(networks, max_size=3).map(tuple)] * 3)


def allowed(scope: Scope, address: Address, *, name_server: bool = False) -> bool:
    """Say the same as Scope.refusal, in other words."""
    meant = getattr(address, "ipv4_mapped", None) or address

    def within(prefixes) -> bool:  # type: ignore[no-untyped-def]
        return any(meant.version == prefix.version and meant in prefix for prefix in prefixes)

    granted = within(scope.allow) or (name_server and within(scope.name_servers))
    return granted and not within(scope.deny) and not meant.is_multicast and not meant.is_unspecified


@given(scopes, addresses, st.booleans())
def test_the_scope_says_what_its_prefixes_say(scope: Scope, address: Address, name_server: bool) -> None:
    refusal = scope.refusal(address, name_server=name_server)
    assert (refusal is None) is allowed(scope, address, name_server=name_server)


@given(st.lists(networks, max_size=6), addresses)
def test_prefixes_hold_what_one_of_them_holds(prefixes: list[IPv4Network | IPv6Network], address: Address) -> None:
    held = any(address.version == prefix.version and address in prefix for prefix in prefixes)
    assert (address in Prefixes(prefixes)) is held


@settings(deadline=None, max_examples=150)
@given(scopes, st.lists(addresses, min_size=1, max_size=6), st.integers(1, 65535))
def test_no_request_reaches_an_address_outside_the_scope(scope: Scope, wanted: list[Address], port: int) -> None:
    told: list[str] = []
    names = Names(())
    wire = wire_of(scope, names, fake(told)).for_target(Target("www.example", "town"))

    async def everything() -> None:
        for address in wanted:
            for request in (
                wire.connect(address, port),
                wire.fetch(HttpRequest("http", address, port, "www.example")),
                wire.fetch(HttpRequest("https", address, port, "127.0.0.1")),
                wire.handshake(TlsRequest(address, port, "www.example")),
                wire.echo(address),
            ):
                with suppress(Unreached, NotLooked):
                    await request

    asyncio.run(everything())
    assert all(allowed(scope, ip_address(there)) for there in [*told, *names.asked])
    native = [address for address in wanted if getattr(address, "ipv4_mapped", None) is None]
    assert {str(address) for address in native if allowed(scope, address)} <= set(told)


@settings(deadline=None, max_examples=40)
@given(scopes, st.lists(addresses, min_size=1, max_size=6))
def test_no_probe_reaches_an_address_outside_the_scope(scope: Scope, published: list[Address]) -> None:
    told: list[str] = []
    names = Names(tuple(published))
    live = wire_of(scope, names, fake(told))
    target = Target("www.example", "town", Kind.WEBSITE)

    async def everything() -> None:
        for probe in load().values():
            await look(probe, target, "here", live.for_target(target))

    asyncio.run(everything())
    assert all(allowed(scope, ip_address(there)) for there in told)
    assert all(allowed(scope, ip_address(there), name_server=True) for there in names.asked)


@pytest.mark.parametrize(
    "location",
    ["http://[::1]/", "http://127.0.0.2/", "http://[::ffff:127.0.0.2]/", "http://elsewhere.example/", "//elsewhere/"],
)
async def test_a_redirect_out_of_scope_sends_nothing(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []

    class Watched(socket.socket):
        def connect_ex(self, there) -> int:  # type: ignore[no-untyped-def]
            connected.append(there[0])
            return super().connect_ex(there)

    names = Names((V4,))
    names.elsewhere = (ip_address("127.0.0.3"), ip_address("::1"))
    live = wire_of(Scope(allow=(ip_network("127.0.0.1/32"),)), names, Dialer(make=Watched))
    target = Target("www.example", "town", Kind.WEBSITE)
    page = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode() + b"\r\n\r\n"
    async with serving(saying(page)) as port:
        monkeypatch.setattr("probes.http_home.SCHEMES", {port: "http"})
        found = await look(load()["http_home"], target, "here", live.for_target(target))
    (home,) = (record.facts for record in found.records if isinstance(record, Observation))
    assert isinstance(home, HttpHome)
    assert home.stopped in ("out_of_scope", "network_unreachable")
    assert connected == ["127.0.0.1"]
