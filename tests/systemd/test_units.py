"""The systemd units: flawless to systemd's own eye, and each with no more rights than it needs."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ["diaolou.service", "diaolou-packets.service"]
WORST = 16
"""Exposure allowed, ten times the figure systemd prints."""


def settings(unit: str) -> dict[str, list[str]]:
    """Return every setting of *unit* with its values; systemd allows repetition, and sections do not matter here."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            found[key].append(value)
    return found


@pytest.mark.real
def test_systemd_has_nothing_to_say_about_any_unit(tmp_path: Path) -> None:
    here = Path(sys.executable).parent
    for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.socket")]:
        text = unit.read_text(encoding="utf-8").replace("/opt/diaolou/bin", str(here))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.real
@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_exposed_no_more_than_it_must(service: str) -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={WORST}"]
    outcome = subprocess.run([*command, UNITS / service], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout.splitlines()[-1]


@pytest.mark.real
def test_every_user_a_unit_or_directory_names_is_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    command = ["systemd-sysusers", f"--root={tmp_path}"]
    subprocess.run([*command, UNITS / "diaolou.sysusers"], capture_output=True, check=True)
    users, groups = (
        {line.split(":")[0] for line in (tmp_path / "etc" / file).read_text(encoding="utf-8").splitlines()}
        for file in ("passwd", "group")
    )
    for service in SERVICES:
        assert settings(service)["User"][0] in users
        assert settings(service)["Group"][0] in groups
    lines = (UNITS / "diaolou.tmpfiles").read_text(encoding="utf-8").splitlines()
    owners = [line.split()[3:5] for line in lines if not line.startswith("#")]
    assert {user for user, _ in owners} <= users | {"root"}
    assert {group for _, group in owners} <= groups


def test_the_packet_process_is_alone_with_its_capability() -> None:
    assert settings("diaolou-packets.service")["CapabilityBoundingSet"] == ["CAP_NET_RAW"]
    assert settings("diaolou-packets.service")["AmbientCapabilities"] == ["CAP_NET_RAW"]
    assert settings("diaolou.service")["CapabilityBoundingSet"] == [""]
    assert settings("diaolou.service")["AmbientCapabilities"] == [""]


def test_the_two_meet_at_one_socket_that_no_one_else_can_open() -> None:
    socket = settings("diaolou-packets.socket")
    assert socket["ListenStream"] == ["/run/diaolou/packets.sock"]
    assert (socket["SocketMode"], socket["SocketGroup"]) == (["0660"], settings("diaolou.service")["Group"])
    assert "--user diaolou" in settings("diaolou-packets.service")["ExecStart"][0]
    assert settings("diaolou.service")["User"] == ["diaolou"]
