"""How the messages about scans are spelled; what cannot be spelled so, or read so, is a ValueError."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from probes.target import Address
from probes.wire import PortState
from probes.wire.packets.messages import Scan, Scanned, Seen

ADDRESS_LIMIT = 1024
"""Most addresses of one scan."""
PORT_LIMIT = 1024
"""Most ports of one scan."""
RETRY_LIMIT = 5
TIMEOUT_LIMIT = 30.0
"""Longest a round may wait for answers, in seconds."""
RATE_LIMIT = 1e7

_SCAN, _SEEN, _SCANNED = struct.Struct("!BBHHddd"), struct.Struct("!HH"), struct.Struct("!Q")
_ADDRESSES: dict[int, type[IPv4Address] | type[IPv6Address]] = {4: IPv4Address, 6: IPv6Address}
# The place in this list is the code on the wire: append, never reorder.
_STATES = (PortState.FILTERED, PortState.OPEN, PortState.CLOSED, PortState.UNREACHABLE)
_CODES = {state: code for code, state in enumerate(_STATES)}


def write_scan(scan: Scan) -> bytes:
    """Return *scan* without its token."""
    _check(scan)
    counts = scan.addresses[0].version, scan.retries, len(scan.addresses), len(scan.ports)
    head = _SCAN.pack(*counts, scan.timeout, scan.rate, scan.per_host)
    addresses = b"".join(address.packed for address in scan.addresses)
    return head + addresses + struct.pack(f"!{len(scan.ports)}H", *scan.ports)


def read_scan(token: int, body: bytes) -> Scan:
    """Read a scan."""
    if len(body) < _SCAN.size:
        raise ValueError("a scan cut short")
    version, retries, hosts, count, timeout, rate, per_host = _SCAN.unpack_from(body)
    if (kind := _ADDRESSES.get(version)) is None:
        raise ValueError("no address of either family")
    size = kind(0).max_prefixlen // 8
    begin, end = _SCAN.size, _SCAN.size + hosts * size
    if len(body) != end + 2 * count:
        raise ValueError("a scan cut short, or followed by something")
    addresses: tuple[Address, ...] = tuple(kind(body[at : at + size]) for at in range(begin, end, size))
    ports = struct.unpack_from(f"!{count}H", body, end)
    scan = Scan(token, addresses, ports, retries, timeout, rate, per_host)
    _check(scan)
    return scan


def write_seen(seen: Seen) -> bytes:
    """Return *seen* without its token."""
    _check_seen(seen)
    states = bytes(map(_CODES.__getitem__, seen.states))
    return _SEEN.pack(seen.place, len(states)) + states + struct.pack(f"!{len(seen.seconds)}f", *seen.seconds)


def read_seen(token: int, body: bytes) -> Seen:
    """Read what was seen of one address."""
    if len(body) < _SEEN.size:
        raise ValueError("cut short")
    place, count = _SEEN.unpack_from(body)
    codes, rest = body[_SEEN.size : _SEEN.size + count], body[_SEEN.size + count :]
    if len(codes) != count or len(rest) % 4 or max(codes, default=0) >= len(_STATES):
        raise ValueError("no states of ports")
    seconds = struct.unpack(f"!{len(rest) // 4}f", rest)
    seen = Seen(token, place, tuple(map(_STATES.__getitem__, codes)), seconds)
    _check_seen(seen)
    return seen


def write_scanned(scanned: Scanned) -> bytes:
    """Return *scanned* without its token."""
    return _SCANNED.pack(scanned.packets)


def read_scanned(token: int, body: bytes) -> Scanned:
    """Read the end of a scan."""
    if len(body) != _SCANNED.size:
        raise ValueError("no number of packets")
    return Scanned(token, *_SCANNED.unpack(body))


def _check(scan: Scan) -> None:
    _within("addresses", len(set(scan.addresses)), 1, ADDRESS_LIMIT)
    _within("ports", len(set(scan.ports)), 1, PORT_LIMIT)
    if len(set(scan.addresses)) != len(scan.addresses) or len(set(scan.ports)) != len(scan.ports):
        raise ValueError("an address or port twice")
    if any(address.version != scan.addresses[0].version for address in scan.addresses):
        raise ValueError("addresses of both families")
    _within("port", min(scan.ports), 1, 0xFFFF)
    _within("retries", scan.retries, 0, RETRY_LIMIT)
    _within("timeout", scan.timeout, 0.0, TIMEOUT_LIMIT)
    _within("rate", scan.rate, 1 / RATE_LIMIT, RATE_LIMIT)
    _within("rate per host", scan.per_host, 1 / RATE_LIMIT, RATE_LIMIT)


def _check_seen(seen: Seen) -> None:
    _within("place", seen.place, 0, ADDRESS_LIMIT - 1)
    _within("ports", len(seen.states), 1, PORT_LIMIT)
    if len(seen.seconds) != seen.states.count(PortState.OPEN):
        raise ValueError("not one round trip for each open port")
    if not all(0 <= each < float("inf") for each in seen.seconds):
        raise ValueError("no round trip")


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # false for NaN as well
        raise ValueError(f"{name}: {value}, not {least} to {most}")
