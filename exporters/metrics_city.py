"""What is told of agencies, of the city they make up, and of the policy they are held to.

An agency's numbers hold all below it, so they are compared, never summed; sums are made from hosts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from exporters.metrics_hosts import enforced
from exporters.metrics_source import CityMetric, Samples, moment, of_city
from exporters.posture import AgencyPosture, Posture
from rules.policy import Level, Stage
from rules.verdict import Outcome

UNKNOWN, EXEMPT = "unknown", "exempt"
"""The two ways of standing on no step of the ladder."""


def told(posture: Posture) -> Iterable[AgencyPosture]:
    """Return the city and its agencies, each once."""
    return {agency.agency.code: agency for agency in (posture.city, *posture.agencies)}.values()


def _each(samples: Callable[[AgencyPosture], Samples]) -> Callable[[Posture], Samples]:
    """Lift what is told of one agency to all of them, its code before the other labels."""

    def of_all(posture: Posture) -> Samples:
        for agency in told(posture):
            for values, number in samples(agency):
                yield (agency.agency.code, *values), number

    return of_all


def _agency_info(posture: Posture) -> Samples:
    for agency in posture.tree.agencies.values():
        yield (agency.code, agency.name.zh, agency.name.en, agency.tier.value, agency.parent), 1


def _city_info(posture: Posture) -> Samples:
    yield (posture.city.agency.code,), 1


def _risk(agency: AgencyPosture) -> Samples:
    if agency.score.coverage > 0:
        yield (), agency.score.risk


def _coverage(agency: AgencyPosture) -> Samples:
    if agency.hosts > 0:
        yield (), agency.score.coverage


def _index(agency: AgencyPosture) -> Samples:
    if agency.index.value is not None:
        yield (), agency.index.value


def _rank(agency: AgencyPosture) -> Samples:
    if agency.rank is not None:
        yield (), agency.rank


def _peer_rank(agency: AgencyPosture) -> Samples:
    if agency.peer_rank is not None:
        yield (), agency.peer_rank


def _stages(agency: AgencyPosture) -> Samples:
    for stage in Stage:
        yield (stage.value,), agency.stages.get(stage, 0)
    yield (UNKNOWN,), agency.stages.get(None, 0)
    yield (EXEMPT,), agency.exempt


def _rule_info(posture: Posture) -> Samples:
    for rule, (zh, en) in posture.rules.items():
        clause = posture.policy.clauses.get(rule)
        yield (rule, zh, en, "" if clause is None else clause.level.value), 1


def _broken_rules(posture: Posture) -> Samples:
    counts = Counter(finding.key.rule for host in posture.hosts for finding in host.findings if enforced(finding))
    return (((rule,), counts[rule]) for rule in posture.rules)


def _agency(name: str, zh: str, en: str, samples: Callable[[AgencyPosture], Samples], *labels: str) -> CityMetric:
    return CityMetric(of_city(f"agency_{name}", zh, en, "agency", *labels), _each(samples))


CITY_METRICS = (
    CityMetric(
        of_city("agency_info", "单位，恒为 1", "An agency; always 1", "agency", "name_zh", "name_en", "tier", "parent"),
        _agency_info,
    ),
    CityMetric(
        of_city("city_info", "本塔所守的单位，恒为 1", "The agency this tower stands for; always 1", "agency"),
        _city_info,
    ),
    _agency(
        "risk_score",
        "风险分（含下级），0 至 100；从未测得则无",
        "Risk of all below it, 0 to 100; absent if nothing could be judged",
        _risk,
    ),
    _agency(
        "coverage_ratio",
        "已能判定的份额（含下级），0 至 1；没有主机则无",
        "Share that could be judged of all below it, 0 to 1; absent without hosts",
        _coverage,
    ),
    _agency(
        "ipv6_index",
        "IPv6 指标得分（自评模板）：其下网站的平均，每站计一次，0 至 100",
        "IPv6 indicators (a template, self-assessed): the mean of the websites below it, each counting once, 0 to 100",
        _index,
    ),
    _agency(
        "oldest_fact_timestamp_seconds",
        "所依据的最旧事实的时刻（含下级）",
        "Time of the oldest fact of all below it",
        lambda agency: moment((), agency.score.oldest),
    ),
    _agency(
        "rank",
        "名次，1 为最安全，并列同名次；测得太少则无",
        "Rank, 1 the safest, shared by ties; absent if too little was measured",
        _rank,
    ),
    _agency(
        "peer_rank",
        "在同一上级的单位中的名次，1 为最安全，并列同名次；测得太少则无",
        "Rank among agencies of the same superior, 1 the safest, shared by ties; absent if too little was measured",
        _peer_rank,
    ),
    _agency("hosts", "主机数（含下级）", "Hosts of all below it", lambda agency: [((), agency.hosts)]),
    _agency(
        "stage_hosts",
        "各 IPv6 阶段的主机数（含下级），未测得与不作要求者另列",
        "Hosts by IPv6 stage of all below it, unknown and exempt apart",
        _stages,
        "stage",
    ),
    _agency(
        "findings_open",
        "未整改且未获豁免的问题数（含下级）",
        "Findings open and not waived of all below it",
        lambda agency: (((level.value,), agency.findings.get(level, 0)) for level in Level),
        "level",
    ),
    _agency(
        "findings_overdue",
        "超过整改期限的问题数（含下级）",
        "Open findings past their deadline of all below it",
        lambda agency: [((), agency.overdue)],
    ),
    _agency(
        "findings_waived",
        "已获豁免而仍存在的问题数（含下级）",
        "Open findings covered by a waiver of all below it",
        lambda agency: [((), agency.waived)],
    ),
    _agency(
        "verdicts",
        "判定数（含下级），按结果",
        "Verdicts by outcome of all below it",
        lambda agency: (((outcome.value,), agency.verdicts.get(outcome, 0)) for outcome in Outcome),
        "outcome",
    ),
    CityMetric(
        of_city(
            "rule_info",
            "规则的标题与级别，恒为 1",
            "A rule's titles and level; always 1",
            "rule",
            "title_zh",
            "title_en",
            "level",
        ),
        _rule_info,
    ),
    CityMetric(
        of_city(
            "rule_findings_open", "未整改且未获豁免的问题数，按规则", "Findings open and not waived, by rule", "rule"
        ),
        _broken_rules,
    ),
)
