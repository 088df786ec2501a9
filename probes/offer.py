"""What a TLS server accepts, found in few hellos: it chooses, and is asked again without its choice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from probes.wire import Unreached
from probes.wire.greeting import Greeting, TlsVersion
from probes.wire.tls_suites import WEAK, SuiteKind, forward_secret, suite_kind

Ask = Callable[[TlsVersion, frozenset[SuiteKind]], Awaitable[Greeting]]
"""Says hello with the newest version and the kinds of suites given.

Raises:
    Unreached: no word came back, or none that could be read.
"""

_DESCENT: Final = tuple(version for version in TlsVersion if version is not TlsVersion.TLCP)
_NATIONAL: Final = frozenset({SuiteKind.NATIONAL})
_CLASSIC: Final = frozenset(SuiteKind) - {SuiteKind.MODERN, SuiteKind.NATIONAL}
_ALL: Final = _CLASSIC | {SuiteKind.MODERN}
_DOUBTFUL: Final = WEAK | {SuiteKind.STATIC}

QUESTIONS: Final = len(_DESCENT) + 2 * len(_DOUBTFUL) + 1
"""Hellos said to one server at most: one a version, one a doubtful kind of suites for two versions, one for TLCP."""


class Offer:
    """What is known of one server. *open_versions* and *open_suites*: a question about them stayed unanswered."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.accepted: dict[TlsVersion, int] = {}
        self.suites: set[int] = set()
        self.open_versions = self.open_suites = False
        self.tlcp: bool | None = None
        self._refused: Greeting | None = None

    @property
    def weaknesses(self) -> set[SuiteKind]:
        """The weak kinds of suites it chose."""
        return {kind for number in self.suites if (kind := suite_kind(number)) in WEAK}

    @property
    def forward_secrecy(self) -> bool:
        """Whether it chose a suite that stays secret when a key leaks later."""
        return any(forward_secret(number) for number in self.suites)

    @property
    def static(self) -> bool:
        """Whether it chose a suite that a key leaked later lays open; those of TLCP, which has its own, left out."""
        classic = (number for number in self.suites if suite_kind(number) is not SuiteKind.NATIONAL)
        return any(not forward_secret(number) for number in classic)

    async def explore(self) -> None:
        """Ask all there is to ask.

        Raises:
            Unreached: nothing at all could be learnt.
        """
        await self._explore_versions()
        # A version that may be accepted may have suites of its own.
        self.open_suites = self.open_versions
        classic = [version for version in self.accepted if version is not TlsVersion.TLS13]
        if classic:
            # An old version is often kept for old suites, which the newer one does not know.
            for version in dict.fromkeys((classic[0], classic[-1])):
                await self._explore_suites(version)
        self.tlcp = await self._accepts_tlcp()
        if not self.accepted and not self.tlcp and self._refused is not None:
            assert self._refused.refused is not None
            raise Unreached(self._refused.refused, self._refused.detail, self._refused.seconds)

    async def _explore_versions(self) -> None:
        """Go down from the newest version: a server answers with the newest it has that is no newer than asked."""
        place = 0
        while place < len(_DESCENT):
            newest = _DESCENT[place]
            try:
                said = await self._ask(
                    newest, _CLASSIC | {SuiteKind.MODERN} if newest is TlsVersion.TLS13 else _CLASSIC
                )
            except Unreached:
                if not self.accepted:
                    raise
                self.open_versions = True
                return
            if said.version is not None:
                self._note(said)
                place = _DESCENT.index(said.version) + 1
            elif self.accepted:
                return
            else:
                self._refused = self._refused or said
                place += 1

    async def _explore_suites(self, version: TlsVersion) -> None:
        """Offer what nobody should accept, and again without the kind that was chosen, until all is refused."""
        left = _DOUBTFUL - {suite_kind(number) for number in self.suites}
        while left:
            try:
                said = await self._ask(version, left)
            except Unreached:
                self.open_suites = True
                return
            if said.version is None:
                return
            self.suites.add(said.suite)
            left -= {suite_kind(said.suite)}

    async def _accepts_tlcp(self) -> bool | None:
        try:
            said = await self._ask(TlsVersion.TLCP, _NATIONAL)
        except Unreached:
            return None
        if said.version is not None:
            self._note(said)
        return said.version is not None

    def _note(self, said: Greeting) -> None:
        assert said.version is not None
        self.accepted[said.version] = said.suite
        self.suites.add(said.suite)
