"""Repeated connections: their share of success, their usual time, and what a dual-stack client would make of them."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import tcp_access as module
from probes.observation import Failure, GapReason, Sighting
from probes.race import HEAD_START, Racer, order, passed_over, winner
from probes.target import Address, Family, Target
from probes.tcp_access import FIRST, SAMPLES, TcpAccess, tcp_access
from probes.wire import Wire
from tests.probes.path_world import PathWire
from tests.probes.replays import replayed, tcp, website

A, B = ip_address("192.0.2.9"), ip_address("2001:db8::9")
B2 = ip_address("2001:db8::10")
SITE = Target("www.test", "a", declared=tcp(443))
Connects = Callable[[Address, int], float | Failure | GapReason]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPACING", 0.0)


async def looked(connects: Connects, *addresses: Address, target: Target = SITE) -> dict[str, Sighting]:
    wire = PathWire(addresses, connects=connects)
    return {str(sighting.subject): sighting async for sighting in tcp_access(target, cast(Wire, wire))}


def facts(sighting: Sighting) -> TcpAccess:
    assert isinstance(sighting.outcome, TcpAccess)
    return sighting.outcome


# --- what real servers did


async def test_both_families_are_tried_on_each_declared_port() -> None:
    found = await replayed("tcp_access", "both_families", website("www"))
    assert list(found) == [
        f"tcp/{port}/{place}" for port in (80, 443) for place in ("ipv4/198.18.20.10", "ipv6/2001:db8:18:20::10")
    ]
    for subject, sighting in found.items():
        seen = facts(sighting)
        assert (seen.tried, seen.made, seen.rate, seen.failures) == (SAMPLES, SAMPLES, 1.0, ())
        assert 0 < seen.min_seconds <= seen.median_seconds <= seen.max_seconds
        assert (seen.chosen, seen.hidden) == ("ipv6" in subject, False)


async def test_a_dead_ipv6_is_hidden_from_those_who_have_both() -> None:
    found = await replayed("tcp_access", "dropped_over_ipv6", website("www.health"))
    four, six = facts(found["tcp/443/ipv4/198.18.22.10"]), facts(found["tcp/443/ipv6/2001:db8:18:22::10"])
    assert (four.rate, four.chosen) == (1.0, True)
    assert (six.tried, six.rate, six.failures) == (FIRST, 0.0, (Failure.CONNECTION_TIMEOUT,))
    assert (six.chosen, six.hidden) == (False, True)


async def test_a_second_address_that_is_dead_is_told_and_hides_nothing() -> None:
    found = await replayed("tcp_access", "second_address_dead", website("half.health"))
    dead = facts(found["tcp/80/ipv6/2001:db8:18:22::99"])
    assert (dead.rate, dead.failures, dead.hidden) == (0.0, (Failure.HOST_UNREACHABLE,), False)


# --- figures


async def test_what_fails_now_and_then_has_its_share() -> None:
    answers = [0.1, Failure.CONNECTION_TIMEOUT, 0.3, 0.2, Failure.CONNECTION_REFUSED]
    found = await looked(lambda *_: answers.pop(0), B)
    seen = facts(found[f"tcp/443/ipv6/{B}"])
    assert (seen.tried, seen.made, seen.rate) == (5, 3, 0.6)
    assert (seen.min_seconds, seen.median_seconds, seen.max_seconds) == (0.1, 0.2, 0.3)
    assert seen.failures == (Failure.CONNECTION_REFUSED, Failure.CONNECTION_TIMEOUT)


async def test_slow_ipv6_is_given_up_for_ipv4() -> None:
    found = await looked(lambda address, _: 0.8 if address == B else 0.05, A, B)
    assert [(facts(seen).chosen, facts(seen).hidden) for seen in found.values()] == [(True, False), (False, True)]


async def test_where_one_could_not_be_tried_nobody_is_chosen() -> None:
    found = await looked(lambda address, _: GapReason.VANTAGE_BLIND_IPV4 if address == A else 0.1, A, B)
    assert found[f"tcp/443/ipv4/{A}"].outcome is GapReason.VANTAGE_BLIND_IPV4
    assert facts(found[f"tcp/443/ipv6/{B}"]).chosen is None


async def test_a_target_that_offers_nothing_is_not_tried() -> None:
    assert await looked(lambda *_: 0.1, A, B, target=Target("h.test", "a")) == {}


# --- the race


def test_ipv6_goes_first_and_the_families_take_turns() -> None:
    racers = [Racer(A, 0.1), Racer(B, 0.1), Racer(B2, 0.1)]
    assert [racer.address for racer in order(racers)] == [B, A, B2]


SECONDS = st.none() | st.floats(0, 5)


@given(st.lists(st.tuples(st.sampled_from([A, B, B2]), SECONDS), unique_by=lambda each: each[0]))
def test_whoever_connects_is_won_by_somebody_who_connects(drawn: list[tuple[Address, float | None]]) -> None:
    racers = [Racer(*each) for each in drawn]
    first = winner(racers)
    assert (first is None) == all(racer.seconds is None for racer in racers)
    if first is not None:
        assert first in racers
        assert first.seconds is not None
        assert not passed_over(first, first)


@given(st.floats(0, 5), SECONDS)
def test_ipv6_is_passed_over_exactly_when_it_is_later_than_its_start(four: float, six: float | None) -> None:
    slow, quick = Racer(B, six), Racer(A, four)
    first = winner([slow, quick])
    assert passed_over(slow, first) == (first == quick)
    assert (first == slow) == (six is not None and six <= HEAD_START + four)
    assert Family.of(quick.address) is Family.IPV4
