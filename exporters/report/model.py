"""What a monthly report says, before it has a shape."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exporters.posture import AgencyPosture, Change, HostPosture, Posture
from probes.observation import GapReason
from rules.agency import Agency
from rules.emergency import Emergency
from rules.finding import Act, Finding
from rules.policy import Level, Stage
from rules.response import Response
from rules.rollout import Rollout
from rules.text import Text


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule is broken, and on how many hosts."""

    rule: str
    level: Level
    findings: int
    hosts: int


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The posture of a city, or of one agency with all below it, over one month.

    *first* and *last* are the days of the month; *posture* is as of its end (or of now, in the running month).
    *earlier* holds the risk of each agency at its beginning, as far as it was known. *advice* gives each rule's
    remedy. *rollout* is as of now, and a past month has none. *emergencies* and *responses* are those that fell into
    the month, in part at least.
    """

    first: dt.date
    last: dt.date
    issued: dt.datetime
    posture: Posture
    changes: tuple[Change, ...]
    earlier: Mapping[str, float]
    advice: Mapping[str, Text]
    rollout: Rollout | None = None
    emergencies: tuple[Emergency, ...] = ()
    responses: tuple[Response, ...] = ()

    @property
    def title(self) -> Text:
        """The name of the whole that is reported on."""
        return self.posture.city.agency.name

    @property
    def rows(self) -> tuple[AgencyPosture, ...]:
        """The agencies compared; the whole itself when it has none below it."""
        return self.posture.agencies or (self.posture.city,)

    def trend(self, agency: str) -> float | None:
        """Return how much the risk rose (positive) since the beginning of the month; None: not known."""
        known = {row.agency.code: row.score.risk for row in (*self.posture.agencies, self.posture.city)}
        return known[agency] - self.earlier[agency] if agency in self.earlier and agency in known else None

    def acts(self) -> Mapping[Act, int]:
        """Return how many acts of each kind the month saw."""
        return Counter(change.event.act for change in self.changes)

    def rules(self) -> tuple[RuleCount, ...]:
        """Return the broken rules, worst level and most findings first."""
        grouped: dict[str, list[Finding]] = {}
        for host in self.posture.hosts:
            for finding in host.findings:
                if not finding.waived:
                    grouped.setdefault(finding.key.rule, []).append(finding)
        counts = [
            RuleCount(rule, found[0].level, len(found), len({finding.key.target for finding in found}))
            for rule, found in grouped.items()
        ]
        return tuple(sorted(counts, key=lambda count: (count.level.rank, -count.findings, count.rule)))

    def gaps(self) -> Mapping[GapReason, int]:
        """Return why and how often the last campaigns could not look."""
        total: Counter[GapReason] = Counter()
        for campaign in self.posture.campaigns:
            total.update(campaign.gaps)
        return dict(total.most_common())

    def unmeasured(self) -> tuple[HostPosture, ...]:
        """Return the hosts too little measured to be judged, least covered first."""
        short = [host for host in self.posture.hosts if host.score.coverage < self.posture.policy.minimum_coverage]
        return tuple(sorted(short, key=lambda host: (host.score.coverage, host.target.host)))

    def visited(self) -> tuple[HostPosture, ...]:
        """Return the websites that were visited in the last week, those that failed most first."""

        def worst(host: HostPosture) -> float:
            return max((each.share or 0.0 for each in host.availability.values()), default=0.0)

        known = [host for host in self.posture.hosts if host.availability]
        return tuple(sorted(known, key=lambda host: (-worst(host), host.target.host)))

    def scored(self) -> tuple[HostPosture, ...]:
        """Return the websites that the templates say something of, by name."""
        known = [host for host in self.posture.hosts if host.templates.index or host.templates.inspected]
        return tuple(sorted(known, key=lambda host: host.target.host))

    def worklists(self) -> tuple[tuple[Agency, tuple[HostPosture, ...]], ...]:
        """Return the agencies that have findings on hosts of their own, with those hosts, in the order of the tree."""
        hosts: dict[str, list[HostPosture]] = {}
        for host in self.posture.hosts:
            if host.findings:
                hosts.setdefault(host.target.agency, []).append(host)
        tree = self.posture.tree
        return tuple(
            (tree.agencies[code], tuple(hosts[code]))
            for code in tree.subtree(self.posture.city.agency.code)
            if code in hosts
        )

    def stages(self, row: AgencyPosture) -> Mapping[Stage | None, int]:
        """Return the ladder of *row* in the order of the steps, what is not known last; empty steps included."""
        return {stage: row.stages.get(stage, 0) for stage in (*Stage, None)}
