"""The lower half of the IPv6 rollout: how fast, what blocks the next step, and names and certificates."""

from __future__ import annotations

from exporters.dashboards import appearance as look
from exporters.dashboards.grafana import Query, Row
from exporters.dashboards.panels import Column, bars, table, trend
from exporters.dashboards.variables import AGENCY, labels, with_title
from rules.policy import Level
from rules.text import Text
from rules.verdict import Outcome

HOSTS = Text("主机", "Hosts")

LATENCY = Row(
    Text("时延", "Latency"),
    (
        trend(
            Text("首页时延", "Latency of home pages"),
            Text(
                "成功应答的中位数与第 95 百分位，两种协议分开计。",
                "Median and 95th percentile of good answers, each family apart.",
            ),
            *(
                Query(
                    f"quantile by (family) ({share},"
                    f' diaolou_probe_latency_seconds{{{AGENCY},probe="http_home",family=~"ipv[46]"}})',
                    f"{{{{family}}}} p{share * 100:.0f}",
                )
                for share in (0.5, 0.95)
            ),
            unit="s",
            height=10,
        ),
        table(
            Text("IPv6 比 IPv4 慢得最多的网站", "Websites slowest over IPv6 against IPv4"),
            Text("0% 为一样快，100% 为慢一倍。", "0 % is as fast, 100 % takes twice as long."),
            labels("host", "agency"),
            Column(
                Text("多用时", "Excess"),
                f'topk(15, diaolou:ipv6_latency_excess_ratio{{{AGENCY},probe="http_home"}} > 0)',
                unit="percentunit",
                steps=(("green", None), ("yellow", 0.5), ("orange", 1.0)),
            ),
            sort=Text("多用时", "Excess"),
        ),
    ),
)

BLOCKERS = Row(
    Text("下一级差什么", "What blocks the next step"),
    (
        table(
            Text("阻挡最多主机的规则", "Rules that hold most hosts back"),
            Text("按挡住的主机数排列；未知的须先测得。", "By hosts held back; the unknown must first be measured."),
            labels("title_zh", "outcome", "rule"),
            Column(
                HOSTS,
                "sum by (rule, title_zh, outcome) ("
                + with_title(f"count by (instance, rule, outcome) (diaolou_host_readiness_blocker{{{AGENCY}}})")
                + ")",
            ),
            sort=HOSTS,
            words={"outcome": look.words(Outcome)},
        ),
        table(
            Text("被挡住的主机", "Hosts held back"),
            Text("每台主机通往下一级所差的规则。", "The rules between each host and its next step."),
            labels("host", "agency", "title_zh", "level"),
            Column(
                Text("条数", "Count"),
                "sum by (host, agency, title_zh, level) ("
                + with_title(f'diaolou_host_readiness_blocker{{{AGENCY},outcome="fail"}}')
                + ")",
            ),
            sort=Text("主机", "Host"),
            descending=False,
            words={"level": look.words(Level)},
        ),
    ),
)

NAMES = Row(
    Text("域名与证书", "Names and certificates"),
    (
        bars(
            Text("域名探测", "Looks at names"),
            Text("解析与委派的成功份额。", "Share of looks at resolution and delegation that succeeded."),
            Query(
                f'avg by (probe, family) (diaolou_probe_success{{{AGENCY},probe=~"dns_.+"}})',
                "{{probe}} {{family}}",
                instant=True,
            ),
            unit="percentunit",
            steps=look.SHARE,
            most=1,
        ),
        table(
            Text("最先到期的证书（IPv6）", "Certificates that end first (IPv6)"),
            Text("经 IPv6 取得的证书。", "Certificates as met over IPv6."),
            labels("host", "agency", "port"),
            Column(
                Text("剩余", "Left"),
                f'bottomk(15, diaolou:certificate_remaining_seconds{{{AGENCY},family="ipv6"}})',
                unit="s",
                steps=(("red", None), ("orange", 604800.0), ("green", 2592000.0)),
            ),
            width=8,
            height=8,
            sort=Text("剩余", "Left"),
            descending=False,
        ),
        table(
            Text("两种协议证书不同的服务", "Services whose certificates differ by family"),
            Text("到期时刻之差。", "How far apart they end."),
            labels("host", "agency", "port"),
            Column(
                Text("相差", "Apart"),
                "max by (host, agency, port) ("
                f"max without (family) (diaolou_host_certificate_expiry_timestamp_seconds{{{AGENCY}}})"
                f" - min without (family) (diaolou_host_certificate_expiry_timestamp_seconds{{{AGENCY}}}) > 0)",
                unit="s",
            ),
            width=8,
            height=8,
            sort=Text("相差", "Apart"),
        ),
    ),
)
