"""What a round would send, to whom and how long it would take: told without sending anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from exporters.documents_plan import PlanDocument, sendings_document
from monitor.configuration import Known
from monitor.lookout import BATCH
from monitor.outfit import around
from monitor.store import Store, StoreUnavailable, Trouble
from monitor.tower import SELF
from probes.dns_address import DnsAddress
from probes.endpoint import ADDRESS_LIMIT
from probes.observation import GapReason, Observation
from probes.outlook import Outlook, Sending, count, together
from probes.registry import Probe
from probes.target import Address, Kind, Target
from probes.wire.ledger import What
from probes.wire.scope import Limits


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What looking once at one target would send.

    *addresses* are those it was last seen to have, each with the reason why it is left alone, None where it is not.
    *known* is false where nobody has looked yet: then one address of each family is reckoned with, in the scope.
    """

    target: Target
    addresses: Mapping[Address, GapReason | None]
    known: bool
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What looking once at *hosts* would send, *ourselves* besides, at the pace of *limits*."""

    hosts: tuple[HostPlan, ...]
    ourselves: tuple[Sending, ...]
    limits: Limits

    @property
    def agencies(self) -> Mapping[str, tuple[Sending, ...]]:
        """What each agency's hosts would be sent, by code."""
        codes = sorted({host.target.agency for host in self.hosts})
        return {code: _sum(host for host in self.hosts if host.target.agency == code) for code in codes}

    @property
    def whole(self) -> tuple[Sending, ...]:
        """All of it."""
        return tuple(together([*self.ourselves, *_sum(self.hosts)]))

    @property
    def seconds(self) -> tuple[float, float]:
        """How long that takes by the pace alone, usually and at most: whichever limit is the narrowest decides.

        Questions to our own resolvers count against the overall pace only.
        """
        usual, most = self._seconds(most=False), self._seconds(most=True)
        return usual, most

    def _seconds(self, *, most: bool) -> float:
        def packets(sendings: Iterable[Sending], *, all_of_it: bool = False) -> int:
            counted = [each for each in sendings if all_of_it or each.what is not What.DNS]
            return sum(each.most if most else each.usual for each in counted)

        overall = packets(self.whole, all_of_it=True) / self.limits.overall
        agencies = (packets(sendings) / self.limits.per_agency for sendings in self.agencies.values())
        hosts = (packets(host.sendings) / self.limits.per_host for host in self.hosts)
        return max(overall, *agencies, *hosts, 0.0)


def plan(known: Known, hosts: Sequence[str] | None) -> Plan:
    """Return what a round over *hosts* (all, if None) would send; where they are is what the store last knew.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    watched = known.config.watched
    targets = [watched[host] for host in (watched if hosts is None else hosts) if host in watched]
    where = _addresses(known, [target.host for target in targets])
    made = tuple(_host(known, target, where.get(target.host)) for target in targets)
    batches = sum(ceil(sum(probe.suits(target) for target in targets) / BATCH) for probe in known.probes.values())
    tower = Target(known.config.vantage.name, "", Kind.NETWORK_DEVICE)
    outlook = Outlook(tower, around(known.config), count((), 0))
    sends = known.probes[SELF].sends
    once = list(together(sends(outlook))) if sends else []
    return Plan(made, tuple(each.times(1 + batches) for each in once), known.config.limits)


def document(of: Plan) -> PlanDocument:
    """Return the plan as it is printed for programs."""
    usual, most = of.seconds
    return {
        "packets": sendings_document(of.whole),
        "pace": {
            "overall": of.limits.overall,
            "per_agency": of.limits.per_agency,
            "per_host": of.limits.per_host,
            "usual_seconds": round(usual, 1),
            "most_seconds": round(most, 1),
        },
        "agencies": {code: sendings_document(sendings) for code, sendings in of.agencies.items()},
        "hosts": [
            {
                "host": host.target.host,
                "agency": host.target.agency,
                "known": host.known,
                "addresses": {str(at): refusal.value if refusal else None for at, refusal in host.addresses.items()},
                "packets": sendings_document(host.sendings),
            }
            for host in of.hosts
        ],
        "ourselves": sendings_document(of.ourselves),
    }


def _host(known: Known, target: Target, found: Sequence[Address] | None) -> HostPlan:
    scope, own = known.config.scope, around(known.config)
    if target.literal is not None:
        found = [target.literal]
    checked = {address: scope.refusal(address) for address in found or ()}
    places = count([address for address, refusal in checked.items() if refusal is None], ADDRESS_LIMIT)
    if found is None:
        places = dict.fromkeys(places, 1)
    outlook = Outlook(target, own, places, known.config.limits.syn)
    probes = [probe for name, probe in known.probes.items() if name != SELF and probe.suits(target)]
    sendings = (sending for probe in probes for sending in _of(probe, outlook, known.config.limits))
    return HostPlan(target, checked, found is not None, tuple(each for each in together(sendings) if each.most))


def _of(probe: Probe, outlook: Outlook, limits: Limits) -> Iterator[Sending]:
    """Yield what one look of *probe* sends: at most what the pace lets through before its deadline."""
    for each in together(probe.sends(outlook) if probe.sends else ()):
        pace = limits.overall if each.what is What.DNS else limits.per_host
        most = min(each.most, ceil(pace * probe.deadline))
        yield replace(each, usual=min(each.usual, most), most=most)


def _addresses(known: Known, hosts: Sequence[str]) -> Mapping[str, list[Address]]:
    """Return where each of *hosts* that was looked at was seen to be."""
    try:
        store = Store.open_to_read(known.config.daemon.store_url)
    except StoreUnavailable as trouble:
        if trouble.trouble is Trouble.ABSENT:
            return {}
        raise
    found: dict[str, list[Address]] = {}
    with store:
        for item in store.state(hosts):
            record = item.record
            if isinstance(record, Observation) and isinstance(record.facts, DnsAddress):
                found.setdefault(record.target, []).extend(record.facts.addresses)
    return found


def _sum(hosts: Iterable[HostPlan]) -> tuple[Sending, ...]:
    return tuple(together(sending for host in hosts for sending in host.sendings))
