"""The city comes up for anybody, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.lifecycle import PROJECT, Lab, LabError
from tests.lab.truth import truth
from tests.lab_tests.looking import dig, ports

pytestmark = pytest.mark.lab

_ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def _processes(folder: Path) -> list[str]:
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return [command.decode() for command in commands if str(folder).encode() in command]


@pytest.mark.parametrize("becoming", [(), _ORDINARY], ids=["whoever runs the tests", "an ordinary user"])
def test_the_city_comes_up_and_leaves_nothing(tmp_path: Path, becoming: tuple[str, ...]) -> None:
    folder = tmp_path / "city"
    script = f"""
        lab() {{ {sys.executable} -m tests.lab --dir {folder} "$@"; }}
        lab up && lab exec vantage -- curl -sS -6 -m 3 -o /dev/null -w '%{{http_code}}\n' http://www.kaiping.gov.test/
        lab exec vantage -- sh -c 'exit 7'; echo $?
        lab up
        ls /sys/class/net
        lab down
    """
    line = [*becoming, "sh", "-c", script]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    interfaces = sorted(path.name for path in Path("/sys/class/net").iterdir())
    assert done.stdout.splitlines()[1:] == ["301", "7", *interfaces], done.stderr
    assert "up already" in done.stderr
    assert not folder.exists()
    assert _processes(folder) == []


def test_the_city_is_up_in_time_and_modest(lab: Lab) -> None:
    status = lab.status()
    assert isinstance(status["seconds"], float)
    assert status["seconds"] < 6
    assert isinstance(status["memory_mib"], int)
    assert status["memory_mib"] < 400


def test_a_crowd_is_served_by_one_process(tmp_path: Path) -> None:
    crowd = Lab(tmp_path / "city")
    crowd.up(scale=2000)
    try:
        servers = crowd.status()["servers"]
        assert isinstance(servers, dict)
        assert "scale" in servers
        # The last host but two has IPv4 alone; after the last there is nobody.
        for address, title in (("198.19.0.0", "h00000"), ("198.19.7.205", "h01997"), ("198.19.7.208", "")):
            page = crowd.run("vantage", "curl", "-s", "-m", "2", f"http://{address}/").stdout
            assert f"<title>{title}.scale.kaiping.gov.test</title>" in page if title else not page
        for index, aaaa in ((1997, ()), (1996, ("2001:db8:19::7cc",)), (2000, ())):
            assert dig(crowd, f"h{index:05d}.scale.kaiping.gov.test", "AAAA").values == aaaa
        databases = "2001:db8:19::b"
        states = {22: "closed", 80: "open", 3306: "open", 6379: "open"}
        assert ports(crowd, [databases], list(states)) == {databases: states}
    finally:
        crowd.down()


def test_a_namespace_that_is_not_there_is_refused_with_those_that_are(lab: Lab) -> None:
    with pytest.raises(LabError, match="no namespace moon") as refused:
        lab.command("moon", ["true"])
    assert "vantage" in str(refused.value)


def test_the_command_line_tells_the_truth(lab: Lab) -> None:
    line = [sys.executable, "-m", "tests.lab", "--dir", str(lab.folder), "truth"]
    told = json.loads(subprocess.run(line, cwd=PROJECT, capture_output=True, check=True).stdout)
    assert told["hosts"]["www.kaiping.gov.test"]["ladder"] == truth()["hosts"]["www.kaiping.gov.test"]["ladder"]
