"""Packet filters: the same every time, alike over both families, and no word of others leaves its comment."""

from __future__ import annotations

import datetime as dt
import subprocess
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.enforcement import Closing, Dialect, Enforcement, render
from exporters.enforcement.remarks import safe
from probes.target import Family, Service, Transport
from rules.finding import Finding, Key, State
from rules.policy import Level
from rules.text import Text

GOLDEN = Path(__file__).parents[1] / "fixtures" / "enforcement"
AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def finding(subject: str) -> Finding:
    return Finding(Key("no_dangerous_port_open", "db.city.example", subject), "city", Level.HIGH, State.OPEN, AT, AT)


DATA, OPEN = Text("大数据局", "Data Bureau"), Text("高危端口未开放", "No dangerous port is open")


def plan(agency: Text = DATA, title: Text = OPEN, subject: str = "tcp/6379/ipv6") -> Enforcement:
    return Enforcement(
        host="db.city.example",
        agency=agency,
        declared=frozenset(
            {
                Service(Family.IPV4, Transport.TCP, 443),
                Service(Family.IPV6, Transport.TCP, 443),
                Service(Family.IPV4, Transport.TCP, 3306),
                Service(Family.IPV6, Transport.UDP, 53),
            }
        ),
        addresses=(ip_address("192.0.2.10"), ip_address("2001:db8::10")),
        beyond=(ip_address("203.0.113.9"),),
        trusted=(ip_network("192.0.2.0/28"), ip_network("2001:db8:0:1::/64")),
        closings=(
            Closing(finding(subject), title, declared=False),
            Closing(finding("tcp/3306/ipv4"), title, declared=True),
        ),
        vantage="tower",
        contact="https://city.example/about",
        policy="county 1 0123456789ab",
    )


@pytest.mark.parametrize("dialect", Dialect)
def test_a_filter_reads_as_it_always_has(dialect: Dialect) -> None:
    assert render(plan(), dialect) == (GOLDEN / f"{dialect}.txt").read_text(encoding="utf-8")


@pytest.mark.real
def test_nft_takes_the_filter() -> None:
    checked = subprocess.run(
        ["unshare", "-rn", "nft", "-c", "-f", "-"],
        input=render(plan(), Dialect.NFTABLES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_what_is_declared_over_one_family_is_let_in_over_both() -> None:
    text = render(plan(), Dialect.NFTABLES)
    assert "\t\ttcp dport { 443, 3306 } accept\n" in text
    assert "\t\tudp dport { 53 } accept\n" in text
    for dialect in sorted(set(Dialect) - {Dialect.NFTABLES}):
        lists = render(plan(), dialect)
        assert lists.count("eq 3306") == 2, dialect
        assert lists.count("eq 443") == 2, dialect


@pytest.mark.parametrize("dialect", sorted(set(Dialect) - {Dialect.NFTABLES}))
def test_a_switch_needs_an_address(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match=r"db\.city\.example"):
        render(replace(plan(), addresses=()), dialect)


def commands(text: str) -> list[str]:
    """Return what of a filter is no comment."""
    return [line for line in text.split("\n") if line and not line.lstrip().startswith(("#", "!"))]


HOSTILE = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\r\n\x1b?!#;|{}\u2028\u202e\x85")), max_size=60)


@given(zh=HOSTILE, en=HOSTILE, title=HOSTILE, subject=HOSTILE)
def test_whatever_others_named_stays_in_its_comment(zh: str, en: str, title: str, subject: str) -> None:
    hostile = plan(Text(zh, en), Text(title, title), subject=subject)
    for dialect in Dialect:
        told = render(hostile, dialect)
        assert commands(told) == commands(render(plan(), dialect))
        assert told.splitlines() == told.split("\n")[:-1]


def test_a_comment_speaks_to_no_terminal() -> None:
    assert safe("a\r\nno ip access-list?\x1b[2J") == "a_x0d_x0ano ip access-list__x1b[2J"
    assert safe("教育局（开平）: tcp/22") == "教育局（开平）: tcp/22"
