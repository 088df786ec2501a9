"""Redirects are read as browsers read them, and walked only where no harm lies."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.redirect import HOP_LIMIT, HOP_PORTS, REDIRECTS, Walk, goal
from probes.target import Address
from probes.wire import HttpExchange
from probes.wire.http_reply import LOCATION_LIMIT
from tests.probes.scripted_wire import ScriptedWire, addressed, response, unresolved, url

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
OTHER_V4, OTHER_V6 = ip_address("192.0.2.9"), ip_address("2001:db8::9")
START = "http://www.gov.test/"


def moved(location: str, status: int = 302) -> HttpExchange:
    return response(status, location=location)


async def walked(wire: ScriptedWire, address: Address = V4, start: str = START) -> Walk:
    """Return the walk from what *wire* says of *start*."""
    first = wire.pages[start]
    assert isinstance(first, HttpExchange)
    walk = Walk("www.gov.test", address, start, first)
    await walk.to_the_end(wire)
    return walk


async def test_an_upgrade_stays_on_the_address_it_was_met_at() -> None:
    secure = response(body=b"page")
    wire = ScriptedWire(pages={START: moved("https://www.gov.test/", 301), "https://www.gov.test/": secure})
    walk = await walked(wire)
    assert (walk.last, walk.url, walk.stopped, walk.upgraded) == (secure, "https://www.gov.test/", "", True)
    assert walk.secure is secure
    assert [(request.address, request.port) for request in wire.fetched] == [(V4, 443)]
    assert wire.resolved == []


@pytest.mark.parametrize(
    "location",
    ["https://www.gov.test/", "https://WWW.gov.test/", "HTTPS://www.gov.test./a", "//www.gov.test:8443/../x"],
)
async def test_the_same_host_is_the_same_however_it_is_written(location: str) -> None:
    wire = ScriptedWire(pages={START: moved(location)})
    walk = await walked(wire)
    assert walk.stopped == ""
    assert wire.resolved == []
    assert walk.upgraded is location.lower().startswith("https")


async def test_an_upgrade_of_another_host_is_none() -> None:
    wire = ScriptedWire({"gov.test": addressed(V4)}, pages={START: moved("https://gov.test/")})
    assert (await walked(wire)).upgraded is False


async def test_an_upgrade_after_a_detour_is_none() -> None:
    pages = {START: moved("/index"), f"{START}index": moved("https://www.gov.test/")}
    walk = await walked(ScriptedWire(pages=pages))
    assert (walk.upgraded, walk.url) == (False, "https://www.gov.test/")


@pytest.mark.parametrize(("address", "there"), [(V4, OTHER_V4), (V6, OTHER_V6)])
async def test_another_host_is_walked_to_over_the_same_family(address: Address, there: Address) -> None:
    far = response(body=b"far")
    wire = ScriptedWire(
        {"far.test": addressed(OTHER_V4, OTHER_V6)},
        pages={START: moved("http://far.test/x?y=1#z"), "http://far.test/x?y=1": far},
    )
    walk = await walked(wire, address)
    assert walk.last is far
    assert walk.hops == ["http://far.test/x"]
    assert [request.address for request in wire.fetched] == [there]


async def test_whoever_comes_back_comes_back_to_the_address_under_test() -> None:
    pages = {
        START: moved("https://sso.test/?back=www"),
        "https://sso.test/?back=www": moved("https://www.gov.test/in"),
        "https://www.gov.test/in": response(strict_transport_security="max-age=1"),
    }
    wire = ScriptedWire({"sso.test": addressed(OTHER_V4), "www.gov.test": addressed(OTHER_V4)}, pages=pages)
    walk = await walked(wire)
    assert walk.stopped == ""
    assert [request.address for request in wire.fetched] == [OTHER_V4, V4]
    assert walk.secure is walk.last


async def test_a_host_without_this_family_is_a_dead_end() -> None:
    wire = ScriptedWire({"far.test": addressed(OTHER_V4)}, pages={START: moved("http://far.test/")})
    walk = await walked(wire, V6)
    assert (walk.stopped, walk.blind) == ("network_unreachable", False)
    assert (walk.last.status, walk.url) == (302, START)
    assert wire.fetched == []


@pytest.mark.parametrize(
    ("told", "blind"),
    [
        (Failure.DNS_SERVFAIL, False),
        (GapReason.RESOLVER_FAILED, True),
    ],
)
async def test_a_host_nobody_could_resolve_ends_the_walk(told: Failure | GapReason, blind: bool) -> None:
    wire = ScriptedWire({"far.test": unresolved(told)}, pages={START: moved("http://far.test/")})
    walk = await walked(wire)
    assert (walk.stopped, walk.blind) == (told, blind)


@pytest.mark.parametrize(
    ("told", "blind"),
    [(Failure.CONNECTION_TIMEOUT, False), (Failure.TLS_ALERT, False), (GapReason.OUT_OF_SCOPE, True)],
)
async def test_a_hop_that_fails_leaves_the_last_response_standing(told: Failure | GapReason, blind: bool) -> None:
    walk = await walked(ScriptedWire(pages={START: moved("https://www.gov.test/"), "https://www.gov.test/": told}))
    assert (walk.stopped, walk.blind, walk.url, walk.last.status) == (told, blind, START, 302)
    assert walk.secure is None
    assert walk.upgraded


async def test_a_loop_is_walked_once() -> None:
    pages = {START: moved("/a"), f"{START}a": moved("/b"), f"{START}b": moved("/a")}
    wire = ScriptedWire(pages=pages)
    walk = await walked(wire)
    assert walk.stopped == "loop"
    assert walk.hops == [f"{START}a", f"{START}b", f"{START}a"]
    assert len(wire.fetched) == 2


async def test_a_loop_that_hands_out_a_cookie_may_be_our_own_doing() -> None:
    walk = await walked(ScriptedWire(pages={START: response(302, location=START, set_cookie="seen=1")}))
    assert (walk.stopped, walk.blind) == ("loop", True)


async def test_a_loop_without_a_cookie_is_the_sites() -> None:
    walk = await walked(ScriptedWire(pages={START: moved(START)}))
    assert (walk.stopped, walk.blind) == ("loop", False)


async def test_a_page_that_leads_to_itself_is_a_loop_at_once() -> None:
    wire = ScriptedWire(pages={START: moved("#top")})
    assert (await walked(wire)).stopped == "loop"
    assert wire.fetched == []


@pytest.mark.parametrize("length", [HOP_LIMIT - 1, HOP_LIMIT, HOP_LIMIT + 1, 50])
async def test_a_chain_is_walked_to_the_limit_and_no_further(length: int) -> None:
    pages = {START: moved("/1"), **{f"{START}{n}": moved(f"/{n + 1}") for n in range(1, length)}}
    wire = ScriptedWire(pages={**pages, f"{START}{length}": response(body=b"end")})
    walk = await walked(wire)
    assert len(wire.fetched) == min(length, HOP_LIMIT)
    assert walk.stopped == ("" if length <= HOP_LIMIT else "limit")
    assert len(walk.hops) == min(length, HOP_LIMIT + 1)


@pytest.mark.parametrize(
    ("location", "stopped"),
    [
        ("ftp://www.gov.test/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("mailto:a@b.test", "scheme"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
        ("http://www.gov.test:6379/", "port"),
        ("http://www.gov.test:0/", "port"),
        ("http://www.gov.test:22/", "port"),
        ("", "malformed"),
        (" ", "malformed"),
        ("https://", "malformed"),
        ("https:///path", "malformed"),
        ("http://www.gov.test:99999/", "malformed"),
        ("http://www.gov.test:port/", "malformed"),
        ("http://[::1", "malformed"),
        ("http://[www]/", "malformed"),
        (r"\\www.gov.test\a", "malformed"),
        (r"http://www.gov.test/\x0d\x0aX: y", "malformed"),
        ("http://www.gov.test/\r\nX: y", "malformed"),
        ("http://www.gov.test/\ufffd\ufffd", "malformed"),
        ("http://www.gov.test/aaaa…", "malformed"),
        ("http://" + "标" * 64 + ".test/", "malformed"),
        ("http://a..中.test/", "malformed"),
    ],
)
async def test_what_may_not_be_followed_is_left_alone_and_named(location: str, stopped: str) -> None:
    wire = ScriptedWire(pages={START: moved(location)})
    walk = await walked(wire)
    assert walk.stopped == stopped
    assert walk.last.status == 302
    assert (wire.fetched, wire.resolved) == ([], [])


async def test_a_redirect_without_a_location_leads_nowhere() -> None:
    walk = await walked(ScriptedWire(pages={START: response(302)}))
    assert (walk.stopped, walk.hops) == ("malformed", [])


@pytest.mark.parametrize("status", [200, 201, 204, 300, 304, 305, 306, 399, 404, 500])
async def test_only_redirects_are_redirects(status: int) -> None:
    walk = await walked(ScriptedWire(pages={START: response(status, location="/elsewhere")}))
    assert (walk.hops, walk.stopped, walk.last.status) == ([], "", status)


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("a b?c d", "http://www.gov.test/a%20b?c%20d"),
        ("  /trimmed  ", "http://www.gov.test/trimmed"),
        ("?page=2", "http://www.gov.test/?page=2"),
        ("//far.test", "http://far.test/"),
        ("http://far.test?q", "http://far.test/?q"),
        ("http://政务.测试/", "http://xn--zfr164b.xn--0zwm56d/"),
        ("http://user:secret@far.test/", "http://far.test/"),
        ("http://far.test:8080/", "http://far.test:8080/"),
    ],
)
async def test_a_location_is_read_as_browsers_read_it(location: str, asked: str) -> None:
    wire = ScriptedWire({urlsplit(asked).hostname or "": addressed(OTHER_V4)}, pages={START: moved(location)})
    assert (await walked(wire)).stopped == ""
    assert [url(request) for request in wire.fetched] == [asked]


async def test_a_long_location_is_followed_whole_and_shown_clipped() -> None:
    there = f"{START}login?state=" + "s" * (LOCATION_LIMIT - 200)
    wire = ScriptedWire(pages={START: moved(there), there: response(body=b"in")})
    walk = await walked(wire)
    assert walk.last.body == b"in"
    assert len(walk.hops[0]) < 1100


LOCATIONS = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"(https?|ftp)?:?(//)?[a-z0-9.:\[\]%@\\-]{0,30}(/[^ ]{0,20})?", fullmatch=True),
    st.sampled_from(["/", "//", "https://www.gov.test", "http://far.test:8443/x"]),
)


@given(st.lists(LOCATIONS, min_size=1, max_size=8), st.sampled_from(sorted(REDIRECTS)))
@example(["http://[fe80::1%25eth0]/"], 302)
@example(["http://１２７.0.0.1/"], 302)
@example(["http://a\u2100b/"], 302)
async def test_no_location_makes_us_speak_anything_but_http_to_the_web(locations: list[str], status: int) -> None:
    wire = _Following(locations, status)
    walk = Walk("www.gov.test", V4, START, moved(locations[0], status))
    await walk.to_the_end(wire)
    assert len(wire.fetched) <= HOP_LIMIT
    for request in wire.fetched:
        assert request.scheme in ("http", "https")
        assert request.port in HOP_PORTS
        assert request.host == request.host.lower()
        assert request.host.isascii()
        assert request.path.startswith("/")


class _Following(ScriptedWire):
    """Answers every request with the next location, and finds every name."""

    def __init__(self, locations: list[str], status: int) -> None:
        super().__init__()
        self.locations, self.status = locations, status

    async def resolve(self, name: str):  # type: ignore[no-untyped-def]
        return addressed(OTHER_V4)

    async def fetch(self, request):  # type: ignore[no-untyped-def]
        self.fetched.append(request)
        return moved(self.locations[len(self.fetched) % len(self.locations)], self.status)


@given(st.text(max_size=80))
def test_any_text_is_a_goal_or_none(text: str) -> None:
    found = goal("https://www.gov.test/a/b", text)
    assert found is None or found.scheme
