"""Talking to the service manager, and doing without one."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from probes.wire.notify import Notifier, listening


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    inlet = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inlet.bind(str(tmp_path / "notify"))
    inlet.setblocking(False)
    return inlet


def notifier(manager: socket.socket, **environment: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": manager.getsockname(), **environment}, pid=7)


def test_the_manager_hears_how_we_are(manager: socket.socket) -> None:
    with manager:
        us = notifier(manager)
        us.ready("listening\nand well")
        us.alive()
        us.status("第 3 轮")
        us.stopping()
        heard = [manager.recv(1024).decode() for _ in range(4)]
    assert heard == ["READY=1\nSTATUS=listening and well", "WATCHDOG=1", "STATUS=第 3 轮", "STOPPING=1"]


def test_an_abstract_socket_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inlet:
        inlet.bind(f"\0diaolou-test-{os.getpid()}")
        Notifier({"NOTIFY_SOCKET": f"@diaolou-test-{os.getpid()}"}).ready()
        assert inlet.recv(100) == b"READY=1"


def test_no_manager_or_a_dead_one_is_no_trouble(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


@pytest.mark.parametrize(
    ("environment", "heartbeat"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_sign_of_life_comes_twice_as_often_as_wanted(environment: dict[str, str], heartbeat: float | None) -> None:
    assert Notifier(environment, pid=7).heartbeat == heartbeat


async def test_signs_of_life_go_on_until_cancelled(manager: socket.socket) -> None:
    with manager:
        beating = asyncio.create_task(notifier(manager, WATCHDOG_USEC="20000").keep_alive(lambda: "well"))
        await asyncio.sleep(0.1)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        heard: list[bytes] = []
        while len(heard) < 3:
            heard.append(manager.recv(100))
    assert set(heard) == {b"WATCHDOG=1\nSTATUS=well"}


async def test_without_a_watchdog_nobody_waits() -> None:
    async with asyncio.timeout(1.0):
        await Notifier({}).keep_alive()


def test_sockets_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    for pid in ("", str(os.getpid() + 1)):
        monkeypatch.setenv("LISTEN_PID", pid)
        assert listening() == []
    monkeypatch.delenv("LISTEN_FDS")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    assert listening() == []
