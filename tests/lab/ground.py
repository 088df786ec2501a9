"""Where the city stands: in network namespaces of its own, or, on a machine that allows none, on loopback.

A process learns it from its environment once, when it begins, and so do those it starts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping

_VARIABLE = "DIAOLOU_LAB_LOOPBACK"
"""Set: on loopback; its value are the ports that others on this machine have, separated by commas."""

ON_LOOPBACK = _VARIABLE in os.environ
TAKEN = frozenset(map(int, filter(None, os.environ.get(_VARIABLE, "").split(","))))
"""Ports that are open at every address of loopback, and that the city can say nothing of."""

NEEDED = (53, 80, 443)
"""Ports the city itself serves."""

PREFIX4 = "127.18" if ON_LOOPBACK else "198.18"
PREFIX6 = "2001:db8:18"
ONE_FOR_ALL = "::1"
"""On loopback there is one IPv6 address, and every host of the city has it."""
HOME6 = ONE_FOR_ALL if ON_LOOPBACK else ""
"""An address of loopback that belongs in the city's DNS."""
UNTOLD_PORTS = TAKEN | ({53} if ON_LOOPBACK else frozenset[int]())
"""Ports the city can say nothing of; over IPv6 its own name server seems to be everybody's."""


def environment(ports: Iterable[int]) -> Mapping[str, str]:
    """Return the environment of a process whose city is on loopback; some of *ports* may be others'."""
    taken = (str(port) for port in ports if any(_answers(host, port) for host in ("127.18.0.1", ONE_FOR_ALL)))
    return {**os.environ, _VARIABLE: ",".join(taken)}


def obstacle() -> str | None:
    """Return what keeps the city from standing on loopback, and the cure; None where nothing does."""
    for family, host in ((socket.AF_INET, "127.18.0.1"), (socket.AF_INET6, ONE_FOR_ALL)):
        for port in NEEDED:
            try:
                with socket.socket(family, socket.SOCK_STREAM) as trial:
                    trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    trial.bind((host, port))
            except PermissionError:
                return (
                    f"端口 {port} 须由 root 打开，或先执行 / port {port} is for root, or run first: "
                    "sysctl net.ipv4.ip_unprivileged_port_start=0"
                )
            except OSError as fault:
                return f"{host} 端口 {port} 不可用 / {host} port {port} is not to be had: {fault.strerror}"
    return None


def _answers(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(1)
        return sock.connect_ex((host, port)) == 0
