"""What is told of each host: its risk, its place on the IPv6 ladder, its findings and verdicts."""

from __future__ import annotations

import datetime as dt

from exporters.metrics_source import HostMetric, Samples, flag, moment, of_host
from exporters.posture import HostPosture
from rules.finding import Finding, State
from rules.policy import Level, Stage
from rules.verdict import Outcome


def _info(host: HostPosture, _: dt.date) -> Samples:
    yield (host.target.kind.value,), 1


def _asset_value(host: HostPosture, _: dt.date) -> Samples:
    yield (), host.target.value


def _risk(host: HostPosture, _: dt.date) -> Samples:
    if host.score.coverage > 0:
        yield (), host.score.risk


def _coverage(host: HostPosture, _: dt.date) -> Samples:
    yield (), host.score.coverage


def _oldest(host: HostPosture, _: dt.date) -> Samples:
    return moment((), host.score.oldest)


def _stage(host: HostPosture, _: dt.date) -> Samples:
    if host.readiness.stage is not None and not host.readiness.exempt:
        yield (), list(Stage).index(host.readiness.stage)


def _stage_unknown(host: HostPosture, _: dt.date) -> Samples:
    return flag((), host.readiness.stage is None and not host.readiness.exempt)


def _exempt(host: HostPosture, _: dt.date) -> Samples:
    return flag((), host.readiness.exempt)


def _blockers(host: HostPosture, _: dt.date) -> Samples:
    for rule in dict.fromkeys(host.readiness.blockers):
        yield (rule, Outcome.FAIL.value), 1
    for rule in dict.fromkeys(host.readiness.unknown):
        if rule not in host.readiness.blockers:
            yield (rule, Outcome.UNKNOWN.value), 1


def enforced(finding: Finding) -> bool:
    """Say whether *finding* is open and no waiver covers it."""
    return finding.state is State.OPEN and not finding.waived


def _open(host: HostPosture, _: dt.date) -> Samples:
    levels = [finding.level for finding in host.findings if enforced(finding)]
    return (((level.value,), levels.count(level)) for level in Level)


def _overdue(host: HostPosture, today: dt.date) -> Samples:
    yield (), sum(finding.overdue(today) for finding in host.findings)


def _waived(host: HostPosture, _: dt.date) -> Samples:
    yield (), sum(finding.state is State.OPEN and finding.waived for finding in host.findings)


def _verdicts(host: HostPosture, _: dt.date) -> Samples:
    return (((outcome.value,), host.verdicts.get(outcome, 0)) for outcome in Outcome)


def _visits(host: HostPosture, _: dt.date) -> Samples:
    return (((family.value,), week.visits) for family, week in host.availability.items())


def _visits_failed(host: HostPosture, _: dt.date) -> Samples:
    return (((family.value,), week.share) for family, week in host.availability.items() if week.share is not None)


HOST_METRICS = (
    HostMetric(of_host("host_info", "台账中的主机，恒为 1", "A host of the inventory; always 1", "kind"), _info),
    HostMetric(of_host("host_asset_value", "资产价值，1（最低）至 5", "Asset value, 1 (lowest) to 5"), _asset_value),
    HostMetric(
        of_host(
            "host_risk_score",
            "风险分，0（无问题）至 100；从未测得则无",
            "Risk, 0 (nothing found) to 100; absent if nothing could be judged",
        ),
        _risk,
    ),
    HostMetric(
        of_host(
            "host_coverage_ratio",
            "策略所问之中已能判定的份额，0 至 1",
            "Share of what the policy asks that could be judged, 0 to 1",
        ),
        _coverage,
    ),
    HostMetric(
        of_host(
            "host_oldest_fact_timestamp_seconds",
            "风险分所依据的最旧事实的时刻",
            "Time of the oldest fact the risk rests on",
        ),
        _oldest,
    ),
    HostMetric(
        of_host(
            "host_readiness_stage",
            "IPv6 阶梯：0 未部署，1 已发布，2 可访问，3 双栈一致，4 深度支持，5 单栈可用；未测得或不作要求则无",
            "IPv6 ladder: 0 none, 1 published, 2 reachable, 3 equal, 4 deep, 5 ipv6_only; absent if unknown or exempt",
        ),
        _stage,
    ),
    HostMetric(
        of_host("host_readiness_unknown", "IPv6 阶段未测得为 1，否则为 0", "1 when the IPv6 stage is unknown, else 0"),
        _stage_unknown,
    ),
    HostMetric(
        of_host("host_ipv6_exempt", "有意不设 IPv6 为 1，否则为 0", "1 when intentionally without IPv6, else 0"),
        _exempt,
    ),
    HostMetric(
        of_host(
            "host_readiness_blocker",
            "通往下一阶段尚差的规则：不符合（fail）或未知（unknown），恒为 1",
            "A rule between the host and its next stage, failing or not yet judged; always 1",
            "rule",
            "outcome",
        ),
        _blockers,
    ),
    HostMetric(
        of_host("host_findings_open", "未整改且未获豁免的问题数", "Findings open and not waived", "level"), _open
    ),
    HostMetric(of_host("host_findings_overdue", "超过整改期限的问题数", "Open findings past their deadline"), _overdue),
    HostMetric(
        of_host("host_findings_waived", "已获豁免而仍存在的问题数", "Open findings covered by a waiver"), _waived
    ),
    HostMetric(of_host("host_verdicts", "判定数，按结果", "Verdicts by outcome", "outcome"), _verdicts),
    HostMetric(
        of_host(
            "host_week_visits",
            "今天之前七个整日里打开网站的次数",
            "Visits to the website in the seven whole days before today",
            "family",
        ),
        _visits,
    ),
    HostMetric(
        of_host(
            "host_week_failed_visits_ratio",
            "其中打不开或超过 15 秒的份额，0 至 1；某日次数不足则无",
            "Share of them that failed or took over 15 s, 0 to 1; absent where a day had too few",
            "family",
        ),
        _visits_failed,
    ),
)
