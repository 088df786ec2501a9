"""The page of documentation on every metric; `python -m exporters.metrics_doc` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum

from exporters.chore import Chore
from exporters.exposition import Metric
from exporters.metrics import METRICS
from exporters.metrics_city import EXEMPT, UNKNOWN
from exporters.metrics_looks import ANY_FAMILY
from exporters.metrics_process import COUNTERS, OWN
from exporters.words import WORDS
from probes.observation import Failure, GapReason
from probes.target import Family, Kind
from probes.wire.ledger import What
from rules.agency import Role, Tier
from rules.alert import Severity
from rules.policy import Level, Stage
from rules.reporting import Basis
from rules.verdict import Outcome

HEAD = """\
# 指标 Metrics

本页由代码生成，请勿手改：`python -m exporters.metrics_doc > docs/metrics.md`
<br>This page is made from the code; change it there.

所有指标以 `diaolou_` 开头，用基本单位（秒、0 至 1 的比率），时刻为自 1970 年起的秒数。
标签只取台账中的名称和下列封闭集合，绝不取地址或远端文字。**没有测得的不出现，绝不写成 0。**
单位（`agency`）的数字已含下级，只可比较，不可相加；求和须从主机算起。
<br>All metrics begin with `diaolou_` and use base units; times are seconds since 1970.
Labels are names of the inventory and the closed sets below, never addresses or remote text.
**What was not measured is absent, never 0.**
The numbers of an agency hold all below it: compare them, never add them up; sums are made from hosts.
"""

GROUPS = (
    ("diaolou_host_", "主机 Hosts"),
    ("diaolou_probe_", "探测 Probes"),
    ("diaolou_agency_", "单位 Agencies"),
    ("diaolou_city_", "全市 The city"),
    ("diaolou_rule_", "规则 Rules"),
    ("diaolou_policy_", "策略 Policy"),
    ("diaolou_campaign_", "探测轮次 Campaigns"),
    ("diaolou_vantage_", "监测点 Vantages"),
    ("diaolou_incident_", "事件 Incidents"),
    ("diaolou_alert", "告警 Alerts"),
    ("diaolou_emergency_", "重保 Emergencies"),
    ("diaolou_response_", "应急处置 Responses"),
    ("diaolou_report_", "事件报告 Reports of incidents"),
    ("diaolou_posture_", "态势 Posture"),
)

LABELS: tuple[tuple[str, type[StrEnum], dict[str, str]], ...] = (
    ("family", Family, {ANY_FAMILY: "不分协议族 not about a family"}),
    ("level", Level, {}),
    ("stage", Stage, {UNKNOWN: "未测得 not measured", EXEMPT: "不作要求 exempt"}),
    ("outcome", Outcome, {}),
    ("kind", Kind, {}),
    ("tier", Tier, {}),
    ("reason", GapReason, {}),
    ("failure", Failure, {}),
    ("chore", Chore, {}),
    ("what", What, {}),
    ("severity", Severity, {}),
    ("role", Role, {}),
    ("basis", Basis, {}),
)


def document() -> str:
    """Return the page, in Markdown."""
    return "\n".join([HEAD, *_metrics(), *_own(), *_labels()]) + "\n"


def _metrics() -> Iterator[str]:
    for prefix, title in GROUPS:
        yield f"## {title}\n"
        yield from _table(metric for metric in METRICS if metric.name.startswith(prefix))


def _own() -> Iterator[str]:
    yield "## 程序自身 The daemon itself\n"
    yield "另有 prometheus-client 自带的 `process_*` 与 `python_info`。"
    yield "<br>Besides these, `process_*` and `python_info` of prometheus-client.\n"
    yield from _table(OWN)


def _table(metrics: Iterable[Metric]) -> Iterator[str]:
    yield "| 指标 Metric | 类型 Type | 标签 Labels | 含义 | Meaning |"
    yield "|---|---|---|---|---|"
    for metric in metrics:
        kind = "counter" if metric in COUNTERS else "gauge"
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {kind} | {labels} | {metric.text.zh} | {metric.text.en} |"
    yield ""


def _labels() -> Iterator[str]:
    yield "## 标签的取值 Values of labels\n"
    for label, members, further in LABELS:
        yield f"### `{label}`\n"
        yield "| 值 Value | 含义 | Meaning |"
        yield "|---|---|---|"
        for member in members:
            text = WORDS[members, member.value]
            yield f"| `{member.value}` | {text.zh} | {text.en} |"
        for value, text_of in further.items():
            zh, _, en = text_of.partition(" ")
            yield f"| `{value}` | {zh} | {en} |"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(document())
