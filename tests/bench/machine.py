"""On what the numbers were measured; without that they mean nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("sqlalchemy", "pydantic", "numpy", "pyopenssl", "h11")
_PEERS = ("common-expression-language", "dnspython", "pyyaml", "prometheus-client")
_TOOLS = ("nsd", "dnsperf", "masscan", "zmap", "nmap", "nginx-light", "prometheus-blackbox-exporter", "curl")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and what runs on it, with *versions* by name; *memory* is in megabytes."""

    cpu: str
    cores: int
    memory: int
    kernel: str
    versions: dict[str, str]


def this_machine() -> Machine:
    """Describe the machine we are on."""
    return Machine(
        cpu=_field("/proc/cpuinfo", "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory=int(_field("/proc/meminfo", "MemTotal").partition(" ")[0] or 0) * 1024 // 1_000_000,
        kernel=f"{platform.system()} {platform.release()}",
        versions={
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            **{name: version(name) for name in (*_PACKAGES, *_PEERS)},
            **dict(_tools()),
        },
    )


def _tools() -> Iterator[tuple[str, str]]:
    """Yield the Debian versions of the peers that are programs, where there are any."""
    if (dpkg := shutil.which("dpkg-query")) is None:
        return
    for name in _TOOLS:
        command = [dpkg, "--show", "--showformat", "${Version}", name]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.stdout:
            yield name, asked.stdout


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
