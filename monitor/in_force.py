"""The configuration in force: what stands over it, and how another takes its place while everything runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from monitor.campaign import Plan
from monitor.configuration import Known, read
from monitor.issue import issue_of
from monitor.outfit import Outfit, equip
from monitor.packs import RuleFaults
from monitor.refusal import Unequipped, told, trouble_with
from monitor.settings import Mistakes
from monitor.spool import Spool
from monitor.store import Store, StoreUnavailable
from monitor.switch import Switch
from monitor.tower import Tower
from probes.wire.ledger import Ledger
from probes.wire.pace import Pacer
from rules.policy import Policy

POLICY_ACT = "policy"
"""What the audit log says when another policy begins to judge."""

log = logging.getLogger(__name__)


class InForce:
    """The configuration last taken up from *directory*, at first *known*, with the *outfit* and *tower* it needs.

    *valid* is false once a later one was refused; *loaded* is when this one came into force. All of them keep one pace,
    obey one *switch*, and count together what they sent and their defects: a count that falls would be taken for a new
    beginning.

    Raises:
        Unequipped: the authorities cannot be read.
    """

    known: Known
    outfit: Outfit
    tower: Tower
    valid: bool
    loaded: dt.datetime

    def __init__(
        self,
        directory: Path,
        known: Known,
        store: Store,
        spool: Spool,
        clock: Callable[[], dt.datetime],
        switch: Switch,
    ) -> None:
        self.defects: Counter[str] = Counter()
        self._directory, self._store, self._spool = directory, store, spool
        self._clock, self._switch = clock, switch
        self.ledger, self._pacer = Ledger(), Pacer(known.config.limits)
        self._turn = asyncio.Lock()
        self._take_up(known, *self._raise(known))

    async def reload(self, adopt: Callable[[Plan], Awaitable[None]]) -> bool:
        """Take up the configuration as it is now, and have its plan adopted; say whether it came into force.

        One that cannot come into force is told of, and the old one stays.
        """
        async with self._turn:
            try:
                known = await asyncio.to_thread(read, self._directory, self._clock())
                outfit, tower = self._raise(known)
                await tower.city.remember()
                await adopt(plan_of(known, tower))
            except (Mistakes, RuleFaults) as faults:
                return self._refuse(told(faults))
            except Unequipped as fault:
                return self._refuse(str(fault))
            except StoreUnavailable as trouble:
                return self._refuse(trouble_with(trouble))
            # What is being looked at ends by the old one, within both scopes and at the new pace.
            self.outfit.live.guard.narrow(known.config.scope)
            self._pacer.adopt(known.config.limits)
            self._take_up(known, outfit, tower)
            log.info("the configuration was taken up: %d targets", len(known.config.targets))
            return True

    def superseded(self) -> bool:
        """Say whether another bundle is in force by now, or one came in that must be told of; our own settings wait."""
        try:
            issue = issue_of(self._directory, self._clock())
        except Mistakes:
            return self.valid
        return issue.digest != self.known.issue.digest and issue.bundle is not None

    def _raise(self, known: Known) -> tuple[Outfit, Tower]:
        outfit = equip(known.config, Path(known.config.daemon.packets_socket), self._pacer, self.ledger)
        wire = outfit.live
        tower = Tower(
            known.config,
            self._store,
            known.rules,
            known.probes,
            wire.for_target,
            self._clock,
            wire.memo.forget,
            self._spool,
            outfit.foresight,
        )
        tower.lookout.defects = self.defects
        self._switch.govern(wire.guard)
        return outfit, tower

    def _take_up(self, known: Known, outfit: Outfit, tower: Tower) -> None:
        self.known, self.outfit, self.tower = known, outfit, tower
        self.valid, self.loaded = True, self._clock()
        self._note(known.config.policy)

    def _note(self, policy: Policy) -> None:
        """Write down by which policy everyone is judged from now on."""
        with suppress(StoreUnavailable):
            before = [entry for entry in self._store.audit_log() if entry.act == POLICY_ACT]
            if not before or before[-1].detail != policy.digest:
                self._store.audit("tower", POLICY_ACT, policy.version, policy.digest, at=self._clock())

    def _refuse(self, reasons: str) -> bool:
        self.valid = False
        log.error("配置未生效，沿用原配置 / the configuration was not taken up:\n%s", reasons)
        return False


def plan_of(known: Known, tower: Tower) -> Plan:
    """Return what is to be looked at, and when."""
    config = known.config
    return Plan(config.watched, tower.probes, config.schedule, config.daemon.time_zone, haste=tower.haste)
