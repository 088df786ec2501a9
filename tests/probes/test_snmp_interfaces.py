"""The interfaces of a device, and what flows through them; replayed from a real agent."""

from pathlib import Path

import pytest

from probes import snmp_interfaces as module
from probes.observation import Failure, Sighting
from probes.snmp_interfaces import SnmpInterfaces, snmp_interfaces
from probes.target import Kind, SnmpAccess, Target
from probes.wire.recording import ReplayWire

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "snmp_interfaces"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "APART", 0.0)


async def replayed(situation: str, *uplinks: str, key: str = "core") -> dict[str, Sighting]:
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    target = Target("127.0.0.1", "town", Kind.NETWORK_DEVICE, snmp=SnmpAccess(key, 16162, uplinks))
    found = {str(sighting.subject): sighting async for sighting in snmp_interfaces(target, wire)}
    assert wire.unasked == ()
    return found


async def test_an_uplink_tells_its_load_and_no_share_where_ipv6_alone_is_counted() -> None:
    facts = (await replayed("loopback_carries_both", "lo"))["/lo"].outcome
    assert isinstance(facts, SnmpInterfaces)
    assert (facts.uplink, facts.wanted, facts.up, facts.speed) == (True, True, True, 10e6)
    assert facts.in_bits
    assert facts.load == facts.in_bits / 10e6
    assert facts.ipv6_share is None


async def test_an_uplink_that_the_device_does_not_have_is_neither_up_nor_down() -> None:
    found = await replayed("loopback_carries_both", "Gi0/9")
    assert found["/Gi0/9"].outcome == SnmpInterfaces(True, None, None, None, None, None, None, None)
    others = [each.outcome for subject, each in found.items() if subject != "/Gi0/9"]
    assert [each.uplink for each in others if isinstance(each, SnmpInterfaces)] == [False] * len(others)


async def test_an_interface_that_is_switched_off_is_told_as_that() -> None:
    facts = (await replayed("loopback_carries_both"))["/ifb0"].outcome
    assert isinstance(facts, SnmpInterfaces)
    assert (facts.wanted, facts.up) == (False, False)


async def test_a_device_that_keeps_silent_is_told_by_address() -> None:
    found = await replayed("another_community", key="wrong")
    assert {subject: each.outcome for subject, each in found.items()} == {"ipv4/127.0.0.1": Failure.SNMP_TIMEOUT}
