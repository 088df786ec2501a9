"""Routes: followed where an address cannot be reached or somebody waits for it, and no further than they answer."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import cast

import pytest

from probes.observation import Failure, GapReason, Sighting
from probes.route_trace import FARTHEST, SILENT, TRIES, RouteTrace, route_trace
from probes.target import Target
from probes.wire import NotLooked, Surroundings, Wire
from probes.wire.recording import ReplayWire
from probes.wire.sounding import Sounded, Word
from tests.probes.path_world import SILENT as NOTHING
from tests.probes.path_world import PathWire
from tests.probes.replays import FIXTURES, replayed, tcp, website

HOST, ROUTER, FAR = ip_address("2001:db8::9"), ip_address("2001:db8:f::1"), ip_address("2001:db8:f::2")
LOST = Target("www.test", "a", declared=tcp(80))


async def trace(said: Mapping[int, Sounded], target: Target = LOST) -> tuple[RouteTrace, PathWire]:
    wire = PathWire((HOST,), lambda _, asked: said.get(asked.hop_limit, NOTHING))
    (seen,) = [sighting async for sighting in route_trace(target, cast(Wire, wire))]
    assert isinstance(seen.outcome, RouteTrace)
    return seen.outcome, wire


def expired(source: object, seconds: float = 0.01) -> Sounded:
    return Sounded(Word.EXPIRED, source, seconds)  # type: ignore[arg-type]


# --- what real routers did


async def test_the_way_to_nobody_ends_where_somebody_says_so() -> None:
    found = await replayed("route_trace", "ends_at_the_router", website("ghost.health"))
    assert list(found) == ["ipv6/2001:db8:18:22::12"], "IPv4 can be reached"
    way = found["ipv6/2001:db8:18:22::12"].outcome
    assert isinstance(way, RouteTrace)
    assert (way.reached, way.ended, way.last) == (False, Word.UNREACHABLE, ip_address("2001:db8:18:10::1"))


async def test_a_host_that_drops_its_services_is_reached_all_the_same() -> None:
    found = await replayed("route_trace", "dropped_at_the_end", website("www.health"))
    way = found["ipv6/2001:db8:18:22::10"].outcome
    assert isinstance(way, RouteTrace)
    assert (way.reached, way.length) == (True, 2)
    assert way.route == ("2001:db8:18:10::1", "2001:db8:18:22::10")


async def test_no_router_is_troubled_for_what_can_be_reached() -> None:
    assert await replayed("route_trace", "nobody_asked", website("www")) == {}


async def test_whoever_waits_for_the_look_is_told_the_way() -> None:
    wire = ReplayWire(FIXTURES / "route_trace" / "the_whole_way.json")
    assert wire.surroundings.curious
    found: list[Sighting] = [sighting async for sighting in route_trace(website("www"), wire)]
    assert [seen.outcome.reached for seen in found if isinstance(seen.outcome, RouteTrace)] == [True, True]
    assert wire.unasked == ()


# --- how it is followed


async def test_silent_routers_are_stars_and_the_way_goes_on() -> None:
    way, _ = await trace({1: expired(ROUTER), 3: expired(FAR), 4: Sounded(Word.ANSWERED, HOST, 0.03)})
    assert way.route == (str(ROUTER), "*", str(FAR), str(HOST))
    assert (way.reached, way.last, way.length, way.trip_seconds) == (True, HOST, 4, 0.03)


async def test_the_way_is_given_up_after_enough_silence() -> None:
    way, wire = await trace({1: expired(ROUTER), 2: expired(FAR)})
    assert (way.reached, way.ended, way.last, way.length) == (False, Word.SILENT, FAR, 2)
    assert max(asked.hop_limit for asked in wire.sounded) <= 2 + SILENT + 2
    assert len([asked for asked in wire.sounded if asked.hop_limit == 4]) == TRIES


async def test_nobody_on_the_way_answers() -> None:
    way, _ = await trace({})
    assert (way.last, way.length, way.route) == (None, 0, ())


async def test_a_loop_is_left_at_the_farthest() -> None:
    way, wire = await trace({hops: expired(ROUTER) for hops in range(1, 256)})
    assert (way.reached, way.length) == (False, FARTHEST)
    assert len(wire.sounded) == FARTHEST


async def test_all_packets_are_of_one_flow() -> None:
    _, wire = await trace({1: expired(ROUTER)})
    assert len({asked.flow for asked in wire.sounded}) == 1


@pytest.mark.parametrize("answer", [0.01, GapReason.STOPPED])
async def test_what_can_be_reached_or_may_not_be_asked_is_not_traced(answer: float | GapReason) -> None:
    wire = PathWire((HOST,), connects=lambda *_: answer)
    found = [sighting async for sighting in route_trace(LOST, cast(Wire, wire))]
    assert [seen.outcome for seen in found] == ([] if isinstance(answer, float) else [GapReason.STOPPED])
    assert wire.sounded == []


async def test_a_target_without_services_is_traced_for_the_curious_alone() -> None:
    bare = replace(LOST, declared=frozenset())
    wire = PathWire((HOST,), lambda *_: Sounded(Word.ANSWERED, HOST))
    assert [sighting async for sighting in route_trace(bare, cast(Wire, wire))] == []
    wire.surroundings = Surroundings(curious=True)
    assert len([sighting async for sighting in route_trace(bare, cast(Wire, wire))]) == 1


async def test_without_the_right_to_raw_sockets_there_is_a_gap() -> None:
    wire = PathWire(
        (HOST,), lambda *_: NotLooked(GapReason.NO_RAW_SOCKET), connects=lambda *_: Failure.HOST_UNREACHABLE
    )
    (seen,) = [sighting async for sighting in route_trace(LOST, cast(Wire, wire))]
    assert seen.outcome is GapReason.NO_RAW_SOCKET
