"""Whether the vantage sees decides what may be said of others; in doubt, nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from ipaddress import ip_address

import pytest

from monitor.sight import Sight
from probes.observation import Facts, Failure, Gap, GapReason, Observation, Sighting, Subject
from probes.registry import Probe
from probes.target import Family, Kind, Target, Vantage
from probes.vantage_self import Proof, VantageSelf
from probes.wire import NotLooked, Wire
from tests.probes.scripted_wire import AT, ScriptedWire

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
RESOLVERS = ("192.0.2.53", "2001:db8::53")


def alive(answer: bool | None) -> VantageSelf:
    return VantageSelf(answer, Proof.CONTROLS, ("a",), (), None)


class Self:
    """A probe of the vantage that says what it is told to: by family, and by resolver."""

    def __init__(self, **told: bool | GapReason | Failure | None) -> None:
        self.told, self.looks = told, 0
        self.targets: list[Target] = []

    async def run(self, target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        self.looks += 1
        self.targets.append(target)
        await asyncio.sleep(0)
        for name, told in self.told.items():
            subject = Subject.parse(name) if name.endswith(tuple(Family)) else Subject(server=name)
            yield Sighting(subject, told if isinstance(told, GapReason | Failure) else alive(told))

    def sight(self, *families: Family) -> Sight:
        probe = Probe("vantage_self", self.run, VantageSelf, 60.0, 5.0, 0, frozenset())
        vantage = Vantage("tower", families=frozenset(families or Family))
        return Sight(vantage, probe, lambda target: ScriptedWire())


def met(outcome: Facts | Failure, address: object = V6, probe: str = "tcp_ports") -> Observation:
    subject = Subject(family=Family.IPV6, address=address)  # type: ignore[arg-type]
    facts, failure = (None, outcome) if isinstance(outcome, Failure) else (outcome, None)
    return Observation(probe, "www", "tower", subject, AT, 0.1, facts, failure)


@dataclass(frozen=True, slots=True)
class Open(Facts):
    """Some facts."""

    open: tuple[int, ...]


@pytest.mark.parametrize(
    ("told", "proven"),
    [
        ({"ipv4": True, "ipv6": True}, {Family.IPV4, Family.IPV6}),
        ({"ipv4": True, "ipv6": False}, {Family.IPV4}),
        ({"ipv4": True, "ipv6": None}, {Family.IPV4}),
        ({"ipv4": GapReason.STOPPED, "ipv6": True}, {Family.IPV6}),
        ({"ipv4": Failure.CONNECTION_TIMEOUT, "ipv6": True}, {Family.IPV6}),
        ({}, set()),
    ],
)
async def test_only_what_was_proven_counts_as_seen(told: dict[str, bool], proven: set[Family]) -> None:
    sight = Self(**told).sight()
    assert sight.families == frozenset(), "before the first look nothing is proven"
    await sight.prove()
    assert sight.families == proven


async def test_a_family_the_vantage_is_not_meant_to_have_is_never_in_sight() -> None:
    sight = Self(ipv4=True, ipv6=True).sight(Family.IPV4)
    await sight.prove()
    assert sight.families == {Family.IPV4}
    assert set(sight.health().families) == {Family.IPV4}


async def test_a_look_that_broke_off_proves_only_what_it_came_to() -> None:
    class Stopped(Self):
        async def run(self, target: Target, wire: Wire) -> AsyncIterator[Sighting]:
            async for sighting in super().run(target, wire):
                yield sighting
            raise NotLooked(GapReason.STOPPED)

    sight = Stopped(ipv4=True).sight()
    await sight.prove()
    assert sight.families == {Family.IPV4}
    assert sight.health().families == {Family.IPV4: True, Family.IPV6: None}


@pytest.mark.parametrize(
    ("first", "second", "works"),
    [
        (True, True, True),
        (False, True, True),
        (False, False, False),
        (None, None, None),
        (GapReason.STOPPED, None, None),
    ],
)
async def test_one_resolver_that_works_is_enough(
    first: bool | GapReason | None, second: bool | None, works: bool | None
) -> None:
    asked = {name: told for name, told in zip(RESOLVERS, (first, second), strict=True) if told is not None}
    sight = Self(ipv4=True, **asked).sight()
    await sight.prove()
    assert sight.health().resolver is works


async def test_the_resolvers_of_a_family_say_nothing_of_the_family() -> None:
    sight = Self(**{"2001:db8::53": True, "ipv6": False}).sight()
    await sight.prove()
    assert sight.families == frozenset()


async def test_a_fresh_proof_is_not_repeated_and_an_old_one_is() -> None:
    probe = Self(ipv4=True)
    sight = probe.sight()
    assert (await sight.prove(60)) is not None
    assert (await sight.prove(60)) is None
    assert (await sight.prove()) is not None
    assert probe.looks == 2


async def test_all_who_ask_at_once_share_one_proof() -> None:
    probe = Self(ipv4=True)
    sight = probe.sight()
    proofs = await asyncio.gather(*(sight.prove(60) for _ in range(20)))
    assert probe.looks == 1
    assert sum(proof is not None for proof in proofs) == 1


async def test_what_is_lost_is_noticed_at_the_next_proof() -> None:
    probe = Self(ipv4=True, ipv6=True)
    sight = probe.sight()
    await sight.prove()
    probe.told["ipv6"] = False
    await sight.prove()
    assert sight.families == {Family.IPV4}


async def test_health_names_the_vantage_and_the_time_of_the_proof() -> None:
    probe = Self(ipv4=True, ipv6=False)
    sight = probe.sight()
    assert sight.health().at is None
    await sight.prove()
    health = sight.health()
    assert (health.vantage, health.at) == ("tower", AT)
    assert health.families == {Family.IPV4: True, Family.IPV6: False}
    assert probe.targets == [Target("tower", "", Kind.NETWORK_DEVICE)]


# --- what a blind vantage met


@pytest.mark.parametrize("outcome", [Failure.CONNECTION_TIMEOUT, Failure.NETWORK_UNREACHABLE, Open(())])
async def test_what_a_blind_vantage_met_at_an_address_is_a_gap(outcome: Facts | Failure) -> None:
    sight = Self(ipv4=True, ipv6=False).sight()
    await sight.prove()
    record = met(outcome)
    excused = sight.excuse(record)
    assert isinstance(excused, Gap)
    assert (excused.reason, excused.subject, excused.at) == (GapReason.VANTAGE_BLIND_IPV6, record.subject, record.at)
    assert excused.detail == (outcome.value if isinstance(outcome, Failure) else "")


@dataclass(frozen=True, slots=True)
class Servers(Facts):
    """Facts in which a silence over each family may hide."""

    silent: tuple[Family, ...]

    def unheard(self, families: Collection[Family]) -> Servers:
        left = tuple(family for family in self.silent if family not in families)
        return self if left == self.silent else Servers(left)


async def test_silence_that_hides_in_facts_is_not_held_against_anybody() -> None:
    sight = Self(ipv4=True, ipv6=False).sight()
    await sight.prove()
    record = met(Servers((Family.IPV4, Family.IPV6)), None)
    excused = sight.excuse(record)
    assert isinstance(excused, Observation)
    assert (excused.facts, excused.subject, excused.at) == (Servers((Family.IPV4,)), record.subject, record.at)
    heard = met(Servers((Family.IPV4,)), None)
    assert sight.excuse(heard) is heard


async def test_what_a_seeing_vantage_met_stays() -> None:
    sight = Self(ipv4=True, ipv6=True).sight()
    await sight.prove()
    for record in (met(Failure.CONNECTION_TIMEOUT), met(Open((80,)))):
        assert sight.excuse(record) is record


PINGLESS: list[dict[str, bool | GapReason]] = [
    {"icmp/ipv6": False},
    {"icmp/ipv6": GapReason.NO_RAW_SOCKET},
    {"icmp/ipv4": True},
    {},
]
"""What a look at ourselves may say when it is not known that pings over IPv6 come back."""


@pytest.mark.parametrize("told", PINGLESS)
@pytest.mark.parametrize("failure", [Failure.ECHO_TIMEOUT, Failure.ADMIN_PROHIBITED])
async def test_silence_to_ping_is_a_gap_where_no_control_answers_ping(
    told: dict[str, bool | GapReason], failure: Failure
) -> None:
    sight = Self(ipv4=True, ipv6=True, **told).sight()
    await sight.prove()
    excused = sight.excuse(met(failure, probe="icmp_echo"))
    assert isinstance(excused, Gap)
    assert (excused.reason, excused.detail) == (GapReason.VANTAGE_BLIND_IPV6, failure.value)


@pytest.mark.parametrize("told", PINGLESS)
async def test_nothing_else_rests_on_ping(told: dict[str, bool | GapReason]) -> None:
    sight = Self(ipv4=True, ipv6=True, **told).sight()
    await sight.prove()
    assert sight.families == set(Family)
    assert sight.unseen == {}
    assert sight.health().families == {Family.IPV4: True, Family.IPV6: True}
    for record in (met(Failure.CONNECTION_TIMEOUT), met(Open(()), probe="icmp_echo")):
        assert sight.excuse(record) is record


async def test_silence_to_ping_counts_where_a_control_answers_ping() -> None:
    sight = Self(**{"icmp/ipv6": True, "ipv4": True, "ipv6": True}).sight()
    await sight.prove()
    record = met(Failure.ECHO_TIMEOUT, probe="icmp_echo")
    assert sight.excuse(record) is record


async def test_pings_that_come_back_prove_no_family() -> None:
    sight = Self(**{"icmp/ipv6": True, "ipv6": False}).sight()
    await sight.prove()
    assert sight.families == frozenset()


async def test_the_other_family_s_blindness_is_no_excuse() -> None:
    sight = Self(ipv4=True, ipv6=False).sight()
    await sight.prove()
    record = met(Failure.CONNECTION_TIMEOUT, V4)
    assert sight.excuse(record) is record


async def test_what_dns_said_stays_because_either_family_could_ask() -> None:
    sight = Self(ipv4=True, ipv6=False).sight()
    await sight.prove()
    record = met(Failure.DNS_SERVFAIL, None)
    assert sight.excuse(record) is record


async def test_a_gap_is_a_gap_already() -> None:
    sight = Self().sight()
    gap = Gap("p", "t", "v", Subject(family=Family.IPV6, address=V6), dt.datetime.now(dt.UTC), GapReason.DENIED)
    assert sight.excuse(gap) is gap


async def test_a_stop_is_neither_blindness_nor_sight() -> None:
    ourselves = Self(ipv4=True, ipv6=True)
    sight = ourselves.sight()
    await sight.prove()
    before = sight.health()
    ourselves.told = {"ipv4": GapReason.STOPPED, "ipv6": GapReason.STOPPED}
    await sight.prove()
    assert sight.families == frozenset()
    assert sight.unseen == dict.fromkeys(Family, GapReason.STOPPED)
    assert sight.health().families == before.families
    excused = sight.excuse(met(Failure.CONNECTION_TIMEOUT))
    assert isinstance(excused, Gap)
    assert excused.reason is GapReason.STOPPED
    ourselves.told = {"ipv4": True, "ipv6": False}
    assert await sight.prove(60.0), "a stopped proof covers nothing"
    assert sight.families == {Family.IPV4}
    assert sight.unseen == {Family.IPV6: GapReason.VANTAGE_BLIND_IPV6}


@pytest.mark.parametrize("failure", [Failure.CONNECTION_TIMEOUT, Failure.NETWORK_UNREACHABLE, Failure.HTTP_TIMEOUT])
async def test_a_failure_over_a_family_we_lack_is_a_gap_though_it_was_met_at_no_one_address(failure: Failure) -> None:
    sight = Self(ipv4=True, ipv6=False).sight()
    await sight.prove()
    excused = sight.excuse(met(failure, None, probe="site_visit"))
    assert isinstance(excused, Gap)
    assert (excused.reason, excused.detail) == (GapReason.VANTAGE_BLIND_IPV6, failure.value)
