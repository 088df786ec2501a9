"""Home pages as facts: what a citizen gets, over each family, whatever the server is up to."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.http_home import SECURITY_HEADERS, HttpHome, http_home, http_ports
from probes.observation import Failure, GapReason, Sighting
from probes.target import Family, Kind, Target
from probes.text import LIMIT
from tests.probes.replays import replayed, server, tcp, website
from tests.probes.scripted_wire import PHASES, ScriptedWire, addressed, response

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
YEAR = 31536000


def facts(sighting: Sighting) -> HttpHome:
    assert isinstance(sighting.outcome, HttpHome)
    return sighting.outcome


def by_family(found: dict[str, Sighting], scheme: str) -> tuple[HttpHome, HttpHome]:
    """Return the facts over IPv4 and IPv6 for one scheme."""
    of = {seen.subject.family: facts(seen) for seen in found.values() if seen.subject.scheme == scheme}
    return of[Family.IPV4], of[Family.IPV6]


async def look(wire: ScriptedWire, target: Target) -> dict[str, Sighting]:
    return {str(sighting.subject): sighting async for sighting in http_home(target, wire)}


async def shown(**page: object) -> HttpHome:
    """Return the facts of one page at one address."""
    answer = response(**page)  # type: ignore[arg-type]
    wire = ScriptedWire({"www": addressed(V4)}, pages={"https://www/": answer})
    return facts((await look(wire, Target("www", "a", Kind.WEBSITE)))[f"https/443/ipv4/{V4}/"])


# --- what the city's servers said


async def test_a_site_that_forces_https_is_told_by_both_ways_to_it() -> None:
    found = await replayed("http_home", "forces_https", website("www.police"))
    assert [str(seen.subject).partition("/")[0] for seen in found.values()] == ["http", "https"] * 2
    for plain, secure in (by_family(found, "http"), by_family(found, "https")):
        assert replace_samples(plain) == replace_samples(secure)
    for home in by_family(found, "http"):
        assert (home.status, home.upgraded, home.arrived, home.stopped) == (200, True, True, "")
        assert home.hops == ("https://www.police.kaiping.gov.test/",)
        assert (home.title, home.server_header, home.hsts_seconds) == ("开平市公安局 www", "kaiping-demo", YEAR)
        assert home.headers == ("strict-transport-security",)
    for home in by_family(found, "https"):
        assert (home.upgraded, home.hops, home.final) == (False, (), "https://www.police.kaiping.gov.test/")
        assert min(home.connect_seconds, home.tls_seconds, home.first_byte_seconds) > 0


def replace_samples(home: HttpHome) -> HttpHome:
    return replace(home, dns_seconds=0, connect_seconds=0, tls_seconds=0, first_byte_seconds=0, transfer_seconds=0)


async def test_each_channel_of_a_portal_is_a_page_of_its_own() -> None:
    found = await replayed("http_home", "channels", website("www", "/", "/chikan/", "/changsha/"))
    assert len(found) == 12
    titles = {seen.subject.path: facts(seen).title for seen in found.values()}
    assert titles == {"/": "开平市人民政府办公室 www", "/chikan/": "赤坎镇人民政府", "/changsha/": "长沙街道办事处"}


async def test_another_page_over_ipv6_shows_in_title_digest_and_sketch() -> None:
    for scheme in ("http", "https"):
        four, six = by_family(await replayed("http_home", "content_differs", website("www.civil")), scheme)
        assert (four.title, six.title) == ("开平市民政局 www", "Welcome to nginx!")
        assert four.body_digest != six.body_digest
        assert len({*four.sketch} & {*six.sketch}) < len(four.sketch) / 2
        assert four.status == six.status == 200


@pytest.mark.parametrize(
    ("situation", "host", "failure", "seconds"),
    [
        ("refused_over_ipv6", "api.health", Failure.CONNECTION_REFUSED, 0.0),
        ("dropped_over_ipv6", "www.health", Failure.CONNECTION_TIMEOUT, 10.0),
        ("path_mtu_black_hole", "www.transport", Failure.HTTP_TIMEOUT, 10.0),
    ],
)
async def test_ipv4_does_not_stand_in_for_ipv6(situation: str, host: str, failure: Failure, seconds: float) -> None:
    found = await replayed("http_home", situation, website(host))
    for seen in found.values():
        if seen.subject.family is Family.IPV4:
            assert facts(seen).status == 200
        else:
            assert seen.outcome is failure
            assert seen.seconds == pytest.approx(seconds, abs=0.2)


async def test_a_family_that_is_not_published_is_not_asked() -> None:
    for situation, host, family in (("no_ipv6", "lib.edu", Family.IPV4), ("ipv6_only", "six.police", Family.IPV6)):
        found = await replayed("http_home", situation, website(host))
        assert {seen.subject.family for seen in found.values()} == {family}
        assert all(facts(seen).status == 200 for seen in found.values())


async def test_a_blind_vantage_leaves_gaps() -> None:
    found = await replayed("http_home", "vantage_without_ipv6", website("www.police"))
    over_ipv6 = [seen.outcome for seen in found.values() if seen.subject.family is Family.IPV6]
    assert over_ipv6 == [GapReason.VANTAGE_BLIND_IPV6] * 2


async def test_addresses_nobody_could_tell_are_gaps() -> None:
    found = await replayed("http_home", "every_server_lame", website("www.water"))
    assert {name: seen.outcome for name, seen in found.items()} == dict.fromkeys(Family, GapReason.ADDRESS_UNKNOWN)


async def test_a_site_that_forces_nothing_is_not_upgraded() -> None:
    for home in by_family(await replayed("http_home", "https_not_forced", website("www.housing")), "http"):
        assert (home.upgraded, home.hops, home.final) == (False, (), "http://www.housing.kaiping.gov.test/")


async def test_a_site_that_has_moved_is_followed_over_the_same_family() -> None:
    found = await replayed("http_home", "moved_to_another_host", website("moved.housing"))
    for home in by_family(found, "http"):
        assert (home.final, home.title) == ("https://www.kaiping.gov.test/", "开平市人民政府办公室 www")
        assert (home.upgraded, home.arrived) == (False, True)
        assert home.hsts_seconds == 0, "another host's HSTS does not protect this one"


async def test_a_redirect_out_of_scope_is_not_followed_and_leaves_the_question_open() -> None:
    four, six = by_family(await replayed("http_home", "leads_out_of_scope", website("outside.housing")), "http")
    assert (four.stopped, four.arrived, four.status) == ("out_of_scope", None, 302)
    assert (six.stopped, six.arrived) == ("network_unreachable", False), "an IPv4 address is a dead end over IPv6"


@pytest.mark.parametrize(
    ("name", "stopped"),
    [
        ("loopback", {"out_of_scope", "network_unreachable"}),
        ("loopback6", {"out_of_scope", "network_unreachable"}),
        ("mapped", {"out_of_scope", "network_unreachable"}),
        ("metadata", {"out_of_scope", "network_unreachable"}),
        ("userinfo", {"out_of_scope", "network_unreachable"}),
        ("decimal", {"network_unreachable"}),
        ("file", {"scheme"}),
        ("gopher", {"scheme"}),
        ("redis", {"port"}),
        ("loop", {"loop"}),
    ],
)
async def test_hostile_redirects_are_left_alone(name: str, stopped: set[str]) -> None:
    found = await replayed("http_home", f"redirect_{name}", server(f"redirect-{name}.hostile", 80))
    homes = by_family(found, "http")
    assert {home.stopped for home in homes} == stopped
    for home in homes:
        assert (home.status, len(home.hops), home.upgraded) == (302, 1, False)
        assert home.arrived is (None if home.stopped == "out_of_scope" else False)


async def test_a_header_smuggled_into_a_location_becomes_none_of_ours() -> None:
    found = await replayed("http_home", "redirect_crlf", server("redirect-crlf.hostile", 80))
    for home in by_family(found, "http"):
        assert home.hops == ("http://www.kaiping.gov.test/", "https://www.kaiping.gov.test/")
        assert home.arrived


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("escapes", r"\x1b]0;owned\x07\x1b[31m\x1b[2J"),
        ("markup", "<script>alert(1)</script>"),
        ("bidi", r"moc.\u202etest\u200b"),
        ("nul", r"a\x00b\x01c"),
        ("gb18030", "开平市人民政府 㐀"),
        ("utf_16", "开平"),
        ("formula", "=cmd|'/c calc'!A1"),
    ],
)
async def test_titles_come_out_readable_and_clean(name: str, title: str) -> None:
    found = await replayed("http_home", f"title_{name}", server(f"{name.replace('_', '-')}.hostile", 80))
    assert {home.title for home in by_family(found, "http")} == {title}


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("reset", Failure.CONNECTION_RESET),
        ("close", Failure.CONNECTION_CLOSED),
        ("hang", Failure.HTTP_TIMEOUT),
        ("gzip_lie", Failure.HTTP_BAD_ENCODING),
        ("body_truncated", Failure.HTTP_TRUNCATED),
        ("http09", Failure.HTTP_MALFORMED),
        ("endless_headers", Failure.HTTP_OVERSIZED),
    ],
)
async def test_an_attack_on_the_client_has_a_name(name: str, failure: Failure) -> None:
    found = await replayed("http_home", f"hostile_{name}", server(f"{name.replace('_', '-')}.hostile", 80))
    assert [seen.outcome for seen in found.values()] == [failure] * 2
    assert all(len(seen.detail.encode()) <= LIMIT for seen in found.values())


async def test_control_characters_in_a_location_end_the_response() -> None:
    found = await replayed("http_home", "redirect_control", server("redirect-control.hostile", 80))
    assert [seen.outcome for seen in found.values()] == [Failure.HTTP_MALFORMED] * 2


async def test_a_refresh_inside_a_page_is_not_followed() -> None:
    found = await replayed("http_home", "hostile_meta_refresh", server("meta-refresh.hostile", 80))
    for home in by_family(found, "http"):
        assert (home.title, home.hops, home.arrived) == ("x", (), True)


async def test_a_site_that_speaks_http2_is_told_so_over_tls() -> None:
    found = await replayed("http_home", "http2_over_ipv4_alone", website("apply.civil"))
    assert [home.protocol for home in by_family(found, "https")] == ["h2", "http/1.1"]
    assert all(home.title == "开平市民政局 apply" for home in by_family(found, "http"))


# --- what no server of the city says


async def test_a_page_is_told_in_full() -> None:
    home = await shown(
        body="<title>开平 政务</title><body>服务大厅</body>".encode(),
        content_type="text/html; charset=utf-8",
        server="nginx",
        x_frame_options="DENY",
        content_security_policy="default-src 'self'",
    )
    assert (home.title, home.text_length, home.content_type) == ("开平 政务", 4, "text/html; charset=utf-8")
    assert home.headers == ("content-security-policy", "x-frame-options")
    assert home.body_bytes == len("<title>开平 政务</title><body>服务大厅</body>".encode())
    assert home.body_digest == hashlib.sha256("<title>开平 政务</title><body>服务大厅</body>".encode()).hexdigest()
    assert (home.connect_seconds, home.tls_seconds) == (PHASES.connect, PHASES.tls)
    assert (home.first_byte_seconds, home.transfer_seconds) == (PHASES.first_byte, PHASES.transfer)


async def test_times_of_a_late_loop_are_not_the_networks() -> None:
    late = replace(response(), phases=replace(PHASES, lag=0.2))
    wire = ScriptedWire({"www": addressed(V4)}, pages={"https://www/": late})
    target = Target("www", "town", Kind.SERVER, declared=tcp(443))
    (seen,) = [sighting async for sighting in http_home(target, wire)]
    home = seen.outcome
    assert isinstance(home, HttpHome)
    phases = (home.connect_seconds, home.tls_seconds, home.first_byte_seconds, home.transfer_seconds)
    assert (phases, home.lag_seconds) == ((None,) * 4, 0.2)
    assert seen.seconds == PHASES.total


async def test_what_a_page_came_over_is_told_and_http2_is_offered_over_tls_alone() -> None:
    pages = {"http://www/": response(), "https://www/": replace(response(), protocol="h2")}
    wire = ScriptedWire({"www": addressed(V4)}, pages=pages)
    found = [sighting async for sighting in http_home(Target("www", "town", Kind.WEBSITE), wire)]
    assert [seen.outcome.protocol for seen in found if isinstance(seen.outcome, HttpHome)] == ["http/1.1", "h2"]
    assert {request.scheme: request.http2 for request in wire.fetched} == {"http": False, "https": True}


async def test_a_body_cut_at_its_cap_is_marked() -> None:
    wire = ScriptedWire({"www": addressed(V4)}, pages={"https://www/": replace(response(body=b"a"), truncated=True)})
    home = facts((await look(wire, Target("www", "a", Kind.WEBSITE)))[f"https/443/ipv4/{V4}/"])
    assert home.truncated


async def test_remote_text_is_bounded_wherever_it_is_kept() -> None:
    wild = "长" * 5000
    home = await shown(body=f"<title>{wild}</title>".encode(), server=wild, content_type=f"text/html; {wild}")
    for text in (home.title, home.server_header, home.content_type):
        assert len(text.encode()) <= LIMIT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=31536000", YEAR),
        ("max-age=31536000; includeSubDomains; preload", YEAR),
        ("includeSubDomains; Max-Age = 600", 600),
        ('max-age="3600"', 3600),
        ("max-age=0", 0),
        ("max-age=-1", 0),
        ("max-age=1e9", 0),
        ("max-age=٣٠", 0),
        ("max-age=", 0),
        ("includeSubDomains", 0),
        ("", 0),
        ("max-age=" + "9" * 400, 2**31),
    ],
)
async def test_hsts_is_read_as_browsers_read_it(header: str, seconds: int) -> None:
    assert (await shown(strict_transport_security=header)).hsts_seconds == seconds


async def test_hsts_said_without_tls_does_not_count() -> None:
    wire = ScriptedWire({"www": addressed(V4)}, pages={"http://www/": response(strict_transport_security="max-age=9")})
    found = await look(wire, Target("www", "a", Kind.WEBSITE))
    assert facts(found[f"http/80/ipv4/{V4}/"]).hsts_seconds == 0


@pytest.mark.parametrize(
    ("kind", "declared", "ports"),
    [
        (Kind.WEBSITE, (), [80, 443]),
        (Kind.WEBSITE, (80,), [80, 443]),
        (Kind.SERVER, (443, 3306), [443]),
        (Kind.SERVER, (22,), []),
        (Kind.DNS, (), []),
    ],
)
def test_pages_are_asked_for_where_there_should_be_some(
    kind: Kind, declared: tuple[int, ...], ports: list[int]
) -> None:
    assert http_ports(Target("www", "a", kind, declared=tcp(*declared))) == ports


async def test_a_target_without_web_is_left_alone() -> None:
    wire = ScriptedWire({"db": addressed(V4, V6)})
    assert await look(wire, Target("db", "a", declared=tcp(3306))) == {}
    assert wire.resolved == []


async def test_a_target_named_by_an_ipv6_address_is_asked_under_that_name() -> None:
    pages = {"http://2001:db8::1/": response(301, location="https://[2001:db8::1]/")}
    wire = ScriptedWire({"2001:db8::1": addressed(V6)}, pages=pages)
    home = facts((await look(wire, Target("2001:db8::1", "a", Kind.WEBSITE)))[f"http/80/ipv6/{V6}/"])
    assert (home.final, home.upgraded, home.status) == ("https://[2001:db8::1]/", True, 404)


@given(st.binary(max_size=300), st.text(max_size=40), st.integers(100, 599))
async def test_any_response_is_told_without_a_defect(body: bytes, header: str, status: int) -> None:
    home = await shown(status=status, body=body, content_type=header, location=header, server=header)
    assert set(home.headers) <= set(SECURITY_HEADERS)
    assert len(home.title.encode()) <= LIMIT
