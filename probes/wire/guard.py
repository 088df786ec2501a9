"""The guard at the door: nothing is sent that it has not let out, and it lets out only what scope and pace allow.

    async with guard.admit(address, port, What.HTTP, account) as errand:
        ...                     # connect to exactly this address and port; errand.count(n) for n octets read

Admissions are never nested: one inside another would wait for a place that the outer one holds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from probes.observation import GapReason
from probes.target import Address
from probes.wire import NotLooked, Surroundings
from probes.wire.account import Account
from probes.wire.errand import Errand
from probes.wire.ledger import Entry, Ledger, What
from probes.wire.link import ALL_ROUTERS
from probes.wire.pace import Pacer, Ticket
from probes.wire.scope import Limits, Scope

_FORGET_EVERY = 4096


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Guard:
    """Scope, pace, budgets, stop switch and ledger of everything that leaves. One guard belongs to one event loop.

    *surroundings* are granted besides the scope, each for its use alone: resolvers for DNS at their port, control
    contacts for a TCP connection to theirs and for ping, and the links we stand on for solicitations, which never
    leave them; the deny list beats them too. Our own resolvers count
    only against the overall pace. Guards that follow one another share a *pacer* and a *ledger*: they keep the pace
    together, and one account.
    """

    def __init__(
        self,
        scope: Scope,
        limits: Limits,
        surroundings: Surroundings | None = None,
        *,
        pacer: Pacer | None = None,
        ledger: Ledger | None = None,
        clock: Callable[[], dt.datetime] = _utc,
    ) -> None:
        own = surroundings or Surroundings()
        self.limits, self.stopped = limits, False
        self.ledger = Ledger() if ledger is None else ledger
        self._clock = clock
        self._scopes = [scope]
        self._resolvers = frozenset((address, own.resolver_port) for address in own.resolvers)
        self._controls = frozenset((c.address, c.port) for contacts in own.controls.values() for c in contacts)
        self._on_links = bool(own.links)
        self._pinged = frozenset(address for address, _ in self._controls)
        self._pacer = pacer or Pacer(limits)
        self._errands: set[Errand] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._admitted = 0

    def admit(
        self, address: Address, port: int, what: What, account: Account, *, host: str = "", packets: int = 1
    ) -> Errand:
        """Return the admission to use in `async with`: entering it waits for the turn.

        *host* is whose pace it counts against, over all its addresses: the account's target unless said otherwise;
        for DNS, where the one asked is not the one asked about, the address alone.

        Raises, on entering:
            NotLooked: out of scope, denied, stopped, budget spent, or a dry run. Nothing was sent.
        """
        if not host and what is not What.DNS:
            host = account.target
        return Errand(self, Entry(what, address, port, account.target, self._clock(), packets), account, host)

    def stop(self) -> None:
        """Let nothing out any more and break off what waits or is under way; all of it becomes gaps."""
        self.stopped = True
        for errand in tuple(self._errands):
            errand.interrupt()

    def resume(self) -> None:
        """Let out again what scope and pace allow."""
        self.stopped = False

    def narrow(self, scope: Scope) -> None:
        """From now on let out only what *scope* allows as well: what began under an older one ends within both."""
        self._scopes.append(scope)

    @property
    def under_way(self) -> int:
        """How many wait for their turn or have it."""
        return len(self._errands)

    def check(self, entry: Entry) -> None:
        """Refuse what may not be sent, whoever asks.

        Raises:
            NotLooked: with the reason.
        """
        if self.stopped:
            raise NotLooked(GapReason.STOPPED)
        for scope in self._scopes:
            reason = scope.refusal(entry.address, name_server=entry.what is What.DNS)
            if reason is not None and not (reason is GapReason.OUT_OF_SCOPE and self._granted(entry)):
                raise NotLooked(reason, str(entry.address))

    def queue(self, errand: Errand, call: Callable[[], None]) -> Ticket:
        """Queue *errand*; *call* is called when its turn has come."""
        self._errands.add(errand)
        self._admitted += 1
        if self._admitted % _FORGET_EVERY == 0:
            self._pacer.forget(asyncio.get_running_loop().time())
        entry = errand.entry
        address = getattr(entry.address, "ipv4_mapped", None) or entry.address
        if entry.what is What.DNS and self._granted(entry):
            ticket = self._pacer.own_ticket(address, entry.packets, call)
        else:
            ticket = self._pacer.ticket(address, errand.host, errand.account.agency, entry.packets, call)
        self._pacer.enqueue(ticket)
        self._turn()
        return ticket

    def sent(self, entry: Entry) -> Entry:
        """Write down that *entry* is let out now; return it with its time."""
        dated = replace(entry, at=self._clock())
        self.ledger.note(dated)
        return dated

    def resent(self, errand: Errand, ticket: Ticket, packets: int) -> None:
        """Count what the kernel sent again for *errand*; others wait the longer for it."""
        self._pacer.charge(ticket, packets, asyncio.get_running_loop().time())
        self.ledger.resent(errand.entry, packets)

    def leave(self, errand: Errand, ticket: Ticket, *, had_turn: bool, strain: float | None, everywhere: bool) -> None:
        """Forget *errand*, and give back its place if it had one; *strain* is the address's, or the host's."""
        self._errands.discard(errand)
        if not had_turn:
            ticket.gone = True
            return
        self._pacer.release(ticket, strain, everywhere=everywhere)
        self._turn()

    def _granted(self, entry: Entry) -> bool:
        there = (entry.address, entry.port)
        if entry.what is What.DNS:
            return there in self._resolvers
        if entry.what is What.ECHO:
            return entry.address in self._pinged
        if entry.what is What.SOLICITATION:
            return entry.address == ALL_ROUTERS and self._on_links
        return entry.what is What.TCP_CONNECT and there in self._controls

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        self._pacer.turns(loop.time())
        when = self._pacer.next_at()
        if self._timer is not None:
            if when is not None and self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = None if when is None else loop.call_at(when, self._timed)

    def _timed(self) -> None:
        self._timer = None
        self._turn()
