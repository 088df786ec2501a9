"""From the store's facts to verdicts, findings and each host's posture; judged again whenever facts are new."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporters.posture import HostPosture
from monitor.affairs import Affairs
from monitor.current import current, open_questions
from monitor.handlings import Handlings
from monitor.settings import Config
from monitor.situation import host_posture
from monitor.spool import Spool
from monitor.store import Judgement, Store, StoredRecord
from monitor.weeks import Weeks, weeks
from probes.target import Kind, Target
from rules.emergency import Emergency, strained
from rules.facts import Seen
from rules.finding import Act, Event, Finding, Key, State
from rules.handling import UNHANDLED, Handling, handlings
from rules.judge import judge
from rules.lifecycle import advance
from rules.policy import Policy
from rules.rule import Rule
from rules.templates import templates
from rules.verdict import Verdict
from rules.waiving import excused


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judgement left behind: the hosts as they stand, and those with something still to be confirmed.

    *unsettled* maps a host to the probes that have to look again before a finding opens or closes.
    """

    hosts: Mapping[str, HostPosture]
    unsettled: Mapping[str, frozenset[str]]


class Judge:
    """Judges targets by the rules and policy of one configuration, and by what *spool* still owes the store."""

    def __init__(
        self,
        config: Config,
        rules: Mapping[str, Rule],
        store: Store,
        spool: Spool | None = None,
        affairs: Affairs | None = None,
    ) -> None:
        self._config, self._rules, self._store = config, rules, store
        self._spool = spool or Spool(store)
        self._handlings, self._affairs = Handlings(store), affairs or Affairs(config, store)
        self._packs = {rule.id: rule.pack for rule in rules.values()}
        self._policies: dict[tuple[object, ...], Policy] = {}

    def judge(self, hosts: Collection[str], now: dt.datetime) -> Judged:
        """Judge *hosts* by what is known of them now, keep what was concluded, and return how they stand."""
        with self._spool.judging:
            return self._judge(hosts, self._local(now))

    def _judge(self, hosts: Collection[str], now: dt.datetime) -> Judged:
        postures: dict[str, HostPosture] = {}
        unsettled: dict[str, frozenset[str]] = {}
        judgements: list[Judgement] = []
        known, handled = self._findings(hosts), self._handlings.now()
        looked = self._spool.looked(self._store.looked(hosts), hosts)
        visited = weeks(self._store, hosts, self._config.policy.today(now))
        emergency = self._affairs.emergency(now)
        for host, stored in self._stored(hosts).items():
            target = self._config.targets[host]
            policy = self._policy(target, now, emergency)
            verdicts = self._verdicts(host, stored, looked, visited, now)
            silent = open_questions(current(stored, looked.get((host, self._config.vantage.name), frozenset())))
            waivers = self._config.waivers
            progress = advance(target.agency, verdicts, known[host], policy, waivers, now, silent, handled)
            judgements.append(Judgement(host, tuple(verdicts), progress.findings, progress.events))
            mine = visited.get((host, self._config.vantage.name), {})
            plain = host_posture(target, stored, verdicts, progress.findings, policy, mine, now)
            postures[host] = self._scored(plain, verdicts, policy)
            if probes := self._unsettled(progress.findings):
                unsettled[host] = probes
        self._spool.judged(judgements, now)
        return Judged(postures, unsettled)

    def standing(self, hosts: Collection[str], now: dt.datetime) -> Mapping[str, HostPosture]:
        """Return how *hosts* stand by what is known of them, as old as that is *now*.

        Findings stay as last concluded, and nothing is written.
        """
        looked = self._spool.looked(self._store.looked(hosts), hosts)
        found, handled = self._findings(hosts), self._handlings.now()
        emergency = self._affairs.emergency(now)
        return self._postures(self._stored(hosts), looked, found, handled, self._local(now), emergency)

    def as_of(self, moment: dt.datetime) -> Mapping[str, HostPosture]:
        """Return how every host stood at a past *moment*: its facts of then, judged by the rules and policy of today.

        A finding stood open if its last act by then had opened it; its level is today's.
        """
        opened = _open_at(self._store.events(until=moment))
        findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._store.findings():
            if finding.key in opened:
                findings[finding.key.target].append(replace(finding, state=State.OPEN, closed_at=None))
        looked = self._store.looked(as_of=moment)
        handled = handlings(entry.deed for entry in self._store.deeds() if entry.deed.at <= moment)
        stored = self._stored(self._config.targets, moment)
        emergency = self._affairs.emergency_at(moment)
        return self._postures(stored, looked, findings, handled, self._local(moment), emergency)

    def concluded(
        self, now: dt.datetime, as_of: dt.datetime | None = None, hosts: Collection[str] | None = None
    ) -> Mapping[str, list[Verdict]]:
        """Return the verdicts on *hosts* (all, if None) by what is known *now*, or was at a past moment.

        Nothing is written.
        """
        moment = self._local(as_of or now)
        looked = self._store.looked(hosts, as_of)
        stored = self._stored(self._config.targets if hosts is None else hosts, as_of)
        visited = weeks(self._store, stored, self._config.policy.today(moment))
        return {host: self._verdicts(host, records, looked, visited, moment) for host, records in stored.items()}

    def _postures(
        self,
        known: Mapping[str, list[StoredRecord]],
        looked: Mapping[tuple[str, str], frozenset[str]],
        findings: Mapping[str, list[Finding]],
        handled: Mapping[Key, Handling],
        now: dt.datetime,
        emergency: Emergency | None,
    ) -> Mapping[str, HostPosture]:
        """Return how the hosts of *known* stand, with their *findings* as they were, and as they are *handled* now."""
        waivers, today = self._config.waivers, self._config.policy.today(now)
        visited = weeks(self._store, known, today)
        postures: dict[str, HostPosture] = {}
        for host, stored in known.items():
            target, verdicts = self._config.targets[host], self._verdicts(host, stored, looked, visited, now)
            found = [
                excused(finding, waivers, handled.get(finding.key, UNHANDLED), today) for finding in findings[host]
            ]
            policy, mine = self._policy(target, now, emergency), visited.get((host, self._config.vantage.name), {})
            plain = host_posture(target, stored, verdicts, found, policy, mine, now)
            postures[host] = self._scored(plain, verdicts, policy)
        return postures

    def _scored(self, host: HostPosture, verdicts: Sequence[Verdict], policy: Policy) -> HostPosture:
        """Return *host* with what the templates say of it."""
        said = templates(
            self._config.scheme,
            verdicts,
            host.findings,
            self._packs,
            value=host.target.value,
            website=host.target.kind is Kind.WEBSITE,
            exempt=host.target.ipv6_exempt,
            measured=host.score.coverage >= policy.minimum_coverage,
        )
        return replace(host, templates=said)

    def _local(self, moment: dt.datetime) -> dt.datetime:
        """Return *moment* by the clock on the wall: its day decides what is overdue, in force or lapsed."""
        return moment.astimezone(self._config.daemon.time_zone)

    def _policy(self, target: Target, now: dt.datetime, emergency: Emergency | None) -> Policy:
        """Return the policy as it reads now for *target*, in an *emergency*; those it says the same to share one."""
        whole = self._config.policy
        today, addressee = whole.today(now), self._config.addressee(target)
        profiles = whole.profiles_of(addressee, today)
        terms = emergency.terms if emergency and emergency.terms.covers(target.host, addressee.agencies) else None
        if terms is not None:
            pinned = tuple(profile for profile in whole.profiles if profile.name == terms.profile)
            profiles = (*(profile for profile in profiles if profile not in pinned), *pinned)
        key = (today, terms, *(profile.name for profile in profiles))
        found = self._policies.get(key)
        if found is None:
            found = whole.on(today, profiles)
            found = strained(found, terms) if terms is not None else found
            others = {known: policy for known, policy in self._policies.items() if known[0] == today}
            self._policies = {**others, key: found}
        return found

    def _stored(self, hosts: Collection[str], as_of: dt.datetime | None = None) -> Mapping[str, list[StoredRecord]]:
        """Return what is known of *hosts* from our vantage; in the past, from whichever there was if ours was not."""
        stored: dict[str, list[StoredRecord]] = {host: [] for host in hosts if host in self._config.targets}
        for item in self._store.state(stored, as_of):
            if item.record.target in stored:
                stored[item.record.target].append(item)
        if as_of is None:
            self._spool.overlay(stored)
        for items in stored.values():
            ours = [item for item in items if item.record.vantage == self._config.vantage.name]
            if ours or as_of is None:
                items[:] = ours
        return stored

    def _findings(self, hosts: Collection[str]) -> Mapping[str, list[Finding]]:
        findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._spool.findings(self._store.findings(hosts), hosts):
            findings[finding.key.target].append(finding)
        return findings

    def _verdicts(
        self,
        host: str,
        stored: list[StoredRecord],
        looked: Mapping[tuple[str, str], frozenset[str]],
        visited: Mapping[tuple[str, str], Weeks],
        now: dt.datetime,
    ) -> list[Verdict]:
        """Judge a host from each vantage of *stored*; where none has looked, everything is unknown."""
        target = self._config.targets[host]
        vantages = {item.record.vantage for item in stored} or {self._config.vantage.name}
        verdicts: list[Verdict] = []
        for vantage in sorted(vantages):
            probes = looked.get((host, vantage), frozenset())
            records = current([item for item in stored if item.record.vantage == vantage], probes)
            seen = Seen(target, vantage, records, probes, visited.get((host, vantage), {}))
            verdicts += judge(self._rules.values(), seen, self._config.policy, now)
        return verdicts

    def _unsettled(self, findings: Collection[Finding]) -> frozenset[str]:
        waiting = [
            finding
            for finding in findings
            if finding.state is State.PENDING or (finding.state is State.OPEN and finding.passes)
        ]
        return frozenset(
            probe
            for finding in waiting
            if finding.key.rule in self._rules
            for probe in self._rules[finding.key.rule].reads
        )


def _open_at(events: Iterable[Event]) -> frozenset[Key]:
    """Return the findings that stand open after *events*, which are all there were, oldest first."""
    opened: set[Key] = set()
    for event in events:
        if event.act is Act.CLOSED:
            opened.discard(event.key)
        elif event.act in (Act.OPENED, Act.REOPENED):
            opened.add(event.key)
    return frozenset(opened)
