"""Links in diaolou.yaml: declared routers as they are meant, and every mistake with its place."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.settings import load
from probes.target import Kind
from probes.wire.link import Link, Router
from tests.monitor.operator import FILES, PROBES, RULES, Desk

OFFICE = "office.lan.city.example"
GOOD = f"""\
links:
  {OFFICE}:
    interface: eth1
    routers: [{{mac: "02-00-00-00-00-0A", prefixes: ["2001:db8:1::/48"]}}]
    dhcp_servers: ["02:00:00:00:00:0b"]
"""


def desk(tmp_path: Path, links: str, kind: str = "link") -> Desk:
    desk = Desk(tmp_path)
    desk.write("diaolou.yaml", FILES["diaolou.yaml"] + links)
    desk.targets(f"{{host: {OFFICE}, agency: city, kind: {kind}}}")
    return desk


def test_a_link_is_told_with_its_routers_and_servers(tmp_path: Path) -> None:
    config = load(desk(tmp_path, GOOD).directory, RULES, PROBES)
    router = Router("02:00:00:00:00:0a", (ip_network("2001:db8:1::/48"),))
    assert dict(config.surroundings.links) == {OFFICE: Link("eth1", (router,), ("02:00:00:00:00:0b",))}
    target = config.targets[OFFICE]
    assert (target.kind, target.declared, target.ipv6_exempt) == (Kind.LINK, frozenset(), True)


def test_without_links_there_are_none(tmp_path: Path) -> None:
    assert load(Desk(tmp_path).directory, RULES, PROBES).surroundings.links == {}


@pytest.mark.parametrize(
    ("links", "words"),
    [
        (GOOD.replace("eth1", "../eth1"), "is not written as it should be"),
        (GOOD.replace("02-00-00-00-00-0A", "02-00-00-00-00"), "is no MAC address"),
        (GOOD.replace("02:00:00:00:00:0b", "router"), "is no MAC address"),
        (GOOD.replace(OFFICE, "other.lan.city.example"), "is no target of kind link"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, links: str, words: str) -> None:
    name, line, said = desk(tmp_path, links).mistake()
    assert name == "diaolou.yaml"
    assert line > FILES["diaolou.yaml"].count("\n")
    assert words in said


def test_a_link_of_a_host_is_a_mistake(tmp_path: Path) -> None:
    assert "is no target of kind link" in desk(tmp_path, GOOD, kind="server").mistake()[2]
