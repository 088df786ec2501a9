"""Where a packet may go: the inventory's prefixes, less the deny list. Empty scope, no packets."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from probes.observation import GapReason
from probes.target import Address

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Scope:
    """The prefixes that may be probed, those that never may, and those that may be asked DNS questions besides.

    The question is always "is it in scope", never "is it public". Deny beats allow.
    """

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()
    name_servers: tuple[Network, ...] = ()

    def refusal(self, address: Address, *, name_server: bool = False) -> GapReason | None:
        """Return why nothing may be sent to *address*, or None when it may.

        An address with an embedded one (IPv4-mapped) is judged as the packet would travel: as the embedded one.
        """
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            address = mapped
        if _within(address, self.deny):
            return GapReason.DENIED
        if _within(address, self.allow) or (name_server and _within(address, self.name_servers)):
            return None
        return GapReason.OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Limits:
    """How gently we probe. Rates are connections or packets per second; *per_host* counts both families together."""

    overall: float = 100.0
    per_host: float = 10.0
    per_agency: float = 50.0
    concurrent: int = 256
    per_host_concurrent: int = 8
    user_agent: str = "Diaolou/0.1 (+https://example.invalid/about-our-probes)"
    source_ports: tuple[int, int] | None = field(default=None)


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
