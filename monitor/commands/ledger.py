"""What was sent to whom and when: the answer to whoever asks what we wanted of them at 03:12."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from monitor.configuration import Known
from monitor.store import Sending, Store
from probes.wire.ledger import What
from probes.wire.scope import Network


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted: begun from *since* to before *until*; for *who*, a target, address or prefix, if any.

    *agencies* narrows it to their targets; None is everyone, those no longer in the inventory and ourselves included.
    """

    since: dt.datetime
    until: dt.datetime
    who: str = ""
    agencies: Collection[str] | None = None


def chosen(known: Known, store: Store, wanted: Wanted) -> list[Sending]:
    """Return the lines *wanted*, oldest first."""
    place = _place(wanted.who)
    target = wanted.who.lower() if wanted.who and place is None else None
    found = store.sendings(wanted.since, wanted.until, target)
    return [each for each in found if _within(each, place) and _of(known, each, wanted.agencies)]


def agency_of(known: Known, target: str) -> str:
    """Return the agency that answers for *target*; empty for ourselves, and for who is no longer in the inventory."""
    return known.config.targets[target].agency if target in known.config.targets else ""


def totals(lines: Iterable[Sending]) -> Mapping[What, int]:
    """Return the packets sent of each class, the refused ones left out."""
    sums: Counter[What] = Counter()
    for each in lines:
        if each.line.refused is None:
            sums[each.line.what] += each.line.packets
    return dict(sorted(sums.items()))


def _place(who: str) -> Network | None:
    try:
        return ip_network(who, strict=False)
    except ValueError:
        return None


def _within(sending: Sending, place: Network | None) -> bool:
    address = sending.line.address
    return place is None or (address.version == place.version and address in place)


def _of(known: Known, sending: Sending, agencies: Collection[str] | None) -> bool:
    return agencies is None or agency_of(known, sending.line.target) in agencies
