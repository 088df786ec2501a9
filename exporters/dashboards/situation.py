"""The situation view: how the city stands, who stands worst, what is overdue, and what nobody sees."""

from __future__ import annotations

from exporters.dashboards import appearance as look
from exporters.dashboards.grafana import Dashboard, Query, Row
from exporters.dashboards.panels import Column, bars, stat, table, trend
from exporters.dashboards.situation_watch import BLIND, CERTIFICATES, COVERAGE, SELF
from exporters.dashboards.variables import AGENCY, LEVEL, TOWER, VARIABLES, labels, with_name, with_title
from rules.policy import Level
from rules.text import Text

RISK = Text("风险分", "Risk")
OVERDUE = Text("超期", "Overdue")

NOW = Row(
    Text("此刻", "Now"),
    (
        stat(
            Text("全市风险", "City risk"),
            Text(
                "0 为无问题，100 为最坏；须与覆盖率一起看。",
                "0 is nothing found; read it with its coverage.",
            ),
            Query(f"diaolou:city_risk_score{{{TOWER}}}"),
            steps=look.RISK,
            decimals=1,
        ),
        stat(
            COVERAGE,
            Text("策略所问之中已能判定的份额。", "Share of what the policy asks that could be judged."),
            Query(f"diaolou:city_coverage_ratio{{{TOWER}}}"),
            unit="percentunit",
            steps=look.SHARE,
        ),
        stat(
            Text("超危与高危", "Critical and high"),
            Text("未整改且未获豁免。", "Open and not waived."),
            Query(f'sum(diaolou:city_findings_open{{{TOWER},level=~"critical|high"}})'),
            steps=look.BAD,
        ),
        stat(
            Text("超过整改期限", "Past deadline"),
            Text("超过策略规定整改期限的问题。", "Findings past the deadline the policy sets."),
            Query(f"diaolou:city_findings_overdue{{{TOWER}}}"),
            steps=look.BAD,
        ),
        stat(
            Text("IPv6 可访问", "Reachable over IPv6"),
            Text("已能判定的主机中 IPv6 可访问的份额。", "Share of the hosts that could be judged."),
            Query(f"diaolou:city_ipv6_reachable_ratio{{{TOWER}}}"),
            unit="percentunit",
            steps=look.SHARE,
        ),
        stat(
            Text("最旧的事实", "Oldest fact"),
            Text("距今多久；越旧，结论越不可信。", "Its age: the older, the less its verdicts are worth."),
            Query(f"max(diaolou:facts_age_seconds{{{TOWER}}})"),
            unit="s",
        ),
    ),
)

RANKING = Row(
    Text("排名", "Ranking"),
    (
        table(
            Text("单位排名", "Ranking of agencies"),
            Text(
                "1 为最安全，并列同名次；测得太少的单位没有名次。数字含下级。",
                "1 is the safest, ties share a rank; who was measured too little has none. Numbers hold all below.",
            ),
            labels("name_zh", "agency"),
            Column(
                RISK,
                f"max by (agency, name_zh) ({with_name(f'diaolou_agency_risk_score{{{AGENCY}}}')})",
                steps=look.RISK,
                decimals=1,
            ),
            Column(Text("名次", "Rank"), f"max by (agency) (diaolou_agency_rank{{{AGENCY}}})"),
            Column(
                COVERAGE,
                f"max by (agency) (diaolou_agency_coverage_ratio{{{AGENCY}}})",
                unit="percentunit",
                steps=look.SHARE,
            ),
            *(
                Column(
                    Text(zh, en),
                    f'max by (agency) (diaolou_agency_findings_open{{{AGENCY},level="{level}"}})',
                    steps=look.BAD,
                )
                for level, zh, en in ((Level.CRITICAL, "超危", "Critical"), (Level.HIGH, "高危", "High"))
            ),
            Column(OVERDUE, f"max by (agency) (diaolou_agency_findings_overdue{{{AGENCY}}})", steps=look.BAD),
            Column(Text("主机", "Hosts"), f"max by (agency) (diaolou_agency_hosts{{{AGENCY}}})"),
            width=14,
            height=11,
            sort=RISK,
        ),
        table(
            Text("最差的主机", "Worst hosts"),
            Text("风险分最高的 15 台。", "The 15 with the highest risk."),
            labels("host", "agency"),
            Column(
                RISK,
                f"topk(15, max by (host, agency) (diaolou_host_risk_score{{{AGENCY}}}))",
                steps=look.RISK,
                decimals=1,
            ),
            width=10,
            height=11,
            sort=RISK,
        ),
        trend(
            Text("风险走势", "Risk over time"),
            Text(
                "全市与所选单位。断线处没有测得。",
                "City and chosen agencies; a break was not measured.",
            ),
            Query(f"diaolou:city_risk_score{{{TOWER}}}", "全市 City"),
            Query(with_name(f"diaolou_agency_risk_score{{{AGENCY}}}"), "{{name_zh}}"),
        ),
        trend(
            Text("未整改问题走势", "Open findings over time"),
            Text("所选单位与级别，按级别堆叠。", "Of the chosen agencies and levels, stacked by level."),
            Query(f"sum by (level) (diaolou_host_findings_open{{{LEVEL}}})", "{{level}}"),
            stacked=True,
            overrides=look.LEVELS,
        ),
    ),
)

FINDINGS = Row(
    Text("问题", "Findings"),
    (
        bars(
            Text("未整改问题，按级别", "Open findings by level"),
            Text("所选单位与级别。", "Of the chosen agencies and levels."),
            Query(f"sum by (level) (diaolou_host_findings_open{{{LEVEL}}})", "{{level}}", instant=True),
            width=6,
            overrides=look.LEVELS,
        ),
        bars(
            Text("超过整改期限，按单位", "Past deadline by agency"),
            Text("各单位自有主机，不含下级。", "Hosts of the agency itself, none below it."),
            Query(
                f"sum by (name_zh) ({with_name(f'diaolou_host_findings_overdue{{{AGENCY}}}')}) > 0",
                "{{name_zh}}",
                instant=True,
            ),
            width=6,
            steps=look.BAD,
        ),
        table(
            Text("最常违反的规则", "Rules broken most"),
            Text("全市未整改且未获豁免的问题数。", "Open and not waived, in the whole city."),
            labels("title_zh", "level", "rule"),
            Column(
                Text("问题数", "Findings"),
                f"max by (rule, title_zh, level) ({with_title(f'diaolou_rule_findings_open{{{TOWER}}} > 0')})",
            ),
            height=8,
            sort=Text("问题数", "Findings"),
            words={"level": look.words(Level)},
        ),
    ),
)

SITUATION = Dashboard(
    "diaolou-situation",
    Text("碉楼 态势总览", "Situation"),
    Text(
        "全市网络安全态势：风险、排名、问题、期限、覆盖与证书。没有测得的不显示，绝不当作没有问题。",
        "How the city stands: risk, ranking, findings, deadlines, coverage and certificates. "
        "What was not measured is not shown, and never taken for nothing wrong.",
    ),
    "7d",
    VARIABLES,
    (NOW, RANKING, FINDINGS, BLIND, CERTIFICATES, SELF),
)
