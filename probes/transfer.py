"""Whether much data comes through in the packets that are usual: shown by a page, and without any ICMP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from probes.observation import Failure
from probes.target import Address, Family, Target
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached, Wire
from probes.wire.sounding import LEAST, USUAL

TIMEOUT = 6.0
"""Seconds a page may take."""
MUCH = 4000
"""Octets that do not fit into two packets of the usual size."""
TIMES = 2
"""How often a page must stall in usual packets and come in small ones before that is believed."""

HEADERS = {Family.IPV4: 40, Family.IPV6: 60}
"""Octets of the IP and TCP headers."""
_SERVICES = ((443, "https"), (80, "http"))
_STALLED = frozenset({Failure.TLS_TIMEOUT, Failure.HTTP_TIMEOUT, Failure.HTTP_TRUNCATED})
"""How an exchange ends that began and went no further."""


class Transfer(StrEnum):
    """How much data fared.

    PASSES: it came. STALLS_UNLESS_SMALL: it stopped, and came when small packets were asked for, each time.
    UNFINISHED: it stopped either way, or not always. LITTLE: what came fits into small packets. NONE: there is nothing
    to ask for, or no connection.
    """

    PASSES = "passes"
    STALLS_UNLESS_SMALL = "stalls_unless_small"
    UNFINISHED = "unfinished"
    LITTLE = "little"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Transferred:
    """How a transfer fared; *largest* is the most octets of a packet that came, *asked* of those we asked for.

    Both count the IP header, and are 0 without an exchange in packets of the usual size.
    """

    transfer: Transfer
    largest: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A transfer that was tried once in usual packets: what was asked for, None without a service, and what it met."""

    request: HttpRequest | None
    met: HttpExchange | Failure | None


def service(target: Target, family: Family) -> tuple[int, str] | None:
    """Return the port and scheme of the website *target* is meant to offer over *family*, HTTPS before HTTP."""
    return next((each for each in _SERVICES if target.declares(family, each[0])), None)


async def begin(target: Target, address: Address, wire: Wire) -> Begun:
    """Fetch the home page of *target* from *address* in usual packets."""
    family = Family.of(address)
    found = service(target, family)
    if found is None:
        return Begun(None, None)
    port, name = found
    request = HttpRequest(name, address, port, target.host, target.paths[0], timeout=TIMEOUT)
    return Begun(request, await _fetched(request, wire))


async def settle(begun: Begun, wire: Wire) -> Transferred:
    """Say how the transfer fares: where it stalled, it is tried in small packets, and then both once more."""
    request, met = begun.request, begun.met
    if request is None:
        return Transferred(Transfer.NONE)
    family = Family.of(request.address)
    small = replace(request, segment=LEAST[family] - HEADERS[family])
    for again in range(TIMES):
        met = await _fetched(request, wire) if again else met
        if isinstance(met, HttpExchange):
            return Transferred(Transfer.UNFINISHED) if again else _passed(met, family)
        if met not in _STALLED:
            return Transferred(Transfer.UNFINISHED if again else Transfer.NONE)
        if not isinstance(await _fetched(small, wire), HttpExchange):
            return Transferred(Transfer.UNFINISHED)
    return Transferred(Transfer.STALLS_UNLESS_SMALL)


async def _fetched(request: HttpRequest, wire: Wire) -> HttpExchange | Failure | None:
    try:
        return await wire.fetch(request)
    except Unreached as refusal:
        return refusal.failure
    except NotLooked:
        return None


def _passed(exchange: HttpExchange, family: Family) -> Transferred:
    asked, largest = (octets and octets + HEADERS[family] for octets in exchange.segments)
    much = largest > LEAST[Family.IPV6] or exchange.wire_bytes >= MUCH
    return Transferred(Transfer.PASSES if much else Transfer.LITTLE, min(largest, USUAL), min(asked, USUAL))
