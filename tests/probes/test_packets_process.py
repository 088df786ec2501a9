"""The packet process as it is started: by hand, by a service manager, and ended."""

import asyncio
import errno
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.observation import GapReason
from probes.target import Family
from probes.wire import NotLooked
from probes.wire.packets import raw
from probes.wire.packets.client import PacketClient
from probes.wire.packets.process import Mishaps

COMMAND = [sys.executable, "-m", "probes.wire.packets.process"]


async def test_started_by_a_service_manager_it_reports_listens_and_ends_when_told(tmp_path: Path) -> None:
    path, manager = tmp_path / "packets.sock", socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with manager, listener:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        listener.bind(str(path))
        listener.listen()
        script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'  # bash: dash knows one digit
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script, "bash", *COMMAND, "--socket", str(tmp_path / "unused")),
            pass_fds=[listener.fileno()],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        )
        client = PacketClient(path)  # connects before the process is ready: the kernel keeps it waiting
        await client.stop()
        await asyncio.sleep(0.3)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 5.0) == 0
        heard = []
        while b"STOPPING=1" not in heard:
            heard.append(manager.recv(1024))
        await client.close()
    assert any(word.startswith(b"READY=1\nSTATUS=ipv4 ") for word in heard)
    assert heard.count(b"WATCHDOG=1") >= 2
    assert not (tmp_path / "unused").exists()


async def test_started_by_hand_its_socket_is_for_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "packets.sock"
    process = await asyncio.create_subprocess_exec(*COMMAND, "--socket", str(path))
    async with asyncio.timeout(20.0):
        while not path.exists():
            await asyncio.sleep(0.02)
    assert path.stat().st_mode & 0o777 == 0o660
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 5.0) == 0


def test_scapy_is_known_to_one_module_and_not_to_the_daemon() -> None:
    root = Path(__file__).parents[2]
    knowing = {
        str(path.relative_to(root))
        for folder in ("probes", "rules", "exporters", "monitor")
        for path in (root / folder).rglob("*.py")
        if re.search(r"^\s*(from|import) scapy", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert knowing == {"probes/wire/packets/craft.py"}
    script = "import sys, monitor.cli, monitor.daemon; sys.exit('scapy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EPERM, "Operation not permitted"), GapReason.NO_RAW_SOCKET),
        (OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol"), GapReason.VANTAGE_BLIND_IPV6),
    ],
)
def test_a_socket_that_cannot_be_had_is_a_gap_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, error: OSError, reason: GapReason
) -> None:
    def refuse(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(NotLooked) as refusal:
        raw.RawSocket(Family.IPV6)
    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENETUNREACH, GapReason.VANTAGE_BLIND_IPV4),
        (errno.EADDRNOTAVAIL, GapReason.VANTAGE_BLIND_IPV4),
        (errno.EPERM, GapReason.DENIED),
        (errno.ENOBUFS, GapReason.OVERLOADED),
        (errno.EINVAL, GapReason.ADDRESS_UNKNOWN),
    ],
)
def test_what_the_kernel_refuses_to_send_is_never_the_targets_failure(
    monkeypatch: pytest.MonkeyPatch, number: int, reason: GapReason
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *arguments: RefusingSocket(number))
    with pytest.raises(NotLooked) as refusal:
        raw.RawSocket(Family.IPV4).send(ip_address("192.0.2.1"), b"")
    assert refusal.value.reason is reason


@pytest.mark.parametrize(("ago", "age"), [(0.25, 0.25), (-3.0, 0.0), (3600.0, 0.0)])
def test_a_kernel_stamp_tells_the_age_unless_the_clock_was_set(
    monkeypatch: pytest.MonkeyPatch, ago: float, age: float
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0 + ago)
    stamp = raw._TIMESPEC.pack(1_800_000_000, 0)
    assert raw._age([(socket.SOL_SOCKET, raw._SO_TIMESTAMPNS, stamp)]) == age


@pytest.mark.parametrize(("family", "heard"), [(Family.IPV4, {0, 3, 11, 12}), (Family.IPV6, {1, 2, 3, 4, 129})])
def test_the_kernel_hands_over_only_what_concerns_an_echo_or_a_sounding(
    monkeypatch: pytest.MonkeyPatch, family: Family, heard: set[int]
) -> None:
    opened = RefusingSocket(0)
    monkeypatch.setattr(socket, "socket", lambda *arguments: opened)
    raw.RawSocket(family)
    words = struct.unpack(f"={len(opened.filter) // 4}I", opened.filter)
    assert {kind for kind in range(32 * len(words)) if not words[kind // 32] >> kind % 32 & 1} == heard


class RefusingSocket:
    """A socket that takes every option and sends nothing."""

    def __init__(self, number: int) -> None:
        self._number, self.filter = number, b""

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        if isinstance(value, bytes):
            self.filter = value

    def sendto(self, message: bytes, to: tuple[str, int]) -> int:
        raise OSError(self._number, os.strerror(self._number))


async def test_a_callback_that_fails_is_counted_as_answers_lost(caplog: pytest.LogCaptureFixture) -> None:
    loop, mishaps = asyncio.get_running_loop(), Mishaps()
    loop.set_exception_handler(mishaps.note)
    for failing in (lambda: 1 // 0, lambda: [][1], lambda: 1):
        loop.call_soon(failing)
    await asyncio.sleep(0)
    assert mishaps.count == 2
    assert len(caplog.records) == 2
