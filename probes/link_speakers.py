"""Who offers routes and addresses to the hosts of a link that we stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.framework import refused
from probes.observation import SAMPLE, WHOLE, Facts, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending
from probes.registry import probe
from probes.target import Address, Kind, Target
from probes.wire import NotLooked, Wire
from probes.wire.ledger import What
from probes.wire.link import SOLICITATIONS, Link, LinkPrefix, Role, Speaker


@dataclass(frozen=True, slots=True)
class LinkSpeakers(Facts):
    """Somebody heard on the link within the last half minute, who offers *prefixes* (or addresses) to its hosts.

    *declared* is whether we were told of that hardware address in that role, and, of a router, of each prefix.
    *lifetime_seconds* is for how long a router offers itself as the way out.
    """

    role: Role
    mac: str
    speaker: Address
    prefixes: tuple[str, ...]
    declared: bool
    lifetime_seconds: int = field(metadata=SAMPLE)


_WORDS = {
    "role": ("角色", "role"),
    "mac": ("MAC", "MAC"),
    "speaker": ("地址", "address"),
    "prefixes": ("网段", "prefixes"),
    "declared": ("已登记", "declared"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    if outlook.target.host in outlook.surroundings.links:
        yield Sending(What.SOLICITATION, SOLICITATIONS, SOLICITATIONS)


@probe(
    facts=LinkSpeakers,
    words=_WORDS,
    doing=("监听链路", "listening to the link"),
    every=5.0,
    deadline=20.0,
    kinds=frozenset({Kind.LINK}),
    steady=True,
    sends=_sends,
)
async def link_speakers(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Who advertises routes and answers as a DHCP server on the link, and were we told of them?

    The packet process listens all the time; each look asks the link for routers and DHCPv6 servers, takes nothing of
    what they offer, and waits a moment for answers. Nothing of it leaves the link. A link whose interface is not in
    our configuration is a gap.

    Source: RFC 4861 4.1, 4.2 and 6.3.7; RFC 6104 (rogue router advertisements); RFC 8415 18.2.1; RFC 2131 4.3.1.
    """
    link = wire.surroundings.links.get(target.host)
    if link is None:
        yield Sighting(WHOLE, GapReason.OUT_OF_SCOPE, detail="no interface of ours is given for it")
        return
    try:
        heard = await wire.overhear(link.interface)
    except NotLooked as refusal:
        yield refused(WHOLE, refusal)
        return
    for speaker in heard.speakers:
        # Of no family: an address of theirs is none that our own uplink has to reach.
        subject = Subject(path=f"/{speaker.role}/{speaker.mac}/{speaker.address}")
        yield Sighting(subject, _facts(speaker, link))


def _facts(speaker: Speaker, link: Link) -> LinkSpeakers:
    return LinkSpeakers(
        role=speaker.role,
        mac=speaker.mac,
        speaker=speaker.address,
        prefixes=tuple(map(str, speaker.prefixes)),
        declared=_declared(speaker, link),
        lifetime_seconds=speaker.lifetime,
    )


def _declared(speaker: Speaker, link: Link) -> bool:
    if speaker.role is not Role.ROUTER:
        return speaker.mac in link.dhcp_servers
    known = [router for router in link.routers if router.mac == speaker.mac]
    return bool(known) and all(_within(prefix, known[0].prefixes) for prefix in speaker.prefixes)


def _within(prefix: LinkPrefix, allowed: tuple[LinkPrefix, ...]) -> bool:
    return any(
        prefix.network_address in wider and prefix.prefixlen >= wider.prefixlen
        for wider in allowed
        if wider.version == prefix.version
    )
