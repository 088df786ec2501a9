"""What the ledger says was sent is what left the vantage, packet for packet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from probes.observation import GapReason
from probes.wire.ledger import What
from tests.lab.lifecycle import Lab
from tests.lab.truth import truth
from tests.lab_tests.rounds import Tower

pytestmark = pytest.mark.lab

HOSTS = ("www.kaiping.gov.test", "db.data.kaiping.gov.test", "api.health.kaiping.gov.test")
"""One in order, one with ports that are filtered, one without IPv6 that answers."""

Left = dict[str, dict[str, int]]


@contextmanager
def captured(lab: Lab, vantage: str) -> Iterator[Left]:
    """Capture what leaves; what it comes to is known afterwards."""
    left: Left = {}
    line = lab.command(vantage, [sys.executable, "-m", "tests.lab_tests.capture"])
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield left
        said, _ = process.communicate(timeout=30)
        left.update(json.loads(said))


def test_the_ledger_and_a_packet_capture_agree(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    tower = Tower(lab, tmp_path_factory.mktemp("ledger")).begin()
    with captured(lab, tower.vantage) as left:
        tower.round(*HOSTS)
    told: Left = defaultdict(lambda: {"packets": 0, "octets": 0, "echoes": 0, "scanned": 0})
    for line in tower.ledger():
        if line.refused is None:
            counts = told[str(line.address)]
            counts["scanned" if line.what is What.SYN else "packets"] += line.packets
            counts["octets"] += line.sent
            counts["echoes"] += line.packets if line.what is What.ECHO else 0
    # Who was scanned together shares what was asked again: by address that is an estimate, in all it is exact.
    assert _scanned(told) == _scanned(left)
    assert told == left
    assert sum(counts["echoes"] for counts in left.values()) > 0
    assert len(left) > 2 * len(HOSTS)


def _scanned(left: Left) -> tuple[set[str], int]:
    """Take out who was scanned; return them, and with how many packets in all."""
    scanned = {address: counts.pop("scanned") for address, counts in left.items()}
    return {address for address, packets in scanned.items() if packets}, sum(scanned.values())


def test_a_dry_run_lets_nothing_out(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    tower = Tower(lab, tmp_path_factory.mktemp("dry")).begin()
    with captured(lab, tower.vantage) as left:
        told = json.loads(tower.tell("round", str(tower.folder), "--dry-run", "--json"))
    assert left == {}
    assert told["packets"]["http"]["usual"] > 0


def test_what_is_refused_is_told_by_its_reason_and_nothing_of_it_has_left(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tower = Tower(lab, tmp_path_factory.mktemp("refused")).begin()
    file, portal = tower.folder / "diaolou.yaml", truth()["hosts"][HOSTS[0]]["A"][0]
    settings = yaml.safe_load(file.read_text())
    settings["scope"]["deny"] = [portal]
    file.write_text(yaml.safe_dump(settings))
    with captured(lab, tower.vantage) as left:
        tower.round(HOSTS[0])
    assert portal not in left
    refused = [line for line in tower.ledger() if str(line.address) == portal]
    assert {line.refused for line in refused} == {GapReason.DENIED}
    assert {What.HTTP, What.TLS, What.TCP_CONNECT, What.ECHO} <= {line.what for line in refused}
