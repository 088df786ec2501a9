"""How the messages about links are spelled; what cannot be spelled so, or read so, is a ValueError."""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from probes.wire.link import SOLICITATIONS, LinkPrefix, Overheard, Role, Speaker
from probes.wire.packets.messages import Overhear, Told

SPEAKER_LIMIT = 64
"""Most speakers told of one link."""
PREFIX_LIMIT = 8
"""Most prefixes told of one speaker."""
MEMORY = 30.0
"""Seconds for which somebody who was heard is told of."""
INTERFACE = re.compile(r"[!-.0-~]{1,15}\Z", re.ASCII)
"""The name of an interface, as the kernel has them."""

_COUNTS, _SPEAKER = struct.Struct("!BB"), struct.Struct("!B6sHfB")
# The place in this list is the code on the wire: append, never reorder.
_ROLES = (Role.ROUTER, Role.DHCPV6, Role.DHCPV4)


def write_overhear(overhear: Overhear) -> bytes:
    """Return *overhear* without its token."""
    _check_interface(overhear.interface)
    return overhear.interface.encode("ascii")


def read_overhear(token: int, body: bytes) -> Overhear:
    """Read a request to overhear a link."""
    interface = body.decode("ascii")
    _check_interface(interface)
    return Overhear(token, interface)


def write_told(told: Told) -> bytes:
    """Return *told* without its token."""
    _check(told.overheard)
    speakers = told.overheard.speakers
    return _COUNTS.pack(told.overheard.asked, len(speakers)) + b"".join(map(_write, speakers))


def read_told(token: int, body: bytes) -> Told:
    """Read who was heard on a link."""
    if len(body) < _COUNTS.size:
        raise ValueError("cut short")
    asked, count = _COUNTS.unpack_from(body)
    place, speakers = _COUNTS.size, []
    for _ in range(count):
        speaker, place = _read(body, place)
        speakers.append(speaker)
    if place != len(body):
        raise ValueError("followed by something")
    overheard = Overheard(tuple(speakers), asked)
    _check(overheard)
    return Told(token, overheard)


def _write(speaker: Speaker) -> bytes:
    mac = bytes.fromhex(speaker.mac.replace(":", ""))
    head = _SPEAKER.pack(_ROLES.index(speaker.role), mac, speaker.lifetime, speaker.age, len(speaker.prefixes))
    prefixes = (bytes([prefix.prefixlen]) + prefix.network_address.packed for prefix in speaker.prefixes)
    return head + speaker.address.packed + b"".join(prefixes)


def _read(body: bytes, place: int) -> tuple[Speaker, int]:
    if len(body) < place + _SPEAKER.size:
        raise ValueError("a speaker cut short")
    role, mac, lifetime, age, count = _SPEAKER.unpack_from(body, place)
    if role >= len(_ROLES):
        raise ValueError("no such role")
    place += _SPEAKER.size
    four = _ROLES[role] is Role.DHCPV4
    size = 4 if four else 16
    end = place + size + count * (1 + size)
    if len(body) < end:
        raise ValueError("a speaker cut short")
    address = IPv4Address(body[place : place + 4]) if four else IPv6Address(body[place : place + 16])
    prefixes = tuple(_prefix(body[at : at + 1 + size]) for at in range(place + size, end, 1 + size))
    return Speaker(_ROLES[role], mac.hex(":"), address, prefixes, lifetime, age), end


def _prefix(packed: bytes) -> LinkPrefix:
    length, address = packed[0], packed[1:]
    return IPv4Network((address, length)) if len(address) == 4 else IPv6Network((address, length))


def _check_interface(interface: str) -> None:
    if not INTERFACE.match(interface):
        raise ValueError("no name of an interface")


def _check(overheard: Overheard) -> None:
    if not 0 <= overheard.asked <= SOLICITATIONS or len(overheard.speakers) > SPEAKER_LIMIT:
        raise ValueError("more than can be told")
    for speaker in overheard.speakers:
        version = 4 if speaker.role is Role.DHCPV4 else 6
        if {each.version for each in (speaker.address, *speaker.prefixes)} != {version}:
            raise ValueError("an address of the other family")
        if len(speaker.prefixes) > PREFIX_LIMIT or not 0 <= speaker.age <= MEMORY:  # false for NaN as well
            raise ValueError("more than can be told of one")
