"""Fragments and extension headers: lost only where whole packets are not."""

from ipaddress import ip_address
from typing import cast

from probes.observation import GapReason
from probes.path_headers import TRIES, PathHeaders, path_headers
from probes.target import Target
from probes.wire import NotLooked, Wire
from probes.wire.sounding import Dressing, Sounded, Sounding, Word
from tests.probes.path_world import SILENT, PathWire
from tests.probes.replays import replayed, website

HOST6 = ip_address("2001:db8::9")


async def test_whatever_arrives_is_told() -> None:
    found = await replayed("path_headers", "everything_arrives", website("www"))
    assert found["ipv4/198.18.20.10"].outcome == PathHeaders(True, True, None, None)
    assert found["ipv6/2001:db8:18:20::10"].outcome == PathHeaders(True, True, True, True)


async def test_filtered_echo_says_nothing_of_fragments() -> None:
    found = await replayed("path_headers", "echo_filtered_over_ipv6", website("www.emergency"))
    assert found["ipv6/2001:db8:18:26::10"].outcome == PathHeaders(False, None, None, None)


async def told(wire: PathWire) -> object:
    (seen,) = [sighting async for sighting in path_headers(Target("h.test", "a"), cast(Wire, wire))]
    return seen.outcome


async def test_a_dropped_header_is_asked_for_three_times() -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        return SILENT if asked.dressing is Dressing.FRAGMENTED else Sounded(Word.ANSWERED, HOST6)

    wire = PathWire((HOST6,), said)
    assert await told(wire) == PathHeaders(True, False, True, True)
    assert [asked.dressing for asked in wire.sounded].count(Dressing.FRAGMENTED) == TRIES


async def test_a_header_that_is_refused_did_not_arrive() -> None:
    def said(address: object, asked: Sounding) -> Sounded:
        refused = asked.dressing is Dressing.HOP_BY_HOP_OPTIONS
        return Sounded(Word.REFUSED if refused else Word.ANSWERED, HOST6)

    assert await told(PathWire((HOST6,), said)) == PathHeaders(True, True, True, False)


async def test_a_host_that_falls_silent_lost_nothing_in_particular() -> None:
    answers = [Sounded(Word.ANSWERED, HOST6)]
    assert await told(PathWire((HOST6,), lambda *_: answers.pop() if answers else SILENT)) == PathHeaders(
        False, None, None, None
    )


async def test_without_the_right_to_raw_sockets_there_is_a_gap() -> None:
    assert await told(PathWire((HOST6,), lambda *_: NotLooked(GapReason.NO_RAW_SOCKET))) is GapReason.NO_RAW_SOCKET
