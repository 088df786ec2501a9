"""A raw socket on one interface that hears those who offer routes and addresses, and nothing else."""

from __future__ import annotations

import ctypes
import socket
import struct
from ipaddress import IPv6Address
from pathlib import Path

from probes.observation import GapReason
from probes.wire import NotLooked
from probes.wire.link import Speaker
from probes.wire.packets.link_reading import read

_ADDRESSES = Path("/proc/net/if_inet6")
_LINK_SCOPE, _TENTATIVE = 0x20, 0x40
_LONGEST = 2048
_EVERYTHING, _OUTGOING = 3, 4
_ATTACH_FILTER = 26
_LOAD_HALF, _LOAD_BYTE, _EQUAL, _RETURN = 0x28, 0x30, 0x15, 0x06
_KEEP, _DROP = 17, 18
# Where packets without extension headers have what tells them apart; those with some are looked at by us.
_FILTER: tuple[tuple[int, int | tuple[int, int], int], ...] = (
    (_LOAD_HALF, 0, 12),
    (_EQUAL, (2, 12), 0x86DD),
    (_LOAD_BYTE, 0, 20),
    (_EQUAL, (4, 6), 58),
    (_LOAD_BYTE, 0, 54),
    (_EQUAL, (_KEEP, _DROP), 134),
    (_EQUAL, (7, 9), 17),
    (_LOAD_HALF, 0, 56),
    (_EQUAL, (_KEEP, _DROP), 546),
    (_EQUAL, (_KEEP, 10), 0),
    (_EQUAL, (_KEEP, 11), 60),
    (_EQUAL, (_KEEP, _DROP), 43),
    (_EQUAL, (13, _DROP), 0x0800),
    (_LOAD_BYTE, 0, 23),
    (_EQUAL, (15, _DROP), 17),
    (_LOAD_HALF, 0, 34),
    (_EQUAL, (_KEEP, _DROP), 67),
    (_RETURN, 0, 0xFFFF),
    (_RETURN, 0, 0),
)
"""A classic BPF program: what to do, where to go on if so and if not, and with what."""


class LinkEar:
    """Hears one interface, and asks its link.

    Raises:
        NotLooked: NO_RAW_SOCKET without CAP_NET_RAW; ADDRESS_UNKNOWN when there is no such interface.
    """

    def __init__(self, interface: str) -> None:
        self._interface = interface
        try:
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0
            )
        except PermissionError as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW") from error
        try:
            _attach(self._socket)
            self._socket.bind((interface, _EVERYTHING))
        except OSError as error:
            self._socket.close()
            raise NotLooked(GapReason.ADDRESS_UNKNOWN, f"no interface {interface}: {error.strerror}") from error

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def mac(self) -> str:
        """Our own hardware address there."""
        mac: bytes = self._socket.getsockname()[4]
        return mac.hex(":")

    def own(self) -> IPv6Address | None:
        """Return our own link-local address there; None when there is none, or none settled yet."""
        for line in _ADDRESSES.read_text(encoding="ascii").splitlines():
            address, _, _, scope, flags, name = line.split()
            if name == self._interface and int(scope, 16) == _LINK_SCOPE and not int(flags, 16) & _TENTATIVE:
                return IPv6Address(bytes.fromhex(address))
        return None

    def send(self, frame: bytes) -> None:
        """Send one frame.

        Raises:
            NotLooked: it did not leave this machine.
        """
        try:
            self._socket.send(frame)
        except OSError as error:
            raise NotLooked(GapReason.OVERLOADED, error.strerror or "") from error

    def receive(self) -> Speaker | bool:
        """Return who offers something by the next frame, True for a frame of nobody, False when there is none now."""
        try:
            frame, (_, _, way, *_) = self._socket.recvfrom(_LONGEST)
        except BlockingIOError:
            return False
        except OSError:  # the link went down; its other frames are read
            return True
        return way == _OUTGOING or read(frame) or True


def _attach(sock: socket.socket) -> None:
    """Have the kernel drop what is nobody's offer, before the first frame comes."""
    program = b"".join(_instruction(place, *each) for place, each in enumerate(_FILTER))
    buffer = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(_FILTER), ctypes.addressof(buffer)))


def _instruction(place: int, code: int, way: int | tuple[int, int], operand: int) -> bytes:
    true, false = way if isinstance(way, tuple) else (place + 1, place + 1)
    return struct.pack("=HBBI", code, true - place - 1, false - place - 1, operand)
