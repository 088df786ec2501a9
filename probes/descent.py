"""The way down from the root to a name by IPv6 alone, as a resolver without IPv4 would have to take it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from ipaddress import IPv6Address

from probes.nameserver import Standing
from probes.observation import Failure, GapReason
from probes.survey import Server, Survey, put, six, survey
from probes.wire import DnsAnswer, Presence, Wire
from probes.wire.dns_codec import name_of
from probes.wire.recursion import SETTLED, failure_of
from probes.wire.trail import CHAIN, Trail, follow, within

ZONES, SERVERS, TRIES, LABELS, DEPTH, STEPS = 24, 16, 8, 40, 6, 400
"""At most: zones on one way, servers of each, addresses asked one question, labels of a name, and names of servers that
need names of servers, and questions in all. Where one of them decides, the way is left open: others may go further."""


class Stop(StrEnum):
    """Why there is no way further."""

    NO_IPV6_ADDRESS = "no_ipv6_address"
    """None of the zone's servers has an IPv6 address: no AAAA, or no glue for it at the parent."""
    SILENT = "silent"
    """None of those that have one answers over IPv6."""
    LAME = "lame"
    """They answer, and none of them for the zone."""
    NO_ANSWER = "no_answer"
    """They answer for the zone, and give no usable answer for the name."""
    ALIAS_LOOP = "alias_loop"
    SERVER_LOOP = "server_loop"
    """To find the zone's servers one would have to have found them."""
    TOO_DEEP = "too_deep"


@dataclass(frozen=True, slots=True)
class Halt:
    """Where the way ends before its goal: at a *stop*, and what was met there, or at a *gap* of ours."""

    zone: str
    stop: Stop | None
    failure: Failure | None = None
    gap: GapReason | None = None


class Halted(Exception):
    """There is no way further, or none that we may take."""

    def __init__(self, halt: Halt) -> None:
        super().__init__(f"{halt.zone}: {halt.stop or halt.gap}")
        self.halt = halt


@dataclass(frozen=True, slots=True)
class Cut:
    """A delegation: what the parent says. *shared* are servers of the parent that answer for the zone below too."""

    apex: str
    servers: tuple[str, ...]
    glue: tuple[tuple[str, IPv6Address], ...] = ()
    shared: tuple[IPv6Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A zone on the way. *delegated* are its servers as the parent names them."""

    apex: str
    delegated: tuple[str, ...]
    survey: Survey
    shared: tuple[IPv6Address, ...] = ()

    @property
    def open(self) -> tuple[IPv6Address, ...]:
        """The addresses it can be asked at."""
        return self.survey.working or self.shared


@dataclass(frozen=True, slots=True)
class End:
    """What is at the end of the way, and the aliases on it."""

    presence: Presence
    addresses: tuple[IPv6Address, ...]
    aliases: tuple[str, ...]


class Descent:
    """One walk; *passed* holds the zones it has come through, in order. Questions are shared by all walks of a round.

    Only questions are shared, never ways: two ways that wait for each other would wait for good.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire, self._depth = wire, 0
        self.passed: dict[str, Passed] = {}
        self.aliases: list[str] = []
        self._under_way: set[str] = set()
        self._steps = 0

    async def walk(self, name: str) -> End:
        """Find the AAAA records of *name*.

        Raises:
            Halted: there is no way, and why.
            NotLooked: we were kept from looking.
        """
        end = await self._follow(name)
        self.aliases = list(end.aliases)
        return end

    async def _follow(self, name: str) -> End:
        seen = [name]
        while True:
            zone, trail = await self._answer(await self._down(seen[-1]), seen[-1])
            if trail.presence is not None and not trail.aliases:
                six_only = (address for address in trail.addresses if isinstance(address, IPv6Address))
                return End(trail.presence, tuple(six_only), tuple(seen[1:]))
            if not self._depth:
                self.aliases = [*seen[1:], trail.aliases[0]]
            if trail.aliases[0] in seen:
                raise Halted(Halt(zone.apex, Stop.ALIAS_LOOP, Failure.DNS_CNAME_LOOP))
            if len(seen) > CHAIN:
                raise Halted(Halt(zone.apex, Stop.TOO_DEEP, Failure.DNS_CNAME_LOOP))
            seen.append(trail.aliases[0])

    async def _down(self, name: str) -> Passed:
        """Return the zone *name* lies in, having passed those above it."""
        zone = await self._root()
        for candidate in _from_above(name):
            cut = await self._cut(zone, candidate)
            if cut is not None:
                zone = await self._enter(zone, cut)
        return zone

    async def _root(self) -> Passed:
        if "." not in self.passed:
            roots = self._wire.surroundings.roots
            servers = [Server(str(address), (address,)) for address in roots]
            met = await self._wire.once(("chain", "."), lambda: survey(".", servers, (), self._wire))
            self._pass(Passed(".", (), met))
        return self._checked(self.passed["."])

    async def _cut(self, zone: Passed, candidate: str) -> Cut | None:
        """Ask for a delegation of just *candidate*; servers that do not say are asked for the whole name later."""

        async def measure() -> Cut | None:
            for address in zone.open[:TRIES]:
                said = await put(address, candidate, "NS", self._wire)
                if isinstance(said, DnsAnswer) and said.rcode in SETTLED:
                    return _cut_in(said, zone.apex, candidate, address)
            return None

        self._step(zone)
        return await self._wire.once(("chain cut", zone.apex, candidate), measure)

    async def _enter(self, parent: Passed, cut: Cut) -> Passed:
        """Pass a zone: find its servers, and see which of them answer."""
        if cut.apex in self.passed:
            return self._checked(self.passed[cut.apex])
        if cut.apex in self._under_way:
            raise Halted(Halt(cut.apex, Stop.SERVER_LOOP))
        if len(self.passed) >= ZONES or self._depth >= DEPTH:
            raise Halted(Halt(cut.apex, Stop.TOO_DEEP))
        self._under_way.add(cut.apex)
        try:
            servers = [await self._server(parent, cut, name) for name in cut.servers[:SERVERS]]
            servers += [Server(name, gap=GapReason.BUDGET_SPENT) for name in cut.servers[SERVERS:]]
        finally:
            self._under_way.discard(cut.apex)
        places = sorted(str(address) for server in servers for address in server.addresses)
        key = ("chain", cut.apex, *places)
        met = await self._wire.once(key, lambda: survey(cut.apex, servers, cut.shared, self._wire))
        return self._checked(self._pass(Passed(cut.apex, cut.servers, met, cut.shared)))

    async def _server(self, parent: Passed, cut: Cut, name: str) -> Server:
        """Return a server with its addresses: the parent's glue, or found on a way of their own."""
        glue = tuple(sorted(address for owner, address in cut.glue if owner == name and within(name, parent.apex)))
        if glue or within(name, cut.apex):
            return Server(name, glue, glue)
        self._depth += 1
        try:
            return Server(name, tuple(sorted((await self._follow(name)).addresses)))
        except Halted as halted:
            stop, gap = halted.halt.stop, halted.halt.gap
            if stop is Stop.TOO_DEEP:
                gap = GapReason.BUDGET_SPENT
            return Server(name, gap=gap, circular=stop is Stop.SERVER_LOOP)
        finally:
            self._depth -= 1

    def _step(self, zone: Passed) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise Halted(Halt(zone.apex, Stop.TOO_DEEP))

    def _pass(self, zone: Passed) -> Passed:
        self.passed[zone.apex] = zone
        return zone

    def _checked(self, zone: Passed) -> Passed:
        if not zone.open:
            raise Halted(halt_at(zone))
        return zone

    async def _answer(self, zone: Passed, name: str) -> tuple[Passed, Trail]:
        """Return what the zone's servers say of *name*, going on where they refer to a zone not met yet."""
        for _ in range(DEPTH):
            self._step(zone)
            said = await self._wire.once(("chain answer", zone.apex, name), partial(self._asked, zone, name))
            if isinstance(said, Trail):
                return zone, said
            if isinstance(said, GapReason):
                raise Halted(Halt(zone.apex, None, gap=said))
            if isinstance(said, Failure):
                raise Halted(Halt(zone.apex, Stop.NO_ANSWER, said))
            zone = await self._enter(zone, said)
        raise Halted(Halt(zone.apex, Stop.TOO_DEEP))

    async def _asked(self, zone: Passed, name: str) -> Trail | Cut | Failure | GapReason:
        met: list[Failure | GapReason] = []
        for address in zone.open[:TRIES]:
            said = await put(address, name, "AAAA", self._wire)
            if not isinstance(said, DnsAnswer):
                met.append(said)
                continue
            trail = follow(said, name, "AAAA")
            if said.authoritative and (trail.aliases or trail.presence is not None):
                return trail
            cut = _cut_in(said, zone.apex, name, address)
            if cut is not None:
                return cut
            met.append(failure_of(said.rcode))
        gap = next((each for each in met if isinstance(each, GapReason)), None)
        if len(zone.open) > TRIES:
            gap = gap or GapReason.BUDGET_SPENT
        # A word says more than a silence.
        return gap or next((each for each in met if each is not Failure.DNS_TIMEOUT), met[0])


def halt_at(zone: Passed) -> Halt:
    """Say why *zone*, none of whose servers can be asked, is the end of the way."""
    servers = zone.survey.servers
    standings = {server.standing for server in servers}
    gap = next((server.gap for server in servers if server.gap), None)
    if gap is not None:
        return Halt(zone.apex, None, gap=gap)
    failure = next((server.failure for server in servers if server.failure), None)
    if Standing.LAME in standings:
        return Halt(zone.apex, Stop.LAME, failure)
    if Standing.SILENT in standings:
        return Halt(zone.apex, Stop.SILENT, failure)
    circular = any(server.circular for server in servers)
    return Halt(zone.apex, Stop.SERVER_LOOP if circular else Stop.NO_IPV6_ADDRESS)


def _from_above(name: str) -> Iterator[str]:
    """Yield the names from the topmost below the root down to *name*."""
    labels = name.split(".")[-LABELS:] if name != "." else []
    yield from (".".join(labels[-count:]) for count in range(1, len(labels) + 1))


def _cut_in(answer: DnsAnswer, apex: str, name: str, asked: IPv6Address) -> Cut | None:
    """Return the delegation on the way from *apex* to *name* in an answer of the server *asked*."""
    for records, shared in ((answer.answer, (asked,)), (answer.authority, ())):
        if shared and not answer.authoritative:
            continue
        owners = {r.owner for r in records if r.rdtype == "NS" and within(name, r.owner) and within(r.owner, apex)}
        for owner in sorted(owners - {apex}, key=len):
            servers = tuple(sorted({name_of(r.value) for r in records if r.rdtype == "NS" and r.owner == owner}))
            glue = tuple((server, address) for server in servers for address in six(replace(answer, answer=()), server))
            return Cut(owner, servers, glue, shared)
    return None
