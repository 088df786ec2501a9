"""What an operator may write as a host, and the one form it is kept in.

Normalised: upper case, a trailing dot, full-width dots, international names (to A-labels), IPv6 spelling.
Refused, with the cure: schemes, paths, credentials, ports, brackets, zone ids, wildcards, single labels, addresses
no host can have, prefixes with host bits, reversed ranges, and /0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

from monitor.settings.mistakes import NOTHING, Refused
from monitor.settings.names import name_of
from probes.target import Address
from rules.text import Text

FREE_RANGE = 1024
"""Addresses a range may hold without the operator's consent."""
LARGEST_RANGE = 65536
"""Addresses a range may hold at all."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of addresses of one family, both ends included; *text* is what the operator wrote."""

    text: str
    first: Address
    last: Address

    @property
    def size(self) -> int:
        """How many addresses the range holds."""
        return int(self.last) - int(self.first) + 1

    def addresses(self) -> Iterator[str]:
        """Yield every address in the range, in canonical spelling."""
        make = type(self.first)
        return (str(make(number)) for number in range(int(self.first), int(self.last) + 1))


_USUAL = re.compile(r"(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
_UNUSABLE = tuple(
    (ip_network(text), Text(zh, en))
    for text, zh, en in (
        ("0.0.0.0/8", "未指定地址", "an unspecified address"),
        ("169.254.0.0/16", "链路本地地址", "a link-local address"),
        ("224.0.0.0/4", "组播地址", "a multicast address"),
        ("255.255.255.255/32", "广播地址", "the broadcast address"),
        ("::/128", "未指定地址", "an unspecified address"),
        ("::ffff:0:0/96", " IPv4 映射地址", "an IPv4-mapped address"),
        ("fe80::/10", "链路本地地址", "a link-local address"),
        ("ff00::/8", "组播地址", "a multicast address"),
    )
)


def parse_host(text: str) -> str | Span:
    """Return the inventory name of *text*, or the range it stands for.

    Raises:
        Refused: *text* is neither a name, an address, a prefix nor a range.
    """
    if len(text) <= 253 and _USUAL.fullmatch(text):
        return text
    text = text.strip()
    if not text:
        raise Refused(Text("主机不能为空", "a host cannot be empty"))
    _refuse_urls(text)
    if "/" in text:
        return _prefix(text)
    if "-" in text and (span := _range(text)) is not None:
        return span
    address = _address(text)
    if address is not None:
        _refuse_unusable(text, address, address)
        return str(address)
    _refuse_ports(text)
    return name_of(text)


def _refuse_urls(text: str) -> None:
    authority = text.partition("://")[2] if "://" in text else text.removeprefix("//")
    bare = authority.partition("/")[0].rpartition("@")[2]
    cure = Text(f"只写主机：{bare}", f"write only the host: {bare}") if bare else NOTHING
    if "://" in text or text.startswith("//"):
        raise Refused(Text("主机不应带协议前缀", "a host carries no scheme"), cure)
    if "@" in text:
        raise Refused(Text("主机不应带用户名或口令", "a host carries no credentials"), cure)
    if "?" in text or "#" in text:
        raise Refused(Text("主机不应带查询或锚点", "a host carries no query or fragment"))


def _address(text: str) -> Address | None:
    """Return the address *text* spells, None when it spells none.

    Raises:
        Refused: An address with a zone id or in brackets.
    """
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1]
        message = Text("地址不应带方括号", "an address carries no brackets here")
        raise Refused(message, Text(f"请写 {inner}", f"write {inner}"))
    bare, percent, _ = text.partition("%")
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    if percent:
        message = Text("地址不应带接口（%）", "an address carries no zone id (%)")
        raise Refused(message, Text("请写全局地址", "write a global address"))
    return address


def _refuse_unusable(text: str, first: Address, last: Address) -> None:
    for network, why in _UNUSABLE:
        if network.version != first.version:
            continue
        if int(first) <= int(network.broadcast_address) and int(last) >= int(network.network_address):
            mapped = getattr(first, "ipv4_mapped", None)
            cure = Text(f"请写 {mapped}", f"write {mapped}") if mapped and first == last else NOTHING
            zh, en = ("是", "is") if first == last else ("含有", "contains")
            raise Refused(Text(f"{text} {zh}{why.zh}", f"{text} {en} {why.en}"), cure)


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Return the prefix *text* spells; an address alone is a prefix of itself.

    Raises:
        Refused: It spells none, or has bits beyond its length.
    """
    left, slash, length = text.partition("/")
    address = _address(left)
    if address is None:
        raise Refused(Text(f"“{text}”不是地址或网段", f'"{text}" is no address or prefix'))
    if slash and not (length.isascii() and length.isdigit() and int(length) <= address.max_prefixlen):
        message = Text(f"“{text}”的前缀长度不对", f'the prefix length of "{text}" is wrong')
        raise Refused(message, Text(f"写 0 到 {address.max_prefixlen}", f"write 0 to {address.max_prefixlen}"))
    network = ip_network(f"{address}/{length}" if slash else str(address), strict=False)
    if network.network_address != address:
        message = Text(f"{text} 在前缀之外还有主机位", f"{text} has host bits set")
        raise Refused(message, Text(f"网段应写 {network}", f"the prefix is {network}"))
    return network


def _prefix(text: str) -> str | Span:
    left = text.partition("/")[0]
    if _address(left) is None:
        cure = Text(f"主机写 {left}，路径写到 paths", f"write {left}, and the path under paths")
        raise Refused(Text("主机不应带路径", "a host carries no path"), cure)
    network = parse_network(text)
    if network.prefixlen == 0:
        message = Text(f"{text} 是整个互联网", f"{text} is the whole Internet")
        raise Refused(message, Text("请写本单位的网段", "write the prefixes you answer for"))
    first, last = network.network_address, network.broadcast_address
    if network.num_addresses == 1:
        _refuse_unusable(text, first, last)
        return str(first)
    if network.num_addresses > 2:  # /31 and /127 are links of two hosts; else the first address is no host's
        first += 1
        last -= int(network.version == 4)
    return _span(text, first, last)


def _range(text: str) -> Span | None:
    left, right = (part.strip() for part in text.split("-", 1))
    first, last = _address(left), _address(right)
    if first is None:
        return None
    if last is None:
        if isinstance(first, IPv4Address) and right.isdecimal():
            full = f"{left}-{left.rpartition('.')[0]}.{right}"
            message = Text("地址段的两端都要写全", "both ends of a range are written in full")
            raise Refused(message, Text(f"请写 {full}", f"write {full}"))
        raise Refused(Text(f"“{right}”不是地址", f'"{right}" is no address'))
    if first.version != last.version:
        raise Refused(Text("地址段的两端不是同一协议", "the ends of the range are of different families"))
    if int(last) < int(first):
        message = Text(f"地址段 {text} 首尾颠倒", f"the range {text} is reversed")
        raise Refused(message, Text(f"请写 {last}-{first}", f"write {last}-{first}"))
    return _span(text, first, last)


def _span(text: str, first: Address, last: Address) -> Span:
    _refuse_unusable(text, first, last)
    span = Span(text, first, last)
    if span.size > LARGEST_RANGE:
        message = Text(f"{text} 超过 {LARGEST_RANGE} 个地址", f"{text} holds more than {LARGEST_RANGE} addresses")
        raise Refused(message, Text("请写在用的小段，或写域名", "write the smaller ranges in use, or names"))
    return span


def _refuse_ports(text: str) -> None:
    name, colon, port = text.rpartition(":")
    if colon:
        bare = name.removeprefix("[").removesuffix("]")
        if not port.isdecimal():
            raise Refused(Text(f"“{text}”不是主机", f'"{text}" is no host'))
        cure = Text(f"主机写 {bare}，端口写到 declared", f"write {bare}, and the port under declared")
        raise Refused(Text("主机不应带端口", "a host carries no port"), cure)
