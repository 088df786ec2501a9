"""Websites with depth: independent tools find their links as the truth tells, and nobody outside hears from us."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.lab import city, depth
from tests.lab.config import write
from tests.lab.lifecycle import Lab
from tests.lab.model import Host, Site
from tests.lab.sheets import DUAL_ELSEWHERE, IPV4_ONLY_ELSEWHERE
from tests.lab_tests.looking import at_once, curl, dig

pytestmark = pytest.mark.lab

ANY = ("--insecure", "--tlsv1.0", "--ciphers", "ALL@SECLEVEL=0", "--ipv6", "--location")
MAZE, MANY = "links-endless.hostile.kaiping.gov.test", "links-50000.hostile.kaiping.gov.test"
OUTSIDE = f"198.18.{city.NOBODY}"


def deep() -> list[tuple[Site, Host]]:
    """Return the hosts whose pages refer to others, and that have IPv6 to be asked over."""
    return [(site, host) for site, host in city.hosts() if host.web.sheets and len(host.families) == 2]


def test_links_lead_over_ipv6_where_the_truth_says(lab: Lab) -> None:
    within = set()
    for site, host in deep():
        pages = {urljoin(f"https://{site.fqdn(host)}/", path): sheet for path, sheet in host.web.sheets.items()}
        within |= {urljoin(page, link) for page, sheet in pages.items() for link in sheet.links}
    links = sorted(link for link in within if ".kaiping.gov.test/" in link)
    met = at_once(lambda link: curl(lab, link, *ANY), links)
    told = {link: depth.leads(link) == "reached" for link in links}
    assert {link: each.code == 0 and each.status < 400 for link, each in zip(links, met, strict=True)} == told
    assert {*told.values()} == {True, False}


def test_hosts_elsewhere_have_the_addresses_the_truth_says(lab: Lab) -> None:
    for name in IPV4_ONLY_ELSEWHERE | DUAL_ELSEWHERE:
        assert dig(lab, name, "A").values
        assert bool(dig(lab, name, "AAAA").values) is (name in DUAL_ELSEWHERE)


@pytest.fixture(scope="module")
def config(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deep")
    write(folder, lab.folder, with_hostile=True)
    return folder


def _count(lab: Lab) -> int:
    listed = lab.run("isp", "nft", "list", "chain", "inet", "outside", "seen").stdout
    return sum(int(packets) for packets in re.findall(r"counter packets (\d+)", listed))


def test_nobody_outside_the_scope_hears_from_us(lab: Lab, config: Path) -> None:
    rules = (
        "add table inet outside; add chain inet outside seen { type filter hook prerouting priority -300; };"
        f"add rule inet outside seen ip daddr {OUTSIDE}.0/24 counter;"
        f"add rule inet outside seen ip6 daddr 2001:db8:18:{city.NOBODY}::/64 counter"
    )
    assert lab.run("isp", "nft", rules).returncode == 0
    try:
        for probe in ("web_links", "ipv6_only"):
            hosts = [site.fqdn(host) for site, host in deep()]
            assert lab.run("vantage", sys.executable, "-m", "tests.lab_tests.eye", str(config), probe, *hosts).stdout
        assert _count(lab) == 0
        curl(lab, f"http://{OUTSIDE}.1/")
        assert _count(lab) > 0, "the counter counts"
    finally:
        lab.run("isp", "nft", "delete table inet outside")


@pytest.mark.parametrize("host", [MAZE, MANY])
def test_a_site_without_end_is_left_after_its_samples(lab: Lab, config: Path, host: str) -> None:
    done = lab.run("vantage", sys.executable, "-m", "tests.lab_tests.eye", str(config), "web_links", host, timeout=300)
    ((_, _, word, facts, seconds),) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (word, facts["second"]["sampled"]) == ("ok", min(facts["second"]["linked"], 100))
    assert facts["third"]["sampled"] <= 200
    assert seconds < 120
