"""A website opens or it does not, over each family apart; where we could not look, neither is said."""

from __future__ import annotations

from ipaddress import ip_address

from probes.observation import Failure, GapReason
from probes.site_visit import SiteVisit, site_visit
from probes.target import Family, Kind, Target
from tests.probes.replays import replayed, tcp, website
from tests.probes.scripted_wire import ScriptedWire, addressed, response

V4, V6 = ip_address("1.0.0.1"), ip_address("2400:3200::1")
HOST = "www.gov.test"
SITE = Target(HOST, "town", Kind.WEBSITE, declared=tcp(80, 443))


async def test_a_site_in_order_opens_over_both_families() -> None:
    found = await replayed("site_visit", "opens", website("www"))
    assert found.keys() == {"ipv4/", "ipv6/"}
    for sighting in found.values():
        assert isinstance(sighting.outcome, SiteVisit)
        assert (sighting.outcome.status, sighting.outcome.came) == (200, 1.0)
        assert sighting.outcome.final == "https://www.kaiping.gov.test/"


async def test_a_site_that_is_silent_over_ipv6_is_not_helped_by_its_ipv4() -> None:
    found = await replayed("site_visit", "silent_over_ipv6", website("www.health"))
    assert isinstance(found["ipv4/"].outcome, SiteVisit)
    assert found["ipv6/"].outcome is Failure.CONNECTION_TIMEOUT


async def test_where_https_is_refused_http_will_do() -> None:
    site = Target("www.tangkou.kaiping.gov.test", "town", Kind.WEBSITE, declared=tcp(80))
    found = await replayed("site_visit", "http_alone", site)
    assert {sighting.outcome.came for sighting in found.values() if isinstance(sighting.outcome, SiteVisit)} == {1.0}


async def test_a_redirect_that_we_may_not_follow_says_nothing_and_one_to_ipv4_alone_leads_nowhere_over_ipv6() -> None:
    site = Target("outside.housing.kaiping.gov.test", "town", Kind.WEBSITE, declared=tcp(80))
    found = await replayed("site_visit", "led_out_of_scope", site)
    assert found["ipv4/"].outcome is GapReason.OUT_OF_SCOPE
    assert found["ipv6/"].outcome is Failure.NETWORK_UNREACHABLE


async def test_a_family_without_an_address_is_not_visited() -> None:
    site = Target("www.edu.kaiping.gov.test", "town", Kind.WEBSITE, declared=tcp(80))
    assert (await replayed("site_visit", "without_ipv6", site)).keys() == {"ipv4/"}


async def visited(https: Failure | GapReason | int) -> list[object]:
    """Return what comes of a visit to a site whose HTTPS ends so, and whose HTTP brings a page."""
    said = response(https) if isinstance(https, int) else https
    pages = {f"https://{HOST}/": said, f"http://{HOST}/": response(200)}
    wire = ScriptedWire(names={HOST: addressed(V4, V6)}, pages=pages)
    outcomes = [sighting.outcome async for sighting in site_visit(SITE, wire)]
    return [each.came if isinstance(each, SiteVisit) else each for each in outcomes]


async def test_an_error_page_is_no_page() -> None:
    assert await visited(503) == [0.0, 0.0]
    assert await visited(404) == [0.0, 0.0]


async def test_who_has_waited_for_https_in_vain_does_not_try_http() -> None:
    assert await visited(Failure.CONNECTION_TIMEOUT) == [Failure.CONNECTION_TIMEOUT] * len(Family)
    assert await visited(Failure.CONNECTION_REFUSED) == [1.0, 1.0]


async def test_what_we_could_not_see_is_no_failure_of_the_site() -> None:
    assert await visited(GapReason.STOPPED) == [GapReason.STOPPED] * len(Family)


async def test_being_asked_to_come_less_and_redirects_that_only_browsers_follow_are_of_our_making() -> None:
    assert await visited(429) == [GapReason.BUDGET_SPENT] * len(Family)
    elsewhere = response(302, location=f"https://{HOST}:4430/")
    wire = ScriptedWire(names={HOST: addressed(V4, V6)}, pages={f"https://{HOST}/": elsewhere})
    assert [each.outcome async for each in site_visit(SITE, wire)] == [GapReason.OUT_OF_SCOPE] * len(Family)


async def test_a_loop_with_a_cookie_is_ours_and_one_without_is_the_sites() -> None:
    def loops(**headers: str) -> ScriptedWire:
        there = response(302, location=f"https://{HOST}/", **headers)
        return ScriptedWire(names={HOST: addressed(V4, V6)}, pages={f"https://{HOST}/": there})

    kept = loops(**{"set-cookie": "a=b"})
    assert [each.outcome async for each in site_visit(SITE, kept)] == [GapReason.BUDGET_SPENT] * len(Family)
    plain = [each.outcome async for each in site_visit(SITE, loops())]
    assert [each.came for each in plain if isinstance(each, SiteVisit)] == [0.0, 0.0]
