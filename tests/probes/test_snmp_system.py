"""A network device says who it is, over each family, and how well that is protected; replayed from a real agent."""

from pathlib import Path

import pytest

from probes.observation import Failure, Sighting
from probes.snmp_system import SnmpSystem, snmp_system
from probes.target import Kind, SnmpAccess, Target
from probes.wire.recording import ReplayWire
from tests.probes.scripted_wire import ScriptedWire

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "snmp_system"
PORT = 16162


def device(host: str, key: str, port: int = PORT) -> Target:
    return Target(host, "town", Kind.NETWORK_DEVICE, snmp=SnmpAccess(key, port))


async def replayed(situation: str, target: Target) -> dict[str, Sighting]:
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    found = {str(sighting.subject): sighting async for sighting in snmp_system(target, wire)}
    assert wire.unasked == ()
    return found


@pytest.mark.parametrize(
    ("situation", "host", "key", "encrypted", "public"),
    [
        ("encrypted_alone", "::1", "core", True, False),
        ("public_is_answered_too", "127.0.0.1", "core", True, True),
        ("in_the_clear", "127.0.0.1", "old", False, True),
    ],
)
async def test_a_device_says_who_it_is(situation: str, host: str, key: str, encrypted: bool, public: bool) -> None:
    (sighting,) = (await replayed(situation, device(host, key))).values()
    facts = sighting.outcome
    assert isinstance(facts, SnmpSystem)
    assert (facts.name, facts.description, facts.encrypted, facts.public) == ("core", "a router", encrypted, public)
    assert facts.up_seconds is not None
    assert facts.up_seconds > 0


@pytest.mark.parametrize(
    ("situation", "key", "port", "failure"),
    [
        ("another_community", "wrong", PORT, Failure.SNMP_TIMEOUT),
        ("another_pass_phrase", "bad", PORT, Failure.SNMP_DENIED),
        ("nobody_listens", "core", 16163, Failure.CONNECTION_REFUSED),
    ],
)
async def test_a_device_that_does_not_let_us_in_is_told_by_how(
    situation: str, key: str, port: int, failure: Failure
) -> None:
    found = await replayed(situation, device("127.0.0.1", key, port))
    assert [(subject, sighting.outcome) for subject, sighting in found.items()] == [("ipv4/127.0.0.1", failure)]


async def test_a_device_without_credentials_is_not_asked() -> None:
    wire = ScriptedWire()
    assert [each async for each in snmp_system(Target("192.0.2.1", "town", Kind.NETWORK_DEVICE), wire)] == []
    assert wire.resolved == []
