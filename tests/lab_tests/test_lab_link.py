"""A link we stand on: a real router, somebody who pretends to be one, and who is told of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from rules.finding import Key
from tests.lab.lifecycle import Lab
from tests.lab_tests.rogue import PREFIX
from tests.lab_tests.rounds import Tower
from tests.probes.link_frames import ROGUE, ROGUE_MAC

pytestmark = pytest.mark.lab

OFFICE = "office.lan.kaiping.gov.test"
LINK, OURS = "to-vantage", "2001:db8:18:10::/64"
ADVERTISING = f"""
interface {LINK} {{
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
  prefix {OURS} {{ AdvAutonomous off; }};
}};
"""


@contextmanager
def _running(lab: Lab, pid: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run *command*, which writes its id to *pid*, on the router's side of the link while the context lasts."""
    process = subprocess.Popen(lab.command("isp", command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        # What we started only enters the city: whom it made there has an id there.
        lab.run("isp", "kill", pid.read_text().strip())
        process.communicate(timeout=10)


@contextmanager
def rogue(lab: Lab, folder: Path) -> Iterator[None]:
    with _running(lab, folder / "pid", sys.executable, "-m", "tests.lab_tests.rogue", LINK, str(folder / "pid")) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
        yield


@pytest.fixture
def router(lab: Lab, tmp_path: Path) -> Iterator[str]:
    """Have the city's router advertise on the vantage's link; yield its hardware address."""
    (tmp_path / "radvd.conf").write_text(ADVERTISING)
    pid = tmp_path / "radvd.pid"
    words = ("-n", "-C", str(tmp_path / "radvd.conf"), "-p", str(pid), "-m", "stderr", "-u", "root")
    with _running(lab, pid, "radvd", *words):
        (told,) = json.loads(lab.run("isp", "ip", "-j", "link", "show", LINK).stdout)
        yield told["address"]


@pytest.fixture
def tower(lab: Lab, tmp_path: Path, router: str) -> Tower:
    """Return a tower that stands on the link, and was told of its router."""
    tower = Tower(lab, tmp_path / "config").begin()
    file = tower.folder / "diaolou.yaml"
    links = {OFFICE: {"interface": "eth0", "routers": [{"mac": router, "prefixes": [OURS]}]}}
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "links": links}))
    with (tower.folder / "targets.yaml").open("a") as targets:
        targets.write(f"- {{host: {OFFICE}, agency: portal, kind: link}}\n")
    return tower


def judged(lab: Lab) -> dict[str, str]:
    """Return whom rdisc6 hears, and which prefix each offers."""
    said = lab.run("vantage", "rdisc6", "-m", "-w", "1500", "eth0").stdout
    heard = re.split(r"^ from \S+$", said, flags=re.MULTILINE)[:-1]
    return {
        re.search(r"link-layer address: (\S+)", one)[1].lower(): re.search(r"Prefix +: (\S+)", one)[1]  # type: ignore[index]
        for one in heard
    }


def told(tower: Tower) -> dict[str, dict[str, object]]:
    """Return the routers a live look tells of, by hardware address."""
    looked = tower.look(OFFICE)["records"]
    facts = [record["facts"] for record in looked if record["probe"] == "link_speakers" and record.get("facts")]
    return {each["mac"]: each for each in facts if each["role"] == "router"}


def test_a_rogue_router_is_named_within_ten_seconds_and_the_real_one_is_left_alone(
    lab: Lab, tower: Tower, router: str, tmp_path: Path
) -> None:
    assert [(mac, each["declared"]) for mac, each in told(tower).items()] == [(router, True)]
    with rogue(lab, tmp_path):
        began = time.monotonic()
        heard = told(tower)
        assert time.monotonic() - began < 10
        assert {mac: each["prefixes"] for mac, each in heard.items()} == {
            mac: [prefix] for mac, prefix in judged(lab).items()
        }
        assert heard[ROGUE_MAC]["prefixes"] == [PREFIX]
        assert (heard[ROGUE_MAC]["declared"], heard[router]["declared"]) == (False, True)


def test_one_look_opens_the_finding_and_names_the_one_to_look_for(lab: Lab, tower: Tower, tmp_path: Path) -> None:
    with rogue(lab, tmp_path):
        tower.round(OFFICE)
    assert tower.open() == {
        Key("only_declared_routers_advertise", OFFICE, f"/router/{ROGUE_MAC}/{ROGUE}"),
        Key("only_declared_dhcp_servers_answer", OFFICE, f"/dhcpv4/{ROGUE_MAC}/198.18.66.6"),
    }
