"""One admission by the guard, from asking until the exchange is over."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from probes.observation import Failure, GapReason
from probes.wire import NotLooked, NotSent, Unreached
from probes.wire.account import Account
from probes.wire.gate import PATIENCE
from probes.wire.ledger import Entry
from probes.wire.pace import Ticket

if TYPE_CHECKING:
    from probes.wire.guard import Guard

STRAIN: Final = {
    Failure.CONNECTION_TIMEOUT: 1.0,
    Failure.CONNECTION_RESET: 1.0,
    Failure.DNS_TIMEOUT: 1.0,
    Failure.TLS_TIMEOUT: 1.0,
    Failure.HTTP_TIMEOUT: 1.0,
    Failure.ECHO_TIMEOUT: 1.0,
    Failure.SNMP_TIMEOUT: 1.0,
    # A closed port is an answer; only a storm of resets asks for patience.
    Failure.CONNECTION_REFUSED: 0.25,
}
"""What of an address's answers makes us slower towards it, and how much."""


class Errand:
    """What `Guard.admit` returns, to be used once in `async with`."""

    __slots__ = (
        "_began",
        "_cancelling",
        "_guard",
        "_had_turn",
        "_interrupted",
        "_sparing",
        "_task",
        "_ticket",
        "account",
        "entry",
        "host",
    )

    _task: asyncio.Task[object]
    _ticket: Ticket

    def __init__(self, guard: Guard, entry: Entry, account: Account, host: str) -> None:
        self.entry, self.account, self.host = entry, account, host
        self._guard = guard
        self._had_turn = self._interrupted = self._sparing = False

    def count(self, octets: int) -> None:
        """Charge *octets* read to the look's budget.

        Raises:
            NotLooked: the budget is spent.
        """
        self._guard.ledger.passed(self.entry, received=octets)
        self.account.budget.read(octets)
        self._afford()

    def put(self, octets: int) -> None:
        """Count *octets* written."""
        self._guard.ledger.passed(self.entry, sent=octets)

    def spare(self) -> None:
        """Note that the host itself asks for patience: it is sent to at half the pace, at all its addresses."""
        self._sparing = True

    def unsent(self, packets: int) -> None:
        """Take back *packets* that were let out, and never left this machine; the pace was kept all the same."""
        self._guard.ledger.resent(self.entry, -packets)

    def resent(self, packets: int) -> None:
        """Count *packets* that the kernel sent again by itself against the pace."""
        self._guard.resent(self, self._ticket, packets)

    def interrupt(self) -> None:
        """Break off: the one inside `async with` gets NotLooked(STOPPED)."""
        self._interrupted = True
        self._task.cancel()

    async def __aenter__(self) -> Self:
        try:
            self._guard.check(self.entry)
            self._afford()
        except NotLooked as refusal:
            self._guard.ledger.refuse(self.entry, refusal.reason)
            raise
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        turn = asyncio.get_running_loop().create_future()

        def call() -> None:
            self._had_turn = True
            if not turn.done():
                turn.set_result(None)

        self._ticket = self._guard.queue(self, call)
        try:
            await turn
            # While we waited the scope may have become narrower, and the budget may be spent.
            self._guard.check(self.entry)
            self._afford()
        except BaseException as reason:
            self._leave(None)
            if self._interrupted or isinstance(reason, NotLooked):
                refused = reason.reason if isinstance(reason, NotLooked) else GapReason.STOPPED
                self._guard.ledger.refuse(self.entry, refused)
            self._translate(reason)
            raise
        self.entry = self._guard.sent(self.entry)
        self._began = asyncio.get_running_loop().time()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.account.budget.wait(self.entry.address, asyncio.get_running_loop().time() - self._began)
        if isinstance(reason, NotSent):
            self.unsent(self.entry.packets)
            self._guard.ledger.refuse(self.entry, reason.reason)
        strain = STRAIN.get(reason.failure, 0.0) if isinstance(reason, Unreached) else None
        self._leave(PATIENCE if self._sparing else 0.0 if reason is None else strain)
        self._translate(reason)

    def _afford(self) -> None:
        if self.account.budget.spent(self.entry.address):
            raise NotLooked(GapReason.BUDGET_SPENT)

    def _leave(self, strain: float | None) -> None:
        everywhere = self._sparing or strain == 0.0
        self._guard.leave(self, self._ticket, had_turn=self._had_turn, strain=strain, everywhere=everywhere)
        # The ticket knows how to call us: together they would stay until somebody looks for such circles.
        del self._ticket

    def _translate(self, reason: BaseException | None) -> None:
        # As in asyncio.timeout: a cancellation that others asked for besides ours stays a cancellation.
        ours = self._interrupted and self._task.uncancel() <= self._cancelling
        if ours and isinstance(reason, asyncio.CancelledError):
            raise NotLooked(GapReason.STOPPED) from reason
