"""The IPv6 rollout: who stands on which step, whether both families work alike, and what blocks the next step."""

from __future__ import annotations

from exporters.dashboards import appearance as look
from exporters.dashboards.grafana import Dashboard, Query, Row
from exporters.dashboards.panels import Column, bars, stacked_bars, stat, table, trend
from exporters.dashboards.rollout_next import BLOCKERS, HOSTS, LATENCY, NAMES
from exporters.dashboards.variables import AGENCY, TOWER, VARIABLES, labels, with_name
from probes.observation import Failure
from probes.target import Family
from rules.policy import Stage
from rules.text import Text

STEPS = (*(stage.value for stage in Stage), "unknown", "exempt")


def _on_step(step: str) -> str:
    return f'diaolou_agency_stage_hosts{{{AGENCY},stage="{step}"}}'


LADDER = Row(
    Text("阶梯", "The ladder"),
    (
        stat(
            Text("IPv6 可访问", "Reachable over IPv6"),
            Text("已能判定的主机中 IPv6 可访问的份额。", "Share of the hosts that could be judged."),
            Query(f"diaolou:city_ipv6_reachable_ratio{{{TOWER}}}"),
            unit="percentunit",
            steps=look.SHARE,
            width=6,
        ),
        stat(
            Text("推进目标", "Target"),
            Text("在 Prometheus 规则中按本地方案设定。", "Set in the Prometheus rules, after your own plan."),
            Query("diaolou:ipv6_reachable_target_ratio"),
            unit="percentunit",
            width=6,
        ),
        stat(
            Text("未测得", "Not measured"),
            Text("阶段未知的主机；既不算达标，也不算不达标。", "Their step is not known: neither met nor missed."),
            Query(f'sum(diaolou:city_stage_hosts{{{TOWER},stage="unknown"}})'),
            width=6,
        ),
        stat(
            Text("不作要求", "Exempt"),
            Text("有意不设 IPv6 的主机。", "Hosts intentionally without IPv6."),
            Query(f'sum(diaolou:city_stage_hosts{{{TOWER},stage="exempt"}})'),
            width=6,
        ),
        stacked_bars(
            Text("各单位的阶梯", "The ladder by agency"),
            Text("每级有多少台主机，含下级。", "How many hosts stand on each step, all below included."),
            "name_zh",
            *(Query(f"sum by (name_zh) ({with_name(_on_step(step))})", step) for step in STEPS),
            overrides=look.STAGES,
        ),
        trend(
            Text("全市阶梯走势", "The ladder over time"),
            Text("每级的主机数，堆叠。", "Hosts on each step, stacked."),
            Query(f"diaolou:city_stage_hosts{{{TOWER}}}", "{{stage}}"),
            height=10,
            stacked=True,
            overrides=look.STAGES,
        ),
        trend(
            Text("可访问份额走势", "Reachable over time"),
            Text("各单位自有主机与推进目标。", "Each agency's own hosts, and the target."),
            Query(with_name(f"diaolou:agency_ipv6_reachable_ratio{{{AGENCY}}}"), "{{name_zh}}"),
            Query("diaolou:ipv6_reachable_target_ratio", "目标 Target"),
            width=24,
            unit="percentunit",
        ),
    ),
)

FAMILIES = Row(
    Text("两种协议", "The two families"),
    (
        stat(
            Text("网站可访问", "Websites up"),
            Text("最近一次探测成功的份额，两种协议分开计。", "Share whose latest look succeeded, each family apart."),
            Query(f"diaolou:website_up_ratio{{{TOWER}}}", "{{family}}"),
            width=6,
            unit="percentunit",
            steps=look.SHARE,
            overrides=look.renamed(Family),
        ),
        trend(
            Text("网站可访问走势", "Websites up over time"),
            Text("所选单位的网站。", "Websites of the chosen agencies."),
            Query(f"avg by (family) (diaolou:website_up{{{AGENCY}}})", "{{family}}"),
            width=18,
            height=5,
            unit="percentunit",
            overrides=look.FAMILIES,
        ),
        bars(
            Text("各探测的成功份额", "Success of each probe"),
            Text("未能探测的不计入。", "What could not be looked at is left out."),
            Query(f"avg by (probe, family) (diaolou_probe_success{{{AGENCY}}})", "{{probe}} {{family}}", instant=True),
            unit="percentunit",
            steps=look.SHARE,
            most=1,
            height=10,
        ),
        table(
            Text("失败的原因", "Why looks fail"),
            Text("最近一次探测失败的主机数。", "Hosts whose latest look failed."),
            labels("failure", "family", "probe"),
            Column(HOSTS, f"count by (failure, family, probe) (diaolou_probe_failure{{{AGENCY}}})"),
            width=8,
            sort=HOSTS,
            words={"failure": look.words(Failure), "family": look.words(Family)},
        ),
        table(
            Text("只有一种协议可访问的网站", "Websites up in one family only"),
            Text("列出不通的那一种。", "The family listed is the one that is down."),
            labels("host", "agency", "family"),
            Column(
                Text("可访问", "Up"),
                f"max by (host, agency, family) (diaolou:website_up{{{AGENCY}}} == 0"
                f" and on (instance, host) (diaolou:website_up{{{AGENCY}}} == 1))",
                mappings=look.yes_no(Text("通", "up"), Text("不通", "down")),
            ),
            width=8,
            sort=Text("主机", "Host"),
            descending=False,
            words={"family": look.words(Family)},
        ),
    ),
)

ROLLOUT = Dashboard(
    "diaolou-rollout",
    Text("碉楼 IPv6 推进", "IPv6 rollout"),
    Text(
        "IPv6 阶梯：未部署、已发布、可访问、双栈一致、深度支持、单栈可用；未测得与不作要求另列。",
        "The IPv6 ladder: none, published, reachable, equal, deep, IPv6-only; not measured and exempt apart.",
    ),
    "30d",
    VARIABLES,
    (LADDER, FAMILIES, LATENCY, BLOCKERS, NAMES),
)
