"""What was recorded is replayed, and nothing else is."""

from __future__ import annotations

import datetime as dt
import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.target import Family
from probes.wire import (
    ChainFault,
    Contact,
    DnsAnswer,
    DnsQuery,
    DnsRecord,
    FamilyResolution,
    HttpExchange,
    HttpRequest,
    NotLooked,
    Phases,
    Presence,
    Resolution,
    Surroundings,
    TlsRequest,
    TlsSession,
    Unreached,
    Wire,
)
from probes.wire.memo import Memo
from probes.wire.recorded import read, write
from probes.wire.recording import NotRecorded, RecordingWire, ReplayWire

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
QUERY = DnsQuery(V4, "www.example", "AAAA")
ANSWER = DnsAnswer("NOERROR", True, False, (DnsRecord("www.example", "AAAA", 60, "2001:db8::1"),), (), (), 0.002)
RESOLUTION = {
    Family.IPV4: FamilyResolution(Family.IPV4, Presence.NODATA, None),
    Family.IPV6: FamilyResolution(Family.IPV6, Presence.PRESENT, None, (V6,), ("alias.example",), 60),
}
FETCH = HttpRequest("https", V6, 443, "www.example")
EXCHANGE = HttpExchange(200, (("server", "x"),), "开平\r\n".encode(), Phases(0.1, 0.2, 0.3, 0.4), 99)
SESSION = TlsSession("TLSv1.3", "TLS_AES_128_GCM_SHA256", (b"\x30\x82\xff",), frozenset({ChainFault.EXPIRED}), 0.1)
AT = dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)


class Script:
    """A wire that answers from memory; connecting comes to something else each time."""

    surroundings = Surroundings(
        (V4,), MappingProxyType({Family.IPV4: (Contact(V4, 80),)}), native=(ip_network("192.0.2.0/24"),)
    )

    def __init__(self) -> None:
        self.connects = 0
        self.memo = Memo()

    def now(self) -> dt.datetime:
        return AT

    async def resolve(self, name: str) -> Resolution:
        return RESOLUTION

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        return ANSWER

    async def once(self, key, measure):  # type: ignore[no-untyped-def]
        return await self.memo.once(key, measure)

    async def connect(self, address, port, *, timeout=4.0) -> float:  # type: ignore[no-untyped-def]
        self.connects += 1
        if self.connects == 1:
            raise Unreached(Failure.CONNECTION_REFUSED, "no", 0.5)
        if self.connects == 2:
            raise NotLooked(GapReason.STOPPED)
        return 0.25

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        return EXCHANGE

    async def handshake(self, request: TlsRequest) -> TlsSession:
        return SESSION

    async def echo(self, address, *, count=3, timeout=2.0) -> tuple[float, ...]:  # type: ignore[no-untyped-def]
        return (0.01, 0.02)


async def look(wire: Wire) -> list[object]:
    """Ask everything once, connecting three times."""
    seen: list[object] = [await wire.resolve("www.example"), await wire.ask(QUERY)]
    for _ in range(3):
        try:
            seen.append(await wire.connect(V6, 443))
        except (Unreached, NotLooked) as refusal:
            seen.append((type(refusal), str(refusal), vars(refusal)))
    seen += [await wire.fetch(FETCH), await wire.handshake(TlsRequest(V6, 443, "www.example"))]
    seen += [await wire.echo(V6), await wire.once(("k",), lambda: wire.ask(QUERY)), wire.surroundings, wire.now()]
    return seen


async def recorded(path: Path) -> list[object]:
    recording = RecordingWire(Script())
    seen = await look(recording)
    recording.save(path)
    return seen


async def test_a_replay_answers_as_the_wire_did(tmp_path: Path) -> None:
    seen = await recorded(tmp_path / "r.json")
    replay = ReplayWire(tmp_path / "r.json")
    assert await look(replay) == seen
    assert replay.unasked == ()


async def test_what_was_not_recorded_is_an_error(tmp_path: Path) -> None:
    await recorded(tmp_path / "r.json")
    replay = ReplayWire(tmp_path / "r.json")
    with pytest.raises(NotRecorded):
        await replay.connect(V4, 443)
    with pytest.raises(NotRecorded):
        await replay.connect(V6, 443, timeout=1.0)
    with pytest.raises(NotRecorded):
        await replay.resolve("other.example")


async def test_asking_more_often_than_recorded_is_an_error_but_a_name_stays_resolved(tmp_path: Path) -> None:
    await recorded(tmp_path / "r.json")
    replay = ReplayWire(tmp_path / "r.json")
    await replay.fetch(FETCH)
    with pytest.raises(NotRecorded):
        await replay.fetch(FETCH)
    assert await replay.resolve("www.example") == await replay.resolve("www.example") == RESOLUTION


async def test_a_replay_knows_what_was_not_asked_for(tmp_path: Path) -> None:
    await recorded(tmp_path / "r.json")
    replay = ReplayWire(tmp_path / "r.json")
    await replay.fetch(FETCH)
    assert len(replay.unasked) == 4
    assert not any("fetch" in asked for asked in replay.unasked)


async def test_a_recording_is_for_people(tmp_path: Path) -> None:
    await recorded(tmp_path / "r.json")
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "开平" in text
    fetched = next(entry for entry in json.loads(text)["exchanges"] if "fetch" in entry)
    assert fetched["fetch"] == {"scheme": "https", "address": "2001:db8::1", "port": 443, "host": "www.example"}
    assert fetched["answer"]["body"] == "开平\r\n"


@given(st.binary(max_size=200), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=4))
def test_any_exchange_survives_being_written(body: bytes, headers: list[tuple[str, str]]) -> None:
    exchange = HttpExchange(200, tuple(headers), body, Phases(0.0, 0.0, 0.0, 0.0), len(body), truncated=True)
    assert read(HttpExchange, json.loads(json.dumps(write(HttpExchange, exchange)))) == exchange


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"at": "yesterday", "exchanges": []}')
    with pytest.raises(ValueError, match="datetime"):
        ReplayWire(path)
