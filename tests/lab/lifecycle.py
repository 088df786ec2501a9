"""The city from outside: bring it up, look inside, end it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tests.lab import ground

PROJECT = Path(__file__).resolve().parents[2]
_TOOLS = {"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2", "nft": "nftables"}
_MARK = "city.json"
_AS_ROOT = ("--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child=SIGKILL")
_AS_USER = ("--user", "--map-root-user", *_AS_ROOT)


class Ready(TypedDict):
    """What the city's first process says when everything listens."""

    namespaces: list[str]
    servers: dict[str, int]
    network_seconds: float
    seconds: float


class LabError(Exception):
    """The city cannot be brought up, or is not up; the text says what to do."""


class NoNamespaces(LabError):
    """This machine allows us no network of our own."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A city whose state is in *folder*."""

    folder: Path

    @classmethod
    def default_folder(cls) -> Path:
        """Return where the state is kept when nobody says where."""
        return Path(tempfile.gettempdir()) / f"diaolou-lab-{os.getuid()}"

    def up(self, scale: int = 0, patience: float = 60.0) -> float:
        """Bring the city up; return the seconds it took.

        Raises:
            LabError: the machine lacks something, or the city is up already.
        """
        if self._first():
            raise LabError(f"the city in {self.folder} is up already: `down` first, or give another --dir")
        spaces = () if ground.ON_LOOPBACK else self._check()
        self._clear()
        self.folder.mkdir(parents=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.lab", "--dir", str(self.folder), "supervise", str(scale)]
        outer = _start([*_unshare(spaces), *command] if spaces else command, self.folder / "log")
        mark = {"outer": outer, "started": _started(outer), "scale": scale, "user": spaces == _AS_USER}
        (self.folder / _MARK).write_text(json.dumps(mark))
        while not (self.folder / "ready.json").exists():
            if self._outer() is None or time.monotonic() - began > patience:
                log = (self.folder / "log").read_text(errors="replace")
                self.down()
                raise LabError(f"the city did not come up:\n{log[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def down(self) -> None:
        """End every process of the city and forget its state; nothing happens when it is not up."""
        outer = self._outer()
        if outer:
            # The kernel ends everything in a process namespace together with its first process.
            os.kill(self._first() or outer, signal.SIGKILL)
            deadline = time.monotonic() + 20
            while self._outer() and time.monotonic() < deadline:
                time.sleep(0.01)
        self._clear()

    def command(self, namespace: str, command: Sequence[str]) -> list[str]:
        """Return the command line that runs *command* in a namespace of the city; on loopback, as it is.

        Raises:
            LabError: the city is not up, or has no such namespace.
        """
        first = self._first()
        if first is None:
            raise LabError(f"no city is up in {self.folder}")
        if ground.ON_LOOPBACK:
            return list(command)
        names = self._ready()["namespaces"]
        if namespace not in names:
            raise LabError(f"no namespace {namespace}; there are: {', '.join(names)}")
        user = ("--user", "--preserve-credentials") if self._mark()["user"] else ()
        enter = ("nsenter", "--target", str(first), *user, "--mount", "--pid", "--ipc", "--uts", f"--wd={Path.cwd()}")
        return ["env", f"PATH={_path()}", *enter, "nsenter", f"--net=/run/netns/{namespace}", *command]

    def run(self, namespace: str, *command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run *command* in a namespace of the city and return what it said, read as UTF-8."""
        said = self.raw(namespace, *command, timeout=timeout)
        texts = (each.decode(errors="replace") for each in (said.stdout, said.stderr))
        return subprocess.CompletedProcess(said.args, said.returncode, *texts)

    def raw(self, namespace: str, *command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[bytes]:
        """Run *command* in a namespace of the city and return the bytes it wrote."""
        line = self.command(namespace, command)
        return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)

    def server(self, namespace: str) -> int:
        """Return the process that serves in a namespace, as the city numbers it."""
        servers: dict[str, int] = self._ready()["servers"]
        return servers[namespace]

    def scale(self) -> int:
        """Return how many hosts for benchmarks are up; 0 when the city is not up."""
        return self._mark().get("scale", 0)

    def status(self) -> dict[str, object]:
        """Return what runs, and how much memory it takes (proportional set size, in MiB).

        Raises:
            LabError: the city is not up.
        """
        if self._first() is None:
            raise LabError(f"no city is up in {self.folder}")
        pids = _descendants(int(self._mark()["outer"]))
        sizes = [_proportional(pid) for pid in pids]
        return {
            **self._ready(),
            "scale": self.scale(),
            "processes": len(pids),
            "memory_mib": sum(sizes) // 1024,
        }

    def _ready(self) -> Ready:
        content: Ready = json.loads((self.folder / "ready.json").read_text())
        return content

    def _mark(self) -> dict[str, int]:
        try:
            content: dict[str, int] = json.loads((self.folder / _MARK).read_text())
        except (OSError, ValueError):
            return {}
        return content

    def _outer(self) -> int | None:
        mark = self._mark()
        return mark["outer"] if mark and _started(mark["outer"]) == mark["started"] else None

    def _first(self) -> int | None:
        """Return the city's first process as this side sees it."""
        outer = self._outer()
        if ground.ON_LOOPBACK:
            return outer
        children = _children(outer) if outer else []
        return children[0] if children else None

    def _check(self) -> tuple[str, ...]:
        """Return the kind of namespaces this machine allows us, as options of unshare.

        Raises:
            LabError: the machine lacks something.
        """
        missing = sorted({package for tool, package in _TOOLS.items() if not shutil.which(tool, path=_path())})
        if missing:
            raise LabError(f"the city needs Debian's {', '.join(missing)}: apt-get install {' '.join(missing)}")
        if self.folder.resolve().is_relative_to("/run"):
            raise LabError("--dir may not be under /run: the city has a /run of its own")
        refusals = []
        for spaces in (_AS_USER,) if os.geteuid() else (_AS_ROOT, _AS_USER):
            tried = subprocess.run([*_unshare(spaces), "true"], capture_output=True, text=True, check=False)
            if tried.returncode == 0:
                return spaces
            refusals.append(tried.stderr.strip())
        raise NoNamespaces(f"this machine allows us no namespaces: {'; '.join(refusals)}")

    def _clear(self) -> None:
        """Remove the state, and never a folder that is not a city's."""
        if not self.folder.exists():
            return
        if any(self.folder.iterdir()) and not (self.folder / _MARK).exists():
            raise LabError(f"{self.folder} is not empty and no city's: give another --dir")
        shutil.rmtree(self.folder)


def _unshare(spaces: tuple[str, ...]) -> list[str]:
    return ["env", f"PATH={_path()}", "unshare", *spaces]


def _start(command: list[str], log: Path) -> int:
    """Start a process that is nobody's child, so that it outlives us, and return its id."""
    script = 'log="$1"; shift; "$@" </dev/null >"$log" 2>&1 & echo $!'
    line = ["sh", "-c", script, "sh", str(log), *command]
    return int(subprocess.run(line, cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True, check=True).stdout)


def _path() -> str:
    """Return PATH with the folders of administration, which ordinary users lack."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _started(pid: int) -> int:
    """Return when a process began, in clock ticks since boot; -1 when there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] == "Z" else int(fields[19])


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    return [pid, *(below for child in _children(pid) for below in _descendants(child))]


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
