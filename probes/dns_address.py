"""Which addresses the DNS gives for the target, in each family."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Network

from probes.addressing import AddressClass, classify, usable
from probes.dns64 import translated_prefixes
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.outlook import Outlook, Sending, asking, resolving
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.wire import BatchWire, Presence, Resolution, Source, Surroundings, Wire

ADDRESS_LIMIT = 256
"""Addresses kept of one family."""


@dataclass(frozen=True, slots=True)
class UnusableAddress:
    """A published address that is nobody's native one, and why."""

    address: Address
    kind: AddressClass


@dataclass(frozen=True, slots=True)
class DnsAddress(Facts):
    """What the DNS says of the target's addresses in one family.

    *addresses* are sorted, at most 256 of *count*. *chain* holds the names the target is an alias of, in order.
    *ttl* is the smallest on the way, in seconds, and counts down at a resolver. *source* is who said so.
    *unusable* names every address that is not a global one, or native to this network by our own configuration.
    *contradicted* marks an NXDOMAIN although the name has records of the other family: a broken name server, which
    hides those records from whoever asks for this family first.
    """

    presence: Presence
    addresses: tuple[Address, ...]
    count: int
    chain: tuple[str, ...]
    ttl: int | None = field(metadata=SAMPLE)
    source: Source
    unusable: tuple[UnusableAddress, ...]
    contradicted: bool


async def _resolve(targets: Sequence[Target], wire: BatchWire) -> None:
    """Have the names of a batch resolved at once, before the looks ask for them one by one."""
    await wire.resolve_all([target.host for target in targets])


_WORDS = {
    "presence": ("记录", "presence"),
    "addresses": ("地址", "addresses"),
    "count": ("个数", "count"),
    "chain": ("链", "chain"),
    "source": ("来源", "source"),
    "unusable": ("不可用的地址", "unusable"),
    "address": ("地址", "address"),
    "kind": ("类别", "kind"),
    "contradicted": ("自相矛盾", "contradicted"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    if outlook.target.literal is None:
        yield resolving()
    # Is there a DNS64? Our resolvers are asked for the name that tells.
    yield asking()


@probe(
    facts=DnsAddress,
    words=_WORDS,
    doing=("查询域名地址", "asking for addresses"),
    every=3600.0,
    deadline=120.0,
    stage=1,
    prepare=_resolve,
    sends=_sends,
)
async def dns_address(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which A and AAAA records does the target's name have, and are they addresses somebody can use?

    A name server that fails is the target's failure, a resolver of ours that fails a gap: neither is "no AAAA".
    A target named by an address has that one, and surely none of the other family.

    Source: RFC 3596 2; RFC 4074 4 (misbehaviour against AAAA); RFC 6147; RFC 6890.
    """
    found = await wire.resolve(target.host)
    translated = await translated_prefixes(wire) if found[Family.IPV6].addresses else ()
    for family in Family:
        resolution = found[family]
        outcome = resolution.gap or resolution.failure or _facts(found, family, wire.surroundings, translated)
        yield Sighting(Subject(family=family), outcome, resolution.seconds, resolution.detail)


def _facts(found: Resolution, family: Family, own: Surroundings, translated: Collection[IPv6Network]) -> DnsAddress:
    resolution = found[family]
    assert resolution.presence is not None, "a resolution has a presence, a failure or a gap"
    addresses = tuple(sorted(resolution.addresses, key=int))
    kinds = [(address, classify(address, translated)) for address in addresses]
    other = found[family.other].presence
    return DnsAddress(
        presence=resolution.presence,
        addresses=addresses[:ADDRESS_LIMIT],
        count=len(addresses),
        chain=resolution.chain,
        ttl=resolution.ttl,
        source=resolution.source,
        unusable=tuple(
            UnusableAddress(address, kind) for address, kind in kinds if not usable(address, kind, own.native)
        )[:ADDRESS_LIMIT],
        contradicted=resolution.presence is Presence.NXDOMAIN and other in (Presence.PRESENT, Presence.NODATA),
    )
