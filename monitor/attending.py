"""What the daemon attends to beside looking: alerts that come in or go unanswered, emergencies that begin and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from exporters.alerting import Inbox as Place
from monitor.alarm import Alarm, Heard
from monitor.campaign import Campaigns
from monitor.clock import Clock
from monitor.in_force import InForce
from monitor.inbox import Inbox, token
from monitor.serving import serving
from monitor.settings.daemon import Endpoint
from monitor.store import Store
from rules.emergency import Emergency
from rules.text import Text


class Attending:
    """Attends to what is under way by the configuration *in_force*; *changed* is told whether verdicts may change."""

    def __init__(
        self, store: Store, in_force: InForce, campaigns: Campaigns, clock: Clock, changed: Callable[[bool], None]
    ) -> None:
        self._in_force, self._campaigns, self._clock, self._changed = in_force, campaigns, clock, changed
        self._alarm = Alarm(store, lambda: in_force.known.config)
        self._emergency: Emergency | None = None

    @asynccontextmanager
    async def listening(self, place: Place | None) -> AsyncIterator[None]:
        """Be told of alerts at *place*, if there is one, as long as the context lasts.

        Raises:
            Unequipped: there is no secret, or the address cannot be listened at.
        """
        if place is None:
            yield
            return
        app = Inbox(
            token(Path(place.token_file)),
            self._hear,
            lambda: self._in_force.known.config.targets,
            lambda: self._in_force.known.config.tree.agencies,
        )
        what = Text("告警", "the inbox of alerts")
        async with serving(app, Endpoint(place.address, place.port), what):
            yield

    async def _hear(self, told: Sequence[Heard]) -> None:
        if await asyncio.to_thread(self._alarm.hear, told, self._clock.now()):
            self._changed(False)

    async def climb(self) -> None:
        """Tell of alerts further up that nobody answers for."""
        if await asyncio.to_thread(self._alarm.climb, self._clock.now()):
            self._changed(False)

    async def mind_the_emergency(self) -> None:
        """Take up an emergency that was ordered, or go back to what is usual when one is over."""
        tower, now = self._in_force.tower, self._clock.now()
        await asyncio.to_thread(tower.expire, now)
        emergency = await asyncio.to_thread(tower.affairs.emergency, now)
        if emergency == self._emergency:
            return
        self._emergency = emergency
        self._changed(True)
        if emergency is not None:
            await self._campaigns.hasten(tower.concerned(emergency.terms), now)
