"""Each fault bites while it is on and is forgotten when it is off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.faults import FAULTS, turn
from tests.lab.lifecycle import Lab, LabError
from tests.lab_tests.looking import answering, curl, dig, ports

pytestmark = pytest.mark.lab

PORTAL, LAND = "www.kaiping.gov.test", "www.land.kaiping.gov.test"
PORTAL4, PORTAL6 = "198.18.20.10", "2001:db8:18:20::10"
LAND4, LAND6 = "198.18.32.10", "2001:db8:18:32::10"


@contextmanager
def _broken(lab: Lab, name: str) -> Iterator[None]:
    turn(lab, name, on=True)
    try:
        yield
    finally:
        turn(lab, name, on=False)


def _reached(lab: Lab, name: str, address: str) -> bool:
    return curl(lab, f"https://{name}/", address=address, seconds=1).status == 200


def _reach(lab: Lab) -> tuple[bool, ...]:
    return tuple(_reached(lab, *each) for each in ((PORTAL, PORTAL4), (PORTAL, PORTAL6), (LAND, LAND4), (LAND, LAND6)))


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("vantage-isolated", (False, False, False, False)),
        ("reset-storm", (False, False, False, False)),
        ("v6-backbone-cut", (True, False, True, False)),
        ("portal-v6-cut", (True, False, True, True)),
        ("portal-v4-cut", (False, True, True, True)),
    ],
)
def test_a_cut_takes_away_what_it_says_and_no_more(lab: Lab, fault: str, left: tuple[bool, ...]) -> None:
    with _broken(lab, fault):
        assert _reach(lab) == left
    assert _reach(lab) == (True, True, True, True)


@pytest.mark.parametrize(
    ("fault", "rcode", "word"),
    [
        ("resolver-down", "", "timed out"),
        ("resolver-unreachable", "", "connection refused"),
        ("resolver-refuses", "REFUSED", ""),
    ],
)
def test_a_broken_resolver_breaks_names_and_not_hosts(lab: Lab, fault: str, rcode: str, word: str) -> None:
    with _broken(lab, fault):
        heard = dig(lab, PORTAL, "AAAA", "+time=1")
        assert heard.rcode == rcode
        assert word in heard.text
        assert _reached(lab, PORTAL, PORTAL6)
    assert dig(lab, PORTAL, "AAAA").values == (PORTAL6,)


def test_one_packet_in_ten_is_lost(lab: Lab) -> None:
    echo = [f"198.18.{site}.1" for site in (20, 21, 22)] + [PORTAL4]
    with _broken(lab, "loss-10"):
        said = lab.run("vantage", "nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "1-400", PORTAL4).stdout
        assert 20 < 400 - _closed(said) < 140
    assert answering(lab, echo) == set(echo)


def _closed(said: str) -> int:
    words = next(line for line in said.splitlines() if line.startswith("Not shown")).replace("(", " ").split()
    return next(int(words[i - 1]) for i, word in enumerate(words) if word == "closed")


def test_the_portal_opens_redis(lab: Lab) -> None:
    for state in ("open", "closed"):
        turn(lab, "portal-opens-redis", on=state == "open")
        for address in (PORTAL4, PORTAL6):
            assert ports(lab, [address], [6379]) == {address: {6379: state}}


def test_the_portal_shows_an_expired_certificate(lab: Lab) -> None:
    with _broken(lab, "portal-certificate-expired"):
        for address in (PORTAL4, PORTAL6):
            assert "certificate has expired" in curl(lab, f"https://{PORTAL}/", address=address).complaint
    assert _reached(lab, PORTAL, PORTAL4)


def test_an_unknown_fault_is_refused_with_those_there_are(lab: Lab) -> None:
    with pytest.raises(LabError, match="no fault portal-v7-cut") as refused:
        turn(lab, "portal-v7-cut", on=True)
    assert all(name in str(refused.value) for name in FAULTS)
