"""The ways of one scan: neighbours to be found before it begins, and proof of them once it was met with silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.syn.routes import Hop, Knowledge, Link, Routes


@dataclass(slots=True)
class Trust:
    """What silence of hosts is worth, by their place: *gaps* say nothing of the host, *nobody* is at its address.

    Of those *pending* it is not known yet; of all others silence is their own.
    """

    gaps: dict[int, NotLooked] = field(default_factory=dict)
    nobody: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)


class Paths:
    """How each of *hosts*, all of one family, is reached, as the kernel routed when the scan began.

    Raises:
        NotLooked: there is no way to one of them.
    """

    def __init__(self, routes: Routes, hosts: Sequence[Address]) -> None:
        self._routes, self._hosts = routes, hosts
        self._ways = [routes.way(host) for host in hosts]
        self._links = {interface: routes.link(interface) for interface in {way.hop.interface for way in self._ways}}
        self._behind: dict[Hop, list[int]] = {}
        for place, way in enumerate(self._ways):
            if self._links[way.hop.interface].has_neighbours:
                self._behind.setdefault(way.hop, []).append(place)
        self._lost: set[Hop] = set()

    @property
    def sources(self) -> list[Address]:
        """Our own address towards each host."""
        return [way.source for way in self._ways]

    @property
    def interfaces(self) -> list[int]:
        """The link by which each host is reached."""
        return [way.hop.interface for way in self._ways]

    def missing(self, hops: Iterable[Hop]) -> list[Hop]:
        """Return those of *hops* that the kernel could not send to now."""
        unknown = Knowledge.SOUGHT, Knowledge.MISSING, Knowledge.ABSENT
        return [hop for hop in hops if self._routes.knowledge(hop) in unknown]

    def in_use(self, silent: Iterable[int]) -> set[Hop]:
        """Return the hops that lead to the hosts *silent*."""
        return {hop for place in silent if (hop := self._ways[place].hop) in self._behind}

    def sought(self, hops: Iterable[Hop]) -> bool:
        """Say whether the kernel is asking for one of *hops*."""
        return any(self._routes.knowledge(hop) is Knowledge.SOUGHT for hop in hops)

    def behind(self, hop: Hop) -> Sequence[int]:
        """Return the places of the hosts reached by *hop*."""
        return self._behind[hop]

    @property
    def routers(self) -> Iterator[Hop]:
        """The hops that are no hosts of the scan themselves."""
        return (hop for hop, places in self._behind.items() if self._hosts[places[0]] != hop.address)

    def begin(self) -> None:
        """Begin a round: what was lost before has been asked again."""
        self._lost.clear()

    def lose(self, hops: Iterable[Hop]) -> None:
        """Note that packets to *hops* may have gone nowhere in this round."""
        self._lost.update(hops)

    def unresolved(self, hop: Hop) -> Trust:
        """Return what it means that *hop* was asked for and did not answer."""
        trust = Trust()
        for place in self._behind[hop]:
            self._absent(trust, place, hop)
        return trust

    def trust(self, silent: Iterable[int], heard: Iterable[int]) -> Trust:
        """Return what the silence of the hosts *silent* is worth, when those *heard* have answered just now."""
        trust, alive = Trust(), {self._ways[place].hop for place in heard}
        links = {interface: self._routes.link(interface) for interface in self._links}
        known: dict[Hop, Knowledge] = {}
        for place in silent:
            hop = self._ways[place].hop
            if (refusal := self._changed(place, links)) is not None:
                trust.gaps[place] = refusal
            elif hop in self._behind:
                knowledge = known[hop] = known.get(hop) or self._routes.knowledge(hop)
                if hop in self._lost:
                    trust.gaps[place] = self._blind(place, f"next hop {hop} was lost meanwhile")
                elif knowledge is Knowledge.ABSENT:
                    trust.gaps[place] = self._blind(place, f"next hop {hop} was forgotten meanwhile")
                elif knowledge is Knowledge.MISSING:
                    self._absent(trust, place, hop)
                elif knowledge is Knowledge.SOUGHT or (knowledge is Knowledge.DOUBTED and hop not in alive):
                    trust.pending.append(place)
        return trust

    def unproven(self, places: Iterable[int]) -> Trust:
        """Return what it means that nothing could be found out about the hops of *places*."""
        return Trust(
            {place: self._blind(place, f"next hop {self._ways[place].hop} does not answer") for place in places}
        )

    def _changed(self, place: int, links: Mapping[int, Link]) -> NotLooked | None:
        way = self._ways[place]
        then, now = self._links[way.hop.interface], links[way.hop.interface]
        if not now.carries or now.changes != then.changes:
            return self._blind(place, f"link {way.hop.interface} was down")
        try:
            changed = self._routes.way(self._hosts[place]) != way
        except NotLooked as refusal:
            return refusal
        return self._blind(place, "the route has changed") if changed else None

    def _absent(self, trust: Trust, place: int, hop: Hop) -> None:
        if hop.address == self._hosts[place]:
            trust.nobody.append(place)
        else:
            trust.gaps[place] = self._blind(place, f"next hop {hop} unresolved")

    def _blind(self, place: int, detail: str) -> NotLooked:
        return NotLooked(GapReason.blind(Family.of(self._hosts[place])), detail)
