"""Links listened to all the time, and asked now and then; told of only as far as the process's own bounds name them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Protocol

from probes.observation import GapReason
from probes.target import Address
from probes.wire import NotLooked
from probes.wire.link import ALL_ROUTERS, Overheard, Role, Speaker
from probes.wire.packets.craft import solicitations
from probes.wire.packets.link_bodies import MEMORY, SPEAKER_LIMIT
from probes.wire.packets.messages import Declined, Overhear, Told
from probes.wire.packets.pace import Pace

ANSWERING = 1.5
"""Seconds for answers to a solicitation: routers wait up to half of one. Source: RFC 4861 6.2.6."""
PAUSE = 4.0
"""Seconds between solicitations on one link. Source: RFC 4861 10 (RTR_SOLICITATION_INTERVAL)."""


class Ear(Protocol):
    """Hears one link, and asks it."""

    @property
    def mac(self) -> str:
        """Our own hardware address there."""

    def own(self) -> IPv6Address | None:
        """Return our own link-local address there, if there is one."""

    def send(self, frame: bytes) -> None:
        """Send one frame, or raise NotLooked."""


@dataclass(slots=True)
class _Heard:
    """Who was heard on one link, and when it was asked."""

    speakers: dict[tuple[Role, str, Address], tuple[Speaker, float]] = field(default_factory=dict)
    asked_at: float = float("-inf")


class Links:
    """The links that *ears* hear, by interface; instead of an ear there may be the reason why there is none."""

    def __init__(
        self, ears: Mapping[str, Ear | NotLooked], pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ears, self._pace, self._clock = ears, pace, clock
        self._heard = {interface: _Heard() for interface in ears}
        self._stopping = asyncio.Event()

    async def run(self, request: Overhear) -> Told | Declined:
        """Ask the link, if it was not asked just now, and tell who is heard on it."""
        try:
            asked = await self._ask(request.interface)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), ANSWERING)
            self._permit(request.interface)
        except NotLooked as refusal:
            return Declined(request.token, refusal.reason, refusal.detail)
        return Told(request.token, Overheard(self._known(request.interface), asked))

    def stop(self) -> None:
        """Fall silent at once; what is under way ends as stopped."""
        self._stopping.set()

    def resume(self) -> None:
        """Ask again."""
        self._stopping.clear()

    def received(self, interface: str, speaker: Speaker) -> None:
        """Remember *speaker*; of a link on which too many speak, those who are new are left out."""
        known, key = self._heard[interface].speakers, (speaker.role, speaker.mac, speaker.address)
        now = self._clock()
        if key not in known and len(known) >= SPEAKER_LIMIT:
            self._forget(interface, now)
        if key in known or len(known) < SPEAKER_LIMIT:
            known[key] = speaker, now

    async def _ask(self, interface: str) -> int:
        ear, heard = self._permit(interface), self._heard[interface]
        own = ear.own()
        if own is None or self._clock() - heard.asked_at < PAUSE:
            return 0
        heard.asked_at = self._clock()
        frames = solicitations(ear.mac, own)
        for frame in frames:
            async with self._pace.turn(ALL_ROUTERS):
                self._permit(interface).send(frame)
        return len(frames)

    def _permit(self, interface: str) -> Ear:
        if self._stopping.is_set():
            raise NotLooked(GapReason.STOPPED)
        ear = self._ears.get(interface)
        if ear is None:
            raise NotLooked(GapReason.OUT_OF_SCOPE, "the packet process was started without this link")
        if isinstance(ear, NotLooked):
            raise NotLooked(ear.reason, ear.detail)
        return ear

    def _known(self, interface: str) -> tuple[Speaker, ...]:
        now = self._clock()
        self._forget(interface, now)
        told = [replace(speaker, age=now - at) for speaker, at in self._heard[interface].speakers.values()]
        return tuple(sorted(told, key=lambda each: (each.role, each.mac, int(each.address))))

    def _forget(self, interface: str, now: float) -> None:
        known = self._heard[interface].speakers
        for key in [key for key, (_, at) in known.items() if now - at > MEMORY]:
            del known[key]
