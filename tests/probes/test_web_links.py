"""The links of a website as facts: what IPv6 brings, what it does not, and who is leaned on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import pytest

from probes.level import Level
from probes.observation import Failure, GapReason, Sighting
from probes.robots import AGENT
from probes.target import Address, Family, Kind, Target
from probes.web_links import WebLinks, web_links
from probes.wire import Crawling, HttpExchange, HttpRequest, NotLooked, Surroundings
from tests.probes.replays import replayed, tcp, website
from tests.probes.scripted_wire import ScriptedWire, addressed, refuse, response, url

V4, V6, OTHER = ip_address("1.0.0.1"), ip_address("2400:3200::1"), ip_address("2400:3200::2")
HOST = "www.gov.test"
HOME = f"https://{HOST}/"


def facts(sighting: Sighting) -> WebLinks:
    assert isinstance(sighting.outcome, WebLinks)
    return sighting.outcome


def counts(level: Level) -> tuple[int, ...]:
    return level.linked, level.reached, level.broken, level.dead, level.unknown, level.forbidden


@dataclass
class Web(ScriptedWire):
    """Pages by URL, alike over both families but for *only4*, which IPv6 does not bring; *deaf* is what we lack."""

    only4: frozenset[str] = frozenset()
    deaf: frozenset[Family] = frozenset()
    asked: list[tuple[Family, str]] = field(default_factory=list)

    async def fetch(self, request: HttpRequest) -> HttpExchange:
        family = Family.of(request.address)
        self.asked.append((family, url(request)))
        if family in self.deaf:
            raise NotLooked(GapReason.blind(family))
        if family is Family.IPV6 and url(request) in self.only4:
            return response(500)
        return await super().fetch(request)


def page(*links: str, status: int = 200, extra: str = "") -> HttpExchange:
    body = "".join(f'<a href="{link}">x</a>' for link in links) + extra
    return response(status, body.encode(), content_type="text/html")


def web(pages: dict[str, HttpExchange], *, limits: Crawling | None = None, **more: object) -> Web:
    around = Surroundings(crawling=limits or Crawling())
    names = {HOST: addressed(V4, V6), "img.gov.test": addressed(V4), "app.gov.test": addressed(V4, OTHER)}
    return Web(
        names, pages={HOME if key == "/" else key: value for key, value in pages.items()}, surroundings=around, **more
    )  # type: ignore[arg-type]


async def look(wire: Web, *paths: str, host: str = HOST) -> dict[str, Sighting]:
    target = Target(host, "a", Kind.WEBSITE, paths=paths or ("/",), declared=tcp(80, 443))
    return {str(sighting.subject): sighting async for sighting in web_links(target, wire)}


async def seen(wire: Web) -> WebLinks:
    return facts((await look(wire))["ipv6/"])


# --- what the city's websites said


async def test_a_portal_is_followed_to_its_third_level_and_says_who_it_is() -> None:
    found = await replayed("web_links", "channels", website("www", "/", "/chikan/", "/changsha/"))
    assert set(found) == {"ipv6/", "ipv6/chikan/", "ipv6/changsha/"}
    home = facts(found["ipv6/"])
    assert (counts(home.second), counts(home.third)) == ((5, 5, 0, 0, 0, 0), (9, 9, 0, 0, 0, 0))
    assert (home.second.rate, home.third.rate, home.whole, home.window_count) == (1.0, 1.0, True, 0)
    assert (home.marks.site_code, home.marks.icp) == ("4407830001", "粤ICP备05012345号-1")
    assert home.marks.police == "粤公网安备44078302000123号"
    assert counts(facts(found["ipv6/chikan/"]).second) == (0, 0, 0, 0, 0, 0)


async def test_links_that_only_ipv4_brings_are_told_from_dead_ones_with_their_page() -> None:
    home = facts((await replayed("web_links", "broken_links", website("www.land")))["ipv6/"])
    assert (counts(home.second), counts(home.third)) == ((7, 4, 2, 1, 0, 0), (4, 1, 3, 0, 0, 0))
    assert home.second.rate == pytest.approx(2 / 3)
    assert {(link.url, link.why) for link in home.dead} == {("https://www.land.kaiping.gov.test/gone", "http_404")}
    assert {(link.page.rpartition("/")[2], link.why) for link in home.broken} == {
        *((page, "no_address") for page in ("", "1", "3", "4"))
    }
    assert [(literal.address, literal.page.rpartition("/")[2]) for literal in home.literals] == [("198.18.99.7", "2")]


async def test_hosts_without_ipv6_are_windows_and_the_others_are_not() -> None:
    home = facts((await replayed("web_links", "sky_windows", website("jobs.hr")))["ipv6/"])
    assert [(window.host, window.loaded) for window in home.windows] == [
        ("pay.elsewhere.test", False),
        ("static.elsewhere.test", True),
    ]
    assert (home.window_count, home.unsettled, home.all_settled, home.second.rate) == (2, 0, True, 1.0)


async def test_a_site_without_ipv6_has_nothing_to_follow() -> None:
    assert await replayed("web_links", "no_ipv6", website("www.edu")) == {}


async def test_a_site_that_is_dropped_over_ipv6_is_a_failure() -> None:
    found = await replayed("web_links", "dropped_over_ipv6", website("www.health"))
    assert found["ipv6/"].outcome is Failure.CONNECTION_TIMEOUT


async def test_links_of_a_site_that_leads_elsewhere_are_not_its_own() -> None:
    home = facts(
        (await replayed("web_links", "leads_elsewhere", replace(website("moved.housing"), declared=tcp(80))))["ipv6/"]
    )
    assert (home.elsewhere, home.arrived, home.pages, home.second.linked) == (True, True, 0, 0)


async def test_links_to_loopback_and_other_schemes_are_not_followed() -> None:
    target = replace(website("links-nowhere.hostile"), declared=tcp(80))
    home = facts((await replayed("web_links", "hostile_links", target))["ipv6/"])
    assert home.second.linked == 0
    assert "127.0.0.1" not in {literal.address for literal in home.literals}


# --- what no server of the city does


async def test_a_page_that_ipv6_fails_and_ipv4_gives_is_broken_and_one_that_neither_gives_is_dead() -> None:
    broken = f"{HOME}broken"
    home = await seen(
        web({"/": page("/ok", "/broken", "/dead"), f"{HOME}ok": page(), broken: page()}, only4=frozenset({broken}))
    )
    assert counts(home.second) == (3, 1, 1, 1, 0, 0)
    assert (home.second.rate, home.broken[0].why, home.dead[0].why) == (0.5, "http_500", "http_404")


async def test_without_ipv4_of_our_own_a_link_that_fails_is_unknown() -> None:
    home = await seen(web({"/": page("/ok", "/gone"), f"{HOME}ok": page()}, deaf=frozenset({Family.IPV4})))
    assert counts(home.second) == (2, 1, 0, 0, 1, 0)
    assert (home.second.lowest, home.second.highest, home.second.rate) == (0.5, 1.0, None)


async def test_robots_txt_is_respected_unless_the_operator_may_do_otherwise() -> None:
    robots = response(200, f"User-agent: {AGENT}\nDisallow: /secret".encode())
    pages = {"/": page("/secret/1", "/ok"), f"{HOME}ok": page(), f"{HOME}secret/1": page(), f"{HOME}robots.txt": robots}
    wire = web(dict(pages))
    assert counts((await seen(wire)).second) == (2, 1, 0, 0, 0, 1)
    assert f"{HOME}secret/1" not in {asked for _, asked in wire.asked}
    wire = web(dict(pages), limits=Crawling(robots=False))
    assert counts((await seen(wire)).second) == (2, 2, 0, 0, 0, 0)
    assert f"{HOME}robots.txt" not in {asked for _, asked in wire.asked}


async def test_a_server_that_fails_to_give_robots_txt_is_left_alone_and_nothing_is_claimed() -> None:
    home = await seen(web({"/": page("/a"), f"{HOME}a": page(), f"{HOME}robots.txt": response(503)}))
    assert counts(home.second) == (1, 0, 0, 0, 0, 1)
    assert (home.second.lowest, home.second.highest, home.second.rate) == (0.0, 1.0, None)


async def test_links_within_the_domain_are_the_site_s_own_and_a_host_of_it_without_ipv6_breaks_them() -> None:
    pages = {
        "/": page("http://img.gov.test/a", "http://app.gov.test/b", "http://www.other.test/c"),
        "http://img.gov.test/a": page(),
        "http://app.gov.test/b": page(),
    }
    wire = web(pages)
    home = await seen(wire)
    assert counts(home.second) == (2, 1, 1, 0, 0, 0)
    assert not [asked for _, asked in wire.asked if "other.test" in asked]
    assert (home.hosts, home.unsettled, home.all_settled) == (3, 3, None), "without a resolver nobody says"


async def test_a_link_that_leads_out_of_the_site_is_reached_and_its_goal_is_a_host_leaned_on() -> None:
    out = response(302, b"", location="http://www.other.test/x")
    wire = web({"/": page("/go"), f"{HOME}go": out})
    home = await seen(wire)
    assert (counts(home.second), home.hosts) == ((1, 1, 0, 0, 0, 0), 1)
    assert not [asked for _, asked in wire.asked if "other.test" in asked]


async def test_a_host_that_twice_does_not_answer_is_not_asked_again() -> None:
    @dataclass
    class Deaf(Web):
        async def fetch(self, request: HttpRequest) -> HttpExchange:
            if request.host == "app.gov.test":
                self.asked.append((Family.of(request.address), url(request)))
                refuse(Failure.CONNECTION_TIMEOUT)
            return await super().fetch(request)

    names = {HOST: addressed(V6), "app.gov.test": addressed(OTHER)}
    links = page(*(f"http://app.gov.test/{number}" for number in range(30)))
    wire = Deaf(names, pages={HOME: links}, surroundings=Surroundings(crawling=Crawling(robots=False)))
    assert (await seen(wire)).second.dead == 30
    assert len([asked for _, asked in wire.asked if "app.gov.test" in asked]) <= 5


async def test_a_sample_is_the_same_whatever_the_order_of_the_links() -> None:
    names = [f"/{number}" for number in range(60)]
    asked = []
    for order in (names, names[::-1]):
        wire = web({"/": page(*order)}, limits=Crawling(second=7, third=0))
        home = await seen(wire)
        assert (home.second.linked, home.second.sampled) == (60, 7)
        asked.append({link for family, link in wire.asked if family is Family.IPV6})
    assert asked[0] == asked[1]


async def test_a_site_without_end_is_left_after_its_samples() -> None:
    @dataclass
    class Maze(Web):
        doors: int = 0

        async def fetch(self, request: HttpRequest) -> HttpExchange:
            self.asked.append((Family.of(request.address), url(request)))
            self.doors += 10
            return page(*(f"/maze/{self.doors + door}" for door in range(10)))

    wire = Maze({HOST: addressed(V6)}, surroundings=Surroundings(crawling=Crawling(second=5, third=20)))
    home = facts((await look(wire))["ipv6/"])
    assert (home.second.sampled, home.third.sampled) == (5, 20)
    assert len(wire.asked) == 27, "the home page, robots.txt, and the links"


async def test_no_time_left_is_no_verdict() -> None:
    home = await seen(web({"/": page("/a"), f"{HOME}a": page()}, limits=Crawling(seconds=0.0)))
    assert (home.second.sampled, home.second.rate, home.whole) == (0, None, False)


async def test_links_that_scripts_may_make_are_unknown() -> None:
    home = await seen(web({"/": page(extra="<div id=app></div><SCRIPT src=/app.js></SCRIPT>")}))
    assert (home.scripted, home.second.rate, home.second.lowest, home.second.highest) == (True, None, 0.0, 1.0)
    assert not (await seen(web({"/": page("/a", extra="<script></script>")}))).scripted


async def test_a_page_that_is_not_there_has_no_links() -> None:
    home = await seen(web({"/": page("/a", status=404)}))
    assert (home.status, home.arrived, home.second.linked) == (404, True, 0)


async def test_of_two_addresses_the_one_that_answers_is_kept_to() -> None:
    @dataclass
    class Half(Web):
        tried: list[Address] = field(default_factory=list)

        async def fetch(self, request: HttpRequest) -> HttpExchange:
            self.tried.append(request.address)
            if request.address == V6:
                refuse(Failure.CONNECTION_REFUSED)
            return page()

    wire = Half({HOST: addressed(V6, OTHER)}, surroundings=Surroundings(crawling=Crawling()))
    assert facts((await look(wire))["ipv6/"]).status == 200
    assert wire.tried == [V6, OTHER]


# --- what is left when we were deaf


def test_who_was_deaf_over_ipv6_claims_no_broken_link() -> None:
    level = Level.of(10, 6, 3, 1, 0, 0)
    deaf = level.unheard(ipv4=False, ipv6=True)
    assert counts(deaf) == (10, 6, 0, 0, 4, 0)
    assert (deaf.lowest, deaf.highest, deaf.rate) == (0.6, 1.0, None)
    assert counts(level.unheard(ipv4=True, ipv6=False)) == (10, 6, 3, 0, 1, 0)


async def test_facts_unheard_keep_what_dns_said() -> None:
    found = await replayed("web_links", "broken_links", website("www.land"))
    home = facts(found["ipv6/"])
    deaf = home.unheard({Family.IPV6})
    assert (deaf.broken, deaf.dead, deaf.second.rate, deaf.window_count) == ((), (), None, home.window_count)
    assert home.unheard(set()) is home
