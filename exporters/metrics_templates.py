"""What is told of each host by the templates beside the risk score."""

from __future__ import annotations

import datetime as dt

from exporters.metrics_source import HostMetric, Samples, flag, of_host
from exporters.posture import HostPosture


def _index(host: HostPosture, _: dt.date) -> Samples:
    if (index := host.templates.index) is not None and index.value is not None:
        yield (), index.value


def _index_coverage(host: HostPosture, _: dt.date) -> Samples:
    if host.templates.index is not None:
        yield (), host.templates.index.coverage


def _points(host: HostPosture, _: dt.date) -> Samples:
    if host.templates.inspected is not None:
        yield (), host.templates.inspected.points


def _qualified(host: HostPosture, _: dt.date) -> Samples:
    inspected = host.templates.inspected
    return flag((), None if inspected is None else inspected.qualified)


def _grade(host: HostPosture, _: dt.date) -> Samples:
    if host.templates.grade is not None:
        yield (), host.templates.grade


TEMPLATE_METRICS = (
    HostMetric(
        of_host(
            "host_ipv6_index",
            "IPv6 指标得分（自评模板），0 至 100，只计已知的指标",
            "IPv6 indicators (a template, self-assessed), 0 to 100 over those that are known",
        ),
        _index,
    ),
    HostMetric(
        of_host(
            "host_ipv6_index_coverage_ratio",
            "其中已知指标所占的权重，0 至 1",
            "Share of the weight of those indicators that is known, 0 to 1",
        ),
        _index_coverage,
    ),
    HostMetric(
        of_host(
            "host_inspection_points",
            "网站检查得分（自评模板），0 至 100，未知的不扣",
            "Website inspection (a template, self-assessed), 0 to 100; what is unknown costs nothing",
        ),
        _points,
    ),
    HostMetric(
        of_host(
            "host_inspection_qualified",
            "网站检查合格为 1，不合格为 0；尚不能说则无",
            "1 when the website passes the inspection, 0 when not; absent where nobody can say yet",
        ),
        _qualified,
    ),
    HostMetric(
        of_host(
            "host_risk_grade",
            "风险等级（自评模板），1 很低至 5 很高；测得不足则无",
            "Risk grade (a template, self-assessed), 1 very low to 5 very high; absent where too little was measured",
        ),
        _grade,
    ),
)
