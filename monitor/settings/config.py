"""Everything an operator told us, in the nouns of the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from exporters.alerting import UNTOLD, Alerting
from monitor.bundles.keys import TrustedKey
from monitor.settings.daemon import Endpoint
from monitor.settings.schedule import Schedule
from probes.target import Target, Vantage
from probes.wire import Surroundings
from probes.wire.scope import Limits, Scope
from probes.wire.snmp.keys import SnmpKey
from rules.agency import Tree
from rules.emergency import USUAL, Terms
from rules.finding import Waiver
from rules.policy import Policy
from rules.profile import Addressee
from rules.reporting import Duty
from rules.scheme import NONE, Scheme
from rules.text import Language


@dataclass(frozen=True, slots=True)
class Daemon:
    """How the tower itself runs.

    *city* is the root agency of the situation; *contact* is told to those we probe. *authorities* are PEM files of
    certificate authorities trusted besides the system's.
    *keep* is how many seconds of history are kept, *keep_minutes* how many of them the ledger tells minute by minute.
    *policy_keys* are those whose signature on a policy is accepted.
    """

    city: str
    contact: str
    store_url: str
    keep: float
    keep_minutes: float
    metrics: Endpoint
    packets_socket: str
    authorities: tuple[Path, ...]
    language: Language
    time_zone: ZoneInfo
    policy_keys: tuple[TrustedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """One whole configuration, free of mistakes. *exemptions* gives the reason for each host without IPv6.

    *holiday_years* are the years whose holidays are known. *emergency* is what one changes unless its order says
    otherwise, *duties* are the reports that graded incidents call for. *snmp_keys* are the
    credentials for network devices, by name. *scheme* are the templates of scores.
    """

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
    alerting: Alerting = UNTOLD
    holiday_years: frozenset[int] = frozenset()
    emergency: Terms = USUAL
    duties: tuple[Duty, ...] = ()
    snmp_keys: Mapping[str, SnmpKey] = field(default_factory=dict, repr=False)
    scheme: Scheme = NONE

    def addressee(self, target: Target) -> Addressee:
        """Return whom the policy speaks to in *target*."""
        agency = self.tree.agencies[target.agency]
        codes = frozenset({agency.code, *self.tree.ancestors(agency.code)})
        return Addressee(agency.tier, agency.kind, codes, target.kind, target.value)

    def policy_for(self, target: Target, day: dt.date) -> Policy:
        """Return the policy as it reads on *day* for *target*."""
        return self.policy.on(day, self.policy.profiles_of(self.addressee(target), day))

    @property
    def watched(self) -> Mapping[str, Target]:
        """The targets that are to be seen from our zone; what others see is unknown to us."""
        return {host: target for host, target in self.targets.items() if self.vantage.sees(target)}
