"""Where a machine allows no network of one's own, the demonstration says so and shows part of the city on loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.lab.lifecycle import PROJECT

POOR = """
ip link set lo up
echo 0 > /proc/sys/user/max_user_namespaces
exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin -- "$@"
"""
"""Runs a command with a loopback of its own, and without leave to make namespaces."""


def demonstrate(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    spaces = ("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    poor = ["unshare", *spaces, "sh", "-c", before + POOR, "sh"]
    demo = [sys.executable, "-m", "tests.lab.demo", "--once", "--dir", str(folder)]
    line = ["env", f"TMPDIR={folder.parent}", *poor, *demo]
    return subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


def test_without_namespaces_the_city_on_loopback_is_told_truly_and_as_what_it_is(tmp_path: Path) -> None:
    # What others on the machine offer is nobody's fault.
    others = f"{sys.executable} -m http.server 8080 --bind :: >/dev/null 2>&1 &"
    shown = demonstrate(tmp_path / "demo", others)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "回环地址" in shown.stderr
    assert "on loopback instead" in shown.stderr
    assert re.search(r"all said of (\d+) targets is true", shown.stdout)
    ranking = shown.stdout.partition("最严重的隐患")[0]
    assert sum(ranking.count(f"{end} ") for end in ("局", "办公室", "镇人民政府")) == 12
    assert "127.18." in (tmp_path / "demo/config/diaolou.yaml").read_text()
    assert "8080" not in (tmp_path / "demo/config/policy.yaml").read_text()


def test_a_machine_without_ipv6_at_all_is_told_what_is_missing(tmp_path: Path) -> None:
    shown = demonstrate(tmp_path / "demo", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
    assert shown.returncode == 1
    assert "::1" in shown.stderr
    assert "Traceback" not in shown.stderr
