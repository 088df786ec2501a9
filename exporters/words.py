"""The closed sets of the house in the reader's language; remote text never passes here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exporters.chore import Chore
from probes.addressing import AddressClass
from probes.nameserver import Standing
from probes.observation import Failure, GapReason
from probes.target import Family, Kind, Transport
from probes.vantage_self import Proof
from probes.wire import ChainFault, Presence, Source
from probes.wire.ledger import What
from probes.wire.zone import Side
from rules.agency import Tier
from rules.comparison import Turn
from rules.deed import Move
from rules.finding import Act, State
from rules.handling import Objection
from rules.notice import NoticeObjection, NoticeState
from rules.policy import Level, Stage
from rules.rectification import Age
from rules.text import Language, Text
from rules.verdict import Outcome

_PAIRS: tuple[tuple[StrEnum, Text], ...] = (
    (Tier.PROVINCE, Text("省级", "province")),
    (Tier.CITY, Text("地市级", "city")),
    (Tier.COUNTY, Text("县（市、区）级", "county")),
    (Tier.TOWN, Text("镇（街道）级", "town")),
    (Tier.VILLAGE, Text("村（社区）级", "village")),
    (Chore.PAGE, Text("绘制指标页", "drawing the page of metrics")),
    (Chore.DAY, Text("保存当日数据", "keeping the day's figures")),
    (Chore.AGE, Text("定时重新评判", "judging again as time passes")),
    (Chore.COUNT, Text("汇总计数", "passing counts on")),
    (Chore.CLAIM, Text("复测已申报整改的隐患", "looking into claims")),
    (Chore.SIGNAL, Text("执行信号", "doing what was signalled")),
    (What.DNS, Text("DNS 询问", "DNS questions")),
    (What.TCP_CONNECT, Text("TCP 连接", "TCP connections")),
    (What.SYN, Text("SYN 探测包", "SYN probes")),
    (What.HTTP, Text("HTTP 请求", "HTTP requests")),
    (What.TLS, Text("TLS 握手", "TLS handshakes")),
    (What.ECHO, Text("ping 请求", "echo requests")),
    (Level.CRITICAL, Text("超危", "critical")),
    (Level.HIGH, Text("高危", "high")),
    (Level.MEDIUM, Text("中危", "medium")),
    (Level.LOW, Text("低危", "low")),
    (Level.NOTICE, Text("提示", "notice")),
    (Stage.NONE, Text("未部署", "none")),
    (Stage.PUBLISHED, Text("已发布", "published")),
    (Stage.REACHABLE, Text("可访问", "reachable")),
    (Stage.EQUAL, Text("双栈一致", "equal")),
    (Stage.DEEP, Text("深度支持", "deep")),
    (Stage.IPV6_ONLY, Text("单栈可用", "IPv6-only")),
    (Outcome.PASS, Text("符合", "pass")),
    (Outcome.FAIL, Text("不符合", "fail")),
    (Outcome.UNKNOWN, Text("未知", "unknown")),
    (Outcome.NOT_APPLICABLE, Text("不适用", "not applicable")),
    (State.PENDING, Text("待确认", "pending")),
    (State.OPEN, Text("未整改", "open")),
    (State.CLOSED, Text("已销号", "closed")),
    (Move.ACKNOWLEDGED, Text("已知悉", "acknowledged")),
    (Move.ASSIGNED, Text("已指派", "assigned")),
    (Move.CLAIMED_FIXED, Text("申报已整改", "claimed fixed")),
    (Move.VERIFIED, Text("复测通过", "verified")),
    (Move.SENT_BACK, Text("复测未通过，退回", "sent back")),
    (Move.FALSE_POSITIVE, Text("标为误报", "called a false positive")),
    (Move.COMMENTED, Text("备注", "commented")),
    (Move.EXTENSION_ASKED, Text("申请延期", "asked for an extension")),
    (Move.EXTENDED, Text("批准延期", "extension granted")),
    (Move.NOTICE_ISSUED, Text("下发通知", "notice issued")),
    (Move.NOTICE_RECEIVED, Text("签收通知", "notice received")),
    (Move.NOTICE_ANSWERED, Text("反馈整改情况", "notice answered")),
    (Move.NOTICE_RETESTED, Text("复测", "re-tested")),
    (Move.NOTICE_CLOSED, Text("办结", "notice closed")),
    (Move.NOTICE_CHASED, Text("催办", "chased")),
    (Move.NOTICE_ESCALATED, Text("报送上级", "escalated")),
    (Objection.NOT_OPEN, Text("该隐患不在未整改状态", "the finding is not open")),
    (Objection.NO_REASON, Text("请用 --why 写明理由", "say why, with --why")),
    (
        Objection.ALREADY_CLAIMED,
        Text("已申报整改，正在等待复测", "it was claimed fixed and awaits its re-test"),
    ),
    (Objection.NOT_LATER, Text("日期须晚于今天和现有期限", "the day must lie behind today and the deadline there is")),
    (Objection.TOO_LONG, Text("误报最长 180 天，到期须重新认定", "a false positive stands 180 days at most")),
    (Objection.NO_DEADLINE, Text("该隐患没有整改期限", "the finding has no deadline")),
    (Objection.NOTHING_ASKED, Text("没有待批准的延期申请", "no extension was asked for")),
    (Objection.SAME_PERSON, Text("延期须由申请人以外的人批准", "somebody else has to grant what one asked for")),
    (NoticeState.ISSUED, Text("待签收", "issued")),
    (NoticeState.RECEIVED, Text("整改中", "received")),
    (NoticeState.ANSWERED, Text("已反馈，待复测", "answered")),
    (NoticeState.RETURNED, Text("复测未通过，退回", "returned")),
    (NoticeState.RETESTED, Text("复测通过，待办结", "re-tested")),
    (NoticeState.CLOSED, Text("已办结", "closed")),
    (
        NoticeObjection.NO_FINDINGS,
        Text("没有可通知的隐患（已豁免或已在其他通知中的不算）", "nothing to notify of"),
    ),
    (NoticeObjection.NOT_NOW, Text("通知此刻的状态不允许这样做", "the state of the notice does not allow that")),
    (NoticeObjection.NOT_LATER, Text("期限须晚于今天", "the deadline must lie ahead")),
    (NoticeObjection.NO_ANSWER, Text("请用 --why 写明整改情况", "say what was done, with --why")),
    (Age.WEEK, Text("七天以内", "up to 7 days")),
    (Age.MONTH, Text("三十天以内", "up to 30 days")),
    (Age.QUARTER, Text("九十天以内", "up to 90 days")),
    (Age.OLDER, Text("九十天以上", "over 90 days")),
    (Act.OPENED, Text("新增", "opened")),
    (Act.CHANGED, Text("变化", "changed")),
    (Act.CLOSED, Text("已整改", "closed")),
    (Act.REOPENED, Text("复发", "reopened")),
    (Turn.OPENS, Text("新立项", "opens")),
    (Turn.CLOSES, Text("撤销", "closes")),
    (Turn.RISES, Text("升级", "rises")),
    (Turn.FALLS, Text("降级", "falls")),
    (Turn.OTHERWISE, Text("期限有变", "other terms")),
    (Family.IPV4, Text("IPv4", "IPv4")),
    (Family.IPV6, Text("IPv6", "IPv6")),
    (Kind.WEBSITE, Text("网站", "website")),
    (Kind.SERVER, Text("服务器", "server")),
    (Kind.DNS, Text("域名服务器", "name server")),
    (Kind.MAIL, Text("邮件服务器", "mail server")),
    (Kind.NETWORK_DEVICE, Text("网络设备", "network device")),
    (GapReason.VANTAGE_BLIND_IPV4, Text("监测点自身无 IPv4", "the vantage itself has no IPv4")),
    (GapReason.VANTAGE_BLIND_IPV6, Text("监测点自身无 IPv6", "the vantage itself has no IPv6")),
    (GapReason.RESOLVER_FAILED, Text("递归解析器故障", "the resolver failed")),
    (GapReason.ADDRESS_UNKNOWN, Text("地址未能确定", "the address could not be settled")),
    (GapReason.OUT_OF_SCOPE, Text("不在授权范围内", "outside the authorised scope")),
    (GapReason.DENIED, Text("在禁止名单内", "on the deny list")),
    (GapReason.QUIET_HOURS, Text("静默时段", "quiet hours")),
    (GapReason.BUDGET_SPENT, Text("探测预算用尽", "the probing budget was spent")),
    (GapReason.STOPPED, Text("探测已被停止", "probing was stopped")),
    (GapReason.NO_RAW_SOCKET, Text("无原始套接字权限", "no raw socket")),
    (GapReason.OVERLOADED, Text("监测端资源不足", "the monitor itself was overloaded")),
    (GapReason.DEFECT, Text("监测程序自身缺陷", "a defect of the monitor")),
    (Failure.DNS_TIMEOUT, Text("DNS 查询超时", "DNS query timed out")),
    (Failure.DNS_SERVFAIL, Text("DNS 服务器失败（SERVFAIL）", "DNS server failure (SERVFAIL)")),
    (Failure.DNS_REFUSED, Text("DNS 拒绝应答（REFUSED）", "DNS query refused (REFUSED)")),
    (Failure.DNS_NOTIMP, Text("DNS 未实现（NOTIMP）", "DNS not implemented (NOTIMP)")),
    (Failure.DNS_FORMERR, Text("DNS 格式错误（FORMERR）", "DNS format error (FORMERR)")),
    (Failure.DNS_BOGUS, Text("DNSSEC 验证失败", "DNSSEC validation failed")),
    (Failure.DNS_TRUNCATED, Text("DNS 应答被截断", "DNS answer truncated")),
    (Failure.DNS_MALFORMED, Text("DNS 应答畸形", "DNS answer malformed")),
    (Failure.DNS_MISMATCH, Text("DNS 应答与问题不符", "DNS answer does not match the question")),
    (Failure.DNS_CNAME_LOOP, Text("CNAME 循环", "CNAME loop")),
    (Failure.CONNECTION_REFUSED, Text("连接被拒绝", "connection refused")),
    (Failure.CONNECTION_TIMEOUT, Text("连接超时", "connection timed out")),
    (Failure.CONNECTION_RESET, Text("连接被重置", "connection reset")),
    (Failure.CONNECTION_CLOSED, Text("连接被关闭", "connection closed")),
    (Failure.NETWORK_UNREACHABLE, Text("网络不可达", "network unreachable")),
    (Failure.HOST_UNREACHABLE, Text("主机不可达", "host unreachable")),
    (Failure.ADMIN_PROHIBITED, Text("被管理策略禁止", "administratively prohibited")),
    (Failure.ECHO_TIMEOUT, Text("ping 无应答", "no echo reply")),
    (Failure.TLS_ALERT, Text("TLS 告警", "TLS alert")),
    (Failure.TLS_NOT_TLS, Text("应答不是 TLS", "the answer is not TLS")),
    (Failure.TLS_VERSION, Text("TLS 版本不受支持", "TLS version not supported")),
    (Failure.TLS_TIMEOUT, Text("TLS 握手超时", "TLS handshake timed out")),
    (Failure.TLS_CLOSED, Text("TLS 握手中连接被关闭", "closed during the TLS handshake")),
    (Failure.TLS_MALFORMED, Text("TLS 数据畸形", "malformed TLS")),
    (Failure.HTTP_TIMEOUT, Text("HTTP 应答超时", "HTTP response timed out")),
    (Failure.HTTP_OVERSIZED, Text("HTTP 应答过大", "HTTP response too large")),
    (Failure.HTTP_MALFORMED, Text("HTTP 应答畸形", "malformed HTTP response")),
    (Failure.HTTP_BAD_ENCODING, Text("HTTP 内容编码错误", "bad HTTP content encoding")),
    (Failure.HTTP_TRUNCATED, Text("HTTP 应答不完整", "truncated HTTP response")),
    (Failure.HTTP_REDIRECT_LOOP, Text("HTTP 重定向循环", "HTTP redirect loop")),
    (Failure.HTTP_REDIRECT_REFUSED, Text("HTTP 重定向目标被拒绝", "HTTP redirect refused")),
    (AddressClass.GLOBAL, Text("公网地址", "global")),
    (AddressClass.UNSPECIFIED, Text("未指定地址", "unspecified")),
    (AddressClass.LOOPBACK, Text("环回地址", "loopback")),
    (AddressClass.LINK_LOCAL, Text("链路本地地址", "link-local")),
    (AddressClass.SITE_LOCAL, Text("站点本地地址（已废止）", "site-local (deprecated)")),
    (AddressClass.ULA, Text("唯一本地地址（ULA）", "unique local (ULA)")),
    (AddressClass.PRIVATE, Text("私有地址", "private")),
    (AddressClass.SHARED, Text("运营商共享地址", "shared")),
    (AddressClass.MULTICAST, Text("组播地址", "multicast")),
    (AddressClass.MAPPED, Text("IPv4 映射地址", "IPv4-mapped")),
    (AddressClass.COMPATIBLE, Text("IPv4 兼容地址（已废止）", "IPv4-compatible (deprecated)")),
    (AddressClass.SIX_TO_FOUR, Text("6to4 隧道地址", "6to4")),
    (AddressClass.TEREDO, Text("Teredo 隧道地址", "Teredo")),
    (AddressClass.DNS64, Text("DNS64 合成地址", "made by DNS64")),
    (AddressClass.DOCUMENTATION, Text("文档示例地址", "for documentation")),
    (AddressClass.BENCHMARKING, Text("基准测试地址", "for benchmarking")),
    (AddressClass.DISCARD, Text("丢弃专用地址", "discard-only")),
    (AddressClass.RESERVED, Text("保留地址", "reserved")),
    (ChainFault.EXPIRED, Text("已过期", "expired")),
    (ChainFault.NOT_YET_VALID, Text("尚未生效", "not yet valid")),
    (ChainFault.SELF_SIGNED, Text("自签名", "self-signed")),
    (ChainFault.UNTRUSTED, Text("签发者不受信任", "untrusted issuer")),
    (ChainFault.INCOMPLETE, Text("证书链不完整", "incomplete chain")),
    (ChainFault.NAME_MISMATCH, Text("与主机名不符", "another name")),
    (ChainFault.WEAK, Text("算法或密钥过弱", "weak key or signature")),
    (ChainFault.MALFORMED, Text("证书畸形", "malformed certificate")),
    (ChainFault.OTHER, Text("其他错误", "another fault")),
    (Presence.PRESENT, Text("有记录", "present")),
    (Presence.NODATA, Text("无此类记录", "no data")),
    (Presence.NXDOMAIN, Text("域名不存在", "no such name")),
    (Proof.CONTROLS, Text("对照点应答", "control contacts answered")),
    (Proof.RESOLVERS, Text("递归解析器应答", "resolvers answered")),
    (Proof.NOTHING, Text("无可证明", "nothing")),
    (Side.CHILD, Text("子区", "the zone itself")),
    (Side.PARENT, Text("父区", "the parent zone")),
    (Source.RECURSIVE, Text("递归解析器", "a resolver")),
    (Source.AUTHORITATIVE, Text("权威服务器", "the zone's servers")),
    (Source.LITERAL, Text("清单所列地址", "the inventory")),
    (Standing.AUTHORITATIVE, Text("权威应答", "authoritative")),
    (Standing.LAME, Text("失效（lame）", "lame")),
    (Standing.SILENT, Text("无应答", "silent")),
    (Standing.NOT_ASKED, Text("未询问", "not asked")),
    (Transport.TCP, Text("TCP", "TCP")),
    (Transport.UDP, Text("UDP", "UDP")),
)
WORDS: Mapping[tuple[type[StrEnum], str], Text] = {(type(member), member.value): text for member, text in _PAIRS}
"""Every member of the sets a reader meets; keyed with its set, because two sets may use the same value."""

UNMEASURED = Text("未测得", "not measured")
EXEMPT = Text("不作要求", "exempt")


def word(member: StrEnum | None, language: Language) -> str:
    """Return *member* in *language*; None is what was not measured."""
    return (UNMEASURED if member is None else WORDS[type(member), member.value]).into(language)


def told(member: StrEnum) -> Text:
    """Return the words of *member* in both languages."""
    return WORDS[type(member), member.value]
