"""Diaolou's probes against hosts that attack them: an answer with a name, in bounded time, and nothing invented."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.config import write
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth

pytestmark = pytest.mark.lab

Told = dict[str, Any]
_SLOWEST = 30.0
"""Seconds one look may take: an exchange of 10 s for each family, and something for the machine."""
_FAULTS = {"valid": [], "wrong_name": ["name_mismatch"], "not_yet_valid": ["not_yet_valid"]}


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting of one host."""

    host: str
    subject: str
    word: str
    facts: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def told() -> Told:
    return truth()


@pytest.fixture(scope="module")
def config(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("config")
    write(folder, lab.folder, with_hostile=True)
    return folder


def _see(lab: Lab, config: Path, probe: str, hosts: Iterable[str]) -> list[Seen]:
    done = lab.run("vantage", sys.executable, "-m", "tests.lab_tests.eye", str(config), probe, *hosts, timeout=200)
    assert done.stderr == ""
    return [Seen(*json.loads(line)) for line in done.stdout.splitlines()]


def test_hostile_web_servers_end_in_what_the_truth_allows(lab: Lab, config: Path, told: Told) -> None:
    hostile = {name: entry for name, entry in told["hostile"].items() if entry["port"] == 80}
    seen = [each for each in _see(lab, config, "http_home", hostile) if each.subject.startswith("http/80/")]
    assert {each.host for each in seen} == hostile.keys()
    for each in seen:
        entry = hostile[each.host]
        assert _web_words(each) & set(entry["expect"]), each
        assert each.seconds < _SLOWEST, each
        if "title" in entry:
            assert each.facts["title"] == entry["title"]


def _web_words(seen: Seen) -> set[str]:
    if seen.word != "ok":
        return {seen.word}
    return {"not_followed"} if seen.facts["stopped"] else {"clipped"} if seen.facts["truncated"] else {"ok"}


def test_hostile_tls_servers_end_in_what_the_truth_allows(lab: Lab, config: Path, told: Told) -> None:
    hostile = {name: entry for name, entry in told["hostile"].items() if entry["port"] == 443}
    seen = _see(lab, config, "tls_certificate", hostile)
    assert {each.host for each in seen} == hostile.keys()
    for each in seen:
        entry = hostile[each.host]
        assert each.word in entry["expect"], each
        assert each.seconds < _SLOWEST, each
        if "certificate" in entry:
            assert each.facts["faults"] == _FAULTS[entry["certificate"]], each


def test_odd_answers_end_in_what_the_truth_allows(lab: Lab, config: Path, told: Told) -> None:
    seen = {each.host: each for each in _see(lab, config, "dns_address", told["odd"]) if each.subject == "ipv6"}
    assert seen.keys() == told["odd"].keys()
    for host, each in seen.items():
        assert _dns_word(each) in told["odd"][host]["direct"], each


def _dns_word(seen: Seen) -> str:
    if seen.word != "ok":
        return seen.word
    if seen.facts["unusable"]:
        return f"bogus:{seen.facts['unusable'][0]['kind']}"
    return str(seen.facts["presence"]).replace("present", "ok")
