"""What is told of the watching itself: the policy in force, campaigns, vantages, and how old the posture is."""

from __future__ import annotations

from collections.abc import Callable

from exporters.metrics_source import CityMetric, Samples, flag, moment, of_city
from exporters.posture import Campaign, Posture
from probes.observation import GapReason


def _policy_info(posture: Posture) -> Samples:
    policy = posture.policy
    yield (policy.profile, policy.version, policy.digest), 1


def _each(samples: Callable[[Campaign], Samples]) -> Callable[[Posture], Samples]:
    """Lift what is told of one campaign to all of them, the probe before the other labels."""

    def of_all(posture: Posture) -> Samples:
        for campaign in posture.campaigns:
            for values, number in samples(campaign):
                yield (campaign.probe, *values), number

    return of_all


def _complete(campaign: Campaign) -> Samples:
    return flag((), None if campaign.finished is None else campaign.complete)


def _campaign_gaps(campaign: Campaign) -> Samples:
    return (((reason.value,), campaign.gaps.get(reason, 0)) for reason in GapReason)


def _vantage_families(posture: Posture) -> Samples:
    for vantage in posture.vantages:
        for family, alive in vantage.families.items():
            yield from flag((vantage.vantage, family.value), alive)


def _vantage_resolvers(posture: Posture) -> Samples:
    for vantage in posture.vantages:
        yield from flag((vantage.vantage,), vantage.resolver)


def _vantage_checks(posture: Posture) -> Samples:
    for vantage in posture.vantages:
        yield from moment((vantage.vantage,), vantage.at)


def _campaign(name: str, zh: str, en: str, samples: Callable[[Campaign], Samples], *labels: str) -> CityMetric:
    return CityMetric(of_city(f"campaign_{name}", zh, en, "probe", *labels), _each(samples))


TOWER_METRICS = (
    CityMetric(
        of_city("posture_timestamp_seconds", "本页态势汇总的时刻", "When the posture told here was put together"),
        lambda posture: moment((), posture.at),
    ),
    CityMetric(
        of_city(
            "policy_info",
            "现行策略，恒为 1；digest 相同即条款与规则完全相同",
            "The policy in force; always 1. An equal digest means the same clauses and rules to the byte",
            "profile",
            "version",
            "digest",
        ),
        _policy_info,
    ),
    CityMetric(
        of_city(
            "policy_ipv6_goal_ratio",
            "IPv6 年度目标：到 by 那天，应达到 stage 的主机比例，0 至 1；策略没有写则无",
            "Yearly IPv6 targets: the share of hosts, 0 to 1, to have reached stage by that day; absent if none is set",
            "stage",
            "by",
        ),
        lambda posture: [((goal.stage.value, goal.by.isoformat()), goal.share) for goal in posture.policy.goals],
    ),
    CityMetric(
        of_city("policy_freshness_seconds", "策略允许的事实最大时龄", "Greatest age of a fact the policy allows"),
        lambda posture: [((), posture.policy.freshness)],
    ),
    CityMetric(
        of_city(
            "policy_minimum_coverage_ratio",
            "低于此覆盖率则不排名，0 至 1",
            "Coverage below which nobody is ranked, 0 to 1",
        ),
        lambda posture: [((), posture.policy.minimum_coverage)],
    ),
    CityMetric(
        of_city(
            "policy_certificate_warning_seconds",
            "策略要求证书到期前多久更换",
            "How long before its end the policy wants a certificate replaced",
        ),
        lambda posture: [((), posture.policy.certificate_days * 86400)],
    ),
    _campaign(
        "started_timestamp_seconds",
        "最近一轮探测开始的时刻",
        "When the last run of the probe began",
        lambda campaign: moment((), campaign.started),
    ),
    _campaign(
        "finished_timestamp_seconds",
        "最近一轮探测结束的时刻；首轮未完则无",
        "When the last run of the probe ended; absent during the first",
        lambda campaign: moment((), campaign.finished),
    ),
    _campaign(
        "complete",
        "最近一轮探测全部做完为 1，否则为 0；首轮未完则无",
        "1 when the last run looked at all it should, else 0; absent during the first",
        _complete,
    ),
    _campaign("targets", "最近一轮的目标数", "Targets of the last run", lambda campaign: [((), campaign.targets)]),
    _campaign(
        "observations",
        "最近一轮的观测数",
        "Observations of the last run",
        lambda campaign: [((), campaign.observations)],
    ),
    _campaign("gaps", "最近一轮未能探测之处，按原因", "Gaps of the last run by reason", _campaign_gaps, "reason"),
    _campaign(
        "defects",
        "最近一轮因监测程序自身缺陷而失败的次数",
        "Looks of the last run that failed by a defect of our own",
        lambda campaign: [((), campaign.defects)],
    ),
    CityMetric(
        of_city("vantage_info", "监测点，恒为 1", "A vantage; always 1", "vantage"),
        lambda posture: [((vantage.vantage,), 1) for vantage in posture.vantages],
    ),
    CityMetric(
        of_city(
            "vantage_family_up",
            "监测点自身的协议族通为 1，不通为 0；未知则无",
            "1 when the vantage itself has the family, 0 when not; absent if unknown",
            "vantage",
            "family",
        ),
        _vantage_families,
    ),
    CityMetric(
        of_city(
            "vantage_resolver_up",
            "监测点的解析器可用为 1，不可用为 0；未知则无",
            "1 when the resolver of the vantage answers, 0 when not; absent if unknown",
            "vantage",
        ),
        _vantage_resolvers,
    ),
    CityMetric(
        of_city(
            "vantage_checked_timestamp_seconds",
            "监测点上次自检的时刻",
            "When the vantage last proved itself",
            "vantage",
        ),
        _vantage_checks,
    ),
)
