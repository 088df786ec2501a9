"""What kind of address an address is: which of the registries' special blocks it lies in, if any."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from ipaddress import IPv6Network, ip_network

from probes.target import Address
from probes.wire.scope import Network


class AddressClass(StrEnum):
    """The blocks an address may lie in; everything else is global.

    Source: IANA special-purpose address registries (RFC 6890, RFC 8190).
    """

    GLOBAL = "global"
    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link_local"
    SITE_LOCAL = "site_local"
    ULA = "ula"
    PRIVATE = "private"
    SHARED = "shared"
    MULTICAST = "multicast"
    MAPPED = "mapped"
    COMPATIBLE = "compatible"
    SIX_TO_FOUR = "six_to_four"
    TEREDO = "teredo"
    DNS64 = "dns64"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    DISCARD = "discard"
    RESERVED = "reserved"


_BLOCKS: tuple[tuple[AddressClass, tuple[str, ...]], ...] = (
    (AddressClass.UNSPECIFIED, ("::/128", "0.0.0.0/32")),
    (AddressClass.LOOPBACK, ("::1/128", "127.0.0.0/8")),
    (AddressClass.LINK_LOCAL, ("fe80::/10", "169.254.0.0/16")),
    (AddressClass.SITE_LOCAL, ("fec0::/10",)),
    (AddressClass.ULA, ("fc00::/7",)),
    (AddressClass.PRIVATE, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    (AddressClass.SHARED, ("100.64.0.0/10",)),
    (AddressClass.MULTICAST, ("ff00::/8", "224.0.0.0/4")),
    (AddressClass.MAPPED, ("::ffff:0:0/96",)),
    (AddressClass.COMPATIBLE, ("::/96",)),
    (AddressClass.SIX_TO_FOUR, ("2002::/16", "192.88.99.0/24")),
    (AddressClass.TEREDO, ("2001::/32",)),
    (AddressClass.DNS64, ("64:ff9b::/96", "64:ff9b:1::/48")),
    (
        AddressClass.DOCUMENTATION,
        ("2001:db8::/32", "3fff::/20", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    ),
    (AddressClass.BENCHMARKING, ("2001:2::/48", "198.18.0.0/15")),
    (AddressClass.DISCARD, ("100::/64",)),
    # Of IPv6 only 2000::/3 has been handed out; the rest of 2001::/23 is for protocols.
    (AddressClass.RESERVED, ("2001::/23", "0.0.0.0/8", "192.0.0.0/24", "240.0.0.0/4")),
)
_TABLE: tuple[tuple[Network, AddressClass], ...] = tuple(
    (ip_network(block), kind) for kind, blocks in _BLOCKS for block in blocks
)
_HANDED_OUT = IPv6Network("2000::/3")

NATIVE = frozenset(
    {
        AddressClass.DOCUMENTATION,
        AddressClass.BENCHMARKING,
        AddressClass.PRIVATE,
        AddressClass.SHARED,
        AddressClass.ULA,
    }
)
"""Classes in regular use on some networks that are not the Internet: an intranet's, a laboratory's."""


def classify(address: Address, translated: Collection[IPv6Network] = ()) -> AddressClass:
    """Return the class of *address*; *translated* are prefixes a DNS64 here makes addresses from (RFC 7050)."""
    if address.version == 6 and any(address in prefix for prefix in translated):
        return AddressClass.DNS64
    for block, kind in _TABLE:
        if address.version == block.version and address in block:
            return kind
    if address.version == 6 and address not in _HANDED_OUT:
        return AddressClass.RESERVED
    return AddressClass.GLOBAL


def usable(address: Address, kind: AddressClass, native: Collection[Network]) -> bool:
    """Say whether an address of class *kind* can be anyone's: a global one, or one of a prefix *native* here.

    Loopback is usable where a prefix of loopback itself is native: on one machine that plays many. No prefix makes
    link-local, translated, tunnelled or multicast addresses usable.
    """
    if kind is AddressClass.GLOBAL:
        return True
    homes = [prefix for prefix in native if prefix.version == address.version and address in prefix]
    if kind is AddressClass.LOOPBACK:
        return any(classify(prefix.network_address) is kind for prefix in homes)
    return kind in NATIVE and bool(homes)
