"""A wire whose resolver knows a zone: for what pages refer to, and nobody may be sent anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from probes.observation import Failure
from probes.wire import DnsAnswer, DnsQuery, DnsRecord, Surroundings, Unreached
from tests.probes.scripted_wire import ScriptedWire

RESOLVER = ip_address("192.0.2.53")
OURS = Surroundings(resolvers=(RESOLVER,), control_name="control.test")
Zone = Mapping[tuple[str, str], tuple[str, ...] | Failure]


@dataclass
class ResolvingWire(ScriptedWire):
    """A wire whose resolver knows *zone*; a name without any record of it does not exist."""

    zone: Zone = field(default_factory=dict)
    surroundings: Surroundings = OURS

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        assert query.server == RESOLVER, "nobody but our resolver is asked"
        if query.name == "control.test":
            return _answer([DnsRecord(query.name, query.rdtype, 60, "192.0.2.1")])
        met = self.zone.get((query.name, query.rdtype), ())
        if isinstance(met, Failure):
            raise Unreached(met)
        alias = self.zone.get((query.name, "CNAME"))
        if isinstance(alias, tuple):
            rest = await self.ask(DnsQuery(RESOLVER, alias[0], query.rdtype))
            return _answer([DnsRecord(query.name, "CNAME", 60, alias[0]), *rest.answer], rest.rcode)
        exists = any(name == query.name for name, _ in self.zone)
        return _answer(
            [DnsRecord(query.name, query.rdtype, 60, each) for each in met], "NOERROR" if exists else "NXDOMAIN"
        )


def _answer(records: list[DnsRecord], rcode: str = "NOERROR") -> DnsAnswer:
    return DnsAnswer(rcode, False, False, tuple(records), (DnsRecord("test", "SOA", 60, "ns h 1 1 1 1 1"),), (), 0.001)
