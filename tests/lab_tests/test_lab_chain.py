"""The way from the root by IPv6 alone, over every name of the city: as we take it, and as unbound and dig do."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.config import roots
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth
from tests.lab_tests.judge import PORT, judge
from tests.lab_tests.looking import Dug, at_once, dig

pytestmark = pytest.mark.lab

Chains = dict[str, dict[str, Any]]
MISSING = ("nosuch.kaiping.gov.test", "nobody.elsewhere.test", "dual.elsewhere.test", "test")
STANDS_OUT = {
    # Twenty aliases: we give up, and leave the question open.
    "cname-long": ("too_deep", "dns_cname_loop"),
    "cname-loop": ("alias_loop", "dns_cname_loop"),
    "cname-noaaaa": ("no_ipv6_address", ""),
    "servfail-aaaa": ("no_answer", "dns_servfail"),
    "refused-aaaa": ("no_answer", "dns_refused"),
    "notimp-aaaa": ("no_answer", "dns_notimp"),
    "formerr-aaaa": ("no_answer", "dns_formerr"),
    "drop-aaaa": ("no_answer", "dns_timeout"),
    "truncated": ("no_answer", "dns_truncated"),
    "garbage": ("no_answer", "dns_malformed"),
    "compress-loop": ("no_answer", "dns_malformed"),
    "wrong-question": ("no_answer", "dns_mismatch"),
}
"""What stops the way to odd names, in our words; every other one is found."""
PLAIN = ("lame", "no_ipv6_address", "alias_loop")
"""Stops that take nobody long to see."""


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    told = truth()
    return (*told["hosts"], *told["odd"], *MISSING)


@pytest.fixture(scope="module")
def chains(lab: Lab, names: tuple[str, ...]) -> Chains:
    command = (sys.executable, "-m", "tests.lab_tests.dns_looks", "dns_chain", *names)
    done = lab.run("vantage6", *command, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return {look["target"]: look["seen"][""] for look in map(json.loads, done.stdout.splitlines())}


def test_every_host_is_found_unless_a_zone_has_no_server_over_ipv6(chains: Chains) -> None:
    told = truth()
    for host, entry in told["hosts"].items():
        facts = chains[host]
        stopped = {"sole_ns_without_aaaa": "no_ipv6_address", "every_ns_lame": "lame"}
        stop = next((word for fault, word in stopped.items() if fault in entry["faults"]), None)
        assert (facts["stop"], facts["resolves"]) == (stop, stop is None), host
        alone = {"one_ns_without_aaaa", "one_ns_lame", "one_ns_deaf_over_ipv6"} & set(entry["faults"])
        assert bool(facts["single"]) is bool(alone), host


def test_every_odd_name_stops_for_a_reason_of_its_own(chains: Chains) -> None:
    for name in truth()["odd"]:
        facts = chains[name]
        if facts["resolves"]:
            assert name.partition(".")[0] not in STANDS_OUT, name
        elif name.startswith("wrong-id."):
            assert facts["stop"] == "no_answer"
        else:
            assert (facts["stop"], facts["met"] or "") == STANDS_OUT[name.partition(".")[0]], name


def test_unbound_without_ipv4_comes_to_the_same_over_every_name(
    lab: Lab, chains: Chains, names: tuple[str, ...], tmp_path: Path
) -> None:
    def ask(name: str) -> Dug:
        # Unbound goes back to a silent server several times before it tries another: a client has to ask again.
        tries = 6 if chains[name]["resolves"] else 2
        return dig(lab, name, "AAAA", "@::1", "-p", str(PORT), f"+tries={tries}", vantage="vantage6")

    open_ones = {name for name in names if chains[name]["resolves"] is None}
    assert {name.partition(".")[0] for name in open_ones} == {"cname-long"}
    settled = [name for name in names if name not in open_ones]
    # A server that was silent is held in suspicion for a while: those that are found come first.
    found, lost = ([name for name in settled if chains[name]["resolves"] is way] for way in (True, False))
    with judge(lab, tmp_path):
        judged = dict(zip(found, at_once(ask, found), strict=True))
        judged |= zip(lost, at_once(ask, lost), strict=True)
    # Where servers are silent unbound goes on trying for longer than dig waits.
    words = {name: ("SERVFAIL",) if chains[name]["stop"] in PLAIN else ("SERVFAIL", "") for name in lost}
    assert {name: judged[name].rcode for name in lost if judged[name].rcode not in words[name]} == {}
    for name in found:
        present = chains[name]["presence"]
        said = judged[name].rcode, bool(judged[name].values)
        assert said == ("NXDOMAIN" if present == "nxdomain" else "NOERROR", present == "present"), name


def test_dig_traces_the_same_zones_over_ipv6(lab: Lab, chains: Chains) -> None:
    # Where one server answers for both sides of a cut it is not traced: these zones have servers of their own.
    for host in ("www.kaiping.gov.test", "plain.odd.kaiping.gov.test"):
        said = lab.run(
            "vantage6", "dig", "-6", f"@{roots()[0]}", "+trace", "+nodnssec", host, "AAAA", timeout=60
        ).stdout
        cuts = dict.fromkeys(re.findall(r"^(\S+)\s+\d+\s+IN\s+NS\s", said, re.MULTILINE))
        assert [cut.removesuffix(".") for cut in cuts if cut != "."] == [z["zone"] for z in chains[host]["zones"]]
