"""A citizen without IPv4: what a page needs, what does not come, and the least that would have to change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from probes.blocker import Blocker, Need, fixes
from probes.ipv6_only import Ipv6Only, ipv6_only
from probes.observation import Failure, GapReason, Sighting
from probes.target import Family, Kind, Target
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached
from tests.probes.replays import replayed, tcp, website
from tests.probes.resolving_wire import ResolvingWire
from tests.probes.scripted_wire import addressed, response, unresolved, url

V4, V6, OTHER = ip_address("1.0.0.1"), ip_address("2400:3200::1"), ip_address("2400:3200::2")
HOST = "www.gov.test"
HOME = f"https://{HOST}/"


def facts(sighting: Sighting) -> Ipv6Only:
    assert isinstance(sighting.outcome, Ipv6Only)
    return sighting.outcome


def blockers(found: Ipv6Only) -> set[tuple[str, str, str]]:
    return {(each.need.value, each.host, each.why) for each in found.blockers}


@dataclass
class City(ResolvingWire):
    """A resolving wire that has no IPv4 where *deaf* says so, and whose *dead6* URLs time out over IPv6."""

    deaf: frozenset[Family] = frozenset()
    dead6: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        family = Family.of(request.address)
        self.asked.append(url(request))
        if family in self.deaf:
            raise NotLooked(GapReason.blind(family))
        if family is Family.IPV6 and url(request) in self.dead6:
            raise Unreached(Failure.CONNECTION_TIMEOUT)
        return await super().fetch(request)


ZONE = {
    (HOST, "A"): ("1.0.0.1",),
    (HOST, "AAAA"): ("2400:3200::1",),
    ("cdn.test", "A"): ("1.0.0.2",),
    ("cdn.test", "AAAA"): ("2400:3200::2",),
    ("old.test", "A"): ("1.0.0.3",),
    ("mail.test", "MX"): ("10 mx1.test.", "20 mx2.test."),
    ("mx1.test", "A"): ("1.0.0.4",),
    ("mx2.test", "A"): ("1.0.0.5",),
    ("mx2.test", "AAAA"): ("2400:3200::5",),
    ("post.test", "MX"): ("10 mx1.test.",),
    ("mute.test", "AAAA"): Failure.DNS_TIMEOUT,
}


def city(html: str, *more: str, **settings: object) -> City:
    pages = {HOME: response(200, html.encode(), content_type="text/html")}
    pages |= {each: response(200, b"x", content_type="text/plain") for each in more}
    names = {HOST: addressed(V4, V6), "cdn.test": addressed(V4, OTHER), "old.test": addressed(V4)}
    return City(names, pages=pages, zone=ZONE, **settings)  # type: ignore[arg-type]


async def seen(wire: City, path: str = "/") -> Ipv6Only:
    target = Target(HOST, "a", Kind.WEBSITE, paths=(path,), declared=tcp(443))
    return facts({str(sighting.subject): sighting async for sighting in ipv6_only(target, wire)}[f"ipv6{path}"])


# --- what the city's websites said


async def test_a_page_whose_every_part_comes_over_ipv6_is_usable() -> None:
    found = await replayed("ipv6_only", "usable", website("www", "/", "/chikan/", "/changsha/"))
    home = facts(found["ipv6/"])
    assert (home.usable, home.blockers, home.fixes, home.visited) == (True, (), (), 4)
    assert all(facts(each).usable for each in found.values())


async def test_blockers_are_named_with_the_smallest_set_that_lifts_them() -> None:
    home = facts((await replayed("ipv6_only", "needs_ipv4", website("jobs.hr")))["ipv6/"])
    assert blockers(home) == {
        ("script", "static.elsewhere.test", "no_aaaa"),
        ("font", "static.elsewhere.test", "no_aaaa"),
        ("payment", "pay.elsewhere.test", "no_aaaa"),
        ("mail", "mail.elsewhere.test", "no_aaaa"),
    }
    assert next((fix.end, fix.lifts) for fix in home.fixes) == ("static.elsewhere.test", 2)
    assert (home.usable, home.blocker_count, home.fix_count) == (False, 4, 3)


async def test_a_name_without_aaaa_is_the_first_blocker() -> None:
    home = facts((await replayed("ipv6_only", "no_ipv6", website("www.edu")))["ipv6/"])
    assert blockers(home) == {("dns", "www.edu.kaiping.gov.test", "no_aaaa")}
    assert home.usable is False


async def test_a_page_dropped_over_ipv6_blocks_itself_and_nothing_when_we_were_deaf() -> None:
    home = facts((await replayed("ipv6_only", "dropped_over_ipv6", website("www.health")))["ipv6/"])
    assert blockers(home) == {("page", "www.health.kaiping.gov.test", "connection_timeout")}
    deaf = home.unheard({Family.IPV6})
    assert (deaf.usable, deaf.blocker_count, deaf.needs) == (None, 0, ())


async def test_a_redirect_to_an_ipv4_address_blocks() -> None:
    home = facts(
        (await replayed("ipv6_only", "redirect_out_of_scope", replace(website("outside.housing"), declared=tcp(80))))[
            "ipv6/"
        ]
    )
    assert blockers(home) == {("redirect", "198.18.99.1", "network_unreachable")}


# --- what no server of the city does


async def test_hosts_are_told_by_what_they_are_needed_for() -> None:
    wire = city(
        "<img src=http://old.test/i><iframe src=//old.test/f></iframe><form action=http://old.test/s></form>"
        "<a href=http://pay.old.test/>pay</a><a href=http://old.test/>link</a><img src=http://1.0.0.9/x>"
        "<script>fetch('https://old.test/api')</script>"
    )
    home = await seen(wire)
    assert blockers(home) == {
        ("image", "old.test", "no_aaaa"),
        ("frame", "old.test", "no_aaaa"),
        ("form", "old.test", "no_aaaa"),
        ("image", "1.0.0.9", "ipv4_literal"),
    }
    assert [(each.need, each.host) for each in home.possible] == [(Need.API, "old.test")]
    assert home.dead == 1, "the payment host does not exist for anybody"
    assert not [asked for asked in wire.asked if "old.test" in asked]


async def test_what_has_an_aaaa_and_does_not_come_is_told_from_what_is_dead() -> None:
    wire = city(
        "<script src=//cdn.test/a.js></script><script src=//cdn.test/gone.js></script>",
        "https://cdn.test/a.js",
        dead6=frozenset({"https://cdn.test/a.js"}),
    )
    home = await seen(wire)
    assert blockers(home) == {("script", "cdn.test", "connection_timeout")}
    assert (home.dead, home.usable) == (1, False)


async def test_without_ipv4_of_our_own_what_fails_over_ipv6_leaves_the_question_open() -> None:
    wire = city("<script src=//cdn.test/a.js></script>", deaf=frozenset({Family.IPV4}))
    home = await seen(wire)
    assert (home.usable, home.unsettled, home.blockers) == (None, 1, ())


async def test_a_host_that_dns_says_nothing_about_leaves_the_question_open() -> None:
    assert (await seen(city("<img src=http://mute.test/>"))).usable is None


async def test_mail_needs_one_server_with_ipv6() -> None:
    assert (await seen(city("<a href=mailto:a@mail.test>"))).usable is True
    home = await seen(city("<a href=mailto:a@post.test>"))
    assert blockers(home) == {("mail", "post.test", "no_aaaa")}
    assert home.fixes[0].end == "mx1.test"


async def test_style_sheets_and_frames_are_followed_to_what_they_load() -> None:
    wire = city("<link rel=stylesheet href=/m.css><iframe src=/f>")
    css = response(200, b"@import '/n.css'; a { background: url(http://old.test/bg.png) }", content_type="text/css")
    frame = response(200, b"<script src=http://old.test/f.js></script>", content_type="text/html")
    wire.pages = {**wire.pages, f"{HOME}m.css": css, f"{HOME}f": frame}
    home = await seen(wire)
    assert {(each.need.value, each.page) for each in home.blockers} == {
        ("image", f"{HOME}m.css"),
        ("script", f"{HOME}f"),
    }
    assert home.dead == 1, "the sheet that is imported does not exist"


async def test_a_page_that_is_not_there_is_neither_usable_nor_blocked_by_ipv6() -> None:
    home = await seen(city(""), "/gone")
    assert (home.status, home.usable, home.blockers) == (404, None, ())


async def test_an_address_that_is_not_known_is_a_gap() -> None:
    wire = city("")
    wire.names = {HOST: unresolved(GapReason.RESOLVER_FAILED)}
    target = Target(HOST, "a", Kind.WEBSITE, declared=tcp(443))
    (sighting,) = [each async for each in ipv6_only(target, wire)]
    assert sighting.outcome is GapReason.RESOLVER_FAILED


async def test_a_target_named_by_an_ipv4_address_is_not_asked() -> None:
    assert [each async for each in ipv6_only(Target("1.0.0.1", "a", Kind.WEBSITE), city(""))] == []


BLOCKERS = st.lists(
    st.builds(
        Blocker,
        need=st.sampled_from(Need),
        host=st.sampled_from(["a", "b", "c"]),
        why=st.just("no_aaaa"),
        page=st.just("p"),
        url=st.just("u"),
        end=st.sampled_from(["x", "y", "z"]),
    )
)


@given(BLOCKERS)
def test_the_fixes_lift_every_blocker_and_none_can_be_left_out(met: list[Blocker]) -> None:
    ends = {fix.end for fix in fixes(met)}
    assert ends == {blocker.end for blocker in met}
    assert sum(fix.lifts for fix in fixes(met)) == len(met)
