"""On what the numbers were measured; without that they mean nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("sqlalchemy", "pydantic", "dnspython", "pyopenssl", "h11", "pyyaml", "prometheus-client")
_PEERS = ("common-expression-language",)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and what runs on it; *memory* is in megabytes."""

    cpu: str
    cores: int
    memory: int
    kernel: str
    python: str
    sqlite: str
    packages: dict[str, str]


def this_machine() -> Machine:
    """Describe the machine we are on."""
    return Machine(
        cpu=_field("/proc/cpuinfo", "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory=int(_field("/proc/meminfo", "MemTotal").partition(" ")[0] or 0) * 1024 // 1_000_000,
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        packages={name: version(name) for name in (*_PACKAGES, *_PEERS)},
    )


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
