"""Kinds of addresses."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.addressing import NATIVE, AddressClass, classify, usable
from probes.dns64 import prefixes_in


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2400:3200::1", AddressClass.GLOBAL),
        ("223.5.5.5", AddressClass.GLOBAL),
        ("::", AddressClass.UNSPECIFIED),
        ("0.0.0.0", AddressClass.UNSPECIFIED),
        ("::1", AddressClass.LOOPBACK),
        ("127.8.8.8", AddressClass.LOOPBACK),
        ("fe80::1", AddressClass.LINK_LOCAL),
        ("169.254.169.254", AddressClass.LINK_LOCAL),
        ("fec0::1", AddressClass.SITE_LOCAL),
        ("fd00:18::1", AddressClass.ULA),
        ("10.1.2.3", AddressClass.PRIVATE),
        ("172.31.255.255", AddressClass.PRIVATE),
        ("192.168.1.1", AddressClass.PRIVATE),
        ("100.64.0.1", AddressClass.SHARED),
        ("ff02::1", AddressClass.MULTICAST),
        ("239.1.1.1", AddressClass.MULTICAST),
        ("::ffff:198.18.20.10", AddressClass.MAPPED),
        ("::198.18.20.10", AddressClass.COMPATIBLE),
        ("2002:c612:140a::1", AddressClass.SIX_TO_FOUR),
        ("2001:0:53aa:64c::1", AddressClass.TEREDO),
        ("64:ff9b::c612:140a", AddressClass.DNS64),
        ("64:ff9b:1::c612:140a", AddressClass.DNS64),
        ("2001:db8:18:20::10", AddressClass.DOCUMENTATION),
        ("3fff::1", AddressClass.DOCUMENTATION),
        ("203.0.113.9", AddressClass.DOCUMENTATION),
        ("2001:2::1", AddressClass.BENCHMARKING),
        ("198.19.255.1", AddressClass.BENCHMARKING),
        ("100::1", AddressClass.DISCARD),
        ("2001:20::1", AddressClass.RESERVED),
        ("4000::1", AddressClass.RESERVED),
        ("255.255.255.255", AddressClass.RESERVED),
    ],
)
def test_an_address_has_the_class_of_its_block(text, kind):
    assert classify(ip_address(text)) is kind


@given(st.ip_addresses())
def test_only_global_addresses_are_usable_where_nothing_is_native(address):
    kind = classify(address)
    assert usable(address, kind, ()) is (kind is AddressClass.GLOBAL)


@given(st.ip_addresses())
def test_even_a_network_of_everything_makes_only_some_classes_native(address):
    kind = classify(address)
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert usable(address, kind, everything) is (kind is AddressClass.GLOBAL or kind in NATIVE)


@pytest.mark.parametrize(
    ("native", "expected"),
    [("::1/128", True), ("127.0.0.0/8", False), ("::/0", False), ("::/64", False), ("2001:db8::/32", False)],
)
def test_loopback_is_usable_only_where_loopback_itself_is_said_to_be_native(native: str, expected: bool) -> None:
    assert usable(ip_address("::1"), AddressClass.LOOPBACK, [ip_network(native)]) is expected


def test_the_prefix_of_a_local_translator_makes_an_address_translated():
    address, prefix = ip_address("2400:3200:64::c612:140a"), IPv6Network("2400:3200:64::/96")
    assert classify(address) is AddressClass.GLOBAL
    assert classify(address, [prefix]) is AddressClass.DNS64


def embed(prefix: IPv6Network, address: IPv4Address) -> IPv6Address:
    """Write down RFC 6052's table: the IPv4 octets follow the prefix, stepping over bits 64 to 71."""
    octets, place = bytearray(prefix.network_address.packed), prefix.prefixlen // 8
    for octet in address.packed:
        place += place == 8
        octets[place] = octet
        place += 1
    return IPv6Address(bytes(octets))


@pytest.mark.parametrize("length", [32, 40, 48, 56, 64, 96])
@pytest.mark.parametrize("last", [170, 171])
def test_a_translators_prefix_is_found_from_what_it_makes_of_the_well_known_address(length, last):
    prefix = IPv6Network(("2400:3200:64:6464::", length), strict=False)
    assert list(prefixes_in([embed(prefix, IPv4Address(f"192.0.0.{last}"))])) == [prefix]


def test_an_ordinary_address_betrays_no_translator():
    assert list(prefixes_in([IPv6Address("2400:3200::1")])) == []
