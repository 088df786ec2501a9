"""The links that we stand on, and whom they are meant to bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from monitor.settings.fields import Prefix, Section, parsed, spelled
from monitor.settings.mistakes import Refused
from monitor.settings.validation import Slip
from probes.target import Kind, Target
from probes.wire.link import Link, Router
from rules.text import Text

LinkName = Annotated[
    str,
    *spelled("[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", "写 targets.yaml 中的目标名", "the name of a target of yours"),
]
Interface = Annotated[
    str, *spelled("[!-.0-~]{1,15}", "写网络接口名，如 eth1", "the name of a network interface, such as eth1")
]


def _mac(text: str) -> str:
    octets = text.lower().replace("-", ":").split(":")
    if len(octets) != 6 or not all(len(each) == 2 and set(each) <= set("0123456789abcdef") for each in octets):
        message = Text(f"“{text[:80]}”不是 MAC 地址", f'"{text[:80]}" is no MAC address')
        raise Refused(message, Text("写法如 02:00:00:00:00:01，加引号", "write it like 02:00:00:00:00:01, in quotes"))
    return ":".join(octets)


Mac = Annotated[str, *parsed(_mac, pattern="^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$")]


class RouterEntry(Section):
    """A router that may advertise on the link, and the prefixes it may offer."""

    mac: Mac
    prefixes: list[Prefix] = Field(default_factory=list, max_length=64)

    def noun(self) -> Router:
        """Return the router."""
        return Router(self.mac, tuple(self.prefixes))


class LinkEntry(Section):
    """A link that we stand on."""

    interface: Interface
    routers: list[RouterEntry] = Field(default_factory=list, max_length=64)
    dhcp_servers: list[Mac] = Field(default_factory=list, max_length=64)

    def noun(self) -> Link:
        """Return the link."""
        return Link(self.interface, tuple(entry.noun() for entry in self.routers), tuple(self.dhcp_servers))


def link_slips(links: Mapping[str, LinkEntry], targets: Mapping[str, Target]) -> Iterator[Slip]:
    """Yield a slip for each of *links* that is no target of its kind."""
    for name in links:
        if name not in targets or targets[name].kind is not Kind.LINK:
            message = Text(f"“{name}”不是类别为 link 的目标", f'"{name}" is no target of kind link')
            cure = Text(
                f"在 targets.yaml 加上 {{host: {name}, agency: …, kind: link}}",
                f"add {{host: {name}, agency: ..., kind: link}} to targets.yaml",
            )
            yield Slip(("links", name), Refused(message, cure))
