"""What a look would send: told beforehand, in the classes of the ledger, without asking anybody.

Counts are packets as the ledger counts them. *usual* is where all answer at once, *most* where nobody does, and every
question is asked again, of everyone there is to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from probes.target import Address, Family, Target
from probes.wire import Surroundings
from probes.wire.dns import TRIES
from probes.wire.ledger import What

SYNS: Final = 7
"""Segments a kernel sends at most to open one connection: one, and six more. Source: tcp(7), tcp_syn_retries."""
QUESTION: Final = 2 * (TRIES + SYNS)
"""Packets one question to one server takes at most: datagrams and a connection, with EDNS and without."""
RESOLVING: Final = 256
"""Packets a name takes at most in both families: at our resolvers, which have to prove that they work, on the way up
to its zone, and at the zone's own servers, each silent."""
RECURSING: Final = 2 * QUESTION
"""Packets a name takes at most where only our resolvers are asked."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Packets of one class."""

    what: What
    usual: int
    most: int

    def times(self, count: int) -> Sending:
        """Return as much for each of *count*."""
        return replace(self, usual=self.usual * count, most=self.most * count)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known before a look: its target, ourselves, and the *addresses* of the target that may be sent to.

    *syn*: ports are looked at with SYNs, and not by connecting.
    """

    target: Target
    surroundings: Surroundings
    addresses: Mapping[Family, int]
    syn: bool = False

    @property
    def places(self) -> int:
        """How many addresses there are, over both families."""
        return sum(self.addresses.values())


Sends = Callable[[Outlook], Iterable[Sending]]
"""Says what one look sends."""


def resolving(names: int = 1, usual: int | None = None) -> Sending:
    """Return what it takes to find the addresses of *names*, of which *usual* (all, if None) are likely asked for."""
    return _of(What.DNS, names, usual, each=2, most=RESOLVING)


def remembering(names: int = 1) -> Sending:
    """Return what it takes to find the addresses of *names* again, which are likely remembered."""
    return resolving(names, usual=0)


def recursing(names: int, usual: int | None = None) -> Sending:
    """Return what it takes to ask our resolvers, and nobody else, for *names*."""
    return _of(What.DNS, names, usual, each=2, most=RECURSING)


def asking(questions: int = 1, usual: int | None = None) -> Sending:
    """Return what *questions* to servers take, of which *usual* (all, if None) are likely put."""
    return _of(What.DNS, questions, usual, most=QUESTION)


def connecting(what: What, connections: int, usual: int | None = None) -> Sending:
    """Return what so many *connections* take, of which *usual* (all, if None) are likely made."""
    return _of(what, connections, usual, most=SYNS)


def _of(what: What, count: int, usual: int | None, *, most: int, each: int = 1) -> Sending:
    return Sending(what, each * (count if usual is None else usual), most * count)


def together(sendings: Iterable[Sending]) -> Iterator[Sending]:
    """Yield the sum of *sendings* of each class, in the order of the classes."""
    sums: dict[What, Sending] = {}
    for each in sendings:
        before = sums.get(each.what, Sending(each.what, 0, 0))
        sums[each.what] = Sending(each.what, before.usual + each.usual, before.most + each.most)
    yield from (sums[what] for what in What if what in sums)


def count(addresses: Iterable[Address], limit: int) -> Mapping[Family, int]:
    """Return how many of *addresses* there are in each family, *limit* at most."""
    found = list(addresses)
    return {family: min(limit, sum(Family.of(address) is family for address in found)) for family in Family}
