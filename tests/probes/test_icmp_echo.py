"""Ping as a fact: per address, per family, and never a judgement about the host."""

import json
from pathlib import Path

import pytest

from probes.icmp_echo import COUNT, IcmpEcho, icmp_echo
from probes.observation import Failure, GapReason, Sighting
from probes.registry import load
from probes.target import Family, Target
from probes.wire.recording import ReplayWire

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "icmp_echo"


async def replayed(situation: str, host: str) -> dict[str, Sighting]:
    """Return what the probe says of *host* by subject, everything recorded having been asked for."""
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    found = {
        str(sighting.subject): sighting async for sighting in icmp_echo(Target(f"{host}.kaiping.gov.test", "a"), wire)
    }
    assert wire.unasked == ()
    return found


async def test_each_family_is_pinged_and_timed_apart() -> None:
    found = await replayed("answers_over_both_families", "www")
    assert list(found) == ["ipv4/198.18.20.10", "ipv6/2001:db8:18:20::10"]
    for sighting in found.values():
        facts = sighting.outcome
        assert isinstance(facts, IcmpEcho)
        assert (facts.sent, facts.received) == (COUNT, COUNT)
        assert 0 < facts.min_seconds < facts.mean_seconds < facts.max_seconds < 0.001
        assert sighting.seconds == facts.mean_seconds


async def test_icmpv6_dropped_is_told_of_ipv6_alone() -> None:
    found = await replayed("icmpv6_dropped", "www.emergency")
    assert isinstance(found["ipv4/198.18.26.10"].outcome, IcmpEcho)
    silent = found["ipv6/2001:db8:18:26::10"]
    assert (silent.outcome, silent.seconds) == (Failure.ECHO_TIMEOUT, 2.0)


async def test_a_second_address_out_of_reach_is_not_hidden_by_the_first() -> None:
    found = await replayed("second_address_unreachable", "half.health")
    assert isinstance(found["ipv6/2001:db8:18:22::13"].outcome, IcmpEcho)
    lost = found["ipv6/2001:db8:18:22::99"]
    assert lost.outcome is Failure.HOST_UNREACHABLE
    assert lost.detail == "ICMP 1/3 from 2001:db8:18:10::1: address unreachable"


async def test_a_family_that_is_not_published_is_not_pinged() -> None:
    assert list(await replayed("no_ipv6", "www.edu")) == ["ipv4/198.18.21.10"]


async def test_an_address_that_cannot_be_pinged_is_a_gap() -> None:
    found = await replayed("mapped_address", "mapped.culture")
    (mapped,) = (sighting for sighting in found.values() if sighting.subject.family is Family.IPV6)
    assert mapped.outcome is GapReason.ADDRESS_UNKNOWN


async def test_without_the_packet_process_every_address_is_a_gap() -> None:
    found = await replayed("no_packet_process", "www")
    assert [sighting.outcome for sighting in found.values()] == [GapReason.NO_RAW_SOCKET] * 2


async def test_some_answers_are_counted_and_the_lost_ones_too(tmp_path: Path) -> None:
    recording = json.loads((RECORDINGS / "no_ipv6.json").read_text(encoding="utf-8"))
    recording["exchanges"][-1]["answer"] = [0.25, 0.75]
    (tmp_path / "lossy.json").write_text(json.dumps(recording), encoding="utf-8")
    wire = ReplayWire(tmp_path / "lossy.json")
    (sighting,) = [each async for each in icmp_echo(Target("www.edu.kaiping.gov.test", "a"), wire)]
    assert sighting.outcome == IcmpEcho(COUNT, 2, 0.25, 0.5, 0.75)


@pytest.mark.parametrize("word", ["ICMPv6", "each family"])
def test_the_question_names_both_families(word: str) -> None:
    assert word in load()["icmp_echo"].question
