"""Whether a certificate is for a host: its subject alternative names alone decide."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509


def matches(names: x509.SubjectAlternativeName, host: str) -> bool:
    """Say whether *names* cover *host*, an A-label name or an address literal.

    A wildcard is the whole first label, stands for exactly one label, and at least two follow it. A name with
    anything outside letters, digits, hyphen and underscore (a NUL, for one) matches nothing.

    Source: RFC 9525 6.3, 6.5; RFC 6125 6.4.3.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        shown = names.get_values_for_type(x509.DNSName)
        return any(_matches_name(name, host.rstrip(".").lower()) for name in shown)
    return any(value == address for value in names.get_values_for_type(x509.IPAddress))


def _matches_name(pattern: str, host: str) -> bool:
    pattern = pattern.removesuffix(".").lower()
    first, _, rest = pattern.partition(".")
    if first == "*":
        _, dot, parent = host.partition(".")
        return bool(dot) and "." in rest and _plain(rest) and rest == parent
    return _plain(pattern) and pattern == host


def _plain(name: str) -> bool:
    return name.isascii() and all(
        label and label.replace("-", "").replace("_", "").isalnum() for label in name.split(".")
    )
