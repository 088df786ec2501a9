"""Our own resolvers, asked in order; a resolver that fails must prove that it works before the name is blamed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable

from probes.observation import Failure, GapReason
from probes.target import Address
from probes.wire import DnsAnswer, DnsQuery, NotLooked, Surroundings, Unreached
from probes.wire.memo import Memo

Ask = Callable[[DnsQuery], Awaitable[DnsAnswer]]
"""Puts one question to one server, as `Wire.ask` does."""

PATIENCE = 5.0
"""Seconds a resolver is given: it may have to wait for servers itself."""
PROOF_PATIENCE = 3.0
DEAD_FOR = 10.0
"""Seconds a resolver that proved dead is left alone."""
SETTLED = frozenset({"NOERROR", "NXDOMAIN"})
"""The rcodes that say something about the name."""
OURS = frozenset({GapReason.STOPPED, GapReason.BUDGET_SPENT, GapReason.OVERLOADED})
"""Reasons that would keep us from asking any other server too."""

_FAILURES = {
    "SERVFAIL": Failure.DNS_SERVFAIL,
    "REFUSED": Failure.DNS_REFUSED,
    "NOTIMP": Failure.DNS_NOTIMP,
    "FORMERR": Failure.DNS_FORMERR,
}


def failure_of(rcode: str) -> Failure:
    """Return what an rcode that settles nothing is called; those without a word of their own are SERVFAIL."""
    return _FAILURES.get(rcode, Failure.DNS_SERVFAIL)


class Recursion:
    """The resolvers of one vantage and what is known of their health. *nonce* makes labels nobody has asked for yet."""

    def __init__(
        self,
        surroundings: Surroundings,
        nonce: Callable[[], str] = lambda: secrets.token_hex(6),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own, self._nonce, self._clock = surroundings, nonce, clock
        self._proved: dict[Address, float] = {}
        self._dead_until: dict[Address, float] = {}
        self._proofs = Memo(lifetime=0.0, clock=clock)

    async def ask(self, ask: Ask, name: str, rdtype: str, *, checking_disabled: bool = False) -> DnsAnswer:
        """Return the first answer of a resolver that works; an rcode that settles nothing is then the name's own.

        Raises:
            Unreached: a resolver that works has no usable answer for this name.
            NotLooked: no resolver works.
        """
        trouble: list[str] = []
        blind: NotLooked | None = None
        for server in self._own.resolvers:
            if self._dead_until.get(server, 0.0) > self._clock():
                trouble.append(f"{server} does not work")
                continue
            begun = self._clock()
            try:
                query = self._query(server, name, rdtype, PATIENCE, checking_disabled=checking_disabled)
                met: DnsAnswer | Unreached = await ask(query)
            except NotLooked as refusal:
                if refusal.reason in OURS:
                    raise
                blind = refusal
                continue
            except Unreached as refusal:
                met = refusal
            if isinstance(met, DnsAnswer) and met.rcode in SETTLED:
                self._proved[server] = self._clock()
                return met
            if await self._works(server, begun, ask):
                if isinstance(met, Unreached):
                    raise met
                return met
            trouble.append(f"{server}: {met.failure if isinstance(met, Unreached) else met.rcode}")
        if blind is not None and not trouble:
            raise blind
        raise NotLooked(GapReason.RESOLVER_FAILED, "; ".join(trouble) or "no resolver configured")

    @property
    def port(self) -> int:
        """The port the resolvers are asked at."""
        return self._own.resolver_port

    def first(self) -> Address | None:
        """Return the resolver that is asked first now, None if all are known to be dead."""
        return next((each for each in self._own.resolvers if self._dead_until.get(each, 0.0) <= self._clock()), None)

    async def works(self, server: Address, ask: Ask) -> float | None:
        """Return the seconds *server* takes to answer the control question now, None if it does not work.

        It works when it resolves the control name, and can still tell of a name below it that does not exist: what
        it remembers is no proof that it reaches anybody.

        Raises:
            NotLooked: it could not be asked.
        """
        control = self._own.control_name
        fresh = f"{self._nonce()}.{control}" if control else self._nonce()
        try:
            for rdtype in ("A", "AAAA") if control else ("NS",):
                known = await ask(self._query(server, control or ".", rdtype, PROOF_PATIENCE))
                if known.rcode == "NOERROR" and known.answer:
                    news = await ask(self._query(server, fresh, "A", PROOF_PATIENCE))
                    return known.seconds if news.rcode in SETTLED else None
        except Unreached:
            pass
        return None

    async def reaches(self, zone: str, ask: Ask) -> bool:
        """Say whether a resolver can still find out something new about *zone*.

        Raises:
            NotLooked: no resolver works.
        """
        try:
            answer = await self.ask(ask, f"{self._nonce()}.{zone}".removesuffix("."), "A", checking_disabled=True)
        except Unreached:
            return False
        return answer.rcode in SETTLED

    async def _works(self, server: Address, since: float, ask: Ask) -> bool:
        """Say whether *server* has worked for anyone since a moment, asking the control question if it has not."""
        if self._proved.get(server, -1.0) >= since:
            return True
        if await self._proofs.once((str(server),), lambda: self.works(server, ask)) is not None:
            self._proved[server] = self._clock()
            return True
        self._dead_until[server] = self._clock() + DEAD_FOR
        return False

    def _query(
        self, server: Address, name: str, rdtype: str, timeout: float, *, checking_disabled: bool = False
    ) -> DnsQuery:
        return DnsQuery(
            server,
            name,
            rdtype,
            port=self._own.resolver_port,
            timeout=timeout,
            checking_disabled=checking_disabled,
        )
