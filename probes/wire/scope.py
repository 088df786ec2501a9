"""Where a packet may go: the inventory's prefixes, less the deny list. Empty scope, no packets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from probes.observation import GapReason
from probes.target import Address

Network = IPv4Network | IPv6Network


class Prefixes:
    """A set of prefixes that answers in time that does not grow with their number."""

    __slots__ = ("_by_version",)

    def __init__(self, networks: Iterable[Network]) -> None:
        self._by_version: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for network in networks:
            host_bits = network.max_prefixlen - network.prefixlen
            by_length = self._by_version[network.version].setdefault(host_bits, set())
            by_length.add(int(network.network_address) >> host_bits)

    def __contains__(self, address: Address) -> bool:
        number = int(address)
        return any(number >> host_bits in found for host_bits, found in self._by_version[address.version].items())


@dataclass(frozen=True, slots=True)
class Scope:
    """The prefixes that may be probed, those that never may, and those that may be asked DNS questions besides.

    The question is always "is it in scope", never "is it public". Deny beats allow.
    """

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()
    name_servers: tuple[Network, ...] = ()
    _allowed: Prefixes = field(init=False, repr=False, compare=False)
    _denied: Prefixes = field(init=False, repr=False, compare=False)
    _served: Prefixes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allowed", Prefixes(self.allow))
        object.__setattr__(self, "_denied", Prefixes(self.deny))
        object.__setattr__(self, "_served", Prefixes(self.name_servers))

    def refusal(self, address: Address, *, name_server: bool = False) -> GapReason | None:
        """Return why nothing may be sent to *address*, or None when it may.

        An address with an embedded one (IPv4-mapped) is judged as the packet would travel: as the embedded one. The
        unspecified address and groups are nobody's, whatever prefix they fall into.
        """
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            address = mapped
        if address in self._denied:
            return GapReason.DENIED
        if address.is_unspecified or address.is_multicast:
            return GapReason.OUT_OF_SCOPE
        if address in self._allowed or (name_server and address in self._served):
            return None
        return GapReason.OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Limits:
    """How gently we probe. Rates are connections or packets per second; *per_host* counts both families together.

    *syn* has ports looked at by the packet process, where there is one, and not by connecting. *patience* is how long
    we wait for an answer, as a share of the time usual for what was asked.
    """

    overall: float = 100.0
    per_host: float = 10.0
    per_agency: float = 50.0
    concurrent: int = 256
    per_host_concurrent: int = 8
    user_agent: str = "Diaolou/0.1 (+https://example.invalid/about-our-probes)"
    source_ports: tuple[int, int] | None = field(default=None)
    patience: float = 1.0
    syn: bool = True
