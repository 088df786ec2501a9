"""IP addresses and CIDR blocks, with the functions and meanings of Kubernetes CEL."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from rules.cel.errors import Fault
from rules.cel.overload import Overload, function, method
from rules.cel.types import BOOL, CIDR, INT, IP, STRING
from rules.cel.values import Address, Network

_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
_LOCAL_MULTICAST = (ipaddress.IPv4Network("224.0.0.0/24"), ipaddress.IPv6Network("ff02::/16"))


def ip_of(text: str) -> Address:
    """Read an address.

    An address written `::ffff:1.2.3.4` is refused, as are zones; the same in hexadecimal is the IPv4 address.

    Raises:
        Fault: *text* is none.
    """
    shown = text[:60]
    if "%" in text or (":" in text and "." in text and text.lower().startswith("::ffff:")):
        raise Fault(f"{shown!r} has a zone or maps an IPv4 address", f"{shown!r} 带有区域标识或映射了 IPv4 地址")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Fault(f"{shown!r} is no IP address", f"{shown!r} 不是 IP 地址") from None
    return getattr(address, "ipv4_mapped", None) or address


def cidr_of(text: str) -> Network:
    """Read a block such as `10.0.0.0/8`; host bits are kept, and `masked()` drops them.

    Raises:
        Fault: *text* is none.
    """
    host, _, prefix = text.partition("/")
    try:
        if not (prefix.isascii() and prefix.isdigit()) or (len(prefix) > 1 and prefix[0] == "0"):
            raise ValueError(prefix)
        interface = ipaddress.ip_interface(f"{ip_of(host)}/{prefix}")
    except ValueError:
        raise Fault(f"{text[:60]!r} is no CIDR block such as 10.0.0.0/8", f"{text[:60]!r} 不是 CIDR 地址段") from None
    return interface if interface.ip != interface.network.network_address else interface.network


def network_text(network: Network) -> str:
    """Write a block with its prefix length."""
    return f"{_first(network)}/{_block(network).prefixlen}"


def _block(network: Network) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return network if isinstance(network, (ipaddress.IPv4Network, ipaddress.IPv6Network)) else network.network


def _first(network: Network) -> Address:
    if isinstance(network, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)):
        return network.ip
    return network.network_address


def _is_readable(read: Callable[[str], object]) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            read(text)
        except Fault:
            return False
        return True

    return test


def _contains_block(network: Network, other: Network) -> bool:
    outer, inner = _block(network), _block(other)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _is_local_multicast(address: Address) -> bool:
    return any(address in network for network in _LOCAL_MULTICAST)


def _is_global_unicast(address: Address) -> bool:
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and address != _BROADCAST


OVERLOADS: tuple[Overload, ...] = (
    function("ip", IP, ip_of, STRING, early=True),
    function("isIP", BOOL, _is_readable(ip_of), STRING),
    function("ip.isCanonical", BOOL, lambda text: str(ip_of(text)) == text, STRING),
    method("family", INT, lambda address: address.version, IP),
    method("isUnspecified", BOOL, lambda address: address.is_unspecified, IP),
    method("isLoopback", BOOL, lambda address: address.is_loopback, IP),
    method("isLinkLocalMulticast", BOOL, _is_local_multicast, IP),
    method("isLinkLocalUnicast", BOOL, lambda address: address.is_link_local, IP),
    method("isGlobalUnicast", BOOL, _is_global_unicast, IP),
    function("cidr", CIDR, cidr_of, STRING, early=True),
    function("isCIDR", BOOL, _is_readable(cidr_of), STRING),
    method("containsIP", BOOL, lambda network, address: address in _block(network), CIDR, IP),
    method("containsIP", BOOL, lambda network, text: ip_of(text) in _block(network), CIDR, STRING),
    method("containsCIDR", BOOL, _contains_block, CIDR, CIDR),
    method("containsCIDR", BOOL, lambda network, text: _contains_block(network, cidr_of(text)), CIDR, STRING),
    method("ip", IP, _first, CIDR),
    method("masked", CIDR, _block, CIDR),
    method("prefixLength", INT, lambda network: _block(network).prefixlen, CIDR),
)
