"""A small DNS in memory: zones, the servers that answer for them, and resolvers that know it all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from probes.observation import Failure, GapReason
from probes.target import Address
from probes.wire import DnsAnswer, DnsQuery, DnsRecord, NotLooked, Surroundings, Unreached
from probes.wire.memo import Memo
from probes.wire.resolve import Resolver
from probes.wire.trail import parent, within

RESOLVER = ip_address("198.18.5.53")
NS1, NS1_IPV6 = ip_address("198.18.2.53"), ip_address("2001:db8:18:2::53")
NS2 = ip_address("198.18.3.53")
LAME = ip_address("198.18.9.60")

RECORDS = """
. NS root.test.
test NS root.test.
root.test A 198.18.1.53
gov.test NS ns1.gov.test.
gov.test NS ns2.gov.test.
gov.test DS 1 13 2 00
ns1.gov.test A 198.18.2.53
ns1.gov.test AAAA 2001:db8:18:2::53
ns2.gov.test A 198.18.3.53
lame.gov.test A 198.18.9.60
www.gov.test A 198.18.20.10
www.gov.test AAAA 2001:db8:18:20::10
old.gov.test A 198.18.20.11
alias.gov.test CNAME www.gov.test.
oldalias.gov.test CNAME old.gov.test.
dangling.gov.test CNAME nothing.gov.test.
loop.gov.test CNAME pool.gov.test.
pool.gov.test CNAME loop.gov.test.
edu.gov.test NS ns2.gov.test.
www.edu.gov.test A 198.18.21.10
water.gov.test NS lame.gov.test.
www.water.gov.test A 198.18.33.10
"""

Told = str | Failure | GapReason | DnsAnswer
"""What a spoiled question gets: an rcode, a failure, a gap, or an answer."""


@dataclass
class World:
    """The network as far as DNS goes; change its fields to break it."""

    records: list[DnsRecord] = field(default_factory=lambda: list(parse(RECORDS)))
    serves: dict[Address, set[str]] = field(
        default_factory=lambda: {
            NS1: {"gov.test"},
            NS1_IPV6: {"gov.test"},
            NS2: {"gov.test", "edu.gov.test"},
            LAME: set(),
        }
    )
    resolvers: tuple[Address, ...] = (RESOLVER,)
    control_name: str = "www.gov.test"
    spoiled: dict[tuple[Address | None, str, str], Told] = field(default_factory=dict)
    """By server (None: any), name and type (both may be `*`)."""
    bogus: set[str] = field(default_factory=set)
    """Zones that do not validate."""
    no_tcp: set[Address] = field(default_factory=set)
    asked: list[DnsQuery] = field(default_factory=list)
    moment: dt.datetime = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
    ports: dict[tuple[Address, int], float | Failure | GapReason] = field(default_factory=dict)
    pings: dict[Address, float | Failure | GapReason] = field(default_factory=dict)
    surroundings_extra: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memo = Memo()
        self.resolver = Resolver(self.surroundings, self.memo)

    # --- the wire, as far as these probes use it ---

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(resolvers=self.resolvers, control_name=self.control_name, **self.surroundings_extra)  # type: ignore[arg-type]

    def now(self) -> dt.datetime:
        return self.moment

    async def once(self, key, measure):
        return await self.memo.once(key, measure)

    async def resolve(self, name):
        return await self.resolver.resolve(name, self.ask)

    async def connect(self, address, port, *, timeout=4.0):
        told = self.ports.get((address, port), Failure.CONNECTION_TIMEOUT)
        if isinstance(told, float):
            return told
        raise Unreached(told) if isinstance(told, Failure) else NotLooked(told)

    async def echo(self, address, *, count=3, timeout=2.0):
        told = self.pings.get(address, GapReason.NO_RAW_SOCKET)
        if isinstance(told, float):
            return (told,) * count
        raise Unreached(told) if isinstance(told, Failure) else NotLooked(told)

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        self.asked.append(query)
        told = self._spoiled(query)
        if isinstance(told, Failure):
            raise Unreached(told, "as told")
        if isinstance(told, GapReason):
            raise NotLooked(told, "as told")
        if query.tcp and query.server in self.no_tcp:
            raise Unreached(Failure.CONNECTION_REFUSED)
        if isinstance(told, DnsAnswer):
            return told
        if told is not None:
            return said(told)
        if query.server in self.resolvers:
            return self._recursive(query)
        if query.server not in self.serves:
            raise Unreached(Failure.DNS_TIMEOUT)
        return self._authoritative(query, self.serves[query.server])

    def _spoiled(self, query: DnsQuery) -> Told | None:
        for server in (query.server, None):
            for name in (query.name, "*"):
                for rdtype in (query.rdtype, "*"):
                    if (server, name, rdtype) in self.spoiled:
                        return self.spoiled[server, name, rdtype]
        return None

    def count(self, name: str, rdtype: str) -> int:
        return sum(query.name == name and query.rdtype == rdtype for query in self.asked)

    # --- what servers say ---

    def at(self, name: str, rdtype: str) -> tuple[DnsRecord, ...]:
        if rdtype == "SOA":
            soa = f"{name} SOA ns1.gov.test. h.gov.test. 7 1 1 1 1"
            return tuple(parse(soa)) if self.at(name, "NS") else ()
        return tuple(record for record in self.records if record.owner == name and record.rdtype == rdtype)

    def apex_of(self, name: str) -> str:
        while not self.at(name, "NS"):
            name = parent(name)
        return name

    def exists(self, name: str) -> bool:
        return any(within(record.owner, name) for record in self.records)

    def _recursive(self, query: DnsQuery) -> DnsAnswer:
        answer, here = [], query.name
        zone = self.apex_of(parent(here) if query.rdtype == "DS" else here)
        if not query.checking_disabled and zone in self.bogus:
            return said("SERVFAIL")
        while not (found := self.at(here, query.rdtype)) and (alias := self.at(here, "CNAME")):
            answer += alias
            here = alias[0].value.removesuffix(".")
            if len(answer) > 8:
                return said("SERVFAIL")
        if not any(address for address, zones in self.serves.items() if self.apex_of(here) in {*zones, ".", "test"}):
            return said("SERVFAIL")
        rcode = "NOERROR" if self.exists(here) else "NXDOMAIN"
        return said(rcode, (*answer, *found), () if found else self.at(self.apex_of(here), "SOA"))

    def _authoritative(self, query: DnsQuery, zones: set[str]) -> DnsAnswer:
        own = max((zone for zone in zones if within(query.name, zone)), key=len, default=None)
        if own is None:
            return said("REFUSED")
        apex = self.apex_of(query.name)
        if apex not in zones:
            cut = query.name
            while self.apex_of(parent(cut)) != own:
                cut = parent(cut)
            servers = self.at(self.apex_of(cut), "NS")
            glue = [r for s in servers for t in ("A", "AAAA") for r in self.at(s.value.removesuffix("."), t)]
            return said("NOERROR", (), servers, tuple(glue))
        found = self.at(query.name, query.rdtype) or self.at(query.name, "CNAME")
        rcode = "NOERROR" if self.exists(query.name) else "NXDOMAIN"
        return said(rcode, found, () if found else self.at(apex, "SOA"), authoritative=True)


def said(rcode="NOERROR", answer=(), authority=(), additional=(), *, authoritative=False) -> DnsAnswer:
    return DnsAnswer(rcode, authoritative, False, tuple(answer), tuple(authority), tuple(additional), 0.01)


def parse(lines: str) -> Iterable[DnsRecord]:
    for line in lines.strip().splitlines():
        owner, rdtype, value = line.split(maxsplit=2)
        yield DnsRecord(owner, rdtype, 60, value)
