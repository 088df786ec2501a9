"""What a path carries, and whether large packets vanish: found by what comes, told only where that settles it."""

from ipaddress import ip_address
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.narrows import STEPS, Narrows, measure
from probes.observation import Failure, GapReason, Sighting
from probes.path_mtu import PathMtu, path_mtu
from probes.target import Kind, Target
from probes.transfer import MUCH, Transfer
from probes.wire import HttpExchange, HttpRequest, NotLooked, Wire
from probes.wire.sounding import Carrier, Sounded, Sounding, Word
from tests.probes.path_world import SILENT, PathWire, carrying, page
from tests.probes.replays import replayed, tcp, website

HOST4, HOST6 = ip_address("192.0.2.9"), ip_address("2001:db8::9")
ROUTER, NEXT = ip_address("2001:db8:f::1"), ip_address("2001:db8:f::2")
SITE = Target("www.test", "a", Kind.WEBSITE, declared=tcp(80, 443))


def facts(sighting: Sighting) -> PathMtu:
    assert isinstance(sighting.outcome, PathMtu)
    return sighting.outcome


async def looked(wire: PathWire, target: Target = SITE) -> PathMtu:
    (seen,) = [sighting async for sighting in path_mtu(target, cast(Wire, wire))]
    return facts(seen)


# --- what real servers did


async def test_a_black_hole_is_found_by_what_stalls_and_by_what_is_lost() -> None:
    found = await replayed("path_mtu", "black_hole_over_ipv6", website("www.transport"))
    four, six = (facts(sighting) for sighting in found.values())
    assert (four.transfer, four.mtu, four.swallows, four.told) == (Transfer.PASSES, 1500, False, None)
    assert (six.transfer, six.mtu, six.lost) == (Transfer.STALLS_UNLESS_SMALL, 1400, 1420)
    assert (six.swallows, six.told) == (True, False)


async def test_a_tunnel_that_tells_is_no_black_hole() -> None:
    found = await replayed(
        "path_mtu", "tunnel_that_tells", Target("www.tangkou.kaiping.gov.test", "a", declared=tcp(80))
    )
    four, six = (facts(sighting) for sighting in found.values())
    assert (four.mtu, four.tellers) == (1500, ())
    assert (six.transfer, six.mtu, six.lost, six.largest_seen) == (Transfer.PASSES, 1400, None, 1400)
    assert (six.tellers, six.swallows, six.told) == ((ip_address("2001:db8:18:10::1"),), False, True)


async def test_filtered_echo_settles_nothing() -> None:
    found = await replayed("path_mtu", "echo_filtered_over_ipv6", website("www.emergency"))
    four, six = (facts(sighting) for sighting in found.values())
    assert (four.echo, four.mtu, four.swallows) == (True, 1500, False)
    assert (six.echo, six.mtu, six.swallows, six.told) == (False, None, None, None)


async def test_an_address_of_nobody_is_no_black_hole() -> None:
    found = await replayed("path_mtu", "nobody_over_ipv6", website("ghost.health"))
    six = facts(found["ipv6/2001:db8:18:22::12"])
    assert (six.transfer, six.mtu, six.swallows) == (Transfer.NONE, None, None)


# --- what pages show


def stalling(request: HttpRequest) -> HttpExchange | Failure:
    return page() if request.segment else Failure.HTTP_TIMEOUT


async def test_a_page_that_comes_in_small_packets_alone_tells_of_a_black_hole_where_echo_is_filtered() -> None:
    wire = PathWire((HOST6,), page=stalling)
    found = await looked(wire)
    assert (found.transfer, found.echo, found.swallows) == (Transfer.STALLS_UNLESS_SMALL, False, True)
    assert [request.segment for request in wire.fetched] == [0, 1220, 0, 1220]


async def test_a_server_that_is_slow_either_way_is_no_black_hole() -> None:
    found = await looked(PathWire((HOST6,), page=lambda _: Failure.HTTP_TIMEOUT))
    assert (found.transfer, found.swallows) == (Transfer.UNFINISHED, None)


async def test_one_stall_is_not_evidence() -> None:
    once = [Failure.HTTP_TIMEOUT]
    wire = PathWire((HOST6,), page=lambda request: once.pop() if once and not request.segment else page())
    found = await looked(wire)
    assert (found.transfer, found.swallows) == (Transfer.UNFINISHED, None)


@pytest.mark.parametrize("failure", [Failure.CONNECTION_TIMEOUT, Failure.CONNECTION_REFUSED, Failure.TLS_ALERT])
async def test_what_never_began_does_not_stall(failure: Failure) -> None:
    wire = PathWire((HOST6,), page=lambda _: failure)
    assert (await looked(wire)).transfer is Transfer.NONE
    assert len(wire.fetched) == 1


async def test_a_small_page_shows_nothing() -> None:
    wire = PathWire((HOST6,), page=lambda _: page(MUCH - 1, largest=900))
    assert (await looked(wire)).transfer is Transfer.LITTLE
    assert (await looked(wire)).swallows is None


async def test_a_full_size_echo_settles_it_where_there_is_no_page() -> None:
    server = Target("db.test", "a", Kind.SERVER, declared=tcp(22))
    wire = PathWire((HOST6,), carrying(1500))
    found = await looked(wire, server)
    assert (found.transfer, found.mtu, found.swallows) == (Transfer.NONE, 1500, False)
    assert wire.fetched == []


async def test_what_our_kernel_had_learnt_proves_nothing_of_the_path() -> None:
    found = await looked(PathWire((HOST6,), page=lambda _: page(asked=1340, largest=1340)))
    assert found.learnt
    assert (found.transfer, found.swallows) == (Transfer.PASSES, None)


async def test_a_link_of_our_own_that_is_narrow_is_not_the_path_s() -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        return Sounded(Word.TOO_BIG) if asked.size > 1480 else carrying(1480)(HOST6, asked)

    found = await looked(PathWire((HOST6,), said, page=lambda _: page(asked=1420, largest=1420)))
    assert (found.own_link, found.mtu, found.told, found.learnt, found.swallows) == (True, 1480, None, False, False)


async def test_dropped_large_pings_are_not_lost_large_packets() -> None:
    found = await looked(PathWire((HOST6,), carrying(1500, most=1300), page=lambda _: page()))
    assert (found.mtu, found.lost, found.swallows, found.told) == (1280, 1320, False, None)


async def test_why_we_could_not_look_is_told() -> None:
    wire = PathWire((HOST6,), lambda *_: NotLooked(GapReason.NO_RAW_SOCKET), page=lambda _: page())
    (seen,) = [sighting async for sighting in path_mtu(SITE, cast(Wire, wire))]
    assert seen.outcome is GapReason.NO_RAW_SOCKET


# --- how the size is found


async def measured(wire: PathWire) -> Narrows:
    return await measure(wire.addresses[0], cast(Wire, wire))


@pytest.mark.parametrize("mtu", [1280, 1400, 1480, 1492, 1500])
async def test_a_path_that_tells_is_found_to_the_octet(mtu: int) -> None:
    wire = PathWire((HOST6,), carrying(mtu, router=ROUTER))
    found = await measured(wire)
    assert (found.mtu, found.lost) == (mtu, None)
    assert found.tellers == (() if mtu == 1500 else (ROUTER,))
    echoes = [asked.size for asked in wire.sounded if asked.carrier is Carrier.ECHO]
    assert max(echoes) == mtu, "no error was about an echo request, from which our own kernel would learn"


@pytest.mark.parametrize(
    ("mtu", "told"), [(1280, (1280, 1320)), (1399, (1380, 1400)), (1400, (1400, 1420)), (1499, (1492, 1500))]
)
async def test_a_path_that_is_silent_is_found_to_the_sizes_that_networks_have(mtu: int, told: tuple[int, int]) -> None:
    found = await measured(PathWire((HOST6,), carrying(mtu)))
    assert (found.mtu, found.lost) == told


async def test_a_router_that_does_not_tell_the_size_is_asked_for_smaller_ones() -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        return Sounded(Word.TOO_BIG, ip_address("198.51.100.1")) if asked.size > 1400 else carrying(1400)(HOST4, asked)

    assert (await measured(PathWire((HOST4,), said))).mtu == 1400


async def test_narrower_further_on_is_followed() -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        first = carrying(1480, router=ROUTER)(HOST6, asked)
        return first if first.word is Word.TOO_BIG else carrying(1400, router=NEXT)(HOST6, asked)

    found = await measured(PathWire((HOST6,), said))
    assert (found.mtu, found.tellers) == (1400, (ROUTER, NEXT))


async def test_a_host_that_stops_answering_leaves_the_question_open() -> None:
    left = [Sounded(Word.ANSWERED, HOST6)]
    wire = PathWire((HOST6,), lambda _, asked: left.pop() if asked.size == 1280 and left else SILENT)
    assert (await measured(wire)).mtu is None


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1600))
async def test_no_router_keeps_us_busy(mtu: int) -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        if asked.size == 1280:
            return carrying(1280)(HOST6, asked)
        return Sounded(Word.TOO_BIG, ROUTER, 0.0, max(1280, asked.size - 1) if mtu > 800 else mtu)

    wire = PathWire((HOST6,), said)
    await measured(wire)
    assert len(wire.sounded) <= STEPS * 6
