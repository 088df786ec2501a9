"""One round over the city: everything said of it is true, and a blind tower says nothing."""

from __future__ import annotations

import copy
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from monitor.commands.plan import plan
from monitor.refusal import EX_STOPPED
from probes.observation import GapReason
from probes.target import Family
from probes.wire.ledger import What
from rules.finding import Act, Key
from rules.verdict import Outcome
from tests.lab.agreement import disagreements
from tests.lab.blame import BREAKS
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth
from tests.lab_tests.rounds import Tower, broken

pytestmark = pytest.mark.lab

PORTAL, NEWS, TEST = "www.kaiping.gov.test", "news.kaiping.gov.test", "test.data.kaiping.gov.test"
"""Two hosts without a fault, and one with an undeclared port open."""
_WELL = {"packet_too_big_is_delivered": Outcome.NOT_APPLICABLE}
"""What a rule comes to for a host in order, where that is no pass: nothing is narrow on the way to it."""
BLIND = "the vantage could not prove it has: "


@pytest.fixture(scope="session")
def whole(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Tower:
    """Return a tower that has looked at the whole city once."""
    tower = Tower(lab, tmp_path_factory.mktemp("whole")).begin()
    assert BLIND not in tower.round()
    return tower


@pytest.fixture
def tower(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Tower:
    """Return a tower with nothing in its store."""
    return Tower(lab, tmp_path_factory.mktemp("tower")).begin()


def _told() -> dict[str, Any]:
    return json.loads(json.dumps(truth()))


def test_all_that_is_said_of_the_city_is_true_and_nothing_is_missed(whole: Tower) -> None:
    assert disagreements(whole.folder, _told()) == []


def test_every_fault_of_the_city_has_its_rules() -> None:
    assert {fault for host in _told()["hosts"].values() for fault in host["faults"]} == BREAKS.keys()


def _lie(place: str, *path: str, to: object) -> tuple[str, Callable[[dict[str, Any]], None]]:
    def tell(told: dict[str, Any]) -> None:
        where = told
        for step in path[:-1]:
            where = where[step]
        where[path[-1]] = to

    return place, tell


@pytest.mark.parametrize(
    ("word", "lie"),
    [
        _lie("stage ipv6_only, true is deep", "hosts", PORTAL, "ladder", to="deep"),
        _lie("links of the third level", "hosts", PORTAL, "depth", "third", "linked", to=10),
        _lie("sky windows", "hosts", PORTAL, "depth", "windows", to=["static.elsewhere.test"]),
        _lie("IPv4 literals", "hosts", PORTAL, "depth", "literals", to=["198.18.99.7"]),
        _lie("IPv6 alone lacks", "hosts", PORTAL, "depth", "blockers", to=[["script", "static.elsewhere.test"]]),
        _lie("AAAA", "hosts", PORTAL, "AAAA", to=[]),
        _lie("port 80 is open", "hosts", PORTAL, "addresses", "198.18.20.10", "ports", "80", to="closed"),
        _lie("differ between the families", "hosts", TEST, "parity_gaps", to=[443]),
        _lie("certificate", "hosts", PORTAL, "certificate", "ipv6", to="expired"),
        _lie("speaks TLSv1.3", "hosts", PORTAL, "tls", "ipv4", to="TLSv1.2"),
        _lie("https over ipv6", "hosts", PORTAL, "web", "https", "ipv6", to="http_timeout"),
        _lie("ping is answered", "hosts", PORTAL, "addresses", "2001:db8:18:20::10", "ping", to=False),
        _lie("path is left at", "hosts", PORTAL, "addresses", "2001:db8:18:20::10", "path", "told", to=True),
        _lie("'mtu': 1500", "hosts", PORTAL, "addresses", "198.18.20.10", "path", "mtu", to=1400),
        _lie("connects 5 of 5 times", "hosts", PORTAL, "addresses", "198.18.20.10", "ports", "80", to="closed"),
        _lie("over tcp connection_refused", "zones", "data.kaiping.gov.test", "servers", "ns5.kaiping.gov.test",
             "answers", "ipv4", "tcp", to="ok"),
        _lie("is served by", "zones", "kaiping.gov.test", "servers", to={}),
        _lie("holds, in spite of telnet_open", "hosts", PORTAL, "faults", to=["telnet_open"]),
        _lie("is blamed, and has no fault", "hosts", TEST, "faults", to=["one_ns_refuses_tcp"]),
    ],
)  # fmt: skip
def test_the_comparison_would_notice(whole: Tower, word: str, lie: Callable[[dict[str, Any]], None]) -> None:
    told = copy.deepcopy(_told())
    lie(told)
    assert any(word in difference for difference in disagreements(whole.folder, told))


def test_no_host_was_sent_more_than_a_dry_run_foretells(whole: Tower) -> None:
    known = whole.known()
    planned = {host.target.host: host for host in plan(known, None).hosts}
    most = {(name, each.what): each.most for name, host in planned.items() for each in host.sendings}
    sent: Counter[tuple[str, What]] = Counter()
    for line in whole.ledger():
        if line.target in planned and line.refused is None:
            sent[line.target, line.what] += line.packets
    assert {name for name, _ in sent} == planned.keys()
    looks = known.config.policy.confirmations
    assert {key: (count, most.get(key)) for key, count in sent.items() if count > looks * most.get(key, 0)} == {}


@pytest.mark.parametrize(
    ("fault", "blind"),
    [
        ("vantage-isolated", "IPv4 IPv6"),
        ("v6-backbone-cut", "IPv6"),
        ("vantage-drops-https", "IPv4 IPv6"),
        ("resolver-down", ""),
    ],
)
def test_a_fault_of_our_own_blames_no_agency(tower: Tower, fault: str, blind: str) -> None:
    hosts = (NEWS, TEST)
    tower.round(*hosts)
    opened, events = tower.open(), tower.events()
    coverage = {host: tower.host(host).score.coverage for host in hosts}
    assert opened
    with broken(tower.lab, fault):
        shown = tower.round(*hosts)
        assert (BLIND + blind in shown) is bool(blind)
        assert tower.open() == opened
        assert tower.events() == events
        for host in hosts:
            assert tower.host(host).score.coverage < coverage[host]
    tower.round(*hosts)
    assert tower.events() == events
    assert {host: tower.host(host).score.coverage for host in hosts} == coverage


def test_a_healthy_host_is_unknown_where_our_own_filter_drops_its_answers(tower: Tower) -> None:
    with broken(tower.lab, "vantage-drops-https"), broken(tower.lab, "vantage-drops-pings"):
        assert BLIND + "IPv4 IPv6" in tower.round(PORTAL)
        assert not tower.findings()
        outcomes = {verdict.rule: verdict.outcome for verdict in tower.verdicts([PORTAL])}
    assert Outcome.FAIL not in outcomes.values()
    for rule in ("https_available", "home_page_answers_over_ipv6", "echo_answers_over_ipv6"):
        assert outcomes[rule] is Outcome.UNKNOWN


def test_pings_that_our_own_filter_drops_are_held_against_nobody_and_nothing_else_changes(tower: Tower) -> None:
    def outcomes() -> dict[str, set[tuple[str, Outcome]]]:
        told: dict[str, set[tuple[str, Outcome]]] = defaultdict(set)
        for verdict in tower.verdicts([PORTAL]):
            told[verdict.rule].add((verdict.subject, verdict.outcome))
        return told

    with broken(tower.lab, "vantage-drops-pings"):
        assert BLIND not in tower.round(PORTAL)
        opened, dropped = tower.open(), outcomes()
    tower.round(PORTAL)
    healed = outcomes()
    changed = {rule for rule in healed if healed[rule] != dropped[rule]}
    assert {"echo_answers_over_ipv4", "echo_answers_over_ipv6"} <= changed
    assert not changed & {"https_available", "home_page_answers_over_ipv6", "families_agree_on_content"}
    for rule in changed:
        assert {outcome for _, outcome in dropped[rule]} == {Outcome.UNKNOWN}, rule
        assert {outcome for _, outcome in healed[rule]} == {_WELL.get(rule, Outcome.PASS)}, rule
    assert tower.open() == opened


def test_a_port_that_opens_is_told_after_two_looks_and_settled_by_evidence(tower: Tower) -> None:
    keys = {Key("no_dangerous_port_open", PORTAL, f"tcp/6379/{family}") for family in Family}
    with broken(tower.lab, "portal-opens-redis"):
        tower.round(PORTAL)
        assert keys <= tower.open()
        assert all(finding.failures == 2 for finding in tower.findings() if finding.key in keys)
    tower.round(PORTAL)
    assert not keys & tower.open()
    acts = {(event.key, event.act) for event in tower.events() if event.key in keys}
    assert acts == {(key, act) for key in keys for act in (Act.OPENED, Act.CLOSED)}


def test_a_vantage_without_ipv6_claims_nothing_about_it(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    hosts = ("api.health.kaiping.gov.test", "db.data.kaiping.gov.test", NEWS)
    tower = Tower(lab, tmp_path_factory.mktemp("four"), "vantage4").begin()
    assert BLIND + "IPv6" in tower.round(*hosts)
    reached = [verdict for verdict in tower.verdicts(hosts) if "ipv6/" in verdict.subject or "/ipv6" in verdict.subject]
    assert reached
    assert {verdict.outcome for verdict in reached} <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
    about = {"name_servers_answer_over_ipv6", "families_agree_on_ports", "families_agree_on_content"}
    for verdict in tower.verdicts(hosts):
        assert verdict.rule not in about or verdict.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)
    assert not [key for key in tower.open() if "ipv6" in key.subject]


def test_a_look_tells_all_of_one_host_and_records_nothing_but_what_it_sent(tower: Tower) -> None:
    told = tower.look(TEST)
    met = {record["probe"] for record in told["records"]}
    assert {"dns_address", "dns_delegation", "tcp_ports", "http_home", "tls_certificate", "icmp_echo"} <= met
    for record in told["records"]:
        assert [record[part] is None for part in ("facts", "failure", "gap")].count(False) == 1
    failing = {verdict["rule"] for verdict in told["verdicts"] if verdict["outcome"] == "fail"}
    assert "only_declared_ports_open" in failing
    with tower.store() as store:
        assert not list(store.state())
        assert not store.findings()
        assert {line.target for line in tower.ledger()} == {TEST, tower.known().config.vantage.name}


def test_an_order_to_stop_ends_a_round_that_is_under_way(tower: Tower) -> None:
    with tower.rounding() as process:
        time.sleep(3.0)
        tower.order("stop-scanning")
        began = time.monotonic()
        assert process.wait(timeout=60) == EX_STOPPED
    assert time.monotonic() - began < 30
    assert GapReason.STOPPED in tower.gaps()
    assert not tower.gaps() & {GapReason.VANTAGE_BLIND_IPV4, GapReason.VANTAGE_BLIND_IPV6}
    tower.order("resume-scanning")
