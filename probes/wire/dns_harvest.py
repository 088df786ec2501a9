"""What a server said plainly of many names, as columns, and the resolutions that it amounts to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

import numpy as np
from numpy.typing import NDArray

from probes.target import Address
from probes.wire import DnsAnswer, DnsQuery, FamilyResolution, Resolution
from probes.wire.dns_codec import read, write
from probes.wire.dns_columns import FAMILIES, Index, Names, Octets
from probes.wire.dns_reading import PRESENCES, Reading
from probes.wire.trail import CHAIN, Trail, follow

_RDTYPES = ("A", "AAAA")
_NOWHERE = IPv4Address(0)


@dataclass(slots=True, repr=False)
class Harvest:
    """What is settled, by question, as `dns_columns` numbers them.

    *presence* is an index of `PRESENCES`, 0 where nothing is settled; *ttl* is -1 without records. *aliases* has
    the questions answered with CNAMEs only, *trails* those whose answers were read one by one.
    """

    presence: NDArray[np.uint8]
    ttl: NDArray[np.int64]
    seconds: NDArray[np.float64]
    aliases: dict[int, tuple[str, ...]] = field(default_factory=dict)
    trails: dict[int, Trail] = field(default_factory=dict)
    _owners: list[Index] = field(default_factory=list)
    _addresses: list[Octets] = field(default_factory=list)

    @classmethod
    def empty(cls, questions: int) -> Harvest:
        """Return a harvest of nothing."""
        return cls(np.zeros(questions, np.uint8), np.full(questions, -1, np.int64), np.zeros(questions))

    def gather(
        self, questions: Index, reading: Reading, wanted: NDArray[np.bool_], seconds: NDArray[np.float64]
    ) -> None:
        """Take in the rows of *reading* that are *wanted* and plain; *questions* and *seconds* go with its rows."""
        for row, chain in reading.aliases.items():
            if wanted[row] and len(chain) <= CHAIN:
                self.aliases[int(questions[row])] = chain
            else:
                wanted[row] = False
        taken = wanted & (reading.presence > 0)
        mine = questions[taken]
        self.presence[mine], self.ttl[mine] = reading.presence[taken], reading.ttl[taken]
        self.seconds[mine] = seconds[taken]
        kept = taken[reading.owners]
        self._owners.append(questions[reading.owners[kept]])
        self._addresses.append(reading.addresses[kept])

    def glean(self, question: int, names: Names, message: bytes, seconds: float) -> None:
        """Read one message the slow way, and keep what it says if that settles *question*."""
        rdtype, name = _RDTYPES[question & 1], names.texts[question >> 1]
        asked = write(DnsQuery(_NOWHERE, name, rdtype))
        answer = read(asked.wire[:2] + message[2:], asked, seconds)
        trail = follow(answer, name, rdtype) if isinstance(answer, DnsAnswer) else Trail()
        if trail.presence is not None and len(trail.aliases) <= CHAIN:
            self.trails[question] = trail
            self.presence[question] = PRESENCES.index(trail.presence)
            self.seconds[question] = seconds

    def addresses(self) -> tuple[Index, Octets]:
        """Return all addresses gathered, by question, and in the order in which they stood in its answer."""
        owners = np.concatenate([np.empty(0, np.intp), *self._owners])
        octets = np.concatenate([np.empty((0, 16), np.uint8), *self._addresses])
        order = np.argsort(owners, kind="stable")
        return owners[order], octets[order]

    def resolutions(self) -> Iterator[tuple[int, Resolution]]:
        """Yield the number and the resolution of every name that is settled in both families."""
        owners, octets = self.addresses()
        numbers = np.arange(len(self.presence) + 1)
        bounds = np.searchsorted(owners, numbers).tolist()
        flat = octets.tobytes()
        settled = (self.presence[0::2] > 0) & (self.presence[1::2] > 0)
        for number in np.flatnonzero(settled).tolist():
            pair = (2 * number, 2 * number + 1)
            yield number, {FAMILIES[q & 1]: self._resolution(q, flat, bounds[q], bounds[q + 1]) for q in pair}

    def _resolution(self, question: int, flat: bytes, first: int, last: int) -> FamilyResolution:
        family, seconds = FAMILIES[question & 1], float(self.seconds[question])
        presence = PRESENCES[self.presence[question]]
        trail = self.trails.get(question)
        if trail is not None:
            ttl = trail.ttl if trail.addresses else None
            return FamilyResolution(family, presence, None, trail.addresses, trail.aliases, ttl, seconds=seconds)
        found = [_address(flat[16 * at : 16 * at + 16], question) for at in range(first, last)]
        # As in a set of records, what is said twice is said once.
        addresses = tuple(dict.fromkeys(found))
        chain, ttl = self.aliases.get(question, ()), int(self.ttl[question]) if addresses else None
        return FamilyResolution(family, presence, None, addresses, chain, ttl, seconds=seconds)


def _address(octets: bytes, question: int) -> Address:
    return IPv6Address(octets) if question & 1 else IPv4Address(octets[:4])
