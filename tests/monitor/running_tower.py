"""A real `diaolou serve` over targets on loopback, and what can be seen of it from outside."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.monitor.operator import FILES, Desk

PROJECT = Path(__file__).resolve().parents[2]
MOST = 120
"""Targets, enough that somebody is due every second of the first round."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Door:
    """A TCP service on every loopback address, which counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("0.0.0.0", 0), backlog=512)
        self.port = int(self._socket.getsockname()[1])
        self.met = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.met += 1
                connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Running:
    """A tower in *folder* whose targets are 127.1.0.1 and the addresses after it."""

    def __init__(self, folder: Path, door: Door) -> None:
        self.folder, self.door = folder, door
        self.metrics, self.notified = free_port(), folder / "notify.sock"
        self.desk = Desk(folder / "config")
        self.store = folder / "diaolou.sqlite"
        self.names = [f"127.1.0.{number}" for number in range(1, MOST + 1)]
        self.configure()
        self.process: subprocess.Popen[str] | None = None
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(self.notified))

    def configure(self, **changes: object) -> None:
        """Write the configuration down; *changes* are put into diaolou.yaml."""
        daemon = yaml.safe_load(FILES["diaolou.yaml"]) | {
            "scope": {"allow": ["127.0.0.0/8"]},
            "surroundings": {
                "resolvers": ["127.0.0.1"],
                "resolver_port": self.door.port,
                "control_name": "www.example.com",
                "controls": {"ipv4": [f"127.0.0.1:{self.door.port}"], "ipv6": []},
            },
            "vantage": {"name": "tower", "zone": "internet", "families": ["ipv4"]},
            "limits": {"overall": 3000, "per_host": 100, "per_agency": 3000},
            "store": {"url": f"sqlite:///{self.store}"},
            "metrics": {"listen": f"127.0.0.1:{self.metrics}"},
            "packets": {"socket": str(self.folder / "packets.sock")},
            **changes,
        }
        self.desk.write("diaolou.yaml", yaml.safe_dump(daemon))
        self.desk.targets(*self.targets(self.names))

    def targets(self, names: list[str]) -> list[str]:
        return [
            f"{{host: {name}, agency: city, kind: server, declared: {{tcp: [{self.door.port}]}}}}" for name in names
        ]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "monitor.cli", *words]

    def tell(self, *words: str) -> int:
        """Run another command beside it, and return its exit status."""
        return subprocess.run(
            self.command(*words), cwd=PROJECT, capture_output=True, check=False, timeout=30
        ).returncode

    def start(self, patience: float = 20.0) -> float:
        """Start, wait until it is ready, at most *patience* seconds, and return the seconds that took."""
        began = time.monotonic()
        self._manager.settimeout(patience)
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                self.command("serve", str(self.desk.directory)),
                cwd=PROJECT,
                env={"NOTIFY_SOCKET": str(self.notified), "PATH": "/usr/bin:/bin"},
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
            )
        while b"READY=1" not in self._manager.recv(4096):
            pass
        return time.monotonic() - began

    def say(self, signal: int) -> None:
        assert self.process is not None
        self.process.send_signal(signal)

    def wait(self) -> tuple[int, float]:
        """Wait for its end; return the exit status and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        return self.process.wait(20), time.monotonic() - began

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        self._manager.close()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float | None:
        """Return the value of a metric with these labels, as written; None where it is absent."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.page(), re.MULTILINE)
        return float(found[1]) if found else None


def until(holds: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait until *holds* does, and say whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Yield a tower that may be started, and end what is left of it."""
    door = Door()
    tower = Running(folder, door)
    try:
        yield tower
    finally:
        tower.end()
        door.close()
