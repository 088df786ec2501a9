"""Whose turn it is: the limits of everyone, each agency, each host and each address together, without a clock.

Waiting is fair: agencies take turns, within an agency its addresses take turns, and at one address first come is
first served. A step costs O(log n) of the addresses that have someone waiting; whoever waits is woken once.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import TypeVar

from probes.target import Address
from probes.wire.gate import Gate
from probes.wire.scope import Limits

_Key = TypeVar("_Key")


@dataclass(slots=True, eq=False)
class Group:
    """One agency's addresses that are ready and wait for the agency's turn."""

    gate: Gate
    lanes: deque[Lane] = field(default_factory=deque)
    listed: bool = False


@dataclass(slots=True, eq=False)
class Lane:
    """Those of one agency who wait for one address.

    *listed* while it stands in the ripening heap, in its group or parked at a full gate; exactly one of these.
    """

    gate: Gate
    group: Group
    order: int = 0
    waiting: deque[Ticket] = field(default_factory=deque)
    listed: bool = False


@dataclass(slots=True, eq=False)
class Ticket:
    """A wish to send; *call* is called once, when its turn has come. *gone*: the one who waited has left."""

    lane: Lane
    gates: tuple[Gate, ...]
    packets: int
    call: Callable[[], None]
    gone: bool = False


class Pacer:
    """Hands out turns. Time is any clock that never runs backwards, in seconds.

    Several guards of one event loop may share a pacer: then they keep the limits together.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._overall = Gate(limits.overall, limits.concurrent)
        self._groups: dict[str, Group] = {}
        self._addresses: dict[Address, Gate] = {}
        self._hosts: dict[str, Gate] = {}
        self._lanes: dict[tuple[Address, str], Lane] = {}
        self._ripening: list[tuple[float, int, Lane | Group]] = []
        self._ready: deque[Group] = deque()
        self._parked: dict[Gate, list[Lane]] = {}
        self._order = count()

    def adopt(self, limits: Limits) -> None:
        """Keep *limits* from now on, for those who wait already too; what was sent before still counts."""
        self._limits = limits
        self._overall.adopt(limits.overall, limits.concurrent)
        for agency, group in self._groups.items():
            group.gate.adopt(limits.per_agency if agency else inf, inf)
        for gate in (*self._addresses.values(), *self._hosts.values()):
            gate.adopt(limits.per_host, limits.per_host_concurrent)

    def ticket(self, address: Address, host: str, agency: str, packets: int, call: Callable[[], None]) -> Ticket:
        """Make a ticket that counts against *address* and *agency*, and against *host* unless that is empty."""
        lane = self._lanes.get((address, agency))
        if lane is None:
            lane = self._lanes[address, agency] = Lane(self._host_gate(self._addresses, address), self._group(agency))
        joined = (self._host_gate(self._hosts, host),) if host else ()
        return Ticket(lane, (lane.gate, *joined), packets, call)

    def own_ticket(self, address: Address, packets: int, call: Callable[[], None]) -> Ticket:
        """Make a ticket for a server of our own, which counts against nothing but the overall limit."""
        lane = self._lanes.setdefault((address, ""), Lane(Gate(inf, inf), self._group("")))
        return Ticket(lane, (lane.gate,), packets, call)

    def enqueue(self, ticket: Ticket) -> None:
        """Queue *ticket* behind those who wait for the same address."""
        ticket.lane.waiting.append(ticket)
        if not ticket.lane.listed:
            self._list_lane(ticket.lane)

    def charge(self, ticket: Ticket, packets: int, now: float) -> None:
        """Count *packets* more against all that *ticket* counted against."""
        for gate in (self._overall, ticket.lane.group.gate, *ticket.gates):
            gate.charge(now, packets)

    def release(self, ticket: Ticket, strain: float | None = None, *, everywhere: bool = False) -> None:
        """Take back the place of a *ticket* that had its turn; *strain*, if known, says how its exchange went.

        Silence and resets slow down the address they were met at: another one of the host may be well. What is felt
        *everywhere* slows down, or relieves, the host as a whole.
        """
        if strain is not None:
            for gate in ticket.gates if everywhere else (ticket.lane.gate,):
                gate.feel(strain)
        for gate in (self._overall, ticket.lane.group.gate, *ticket.gates):
            gate.busy -= 1
            for lane in self._parked.pop(gate, ()):
                self._push(gate.ready_at, lane.order, lane)

    def turns(self, now: float) -> None:
        """Call everyone whose turn has come."""
        self._ripen(now)
        while self._ready and not self._overall.full and self._overall.ready_at <= now:
            group = self._ready.popleft()
            group.listed = False
            if group.gate.ready_at <= now:
                self._serve(group.lanes.popleft(), now)
            if group.lanes:
                self._list_group(group)
            self._ripen(now)

    def next_at(self) -> float | None:
        """Return when to call `turns` again; None when only an `enqueue` or a `release` can change anything."""
        if self._overall.full:
            return None
        if self._ready:
            return self._overall.ready_at
        return max(self._overall.ready_at, self._ripening[0][0]) if self._ripening else None

    def forget(self, now: float) -> None:
        """Drop what is known of hosts that nobody waits for and that would not be spared by it."""
        self._lanes = {key: lane for key, lane in self._lanes.items() if lane.listed or not lane.gate.forgettable(now)}
        kept = {lane.gate for lane in self._lanes.values()}
        self._addresses = {key: gate for key, gate in self._addresses.items() if gate in kept}
        waited = {gate for lane in self._lanes.values() for ticket in lane.waiting for gate in ticket.gates}
        self._hosts = {key: gate for key, gate in self._hosts.items() if gate in waited or not gate.forgettable(now)}

    def _ripen(self, now: float) -> None:
        while self._ripening and self._ripening[0][0] <= now:
            item = heapq.heappop(self._ripening)[2]
            if isinstance(item, Group):
                self._ready.append(item)
                continue
            item.group.lanes.append(item)
            if not item.group.listed:
                self._list_group(item.group)

    def _serve(self, lane: Lane, now: float) -> None:
        while lane.waiting and lane.waiting[0].gone:
            lane.waiting.popleft()
        if not lane.waiting:
            lane.listed = False
            return
        ticket = lane.waiting[0]
        for gate in ticket.gates:
            if gate.full:
                self._parked.setdefault(gate, []).append(lane)
                return
            if gate.ready_at > now:
                self._push(gate.ready_at, lane.order, lane)
                return
        lane.waiting.popleft()
        for gate in (self._overall, lane.group.gate, *ticket.gates):
            gate.take(now, ticket.packets)
        lane.listed = False
        if lane.waiting:
            self._list_lane(lane)
        ticket.call()

    def _list_lane(self, lane: Lane) -> None:
        # A lane keeps its number while it is held up, so that no address of a host can starve another.
        lane.listed, lane.order = True, next(self._order)
        self._push(lane.gate.ready_at, lane.order, lane)

    def _list_group(self, group: Group) -> None:
        group.listed = True
        self._push(group.gate.ready_at, next(self._order), group)

    def _push(self, when: float, order: int, item: Lane | Group) -> None:
        heapq.heappush(self._ripening, (when, order, item))

    def _group(self, agency: str) -> Group:
        if agency not in self._groups:
            self._groups[agency] = Group(Gate(self._limits.per_agency if agency else inf, inf))
        return self._groups[agency]

    def _host_gate(self, gates: dict[_Key, Gate], key: _Key) -> Gate:
        return gates.setdefault(key, Gate(self._limits.per_host, self._limits.per_host_concurrent))
