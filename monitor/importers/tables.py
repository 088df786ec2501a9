"""Spreadsheets of targets as agencies send them in: titles in Chinese or English, URLs for hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from monitor.importers.candidate import Candidate, Options, Remark
from monitor.importers.sheet import Row
from monitor.settings.mistakes import Refused
from rules.text import Text

_TITLES: Mapping[str, tuple[str, ...]] = {
    "host": (
        "host", "hostname", "host name", "domain", "domain name", "fqdn", "url", "website",
        "address", "ip", "ip address",
        "主机", "主机名", "域名", "网址", "网站域名", "网站地址", "地址", "ip地址", "ip 地址",
    ),
    "agency": (
        "agency", "agency code", "tenant", "owner", "department", "unit", "organisation", "organization",
        "单位", "单位名称", "单位代码", "部门", "责任单位", "主管单位", "主办单位", "所属单位",
    ),
    "kind": ("kind", "type", "类型", "类别", "资产类型"),
    "value": ("value", "asset value", "importance", "资产价值", "价值", "重要性", "重要程度"),
    "paths": ("paths", "path", "路径", "栏目路径"),
    "declared": ("declared", "services", "ports", "端口", "服务", "开放端口", "申报端口"),
    "zones": ("zones", "zone", "区域", "观测区域"),
    "quiet": ("quiet", "quiet hours", "静默时段", "免扰时段"),
    "ipv6_exempt": ("ipv6_exempt", "ipv6 exempt", "ipv6豁免", "ipv6 豁免", "ipv6豁免理由"),
    "consent": ("consent", "同意"),
}  # fmt: skip
_KINDS: Mapping[str, str] = {
    "网站": "website", "门户": "website", "门户网站": "website", "web": "website", "site": "website",
    "服务器": "server", "业务系统": "server", "应用系统": "server", "host": "server",
    "域名服务器": "dns", "dns服务器": "dns", "name server": "dns",
    "邮件": "mail", "邮箱": "mail", "邮件服务器": "mail", "email": "mail",
    "网络设备": "network_device", "交换机": "network_device", "路由器": "network_device", "防火墙": "network_device",
    "router": "network_device", "switch": "network_device", "firewall": "network_device",
}  # fmt: skip
_VALUES: Mapping[str, str] = {"很高": "5", "高": "4", "中": "3", "中等": "3", "低": "2", "很低": "1"}
_APART = re.compile(r"[\s,;、，；]+")
_BARE_PORT = re.compile(r"\d{1,5}", re.ASCII)
_FIELDS = {title: key for key, titles in _TITLES.items() for title in titles}


def candidates(rows: Iterable[Row], options: Options) -> Iterator[Candidate | Remark]:
    """Yield the targets of a spreadsheet; a cell with several hosts gives several.

    Raises:
        Refused: There is no column of hosts.
    """
    chosen = {title.lower(): key for title, key in options.columns.items()}
    for row in rows:
        fields: dict[str, str] = {}
        for title, words in row.cells.items():
            key = chosen.get(title) or _FIELDS.get(title)
            if key is not None:
                fields.setdefault(key, words)
        hosts = fields.pop("host", "")
        agency = fields.pop("agency", "")
        if not hosts:
            yield Remark(row.line, "", Text("这一行没有主机", "the row has no host"))
        for host in filter(None, _APART.split(hosts)):
            yield Candidate(row.line, host, agency, {key: _understood(key, words) for key, words in fields.items()})


def require_hosts(titles: Iterable[str], options: Options) -> None:
    """Refuse a table without a column of hosts."""
    chosen = {title.lower(): key for title, key in options.columns.items()}
    known = [chosen.get(title) or _FIELDS.get(title) for title in titles]
    if "host" not in known:
        message = Text("表格中没有主机一列", "the table has no column of hosts")
        raise Refused(message, Text("列名可用“域名”“主机”或 host", 'name it "host" or "domain"'))


def _understood(key: str, words: str) -> str:
    """Return *words* of a cell as the settings have them, unchanged where they are not known."""
    if key == "kind":
        return _KINDS.get(words.lower(), words.lower())
    if key == "value":
        return _VALUES.get(words, words)
    if key == "declared":
        return " ".join(
            f"tcp/{word}" if _BARE_PORT.fullmatch(word) else word.lower() for word in _APART.split(words) if word
        )
    return words
