"""NetBox exports: IP addresses, devices and virtual machines, as CSV tables or as the JSON of its API.

A named address is taken by its name, so that its IPv4 and IPv6 records become one target. A device or virtual machine
is taken by its name where that is fully qualified (or becomes so by `Options.domain`), else by its primary addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from monitor.importers.candidate import Candidate, Options, Remark
from monitor.importers.sheet import Row
from probes.text import clean
from rules.text import Text

_TITLES: Mapping[str, tuple[str, ...]] = {
    "address": ("address", "ip address"),
    "dns_name": ("dns_name", "dns name"),
    "primary_ip4": ("primary_ip4", "ipv4 address"),
    "primary_ip6": ("primary_ip6", "ipv6 address"),
    "primary_ip": ("primary_ip", "ip address"),
    "name": ("name",),
    "status": ("status",),
    "tenant": ("tenant",),
    "role": ("role", "device role", "device_role"),
}
TELLING = frozenset({"dns_name", "dns name", "primary_ip4", "primary_ip6", "ipv4 address", "ipv6 address"})
"""Column titles that tell an export of NetBox from any other table."""
_NOTHING = frozenset({"", "—", "-", "none", "null"})
_NETWORK_ROLES = ("router", "switch", "firewall", "gateway", "load-balancer", "load balancer", "路由", "交换", "防火墙")


def of_rows(rows: Iterable[Row], options: Options) -> Iterator[Candidate | Remark]:
    """Yield the targets of an exported table."""
    for row in rows:
        said = {
            key: words
            for key, titles in _TITLES.items()
            if (words := next((row.cells[title] for title in titles if title in row.cells), "")).lower() not in _NOTHING
        }
        yield from _candidates(row.line, said, options)


def of_json(value: object, options: Options) -> Iterator[Candidate | Remark]:
    """Yield the targets of an API answer: a list of objects, or an object with such a list as `results`."""
    results = value.get("results") if isinstance(value, dict) else value
    if not isinstance(results, list):
        yield Remark(0, "", Text("JSON 中没有对象列表（results）", "the JSON holds no list of objects (results)"))
        return
    if isinstance(value, dict) and value.get("next"):
        yield Remark(
            0,
            "",
            Text("这只是结果的一部分，后面还有（next）", "this is only a part of the answer; there is more (next)"),
        )
    for position, item in enumerate(results, 1):
        if isinstance(item, dict):
            said = {key: words for key in _TITLES if (words := _word(item, key)).lower() not in _NOTHING}
            yield from _candidates(position, said, options, tuple(_tenant_words(item)))
        else:
            yield Remark(position, "", Text("不是对象", "not an object"))


def _word(item: Mapping[str, object], key: str) -> str:
    """Return the plain word for *key*: NetBox nests choices, addresses and relations in objects."""
    value = item.get(key)
    if key == "role" and value is None:
        value = item.get("device_role")
    if isinstance(value, dict):
        inner = {"status": "value", "role": "slug"}.get(key, "address" if key.startswith("primary_ip") else "name")
        value = value.get(inner) or value.get("slug") or value.get("value") or ""
    return clean(value.strip()) if isinstance(value, str) else ""


def _tenant_words(item: Mapping[str, object]) -> Iterator[str]:
    tenant = item.get("tenant")
    if isinstance(tenant, dict):
        yield from (word for key in ("slug", "name") if isinstance(word := tenant.get(key), str))


def _candidates(
    row: int, said: Mapping[str, str], options: Options, tenants: tuple[str, ...] = ()
) -> Iterator[Candidate | Remark]:
    hosts = _hosts(said, options)
    status = said.get("status", "").lower()
    shown = hosts[0] if hosts else said.get("name", "")
    if status and status not in options.statuses:
        yield Remark(row, shown, Text(f"状态为 {status}", f"its status is {status}"))
        return
    if not hosts:
        yield Remark(row, shown, Text("没有域名，也没有地址", "it has neither a full name nor an address"))
        return
    role = said.get("role", "").lower()
    fields = {"kind": "network_device"} if any(word in role for word in _NETWORK_ROLES) else {}
    known = [word for word in tenants if word in options.agencies]
    for host in hosts:
        yield Candidate(row, host, known[0] if known else said.get("tenant", ""), fields)


def _hosts(said: Mapping[str, str], options: Options) -> list[str]:
    name = said.get("dns_name") or said.get("name", "")
    if name and "." not in name and options.domain:
        name = f"{name}.{options.domain}"
    if "." in name and " " not in name:
        return [name]
    keys = ("primary_ip4", "primary_ip6") if said.keys() & {"primary_ip4", "primary_ip6"} else ("primary_ip", "address")
    addresses = [said[key].partition("/")[0] for key in keys if key in said]
    return list(dict.fromkeys(addresses))
