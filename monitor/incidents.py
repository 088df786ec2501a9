"""What targets share, from what was seen of them, and the incidents that this explains."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from exporters.posture import Posture
from monitor.settings import Config
from monitor.store import Store, StoreUnavailable
from probes.dns_address import DnsAddress
from probes.dns_delegation import DnsDelegation
from probes.observation import Observation, Record
from probes.tls_certificate import TlsCertificate
from rules.finding import Finding
from rules.incident import Cause, CauseKind, Incident, incidents

log = logging.getLogger(__name__)

KEPT = dt.timedelta(seconds=60)
"""How long the incidents are told as they were."""

RECENT = dt.timedelta(days=7)
"""How long after it began an incident is told of."""

PREFIXES = {4: 24, 6: 48}
"""Bits that addresses of one network share, by version: what a site is commonly given."""


class Incidents:
    """The incidents of one configuration, by what *store* holds."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._found: Sequence[Incident] = ()
        self._read: dt.datetime | None = None

    def onto(self, posture: Posture, now: dt.datetime) -> Posture:
        """Return *posture* with the incidents behind its findings."""
        if self._read is None or not dt.timedelta() <= now - self._read < KEPT:
            findings = [finding for host in posture.hosts for finding in host.findings]
            try:
                self._found, self._read = self.behind(findings, now), now
            except StoreUnavailable as trouble:
                log.warning("what targets share could not be read: %s", trouble)
        return replace(posture, incidents=tuple(self._found))

    def behind(self, findings: Iterable[Finding], now: dt.datetime) -> Sequence[Incident]:
        """Return the incidents that explain *findings*."""
        recent = [finding for finding in findings if finding.first_seen >= now - RECENT]
        if not recent:
            return []
        # What broke hides what it was: a name server that fails is found in what was known before it failed.
        before = min(finding.first_seen for finding in recent) - dt.timedelta(seconds=1)
        causes: dict[str, set[Cause]] = {host: {self._ourselves} for host in self._config.watched}
        for as_of in (before, None):
            for item in self._store.state(causes, as_of):
                causes[item.record.target].update(shared(item.record))
        return incidents(recent, {host: frozenset(mine) for host, mine in causes.items()}, self._store.watched_since())

    @property
    def _ourselves(self) -> Cause:
        return Cause(CauseKind.VANTAGE, self._config.vantage.name)


def shared(record: Record) -> Iterator[Cause]:
    """Yield what *record* says its target has that others may share."""
    facts = record.facts if isinstance(record, Observation) else None
    if isinstance(facts, DnsDelegation):
        yield from (Cause(CauseKind.NAME_SERVER, server) for server in facts.servers)
    elif isinstance(facts, DnsAddress):
        for address in facts.addresses:
            network = ipaddress.ip_network((address, PREFIXES[address.version]), strict=False)
            yield Cause(CauseKind.PREFIX, str(network))
    elif isinstance(facts, TlsCertificate):
        yield Cause(CauseKind.CERTIFICATE, facts.fingerprint)
