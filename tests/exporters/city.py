"""A city as an exporter meets it: eight agencies and a village, hosts on every step, and all that can be wrong.

Nothing is written twice: a host says which rules it breaks and how its probes fare, and its verdicts, score and
stage follow by the rules of the house.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from exporters.posture import (
    Access,
    AgencyPosture,
    Availability,
    Campaign,
    CertificateExpiry,
    HostPosture,
    Look,
    Posture,
    VantageHealth,
)
from probes.observation import Failure, GapReason
from probes.target import Family, Kind, Service, Target, Transport
from rules.agency import Agency, Contact, Role, Tier, Tree
from rules.finding import Finding, Key, State
from rules.incident import Cause, CauseKind, Incident
from rules.notice import NoticeState
from rules.policy import Clause, Goal, Level, Policy, Stage
from rules.readiness import climb
from rules.rectification import Age, Rectification
from rules.score import group_score, host_score
from rules.templates import Index, Inspected, Templates, group_index
from rules.text import Text
from rules.underway import NOTHING_UNDERWAY
from rules.verdict import Outcome, Verdict
from tests.exporters.affairs import underway

AT = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
TODAY = AT.date()
VANTAGE = "tower"

RULES: dict[str, tuple[Level, int | None, str, str]] = {
    "aaaa_published": (Level.MEDIUM, 90, "网站已发布 AAAA 记录", "An AAAA record is published"),
    "every_aaaa_answers": (Level.HIGH, 30, "每个 AAAA 地址均可访问", "Every AAAA address answers"),
    "families_agree_on_ports": (Level.HIGH, 30, "两种协议开放端口一致", "Both families open the same ports"),
    "families_agree_on_content": (Level.MEDIUM, 60, "两种协议内容一致", "Both families serve the same content"),
    "name_servers_answer_over_ipv6": (Level.MEDIUM, 60, "域名服务器支持 IPv6", "Name servers answer over IPv6"),
    "page_loads_without_ipv4": (Level.LOW, None, "无 IPv4 时页面可用", "The page loads without IPv4"),
    "only_declared_ports_open": (Level.HIGH, 15, "仅开放已申报端口", "Only declared ports are open"),
    "no_dangerous_port_open": (Level.CRITICAL, 7, "未开放高危端口", "No dangerous port is open"),
    "certificate_valid": (Level.HIGH, 15, "证书有效", "The certificate is valid"),
    "certificate_not_expiring": (Level.LOW, 30, "证书未临近到期", "The certificate does not expire soon"),
    "https_forced": (Level.NOTICE, None, "强制使用 HTTPS", "HTTPS is forced"),
}

LADDER: dict[Stage, tuple[str, ...]] = {
    Stage.PUBLISHED: ("aaaa_published",),
    Stage.REACHABLE: ("every_aaaa_answers",),
    Stage.EQUAL: ("families_agree_on_ports", "families_agree_on_content"),
    Stage.DEEP: ("name_servers_answer_over_ipv6",),
    Stage.IPV6_ONLY: ("page_loads_without_ipv4",),
}

POLICY = Policy(
    profile="county-default",
    version="2026.11",
    title=Text("县级默认策略", "County default policy"),
    digest="5f2a" * 16,
    clauses={rule: Clause(rule, level, days) for rule, (level, days, _, _) in RULES.items()},
    weights={Level.CRITICAL: 0.6, Level.HIGH: 0.3, Level.MEDIUM: 0.12, Level.LOW: 0.04, Level.NOTICE: 0.0},
    ladder=LADDER,
    goals=(Goal(dt.date(2026, 12, 31), Stage.REACHABLE, 0.85),),
    dangerous_ports={6379: "Redis", 3389: "远程桌面 RDP"},
)

TREE = Tree.of(
    (
        Agency("kp", Text("开平市", "Kaiping City"), Tier.COUNTY),
        Agency(
            "portal",
            Text("市政府办公室", "Government Office"),
            Tier.COUNTY,
            "kp",
            (Contact(Role.LEAD, "值班室", "duty@portal.example"),),
        ),
        Agency("edu", Text("教育局", "Education Bureau"), Tier.COUNTY, "kp"),
        Agency("health", Text("卫生健康局", "Health Bureau"), Tier.COUNTY, "kp"),
        Agency("civil", Text("民政局", "Civil Affairs Bureau"), Tier.COUNTY, "kp"),
        Agency("finance", Text("财政局", "Finance Bureau"), Tier.COUNTY, "kp"),
        Agency("transport", Text("交通运输局", "Transport Bureau"), Tier.COUNTY, "kp"),
        Agency("chikan", Text("赤坎镇", "Chikan Town"), Tier.TOWN, "kp"),
        Agency("tangbian", Text("塘边村", "Tangbian Village"), Tier.VILLAGE, "chikan"),
        Agency("archive", Text("档案馆", "City Archives"), Tier.COUNTY, "kp"),
    )
)


@dataclass(frozen=True)
class Way:
    """How the probes of a host fare in one family: each connection-level probe's result, and how slow it is."""

    result: str = "ok"
    seconds: float = 0.02


GOOD, SLOW = Way(), Way(seconds=0.31)
DEAD, REFUSED = Way(Failure.CONNECTION_TIMEOUT), Way(Failure.CONNECTION_REFUSED)
NO_ADDRESS = Way(GapReason.ADDRESS_UNKNOWN)
BLIND = Way(GapReason.VANTAGE_BLIND_IPV6)
QUIET = Way(GapReason.QUIET_HOURS)

ALL = frozenset(RULES)
IPV6_RULES = frozenset(rule for rules in LADDER.values() for rule in rules)


@dataclass(frozen=True)
class Plan:
    """One host to be: the rules it breaks with the days left to mend each, and what could not be judged."""

    name: str
    agency: str
    breaks: Mapping[str, int | None] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    kind: Kind = Kind.WEBSITE
    value: int = 3
    exempt: bool = False
    waived: frozenset[str] = frozenset()
    ipv4: Way = GOOD
    ipv6: Way = GOOD
    certificate: tuple[int, int] | None = (200, 200)
    """Days the certificate still runs, over IPv4 and IPv6; None without one."""


ALONE = frozenset({"page_loads_without_ipv4"})

PLANS = (
    Plan("www.kp.test", "portal", value=5),
    Plan("news.kp.test", "portal", {"page_loads_without_ipv4": None}, value=4, certificate=(190, 190)),
    Plan("zwfw.kp.test", "portal", unknown=ALONE, value=5, ipv6=SLOW),
    Plan("ns1.kp.test", "portal", kind=Kind.DNS, unknown=ALONE, value=5, certificate=None),
    Plan("www.edu.kp.test", "edu", {"aaaa_published": 40, "https_forced": None}, ipv6=NO_ADDRESS, certificate=None),
    Plan("lib.edu.kp.test", "edu", {"aaaa_published": -12, "name_servers_answer_over_ipv6": 9}, ipv6=NO_ADDRESS),
    Plan("mail.edu.kp.test", "edu", {"no_dangerous_port_open": -3}, kind=Kind.MAIL, unknown=ALONE),
    Plan("exam.edu.kp.test", "edu", {"certificate_not_expiring": 20}, unknown=ALONE, certificate=(21, 21)),
    Plan("www.health.kp.test", "health", {"every_aaaa_answers": -5}, value=4, ipv6=DEAD),
    Plan("api.health.kp.test", "health", {"every_aaaa_answers": 12, "only_declared_ports_open": 3}, ipv6=REFUSED),
    Plan("his.health.kp.test", "health", {"no_dangerous_port_open": 4}, kind=Kind.SERVER, value=5, unknown=ALONE),
    Plan("old.health.kp.test", "health", {"aaaa_published": 30}, ipv4=DEAD, ipv6=NO_ADDRESS, certificate=None),
    Plan("www.civil.kp.test", "civil", {"families_agree_on_content": 33}, ipv6=SLOW),
    Plan("apply.civil.kp.test", "civil", {"certificate_valid": -1}, unknown=ALONE, certificate=(60, -4)),
    Plan("marry.civil.kp.test", "civil", {"certificate_not_expiring": 25}, unknown=ALONE, certificate=(5, 5)),
    Plan("www.finance.kp.test", "finance", {"families_agree_on_ports": 14, "only_declared_ports_open": 1}, value=4),
    Plan("pay.finance.kp.test", "finance", {"name_servers_answer_over_ipv6": 50}, value=5),
    Plan(
        "ledger.finance.kp.test",
        "finance",
        {"no_dangerous_port_open": -20},
        waived=frozenset({"no_dangerous_port_open"}),
        unknown=ALONE,
        kind=Kind.SERVER,
    ),
    Plan("scada.transport.kp.test", "transport", exempt=True, kind=Kind.SERVER, unknown=IPV6_RULES, ipv6=NO_ADDRESS),
    Plan("www.transport.kp.test", "transport", unknown=IPV6_RULES, ipv6=BLIND),
    Plan("bus.transport.kp.test", "transport", {"https_forced": None}, unknown=IPV6_RULES, ipv6=BLIND),
    Plan("gw.transport.kp.test", "transport", kind=Kind.NETWORK_DEVICE, unknown=ALL, ipv4=QUIET, ipv6=QUIET),
    Plan("www.chikan.kp.test", "chikan", {"every_aaaa_answers": -40, "https_forced": None}, ipv6=DEAD, value=2),
    Plan("oa.chikan.kp.test", "chikan", {"no_dangerous_port_open": -2, "aaaa_published": 60}, ipv6=NO_ADDRESS),
    Plan("www.tangbian.kp.test", "tangbian", {"aaaa_published": 10}, value=1, ipv6=NO_ADDRESS, certificate=None),
    Plan("www.archive.kp.test", "archive", unknown=ALL, ipv4=QUIET, ipv6=QUIET, certificate=None),
)


def city(plans: Iterable[Plan] = PLANS, at: dt.datetime = AT, tree: Tree = TREE) -> Posture:
    """Build the posture of *plans* at *at*: agencies by rank, hosts by risk."""
    hosts = sorted((_host(plan, at) for plan in plans), key=lambda host: (-host.score.risk, host.target.host))
    below = {code: [host for host in hosts if host.target.agency in set(tree.subtree(code))] for code in tree.agencies}
    root = tree.roots()[0]
    agencies = [_agency(tree, code, below[code], at) for code in tree.agencies if code != root]
    return Posture(
        at=at,
        tree=tree,
        policy=POLICY,
        city=_agency(tree, root, below[root], at),
        agencies=tuple(_ranked(agencies)),
        hosts=tuple(hosts),
        campaigns=_campaigns(at, len(hosts)),
        vantages=(
            VantageHealth(VANTAGE, {Family.IPV4: True, Family.IPV6: True}, resolver=True, at=at),
            VantageHealth("sensor", {Family.IPV4: True, Family.IPV6: False}, resolver=True, at=at),
            VantageHealth("spare", {Family.IPV4: None, Family.IPV6: None}, resolver=None, at=None),
        ),
        rules={rule: (zh, en) for rule, (_, _, zh, en) in RULES.items()},
        incidents=_incidents(hosts, at),
        underway=underway(hosts[0].target.agency, hosts[0].target.host, at) if hosts else NOTHING_UNDERWAY,
    )


def _incidents(hosts: list[HostPosture], at: dt.datetime) -> tuple[Incident, ...]:
    """One incident, of every host with a finding."""
    findings = tuple(host.findings[0] for host in hosts if host.findings)
    return (Incident(Cause(CauseKind.NAME_SERVER, "ns1.example"), at, findings),) if findings else ()


def _host(plan: Plan, at: dt.datetime) -> HostPosture:
    verdicts = [Verdict(rule, plan.name, "", VANTAGE, _outcome(plan, rule)) for rule in RULES]
    findings = tuple(_finding(plan, rule, days, at) for rule, days in plan.breaks.items())
    looks = _looks(plan, at)
    oldest = min((look.at for look in looks if look.result == "ok"), default=None)
    return HostPosture(
        target=Target(plan.name, plan.agency, plan.kind, plan.value, declared=_declared(), ipv6_exempt=plan.exempt),
        score=host_score(plan.name, findings, verdicts, POLICY, oldest),
        readiness=climb(plan.name, verdicts, POLICY, exempt=plan.exempt),
        verdicts=Counter(verdict.outcome for verdict in verdicts),
        findings=findings,
        certificates=() if plan.certificate is None else tuple(_certificates(plan.certificate, at)),
        looks=looks,
        accesses=tuple(_accesses(plan)),
        availability=_availability(plan),
        templates=_templates(plan),
    )


def _templates(plan: Plan) -> Templates:
    """Every website holds one indicator of two and passes the inspection; each host has a grade."""
    if plan.kind is not Kind.WEBSITE:
        return Templates(grade=2)
    inspected = Inspected(85.0, 0.9, (), {"no_dead_links": 15.0}, qualified=True, bonus=True)
    return Templates(Index(50.0, 0.8, {"aaaa": True, "home_page": False, "third_level": None}), inspected, 3)


def _availability(plan: Plan) -> dict[Family, Availability]:
    """Every website was visited enough over IPv4, where three visits in a hundred failed, and too little over IPv6."""
    if plan.kind is not Kind.WEBSITE:
        return {}
    return {Family.IPV4: Availability(200, 6, 0.03), Family.IPV6: Availability(90, 1, None)}


def _declared() -> frozenset[Service]:
    return frozenset(Service(family, Transport.TCP, port) for family in Family for port in (80, 443))


def _outcome(plan: Plan, rule: str) -> Outcome:
    if rule in plan.breaks:
        return Outcome.FAIL
    if rule in plan.unknown:
        return Outcome.UNKNOWN
    if plan.certificate is None and rule.startswith("certificate"):
        return Outcome.NOT_APPLICABLE
    return Outcome.PASS


def _finding(plan: Plan, rule: str, days: int | None, at: dt.datetime) -> Finding:
    return Finding(
        Key(rule, plan.name, "tcp/6379/ipv6" if rule == "no_dangerous_port_open" else ""),
        plan.agency,
        RULES[rule][0],
        State.OPEN,
        first_seen=at - dt.timedelta(days=30),
        last_confirmed=at - dt.timedelta(hours=1),
        failures=9,
        deadline=None if days is None else at.date() + dt.timedelta(days=days),
        waived=rule in plan.waived,
        reason="size(open) = 1",
    )


def _certificates(days: tuple[int, int], at: dt.datetime) -> Iterable[CertificateExpiry]:
    for family, address, left in zip(Family, ("198.18.20.10", "2001:db8:18:20::10"), days, strict=True):
        yield CertificateExpiry(443, family, address, at + dt.timedelta(days=left))


def _accesses(plan: Plan) -> Iterable[Access]:
    for family, way in {Family.IPV4: plan.ipv4, Family.IPV6: plan.ipv6}.items():
        if way.result == "ok":
            yield Access(443, family, 1.0, way.seconds * 0.2)
        elif isinstance(way.result, Failure):
            yield Access(443, family, 0.0, None)


def _looks(plan: Plan, at: dt.datetime) -> tuple[Look, ...]:
    def look(probe: str, family: Family | None, way: Way, share: float, hours: int) -> Look:
        seconds = way.seconds * share if way.result == "ok" else None
        return Look(probe, family, str(way.result), seconds, at - dt.timedelta(hours=hours))

    ways = {Family.IPV4: plan.ipv4, Family.IPV6: plan.ipv6}
    looks = [look("dns_delegation", None, GOOD if plan.ipv4 != QUIET else QUIET, 0.5, 3)]
    for family, way in ways.items():
        looks.append(look("dns_address", family, GOOD if way != QUIET else QUIET, 0.1, 2))
        looks.append(look("icmp_echo", family, Way(GapReason.NO_RAW_SOCKET), 0, 1))
        looks.append(look("tcp_ports", family, way, 0.3, 1))
        if plan.kind is Kind.WEBSITE:
            looks.append(look("http_home", family, way, 1.0, 1))
        if plan.certificate is not None:
            looks.append(look("tls_certificate", family, way, 0.6, 1))
    return tuple(looks)


def _agency(tree: Tree, code: str, hosts: list[HostPosture], at: dt.datetime) -> AgencyPosture:
    open_findings = [finding for host in hosts for finding in host.findings if finding.state is State.OPEN]
    standing = [host.readiness for host in hosts if not host.readiness.exempt]
    return AgencyPosture(
        agency=tree.agencies[code],
        score=group_score(code, [(host.score, host.target.value) for host in hosts]),
        rank=None,
        hosts=len(hosts),
        stages=Counter(readiness.stage for readiness in standing),
        exempt=len(hosts) - len(standing),
        findings=Counter(finding.level for finding in open_findings if not finding.waived),
        overdue=sum(finding.overdue(at.date()) for finding in open_findings),
        waived=sum(finding.waived for finding in open_findings),
        verdicts=sum((Counter(host.verdicts) for host in hosts), Counter[Outcome]()),
        rectification=RECORD,
        index=group_index(host.templates.index for host in hosts if host.templates.index is not None),
    )


RECORD = Rectification(
    ages=Counter({Age.WEEK: 2, Age.OLDER: 1}),
    due=4,
    in_time=3,
    seconds=(86400.0, 3 * 86400.0),
    closed=4,
    reopened=1,
    notices=Counter({NoticeState.RECEIVED: 2}),
    notices_overdue=1,
)
"""How well every agency of the city mends."""


def _ranked(agencies: list[AgencyPosture]) -> list[AgencyPosture]:
    """Return *agencies* safest first, ties sharing a rank, those measured too little last and without one."""
    measured = [agency for agency in agencies if agency.score.coverage >= POLICY.minimum_coverage]
    risks = sorted(agency.score.risk for agency in measured)
    order = sorted(agencies, key=lambda agency: (agency not in measured, agency.score.risk, agency.agency.code))
    return [
        replace(
            agency,
            rank=risks.index(agency.score.risk) + 1 if agency in measured else None,
            peer_rank=_among_peers(agency, measured) if agency in measured else None,
        )
        for agency in order
    ]


def _among_peers(agency: AgencyPosture, measured: list[AgencyPosture]) -> int:
    """Return one more than there are safer ones of the same superior."""
    peers = [each for each in measured if each.agency.parent == agency.agency.parent]
    return 1 + sum(each.score.risk < agency.score.risk for each in peers)


def _campaigns(at: dt.datetime, hosts: int) -> tuple[Campaign, ...]:
    begun, ended = at - dt.timedelta(minutes=40), at - dt.timedelta(minutes=10)
    return (
        Campaign("dns_address", begun, ended, hosts, 2 * hosts - 4, {GapReason.QUIET_HOURS: 4}, 0, complete=True),
        Campaign("tcp_ports", begun, ended, hosts, hosts, {GapReason.VANTAGE_BLIND_IPV6: 2}, 1, complete=False),
        Campaign("http_home", begun, ended, hosts, hosts, {}, 0, complete=True),
        Campaign("tls_certificate", at - dt.timedelta(minutes=5), None, hosts, 7, {}, 0, complete=False),
    )
