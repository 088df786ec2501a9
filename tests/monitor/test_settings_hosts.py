import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings.hosts import FREE_RANGE, LARGEST_RANGE, Span, parse_host, parse_network
from monitor.settings.mistakes import Refused


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("www.kp.example", "www.kp.example"),
        ("WWW.KP.Example", "www.kp.example"),
        ("www.kp.example.", "www.kp.example"),
        ("  www.kp.example ", "www.kp.example"),
        ("a_b.kp.example", "a_b.kp.example"),
        ("r3---sn.kp.example", "r3---sn.kp.example"),
        ("开平.政务", "xn--gwt2l.xn--zfr164b"),
        ("WWW。开平．政务", "www.xn--gwt2l.xn--zfr164b"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--gwt2l.xn--zfr164b", "xn--gwt2l.xn--zfr164b"),
        ("xn--fa-hia.example", "xn--fa-hia.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("127.0.0.7", "127.0.0.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
    ],
)
def test_what_means_the_same_is_kept_in_one_form(written: str, kept: str) -> None:
    assert parse_host(written) == kept


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "cannot be empty"),
        ("https://www.kp.example/", "no scheme"),
        ("//www.kp.example/", "no scheme"),
        ("admin@www.kp.example", "no credentials"),
        ("www.kp.example/news", "no path"),
        ("www.kp.example?x=1", "no query"),
        ("www.kp.example:443", "no port"),
        ("192.0.2.1:443", "no port"),
        ("[2001:db8::1]:443", "no port"),
        ("[2001:db8::1]", "no brackets"),
        ("fe80::1%eth0", "no zone id"),
        ("*.kp.example", "wildcards"),
        ("www..example", "empty label"),
        ("-www.example", "cannot hold"),
        ("w ww.example", "cannot hold"),
        ("localhost", "fully qualified"),
        ("192.0.2.300", "looks like an address"),
        ("192.0.02.1", "looks like an address"),
        ("0x7f.1", "looks like an address"),
        ("faß.example", "no sure ASCII form"),
        ("i♥.example", "no sure ASCII form"),
        ("\U00030000.example", "no sure ASCII form"),
        ("xn--zz--.example", "cannot hold"),
        ("xn--a.example", "no valid A-label"),
        ("a" * 64 + ".example", "longer than 63"),
        (".".join(["a" * 50] * 6), "at most 253"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("255.255.255.255", "broadcast"),
        ("::ffff:192.0.2.1", "IPv4-mapped"),
        ("0.0.0.0/0", "whole Internet"),
        ("::/0", "whole Internet"),
        ("192.0.2.5/28", "host bits"),
        ("192.0.2.0/33", "prefix length"),
        ("192.0.2.0/255.255.255.0", "prefix length"),
        ("192.0.2.9-192.0.2.3", "reversed"),
        ("192.0.2.1-20", "in full"),
        ("192.0.2.1-2001:db8::1", "different families"),
        ("192.0.2.1-end", "no address"),
        ("223.255.255.250-224.0.0.5", "multicast"),
        ("2001:db8::/64", f"more than {LARGEST_RANGE}"),
    ],
)
def test_what_is_no_host_is_refused_with_the_reason(written: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_host(written)
    assert said in refused.value.message.en
    assert refused.value.message.zh


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("https://admin:secret@www.kp.example/x", "www.kp.example"),
        ("admin:secret@www.kp.example", "www.kp.example"),
        ("192.0.2.5/28", "192.0.2.0/28"),
        ("192.0.2.9-192.0.2.3", "192.0.2.3-192.0.2.9"),
        ("192.0.2.1-20", "192.0.2.1-192.0.2.20"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
    ],
)
def test_the_cure_says_what_to_write(written: str, cure: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_host(written)
    assert cure in refused.value.cure.en
    assert cure in refused.value.cure.zh


@pytest.mark.parametrize("written", ["https://admin:secret@www.kp.example/x", "admin:secret@www.kp.example"])
def test_a_password_is_never_repeated(written: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_host(written)
    said = refused.value
    assert "secret" not in said.message.zh + said.message.en + said.cure.zh + said.cure.en


@pytest.mark.parametrize(
    ("written", "first", "last", "size"),
    [
        ("192.0.2.0/29", "192.0.2.1", "192.0.2.6", 6),
        ("192.0.2.0/31", "192.0.2.0", "192.0.2.1", 2),
        ("2001:db8::/126", "2001:db8::1", "2001:db8::3", 3),
        ("2001:db8::/127", "2001:db8::", "2001:db8::1", 2),
        ("192.0.2.7 - 192.0.2.9", "192.0.2.7", "192.0.2.9", 3),
        ("192.0.2.7-192.0.2.7", "192.0.2.7", "192.0.2.7", 1),
        ("10.0.0.0/22", "10.0.0.1", "10.0.3.254", FREE_RANGE - 2),
    ],
)
def test_a_range_stands_for_the_addresses_hosts_can_have(written: str, first: str, last: str, size: int) -> None:
    span = parse_host(written)
    assert isinstance(span, Span)
    addresses = list(span.addresses())
    assert (addresses[0], addresses[-1], len(addresses), span.size) == (first, last, size, size)


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9.:/\[\]%@*-]{1,40}", fullmatch=True))
def test_whatever_is_written_it_is_a_host_or_refused(written: str) -> None:
    try:
        host = parse_host(written)
    except Refused:
        return
    if isinstance(host, str):
        assert parse_host(host) == host
        assert host.isascii()
        assert host == host.lower()


@given(st.ip_addresses())
def test_an_address_is_kept_in_its_canonical_form(address: object) -> None:
    try:
        kept = parse_host(str(address).upper())
    except Refused:
        return
    assert kept == str(address)


@pytest.mark.parametrize("written", ["www.example", "192.0.2.0/x", "192.0.2.1/24", "fe80::1%1/64"])
def test_what_is_no_prefix_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        parse_network(written)


def test_an_address_alone_is_a_prefix_of_itself() -> None:
    assert str(parse_network("192.0.2.1")) == "192.0.2.1/32"
