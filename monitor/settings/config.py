"""Everything an operator told us, in the nouns of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.settings.daemon import Endpoint
from monitor.settings.schedule import Schedule
from probes.target import Target, Vantage
from probes.wire import Surroundings
from probes.wire.scope import Limits, Scope
from rules.agency import Tree
from rules.finding import Waiver
from rules.policy import Policy
from rules.text import Language


@dataclass(frozen=True, slots=True)
class Daemon:
    """How the tower itself runs.

    *city* is the root agency of the situation; *contact* is told to those we probe. *authorities* are PEM files of
    certificate authorities trusted besides the system's.
    *keep* is how many seconds of history are kept.
    """

    city: str
    contact: str
    store_url: str
    keep: float
    metrics: Endpoint
    packets_socket: str
    authorities: tuple[Path, ...]
    language: Language
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Config:
    """One whole configuration, free of mistakes. *exemptions* gives the reason for each host without IPv6."""

    tree: Tree
    targets: Mapping[str, Target]
    exemptions: Mapping[str, str]
    policy: Policy
    waivers: tuple[Waiver, ...]
    schedule: Schedule
    daemon: Daemon
    vantage: Vantage
    surroundings: Surroundings
    scope: Scope
    limits: Limits

    @property
    def watched(self) -> Mapping[str, Target]:
        """The targets that are to be seen from our zone; what others see is unknown to us."""
        return {host: target for host, target in self.targets.items() if self.vantage.sees(target)}
