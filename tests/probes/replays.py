"""Replaying what real servers of the demo city said: a probe over a recording, and nothing left unasked."""

from __future__ import annotations

from pathlib import Path

from probes.observation import Sighting
from probes.registry import load
from probes.target import Family, Kind, Service, Target, Transport
from probes.wire.recording import ReplayWire

FIXTURES = Path(__file__).parents[1] / "fixtures"
CITY = "kaiping.gov.test"


def website(host: str, *paths: str) -> Target:
    """Return a website of the city as its inventory declares it."""
    return Target(f"{host}.{CITY}", "town", Kind.WEBSITE, paths=paths or ("/",), declared=tcp(80, 443))


def server(host: str, *ports: int) -> Target:
    """Return a server of the city that is meant to offer *ports* over both families."""
    return Target(f"{host}.{CITY}", "town", Kind.SERVER, declared=tcp(*ports))


def tcp(*ports: int) -> frozenset[Service]:
    """Return TCP services on *ports* over both families."""
    return frozenset(Service(family, Transport.TCP, port) for family in Family for port in ports)


async def replayed(probe: str, situation: str, target: Target) -> dict[str, Sighting]:
    """Return what *probe* says of *target* by subject, everything recorded having been asked for."""
    wire = ReplayWire(FIXTURES / probe / f"{situation}.json")
    found = {str(sighting.subject): sighting async for sighting in load()[probe].run(target, wire)}
    assert wire.unasked == ()
    return found
