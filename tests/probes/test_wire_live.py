"""The live wire gives each look its own account, and everything it sends passes the one guard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from probes.observation import Failure, GapReason
from probes.target import Address, Family, Target
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    FamilyResolution,
    HttpRequest,
    NotLooked,
    PortLook,
    PortState,
    Presence,
    Resolution,
    Surroundings,
    TlsRequest,
    Unreached,
    Wire,
)
from probes.wire.gathering import Swept
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.live import Ask, Gate, LiveWire
from probes.wire.memo import Memo
from tests.lab.model import Cert
from tests.lab.pki import Authority, context
from tests.probes.wire_world import FREE, V4, V6, guard, saying, serving

HOST = "www.kp.example"
TARGET = Target(HOST, "town")
QUERY = DnsQuery(V4, HOST, "AAAA")
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Stand:
    """Asker, resolver and echoer that answer without a network."""

    async def ask(self, query: DnsQuery, gate: Gate) -> DnsAnswer:
        async with gate(query.server, query.port):
            return DnsAnswer("NOERROR", True, False, (), (), (), 0.0)

    async def resolve(self, name: str, ask: Ask) -> Resolution:
        await ask(QUERY)
        return {family: FamilyResolution(family, Presence.PRESENT, None, (V4,)) for family in Family}

    async def can_scan(self) -> bool:
        return True

    async def scan(self, addresses: Sequence[Address], ports: Sequence[int], *, rate: float, per_host: float) -> Swept:
        looks = tuple(PortLook(port, PortState.CLOSED) for port in ports)
        return Swept(dict.fromkeys(addresses, looks), {}, 5)

    async def echo(self, address: Address, count: int, timeout: float) -> tuple[float, ...]:
        return (0.01,) * count


def live(door: Guard, *authorities: Path) -> LiveWire:
    stand = Stand()
    return LiveWire(
        door,
        Surroundings((V4,)),
        asker=stand,
        resolver=stand,
        echoer=stand,
        sweeper=stand,
        memo=Memo(),
        authorities=authorities,
    )


async def test_everything_asked_of_the_wire_is_in_the_ledger(tmp_path: Path) -> None:
    door, authority = guard(), Authority.create(tmp_path)
    wire: Wire = live(door, tmp_path / "ca.pem").for_target(TARGET)
    server = context(authority.leaf((HOST,), Cert.VALID))
    async with serving(saying(PAGE)) as plain, serving(saying(PAGE), V6, server) as secure:
        await wire.resolve(HOST)
        await wire.ask(QUERY)
        assert await wire.connect(V4, plain) > 0
        assert (await wire.fetch(HttpRequest("http", V4, plain, HOST))).body == b"ok"
        assert (await wire.fetch(HttpRequest("https", V6, secure, HOST))).body == b"ok"
        assert (await wire.handshake(TlsRequest(V6, secure, HOST))).faults == frozenset()
        assert await wire.echo(V6, count=2) == (0.01, 0.01)
        assert await wire.scan(V6, (22, 23)) == (PortLook(22, PortState.CLOSED), PortLook(23, PortState.CLOSED))
    assert [(line.what, line.address, line.exchanges, line.packets, line.ports) for line in door.ledger] == [
        (What.DNS, V4, 2, 2, "53"),
        (What.TCP_CONNECT, V4, 1, 1, str(plain)),
        (What.HTTP, V4, 1, 1, str(plain)),
        (What.HTTP, V6, 1, 1, str(secure)),
        (What.TLS, V6, 1, 1, str(secure)),
        (What.ECHO, V6, 1, 2, ""),
        (What.SYN, V6, 1, 5, ""),
    ]
    assert door.ledger.counts[What.SYN] == 5
    assert {line.target for line in door.ledger} == {HOST}
    passed = {line.what: (line.sent > 0, line.received > 0) for line in door.ledger}
    assert passed[What.HTTP] == passed[What.TLS] == (True, True)
    assert passed[What.TCP_CONNECT] == passed[What.ECHO] == (False, False)
    assert wire.surroundings == Surroundings((V4,))
    assert wire.now().utcoffset() is not None


async def test_what_one_look_has_spent_another_still_has() -> None:
    network = live(guard())
    first, second = network.for_target(TARGET), network.for_target(TARGET)
    first._account.budget.read(2**40)
    async with serving(saying(PAGE)) as port:
        with pytest.raises(NotLooked, match="budget_spent"):
            await first.connect(V4, port)
        assert await second.connect(V4, port) > 0


async def test_targets_share_what_they_measure_once() -> None:
    network, measured = live(guard()), 0

    async def measure() -> int:
        nonlocal measured
        measured += 1
        return measured

    for _ in range(3):
        assert await network.for_target(TARGET).once(("zone", "kp.example"), measure) == 1


async def test_stopping_turns_all_that_is_under_way_into_gaps() -> None:
    door = guard()
    wire = live(door).for_target(TARGET)
    hung = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.set()
        await asyncio.sleep(60)

    async with serving(hang) as port:
        looks = [
            asyncio.create_task(wire.fetch(HttpRequest("http", V4, port, HOST))),
            asyncio.create_task(wire.fetch(HttpRequest("https", V4, port, HOST))),
            asyncio.create_task(wire.handshake(TlsRequest(V4, port, HOST))),
        ]
        await hung.wait()
        await asyncio.sleep(0.05)
        door.stop()
        ends = await asyncio.wait_for(asyncio.gather(*looks, return_exceptions=True), 1.0)
        ends += await asyncio.gather(
            wire.echo(V4), wire.scan(V4, (1,)), wire.ask(QUERY), wire.resolve(HOST), return_exceptions=True
        )
    assert [getattr(end, "reason", end) for end in ends] == [GapReason.STOPPED] * 7


async def test_one_deadline_covers_all_phases_of_an_exchange() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for part in (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", b"\r\n", *[b"x"] * 50):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.1)

    wire = live(guard()).for_target(TARGET)
    async with serving(slow) as port:
        with pytest.raises(Unreached) as refusal:
            await wire.fetch(HttpRequest("http", V4, port, HOST, timeout=0.5))
    assert refusal.value.failure is Failure.HTTP_TIMEOUT
    assert 0.45 < refusal.value.seconds < 1.5


async def test_patience_stretches_every_wait_alike() -> None:
    waits: list[float] = []

    class Patient(Stand):
        async def ask(self, query: DnsQuery, gate: Gate) -> DnsAnswer:
            waits.append(query.timeout)
            return await super().ask(query, gate)

        async def echo(self, address: Address, count: int, timeout: float) -> tuple[float, ...]:
            waits.append(timeout)
            return await super().echo(address, count, timeout)

    for patience in (1.0, 3.0):
        door, stand = guard(limits=replace(FREE, patience=patience)), Patient()
        parts = {"asker": stand, "resolver": stand, "echoer": stand, "sweeper": stand, "memo": Memo()}
        wire: Wire = LiveWire(door, Surroundings((V4,)), **parts).for_target(TARGET)  # type: ignore[arg-type]
        await wire.ask(QUERY)
        await wire.echo(V4, timeout=2.0)
    usual, stretched = waits[:2], waits[2:]
    assert stretched == [3 * seconds for seconds in usual]


async def test_whoever_is_less_patient_gives_up_sooner() -> None:
    async with serving(_say_nothing) as port:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unreached) as refusal:
            await (
                live(guard(limits=replace(FREE, patience=0.1)))
                .for_target(TARGET)
                .fetch(HttpRequest("http", V4, port, HOST, "/", timeout=5.0))
            )
        assert refusal.value.failure is Failure.HTTP_TIMEOUT
        assert 0.4 < asyncio.get_running_loop().time() - began < 4.0


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
