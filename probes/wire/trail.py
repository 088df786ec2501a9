"""What one answer says of a name: where its aliases lead, and what is there. Source: RFC 1034 3.6.2, RFC 2308."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from probes.target import Address
from probes.wire import DnsAnswer, Presence
from probes.wire.dns_codec import name_of

CHAIN = 16
"""Aliases followed at most from one name."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The way from a name through an answer.

    *aliases* are the CNAME targets in order, *ttl* the smallest of theirs and the addresses'. *presence* is None when
    the answer ends at an alias and does not say what is there, when it is *looped*, or when it is no answer at all
    but a referral or an rcode of failure.
    """

    aliases: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    ttl: int | None = None
    presence: Presence | None = None
    looped: bool = False


def follow(answer: DnsAnswer, name: str, rdtype: str) -> Trail:
    """Follow *name* through *answer* to its records of *rdtype*, A or AAAA."""
    aliases, ttls, here = [], [], name
    while (alias := _value(answer, here, "CNAME")) is not None:
        target, ttl = alias
        ttls.append(ttl)
        aliases.append(target)
        if target == name or target in aliases[:-1]:
            return Trail(tuple(aliases), looped=True)
        here = target
    found = [record for record in answer.answer if record.owner == here and record.rdtype == rdtype]
    addresses = tuple(ip_address(record.value) for record in found)
    presence = Presence.PRESENT if addresses else _absence(answer, here, moved=bool(aliases))
    ttls += [record.ttl for record in found]
    return Trail(tuple(aliases), addresses, min(ttls, default=None), presence)


def within(name: str, ancestor: str) -> bool:
    """Say whether *name* is *ancestor* or below it."""
    return ancestor == "." or name == ancestor or name.endswith("." + ancestor)


def parent(name: str) -> str:
    """Return the name above *name*; the root's is the root."""
    return name.partition(".")[2] or "."


def _absence(answer: DnsAnswer, end: str, *, moved: bool) -> Presence | None:
    if answer.rcode == "NXDOMAIN":
        return Presence.NXDOMAIN
    if answer.rcode != "NOERROR":
        return None
    if any(record.rdtype == "SOA" and within(end, record.owner) for record in answer.authority):
        return Presence.NODATA
    referred = any(record.rdtype == "NS" for record in answer.authority)
    return None if moved or referred else Presence.NODATA


def _value(answer: DnsAnswer, owner: str, rdtype: str) -> tuple[str, int] | None:
    for record in answer.answer:
        if record.owner == owner and record.rdtype == rdtype:
            return name_of(record.value), record.ttl
    return None
