"""Whether a host that pages refer to can be reached over IPv6, as far as our own resolvers say; it is sent nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from probes.dns64 import usable_among
from probes.target import Address
from probes.wire import NotLooked, Presence, Unreached, Wire
from probes.wire.recursion import Recursion
from probes.wire.trail import CHAIN, follow

_HOST_LIMIT = 253


class Standing(StrEnum):
    """What is known of a host that pages refer to."""

    IPV6 = "ipv6"
    """It has a usable AAAA."""
    IPV4_ONLY = "ipv4_only"
    """It has an address, and surely no AAAA that anybody could use."""
    ABSENT = "absent"
    """There is no such host, whatever the family."""
    UNKNOWN = "unknown"
    """Its name servers, or our resolvers, did not say."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """A host by name; *end* is the name its aliases lead to, or itself: whoever runs that can give it IPv6."""

    host: str
    standing: Standing
    end: str


async def outsider(host: str, wire: Wire) -> Outsider:
    """Ask our own resolvers, and nobody else, for *host*; targets share the answer.

    Only an address that the host has over IPv4 makes it IPv4-only: a name that has none is dead for everyone.
    """
    recursion = Recursion(wire.surroundings, nonce=lambda: f"{wire.now():%Y%m%d%H%M}")
    return await wire.once(("outsider", host), lambda: _measure(host, wire, recursion))


async def _measure(host: str, wire: Wire, recursion: Recursion) -> Outsider:
    try:
        six, end = await _addresses(host, "AAAA", wire, recursion)
        if await usable_among(six, wire):
            return Outsider(host, Standing.IPV6, end)
        four, end = await _addresses(host, "A", wire, recursion)
    except (Unreached, NotLooked, _Unsettled):
        return Outsider(host, Standing.UNKNOWN, host)
    return Outsider(host, Standing.IPV4_ONLY if four else Standing.ABSENT, end)


class _Unsettled(Exception):
    """The answers lead nowhere."""


async def _addresses(host: str, rdtype: str, wire: Wire, recursion: Recursion) -> tuple[tuple[Address, ...], str]:
    """Return the addresses of one family and the name they were found at."""
    here = host
    for _ in range(CHAIN):
        trail = follow(await recursion.ask(wire.ask, here, rdtype), here, rdtype)
        here = trail.aliases[-1] if trail.aliases else here
        if trail.presence is Presence.PRESENT:
            return trail.addresses, here
        if trail.presence is not None:
            return (), here
        if not trail.aliases or trail.looped:
            raise _Unsettled
    raise _Unsettled


def nameable(host: str) -> bool:
    """Say whether *host* could be asked for: a name of several labels, none of them odd."""
    labels = host.split(".")
    return len(host) <= _HOST_LIMIT and len(labels) > 1 and all(_label(label) for label in labels)


def _label(label: str) -> bool:
    return 0 < len(label) <= 63 and all(
        character.isascii() and (character.isalnum() or character in "-_") for character in label
    )


def ipv4_literal(host: str) -> IPv4Address | None:
    """Return the IPv4 address *host* is, in any spelling that browsers take; loopback is everybody's own.

    Source: WHATWG URL, 3.5 (IPv4 parser).
    """
    found = _mapped(host) if ":" in host else _spelled(host)
    return None if found is None or found.is_loopback or found.is_unspecified else found


def _spelled(host: str) -> IPv4Address | None:
    parts = host.split(".")
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        return None
    value = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return IPv4Address(value)


def _number(part: str) -> int:
    if not part or len(part) > 12 or not part.isascii() or not part.isalnum():
        raise ValueError(part)
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part[0] == "0" else int(part, 10)


def _mapped(host: str) -> IPv4Address | None:
    try:
        return IPv6Address(host).ipv4_mapped
    except ValueError:
        return None
