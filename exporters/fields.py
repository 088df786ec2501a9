"""The fields of facts in the reader's language; what a probe's own page calls by its code name."""

from __future__ import annotations

from collections.abc import Mapping

from rules.text import Language, Text

FIELDS: Mapping[str, Text] = {
    "address": Text("地址", "address"),
    "addresses": Text("地址", "addresses"),
    "alive": Text("可用", "alive"),
    "answered": Text("有应答", "answered"),
    "answers": Text("各服务器的应答", "answers"),
    "arrived": Text("跳转可达", "arrived"),
    "chain": Text("链", "chain"),
    "cipher": Text("加密套件", "cipher"),
    "closed": Text("关闭", "closed"),
    "content_type": Text("内容类型", "content type"),
    "contradicted": Text("自相矛盾", "contradicted"),
    "count": Text("个数", "count"),
    "failure": Text("失败", "failure"),
    "family": Text("协议族", "family"),
    "faults": Text("证书问题", "faults"),
    "filtered": Text("无应答的端口", "filtered"),
    "final": Text("最终地址", "final"),
    "fingerprint": Text("指纹", "fingerprint"),
    "gap": Text("未能查看", "gap"),
    "headers": Text("安全响应头", "security headers"),
    "hops": Text("跳转", "hops"),
    "hsts_seconds": Text("HSTS 秒数", "HSTS seconds"),
    "ipv4_tcp": Text("IPv4 TCP 可用的服务器", "answer over IPv4 TCP"),
    "ipv4_udp": Text("IPv4 UDP 可用的服务器", "answer over IPv4 UDP"),
    "ipv6_tcp": Text("IPv6 TCP 可用的服务器", "answer over IPv6 TCP"),
    "ipv6_udp": Text("IPv6 UDP 可用的服务器", "answer over IPv6 UDP"),
    "issuer_name": Text("签发者", "issuer"),
    "key": Text("密钥", "key"),
    "key_bits": Text("密钥位数", "key bits"),
    "kind": Text("类别", "kind"),
    "lame": Text("失效的服务器", "lame"),
    "names": Text("证书域名", "names"),
    "not_after": Text("到期", "not after"),
    "not_before": Text("生效", "not before"),
    "open": Text("开放", "open"),
    "presence": Text("记录", "presence"),
    "proof": Text("依据", "proof"),
    "rcode": Text("应答码", "rcode"),
    "sent": Text("已发", "sent"),
    "serial": Text("序列号", "serial"),
    "serials_agree": Text("SOA 序列号一致", "serials agree"),
    "server": Text("服务器", "server"),
    "server_header": Text("服务器标识", "server header"),
    "servers": Text("域名服务器", "servers"),
    "side": Text("依据的一侧", "side"),
    "signature": Text("签名算法", "signature"),
    "source": Text("来源", "source"),
    "standing": Text("状况", "standing"),
    "status": Text("状态码", "status"),
    "stopped": Text("停在", "stopped"),
    "subject_name": Text("证书主体", "subject"),
    "title": Text("标题", "title"),
    "transport": Text("传输", "transport"),
    "tried": Text("试过", "tried"),
    "truncated": Text("截断", "truncated"),
    "unreachable": Text("不可达的端口", "unreachable"),
    "unusable": Text("不可用的地址", "unusable"),
    "upgraded": Text("跳转到 HTTPS", "upgraded to HTTPS"),
    "version": Text("版本", "version"),
    "with_ipv4": Text("有 IPv4 的服务器", "with IPv4"),
    "with_ipv6": Text("有 IPv6 的服务器", "with IPv6"),
    "zone": Text("区", "zone"),
}
"""Every field of facts that is no sample; the same name means the same in all probes."""


def field(name: str, language: Language) -> str:
    """Return the field *name* in *language*; one without words is called as in the code."""
    return FIELDS[name].into(language) if name in FIELDS else name
