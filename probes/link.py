"""What went through an interface between two readings of its counters, by the clock of the device itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.wire.snmp import Oid, SnmpTable

_TICKS = 100.0
_CLOCK: Oid = (0,)
_V4, _V6 = 1, 2
"""Values of InetVersion. Source: RFC 4001."""


@dataclass(frozen=True, slots=True)
class Counters:
    """One reading: *ticks* of the device's clock, octets in and out of each interface, and by IP version.

    *breaks* is when an interface's counters last began anew.
    """

    ticks: int | None
    octets: Mapping[int, tuple[int, int]]
    breaks: Mapping[int, int] = field(default_factory=dict)
    versions: Mapping[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """Bits a second in and out, and the share of octets that are IPv6's; None where that cannot be known."""

    in_bits: float | None = None
    out_bits: float | None = None
    ipv6_share: float | None = None


def counters(interfaces: SnmpTable, versions: SnmpTable) -> Counters:
    """Return a reading of tables whose columns are uptime, in, out and discontinuity; and in and out by version."""
    octets: dict[int, tuple[int, int]] = {}
    breaks: dict[int, int] = {}
    ticks = None
    for index, row in interfaces.rows().items():
        numbers = {column: cell.number for column, cell in row.items() if cell.number is not None}
        if index == _CLOCK and 0 in numbers:
            ticks = numbers[0]
        elif len(index) == 1 and 1 in numbers and 2 in numbers:
            octets[index[0]] = numbers[1], numbers[2]
            breaks[index[0]] = numbers.get(3, 0)
    both: dict[tuple[int, int], int] = {}
    for index, row in versions.rows().items():
        sums = [cell.number for cell in row.values() if cell.number is not None]
        if len(index) == 2 and len(sums) == 2:
            both[index[0], index[1]] = sum(sums)
    return Counters(ticks, octets, breaks, both)


def flow(before: Counters, after: Counters, interface: int) -> Flow:
    """Return what flowed through *interface*; a restart or counters that began anew leave it unknown."""
    if before.ticks is None or after.ticks is None or after.ticks <= before.ticks:
        return Flow()
    if before.breaks.get(interface) != after.breaks.get(interface):
        return Flow()
    seconds = (after.ticks - before.ticks) / _TICKS
    old, new = before.octets.get(interface), after.octets.get(interface)
    share = _share(before, after, interface)
    if old is None or new is None or new[0] < old[0] or new[1] < old[1]:
        return Flow(ipv6_share=share)
    return Flow((new[0] - old[0]) * 8 / seconds, (new[1] - old[1]) * 8 / seconds, share)


def _share(before: Counters, after: Counters, interface: int) -> float | None:
    """Return IPv6's part of both versions' octets.

    None where a device counts IPv6 alone: it may bring those counters up to date more seldom than the interface's own.
    """
    grown: dict[int, int] = {}
    for version in (_V4, _V6):
        old, new = before.versions.get((version, interface)), after.versions.get((version, interface))
        if old is None or new is None or new < old:
            return None
        grown[version] = new - old
    total = grown[_V4] + grown[_V6]
    return grown[_V6] / total if total else None
