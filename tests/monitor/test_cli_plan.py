"""`diaolou round --dry-run`: what a round would send, told without a socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.configuration import read
from monitor.store import Store
from monitor.tower import SELF
from probes import registry
from probes.dns_address import DnsAddress
from probes.observation import Observation, Subject
from probes.outlook import Outlook, together
from probes.target import Address, Family, Kind, Service, SnmpAccess, Target, Transport
from probes.wire import Presence, Source, Surroundings
from probes.wire.ledger import What
from probes.wire.link import Link
from tests.monitor.operator import Desk
from tests.monitor.watching import AT, VANTAGE

WWW, OTHER = "www.city.example", "www.education.example"
IN, DENIED, OUT = (ip_address(each) for each in ("192.0.2.80", "192.0.2.81", "2001:db8:ffff::80"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk in a process that cannot open a socket."""
    desk = Desk(tmp_path / "config")
    scope = "scope: {allow: [192.0.2.0/24, 10.0.0.0/8], deny: [192.0.2.81/32]}"
    desk.change("diaolou.yaml", 'scope: {allow: [192.0.2.0/24, 10.0.0.0/8, "2001:db8::/32"]}', scope)
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/diaolou.db'}}")

    def closed(*_: object, **__: object) -> None:
        pytest.fail("a dry run opened a socket")

    monkeypatch.setattr(socket, "socket", closed)
    return desk


def seen(desk: Desk, ipv4: Sequence[Address], ipv6: Sequence[Address] = ()) -> None:
    """Have the store know where the first website is."""
    records = []
    for family, addresses in ((Family.IPV4, tuple(ipv4)), (Family.IPV6, tuple(ipv6))):
        facts = DnsAddress(Presence.PRESENT, addresses, len(addresses), (), None, Source.RECURSIVE, (), False)
        records.append(Observation("dns_address", WWW, VANTAGE, Subject(family=family), AT, 0.1, facts, None))
    with Store.open(desk.load().daemon.store_url) as store:
        store.record(store.begin_run("dns_address", VANTAGE, AT, 1), records, [WWW])


def dry(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(app, ["round", str(desk.directory), "--dry-run", *words])


def told(desk: Desk, *words: str) -> dict[str, Any]:
    done = dry(desk, *words, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_who_was_never_looked_at_is_reckoned_with_once_in_each_family(desk: Desk) -> None:
    hosts = {host["host"]: host for host in told(desk)["hosts"]}
    assert hosts.keys() == {WWW, OTHER}
    assert [(host["known"], host["addresses"]) for host in hosts.values()] == [(False, {})] * 2
    assert hosts[WWW]["packets"]["echo"] == {"usual": 6, "most": 6}


def test_only_addresses_in_scope_are_sent_to_and_the_others_say_why(desk: Desk) -> None:
    seen(desk, [IN, DENIED], [OUT])
    host = told(desk, "--target", WWW)["hosts"][0]
    assert host["known"]
    assert host["addresses"] == {str(IN): None, str(DENIED): "denied", str(OUT): "out_of_scope"}
    assert host["packets"]["echo"] == {"usual": 3, "most": 3}


def test_hosts_add_up_to_agencies_and_all_with_ourselves(desk: Desk) -> None:
    found = told(desk)
    for what, sums in found["packets"].items():
        for key, total in sums.items():
            parts = [*found["agencies"].values(), found["ourselves"]]
            assert total == sum(part.get(what, {key: 0})[key] for part in parts)
            of_hosts = [host["packets"].get(what, {key: 0})[key] for host in found["hosts"]]
            assert sum(of_hosts) == total - found["ourselves"].get(what, {key: 0})[key]


def test_half_the_pace_takes_twice_the_time(desk: Desk) -> None:
    before = told(desk)["pace"]
    desk.change("diaolou.yaml", "city: city", "city: city\nlimits: {overall: 50, per_agency: 25, per_host: 5}")
    after = told(desk)["pace"]
    assert after["usual_seconds"] == pytest.approx(2 * before["usual_seconds"], abs=0.2)
    assert before["most_seconds"] >= before["usual_seconds"] > 0


def test_people_are_told_in_their_language_and_that_nothing_was_sent(desk: Desk) -> None:
    seen(desk, [IN, DENIED])
    chinese, english = (dry(desk, "--lang", language).stdout for language in ("zh", "en"))
    for shown in (chinese, english):
        assert WWW in shown
        assert str(IN) in shown
    assert "以上均未发送" in chinese
    assert "在禁止名单内" in chinese
    assert "None of this was sent" in english
    assert "on the deny list" in english


def test_a_target_that_is_not_in_the_inventory_is_a_mistake(desk: Desk) -> None:
    assert dry(desk, "--target", "nobody.example").exit_code == 78


def test_nothing_is_written_by_a_dry_run(desk: Desk) -> None:
    told(desk)
    assert not list(desk.directory.parent.glob("*.db"))
    assert read(desk.directory).config.daemon.store_url.endswith("diaolou.db")


@pytest.mark.parametrize("name", sorted(set(registry.load()) - {SELF}))
def test_the_most_is_never_less_than_the_usual_and_grows_with_the_addresses(name: str) -> None:
    services = frozenset(Service(family, Transport.TCP, port) for family in Family for port in (22, 80, 443))
    target = Target("www.example", "town", Kind.WEBSITE, declared=services, snmp=SnmpAccess("core"))
    roots, links = (IPv6Address("2001:db8::53"),), {target.host: Link("eth0")}
    own = Surroundings(scan_ports=(23, 445), roots=roots, links=links)

    def sent(four: int, six: int) -> dict[What, int]:
        where = {Family.IPV4: four, Family.IPV6: six}
        sends = registry.load()[name].sends
        assert sends is not None
        sendings = list(together(sends(Outlook(target, own, where))))
        assert all(0 <= each.usual <= each.most for each in sendings)
        return {each.what: each.most for each in sendings}

    one, two = sent(1, 1), sent(2, 2)
    assert one
    assert all(two[what] >= most for what, most in one.items())
