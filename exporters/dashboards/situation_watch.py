"""The lower half of the situation view: what nobody sees, certificates and alerts, and the tower itself."""

from __future__ import annotations

from exporters.dashboards import appearance as look
from exporters.dashboards.grafana import Query, Row
from exporters.dashboards.panels import Column, bars, stat, states, table, trend
from exporters.dashboards.variables import AGENCY, TOWER, labels, with_name
from rules.text import Text

COVERAGE = Text("覆盖率", "Coverage")

BLIND = Row(
    Text("看不见的", "What is blind"),
    (
        bars(
            Text("未能探测，按原因", "Not looked, by reason"),
            Text(
                "最近一次未能进行的探测；原因在我们。",
                "Latest looks not made; the reason is ours.",
            ),
            Query(f"sum by (reason) (diaolou_probe_gaps{{{AGENCY}}})", "{{reason}}", instant=True),
            overrides=look.REASONS,
        ),
        bars(
            Text("判定结果", "Verdicts"),
            Text("未知既不是符合，也不是不符合。", "Unknown is neither pass nor fail."),
            Query(f"sum by (outcome) (diaolou_host_verdicts{{{AGENCY}}})", "{{outcome}}", instant=True),
            width=6,
            overrides=look.OUTCOMES,
        ),
        states(
            Text("监测点自身", "The vantage itself"),
            Text("监测点没有的协议族，其结论一律为未知。", "For a family the vantage lacks, every verdict is unknown."),
            Query(f"diaolou_vantage_family_up{{{TOWER}}}", "{{vantage}} {{family}}"),
            mappings=look.yes_no(Text("通", "up"), Text("不通", "blind")),
            width=10,
        ),
        bars(
            Text("覆盖率，按单位", "Coverage by agency"),
            Text("低于策略下限的不参与排名。", "Below the policy's minimum there is no rank."),
            Query(with_name(f"diaolou_agency_coverage_ratio{{{AGENCY}}}"), "{{name_zh}}", instant=True),
            width=12,
            unit="percentunit",
            steps=look.SHARE,
            most=1,
        ),
        table(
            Text("测得最少的主机", "Hosts measured least"),
            Text("覆盖率不足一半的主机。", "Hosts of which less than half could be judged."),
            labels("host", "agency"),
            Column(
                COVERAGE,
                f"max by (host, agency) (diaolou_host_coverage_ratio{{{AGENCY}}}) < 0.5",
                unit="percentunit",
                steps=look.SHARE,
            ),
            height=8,
            sort=COVERAGE,
            descending=False,
        ),
    ),
)

CERTIFICATES = Row(
    Text("证书与告警", "Certificates and alerts"),
    (
        table(
            Text("最先到期的证书", "Certificates that end first"),
            Text("两种协议分开列；负数为已过期。", "Each family apart; below zero is expired."),
            labels("host", "agency", "port", "family"),
            Column(
                Text("剩余", "Left"),
                f"bottomk(15, diaolou:certificate_remaining_seconds{{{AGENCY}}})",
                unit="s",
                steps=(("red", None), ("orange", 604800.0), ("green", 2592000.0)),
            ),
            sort=Text("剩余", "Left"),
            descending=False,
        ),
        table(
            Text("当前告警", "Alerts now"),
            Text("firing 为已发出，pending 为等待确认。", "As Prometheus holds them, firing or pending."),
            labels("alertname", "severity", "alertstate"),
            Column(
                Text("条数", "Count"),
                'count by (alertname, severity, alertstate) (ALERTS{alertname=~"Diaolou.+",instance=~"$tower|"})',
            ),
            sort=Text("条数", "Count"),
        ),
    ),
)

SELF = Row(
    Text("碉楼自身", "The tower itself"),
    (
        table(
            Text("探测轮次", "Campaigns"),
            Text(
                "最近一轮：时龄、是否做完、缺口、自身缺陷。",
                "The last run: age, gaps, defects of ours.",
            ),
            labels("probe"),
            Column(
                Text("距上轮结束", "Age"),
                f"time() - max by (probe) (diaolou_campaign_finished_timestamp_seconds{{{TOWER}}})",
                unit="s",
            ),
            Column(
                Text("做完", "Complete"),
                f"min by (probe) (diaolou_campaign_complete{{{TOWER}}})",
                mappings=look.yes_no(Text("是", "yes"), Text("否", "no")),
            ),
            Column(
                Text("缺口", "Gaps"), f"max by (probe) (diaolou:campaign_gaps_ratio{{{TOWER}}})", unit="percentunit"
            ),
            Column(
                Text("自身缺陷", "Defects"), f"max by (probe) (diaolou_campaign_defects{{{TOWER}}})", steps=look.BAD
            ),
            Column(Text("目标", "Targets"), f"max by (probe) (diaolou_campaign_targets{{{TOWER}}})"),
            height=8,
            sort=Text("距上轮结束", "Age"),
        ),
        stat(
            Text("态势时龄", "Age of the posture"),
            Text("本页数字汇总于多久以前。", "How long ago these numbers were put together."),
            Query(f"time() - diaolou_posture_timestamp_seconds{{{TOWER}}}"),
            unit="s",
        ),
        stat(
            Text("现行策略", "Policy"),
            Text("判定所依据的策略及其版本。", "The policy verdicts rest on, and its version."),
            Query(f"diaolou_policy_info{{{TOWER}}}", "{{profile}} {{version}}"),
            shows="name",
        ),
        stat(
            Text("内存", "Memory"),
            Text("监测程序的常驻内存。", "Resident memory of the daemon."),
            Query(f"process_resident_memory_bytes{{{TOWER}}}"),
            unit="bytes",
        ),
        trend(
            Text("自身缺陷", "Defects of our own"),
            Text(
                "因监测程序自身缺陷而失败的探测；与目标无关。",
                "Looks our own defects spoiled.",
            ),
            Query(f"sum by (probe) (increase(diaolou_defects_total{{{TOWER}}}[$__rate_interval]))", "{{probe}}"),
        ),
        trend(
            Text("判定结果走势", "Verdicts over time"),
            Text("未知增多，多半是我们看不见了。", "When the unknown grows, it is mostly we who have gone blind."),
            Query(f"sum by (outcome) (diaolou_host_verdicts{{{AGENCY}}})", "{{outcome}}"),
            stacked=True,
            overrides=look.OUTCOMES,
        ),
    ),
)
