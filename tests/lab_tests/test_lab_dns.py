"""What our DNS probes say of the city is what is true of it, from every vantage and under every fault."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab.faults import turn
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth
from tests.lab_tests.looking import at_once

pytestmark = pytest.mark.lab

Seen = dict[str, dict[str, Any]]
_STANDINGS = {"ok": "authoritative", "dns_refused": "lame"}


def _looks(lab: Lab, probe: str, *hosts: str, vantage: str = "vantage", options: tuple[str, ...] = ()) -> Seen:
    command = (sys.executable, "-m", "tests.lab_tests.dns_looks", *options, probe, *hosts)
    done = lab.run(vantage, *command, timeout=180)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return {look["target"]: look["seen"] for look in map(json.loads, done.stdout.splitlines())}


@contextmanager
def _broken(lab: Lab, name: str) -> Iterator[None]:
    turn(lab, name, on=True)
    try:
        yield
    finally:
        turn(lab, name, on=False)


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return truth()


@pytest.mark.parametrize("vantage", ["vantage", "vantage4", "vantage6"])
def test_every_host_has_the_addresses_it_has(lab: Lab, told: dict[str, Any], vantage: str) -> None:
    seen = _looks(lab, "dns_address", *told["hosts"], vantage=vantage)
    for host, entry in told["hosts"].items():
        for family, kind in (("ipv4", "A"), ("ipv6", "AAAA")):
            facts = seen[host][family]
            if entry["rcode"] == "SERVFAIL":
                assert facts == "dns_servfail", host
                continue
            assert sorted(facts["addresses"]) == sorted(entry[kind]), host
            assert facts["presence"] == ("present" if entry[kind] else "nodata"), host
            bogus = {address: entry["addresses"][address]["bogus"] for address in entry[kind]}
            unusable = {each["address"]: each["kind"] for each in facts["unusable"]}
            assert unusable == {address: kind for address, kind in bogus.items() if kind}, host


def _word(facts: Any) -> str:
    """Say in the truth's words what was seen."""
    if isinstance(facts, str):
        return facts
    if facts["unusable"]:
        return f"bogus:{facts['unusable'][0]['kind']}"
    return "ok" if facts["presence"] == "present" else str(facts["presence"])


def test_every_odd_name_gets_its_own_word(lab: Lab, told: dict[str, Any]) -> None:
    seen = _looks(lab, "dns_address", *told["odd"])
    for name, expected in told["odd"].items():
        assert _word(seen[name]["ipv6"]) in expected["direct"], name
    contradicted = {name.partition(".")[0] for name in told["odd"] if _field(seen[name]["ipv6"], "contradicted")}
    assert contradicted == {"nxdomain-aaaa"}


def test_looking_ahead_changes_nothing(lab: Lab, told: dict[str, Any]) -> None:
    hosts = (*told["hosts"], *told["odd"], "nosuch.kaiping.gov.test", "例子.kaiping.gov.test", "198.18.20.10")
    one_by_one, ahead = (_looks(lab, "dns_address", *hosts, options=options) for options in ((), ("--ahead",)))
    assert _lasting(one_by_one) == _lasting(ahead)


def _lasting(seen: Seen) -> Seen:
    """Return what was seen, less the lifetimes that a resolver counts down."""
    return {
        host: {
            subject: {name: value for name, value in facts.items() if name != "ttl"}
            if isinstance(facts, dict)
            else facts
            for subject, facts in subjects.items()
        }
        for host, subjects in seen.items()
    }


def _field(facts: Any, name: str) -> Any:
    return facts[name] if isinstance(facts, dict) else None


@pytest.mark.parametrize(("vantage", "blind"), [("vantage", ""), ("vantage4", "ipv6"), ("vantage6", "ipv4")])
def test_every_zones_servers_are_what_they_are(lab: Lab, told: dict[str, Any], vantage: str, blind: str) -> None:
    zones = told["zones"]
    seen = _looks(lab, "dns_delegation", *(f"www.{zone}" for zone in zones), vantage=vantage)
    for zone, entry in zones.items():
        subjects = seen[f"www.{zone}"]
        assert subjects[""]["zone"] == zone
        assert set(subjects[""]["servers"]) == set(entry["servers"])
        assert subjects[""]["with_ipv6"] == len(entry["with_aaaa"])
        for server, expected in entry["servers"].items():
            _compare(subjects[f"server/{server}"], expected["answers"], blind)


def _compare(facts: dict[str, Any], expected: dict[str, dict[str, str]], blind: str) -> None:
    met = {(answer["family"], answer["transport"]): answer for answer in facts["answers"]}
    assert {family for family, _ in met} == set(expected)
    for (family, transport), answer in met.items():
        if family == blind:
            assert answer["standing"] == "not_asked"
            assert facts[f"{family}_{transport}"] is None
            continue
        word = expected[family][transport]
        assert answer["standing"] == _STANDINGS.get(word, "silent"), (facts["servers"], family, transport)
        assert answer["failure"] in (None, word)
        assert facts[f"{family}_{transport}"] == (word == "ok")


@pytest.mark.parametrize("fault", ["resolver-down", "resolver-refuses", "resolver-unreachable", "vantage-isolated"])
def test_without_a_resolver_nothing_is_claimed(lab: Lab, told: dict[str, Any], fault: str) -> None:
    hosts = (*list(told["hosts"])[:5], "nosuch.kaiping.gov.test", *list(told["odd"])[:5])
    with _broken(lab, fault):
        looks = at_once(lambda probe: _looks(lab, probe, *hosts), ["dns_address", "dns_delegation"])
    for seen in looks:
        assert {outcome for subjects in seen.values() for outcome in subjects.values()} == {"resolver_failed"}


def test_a_second_resolver_steps_in_for_a_dead_one(lab: Lab) -> None:
    options = ("--resolver", "198.18.5.99", "--resolver", "2001:db8:18:5::53")
    seen = _looks(lab, "dns_address", "www.kaiping.gov.test", options=options)
    assert seen["www.kaiping.gov.test"]["ipv6"]["presence"] == "present"


@pytest.mark.parametrize(
    ("vantage", "fault", "alive"),
    [
        ("vantage", "", {"ipv4": True, "ipv6": True}),
        ("vantage4", "", {"ipv4": True, "ipv6": False}),
        ("vantage6", "", {"ipv4": False, "ipv6": True}),
        ("vantage", "v6-backbone-cut", {"ipv4": True, "ipv6": False}),
        ("vantage", "vantage-isolated", {"ipv4": False, "ipv6": False}),
        ("vantage", "vantage-drops-https", {"ipv4": False, "ipv6": False}),
        ("vantage", "vantage-drops-pings", {"ipv4": True, "ipv6": True}),
    ],
)
def test_the_vantage_knows_its_own_families(lab: Lab, vantage: str, fault: str, alive: dict[str, bool]) -> None:
    if fault:
        with _broken(lab, fault):
            seen = _looks(lab, "vantage_self", "lookout", vantage=vantage)
    else:
        seen = _looks(lab, "vantage_self", "lookout", vantage=vantage)
    assert {family: seen["lookout"][family]["alive"] for family in alive} == alive
