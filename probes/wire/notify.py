"""Telling the service manager how we are; outside a service manager, telling nobody."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping


class Notifier:
    """The service manager's notification socket, when there is one.

    Source: sd_notify(3), sd_watchdog_enabled(3).
    """

    def __init__(self, environment: Mapping[str, str] | None = None, *, pid: int | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._path = environment.get("NOTIFY_SOCKET", "")
        self.heartbeat = _heartbeat(environment, os.getpid() if pid is None else pid)
        """Seconds between two signs of life, half of what the manager allows; None when it wants none."""

    def ready(self, status: str = "") -> None:
        """Say that the service has started."""
        self._tell("READY=1", _status(status))

    def stopping(self) -> None:
        """Say that the service has begun to end."""
        self._tell("STOPPING=1")

    def status(self, status: str) -> None:
        """Show *status*, one line for people."""
        self._tell(_status(status))

    def alive(self) -> None:
        """Give the watchdog its sign of life."""
        self._tell("WATCHDOG=1")

    async def keep_alive(self, status: Callable[[], str] | None = None) -> None:
        """Give a sign of life as often as the manager wants one, until cancelled; return at once if it wants none.

        Run in the loop that does the work: a hung loop then falls silent, which is what a watchdog is for.
        """
        while self.heartbeat is not None:
            self._tell("WATCHDOG=1", _status(status()) if status else "")
            await asyncio.sleep(self.heartbeat)

    def _tell(self, *lines: str) -> None:
        message = "\n".join(line for line in lines if line)
        if not self._path or not message:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as outlet:
                outlet.setblocking(False)
                outlet.sendto(message.encode(), address)
        except OSError:  # a manager that does not listen must not end the service
            return


def listening() -> list[socket.socket]:
    """Return the sockets the service manager opened for this process; empty when it was started otherwise.

    Source: sd_listen_fds(3).
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "")
    first = 3
    return [socket.socket(fileno=first + place) for place in range(int(count))] if count.isdecimal() else []


def _heartbeat(environment: Mapping[str, str], pid: int) -> float | None:
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or environment.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    return int(microseconds) / 1e6 / 2 or None


def _status(status: str) -> str:
    return "STATUS=" + status.replace("\n", " ") if status else ""
