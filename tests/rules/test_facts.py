"""What a condition may rest on: neither what is too old, nor what a wrong clock dated in the future."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address

import pytest

from probes.observation import Observation, Subject
from probes.target import Family, Target
from probes.tcp_ports import TcpPorts
from rules.facts import INVENTORY, Proof, Seen, activation, schema
from rules.judge import judge
from rules.rule import Rule
from rules.rule_file import parse
from rules.verdict import Outcome, Witness
from tests.rules.judgement import NOW, policy

SCHEMA = schema({"tcp_ports": TcpPorts})
FILE = """\
id: {id}
title: {{zh: 标题, en: A title}}
why: {{zh: 原因, en: why}}
fix: {{zh: 办法, en: fix}}
references: [own]
when: {when}
cases: [{{name: nothing, facts: {{}}, outcome: unknown}}]
"""


def rule(when: str) -> Rule:
    return parse(FILE.format(id="statement", when=when), "statement.yaml", "own", SCHEMA)


def ports(at: dt.datetime, *, last: int = 1) -> Observation:
    subject = Subject(family=Family.IPV4, address=ip_address(f"192.0.2.{last}"))
    return Observation("tcp_ports", "www", "here", subject, at, 0.1, TcpPorts((80,), (), (), ()))


def seen(*records: Observation) -> Seen:
    return Seen(Target("www", "a"), "here", records, frozenset({"tcp_ports"}))


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (-8 * 86400, Outcome.UNKNOWN),
        (-6 * 86400, Outcome.PASS),
        (0, Outcome.PASS),
        (30, Outcome.PASS),
        (3600, Outcome.UNKNOWN),
        (1500 * 86400, Outcome.UNKNOWN),
    ],
)
def test_what_is_too_old_or_of_the_future_is_not_known(seconds: float, outcome: Outcome) -> None:
    met = seen(ports(NOW + dt.timedelta(seconds=seconds)))
    (said,) = judge([rule("tcp_ports.exists(o, 80 in o.open)")], met, policy(), NOW)
    assert said.outcome is outcome


def test_what_is_dated_in_the_future_hides_no_evidence_of_today() -> None:
    met = seen(ports(NOW, last=1), ports(NOW + dt.timedelta(days=1500), last=2))
    (said,) = judge([rule("tcp_ports.exists(o, 80 in o.open)")], met, policy(), NOW)
    assert (said.outcome, said.evidence) == (Outcome.PASS, NOW)


def test_a_rule_that_reads_no_probe_rests_on_the_inventory_of_now() -> None:
    assert Proof(seen(ports(NOW)), NOW).of((), "") == (Witness(INVENTORY, "here", "", NOW),)
    (said,) = judge([rule("target.value == 5")], seen(), policy(), NOW)
    assert (said.outcome, said.evidence) == (Outcome.FAIL, NOW)


@pytest.mark.parametrize(("host", "literal"), [("www", ""), ("192.0.2.1", "ipv4"), ("2001:db8::1", "ipv6")])
def test_a_target_says_whether_it_is_named_by_an_address(host: str, literal: str) -> None:
    known = activation(Seen(Target(host, "a"), "here", (), frozenset()), policy(), NOW)
    assert isinstance(known["target"], dict)
    assert known["target"]["literal"] == literal
