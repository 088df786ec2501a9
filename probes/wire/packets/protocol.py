"""How the messages of the packet process travel: a strict, versioned, length-bounded form with one spelling each.

A frame is `length:2 version:1 kind:1 token:4 body`, in network byte order; *length* counts what follows it. The
token is the asker's; the answer bears it. Whatever is not exactly a message of this version is refused: no field
is optional, nothing may follow, and every value has one spelling.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from probes.observation import Failure, GapReason
from probes.wire.packets.link_bodies import read_overhear, read_told, write_overhear, write_told
from probes.wire.packets.messages import (
    Abandon,
    CanScan,
    Declined,
    Done,
    Echo,
    Echoed,
    Message,
    Missed,
    Overhear,
    Resume,
    Returned,
    Scan,
    Scanned,
    Seen,
    Sound,
    Stop,
    Told,
    Unseen,
)
from probes.wire.packets.scan_bodies import (
    ADDRESS_LIMIT,
    read_scan,
    read_scanned,
    read_seen,
    write_scan,
    write_scanned,
    write_seen,
)
from probes.wire.packets.sounding_bodies import read_returned, read_sound, write_returned, write_sound

VERSION = 3
LENGTH = struct.Struct("!H")
BODY_LIMIT = 20 * 1024
"""Longest frame accepted, in bytes after the length."""
COUNT_LIMIT = 16
"""Most packets one request may ask for."""
TIMEOUT_LIMIT = 30.0
"""Longest a request may wait for one answer, in seconds."""
DETAIL_LIMIT = 200
"""Longest detail, in UTF-8 bytes."""

Listed = TypeVar("Listed", Failure, GapReason)
_Bare = TypeVar("_Bare", Abandon, CanScan, Done, Resume, Stop)

_HEAD = struct.Struct("!BBI")
_ECHO = struct.Struct("!Bd")
_PLACE = struct.Struct("!H")
_ADDRESSES: dict[int, type[IPv4Address] | type[IPv6Address]] = {4: IPv4Address, 16: IPv6Address}
# The place in these lists is the code on the wire: append, never reorder.
_FAILURES = (
    Failure.ECHO_TIMEOUT,
    Failure.NETWORK_UNREACHABLE,
    Failure.HOST_UNREACHABLE,
    Failure.ADMIN_PROHIBITED,
)
_GAPS = (
    GapReason.OUT_OF_SCOPE,
    GapReason.DENIED,
    GapReason.STOPPED,
    GapReason.NO_RAW_SOCKET,
    GapReason.OVERLOADED,
    GapReason.VANTAGE_BLIND_IPV4,
    GapReason.VANTAGE_BLIND_IPV6,
    GapReason.ADDRESS_UNKNOWN,
    GapReason.DEFECT,
)


class ProtocolError(Exception):
    """The other side said what is no message."""


def encode(message: Message) -> bytes:
    """Return *message* as one frame.

    Raises:
        ProtocolError: a value of *message* is outside what the protocol can say.
    """
    kind = _KINDS[type(message)]
    try:
        rest = _HEAD.pack(VERSION, kind, message.token) + _body(message)
    except (struct.error, ValueError) as error:
        raise ProtocolError(f"cannot be said: {error}") from error
    return LENGTH.pack(len(rest)) + rest


def decode(rest: bytes) -> Message:
    """Read what follows the length of a frame.

    Raises:
        ProtocolError: *rest* is not exactly one message of this version.
    """
    if not _HEAD.size <= len(rest) <= BODY_LIMIT:
        raise ProtocolError(f"frame of {len(rest)} bytes")
    reader, token = _reader_of(rest)
    try:
        return reader(token, rest[_HEAD.size :])
    except ValueError as error:
        raise ProtocolError(str(error)) from error


async def receive(reader: asyncio.StreamReader) -> Message:
    """Read one frame from *reader*.

    Raises:
        ProtocolError: what came is no message of this version.
        IncompleteReadError: the other side went away.
        OSError: the connection broke.
    """
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if not _HEAD.size <= length <= BODY_LIMIT:
        raise ProtocolError(f"frame of {length} bytes")
    head = await reader.readexactly(_HEAD.size)
    _reader_of(head)  # who speaks something else is not waited for
    return decode(head + await reader.readexactly(length - _HEAD.size))


def _reader_of(rest: bytes) -> tuple[Callable[[int, bytes], Message], int]:
    """Return what reads the body, and the token."""
    version, kind, token = _HEAD.unpack_from(rest)
    if version != VERSION:
        raise ProtocolError(f"version {version}, not {VERSION}")
    if (reader := _READERS.get(kind)) is None:
        raise ProtocolError(f"no message of kind {kind:#04x}")
    return reader, token


def _body(message: Message) -> bytes:
    match message:
        case Echo(_, address, count, timeout):
            return _ECHO.pack(_counted(count), _bounded(timeout)) + address.packed
        case Echoed(_, seconds):
            return struct.pack(f"!{_counted(len(seconds))}d", *map(_bounded, seconds))
        case Missed(_, failure, detail):
            return bytes([_FAILURES.index(failure)]) + _written(detail)
        case Declined(_, reason, detail):
            return bytes([_GAPS.index(reason)]) + _written(detail)
        case Unseen(_, place, reason, detail):
            if place >= ADDRESS_LIMIT:
                raise ProtocolError(f"no place {place}")
            return _PLACE.pack(place) + bytes([_GAPS.index(reason)]) + _written(detail)
        case Sound():
            return write_sound(message)
        case Returned():
            return write_returned(message)
        case Overhear():
            return write_overhear(message)
        case Told():
            return write_told(message)
        case Scan():
            return write_scan(message)
        case Seen():
            return write_seen(message)
        case Scanned():
            return write_scanned(message)
        case CanScan() | Abandon() | Stop() | Resume() | Done():
            return b""


def _read_echo(token: int, body: bytes) -> Echo:
    if (address := _ADDRESSES.get(len(body) - _ECHO.size)) is None:
        raise ProtocolError("no address of either family")
    count, timeout = _ECHO.unpack_from(body)
    return Echo(token, address(body[_ECHO.size :]), _counted(count), _bounded(timeout))


def _read_echoed(token: int, body: bytes) -> Echoed:
    count, beyond = divmod(len(body), 8)
    if beyond:
        raise ProtocolError("a broken number")
    return Echoed(token, tuple(map(_bounded, struct.unpack(f"!{_counted(count)}d", body))))


def _read_missed(token: int, body: bytes) -> Missed:
    return Missed(token, _listed(_FAILURES, body), _detail(body[1:]))


def _read_unseen(token: int, body: bytes) -> Unseen:
    if len(body) < _PLACE.size or (place := _PLACE.unpack_from(body)[0]) >= ADDRESS_LIMIT:
        raise ProtocolError("no place")
    body = body[_PLACE.size :]
    return Unseen(token, place, _listed(_GAPS, body), _detail(body[1:]))


def _read_declined(token: int, body: bytes) -> Declined:
    return Declined(token, _listed(_GAPS, body), _detail(body[1:]))


def _read_bare(kind: type[_Bare], token: int, body: bytes) -> Message:
    if body:
        raise ProtocolError("a body where none belongs")
    return kind(token)


def _counted(count: int) -> int:
    if not 1 <= count <= COUNT_LIMIT:
        raise ProtocolError(f"{count} packets, not 1 to {COUNT_LIMIT}")
    return count


def _bounded(seconds: float) -> float:
    if not 0 <= seconds <= TIMEOUT_LIMIT:  # false for NaN as well
        raise ProtocolError(f"{seconds} seconds, not 0 to {TIMEOUT_LIMIT}")
    return seconds


def _listed(members: tuple[Listed, ...], body: bytes) -> Listed:
    if not body or body[0] >= len(members):
        raise ProtocolError("no such outcome")
    return members[body[0]]


def _written(detail: str) -> bytes:
    raw = detail.encode()
    if len(raw) > DETAIL_LIMIT:
        raise ProtocolError(f"a detail of {len(raw)} bytes")
    return raw


def _detail(raw: bytes) -> str:
    if len(raw) > DETAIL_LIMIT:
        raise ProtocolError(f"a detail of {len(raw)} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("a detail that is no UTF-8") from error


_KINDS: dict[type[Message], int] = {
    Echo: 0x01,
    Stop: 0x02,
    Resume: 0x03,
    Abandon: 0x04,
    Scan: 0x05,
    CanScan: 0x06,
    Sound: 0x07,
    Overhear: 0x08,
    Echoed: 0x81,
    Missed: 0x82,
    Declined: 0x83,
    Done: 0x84,
    Seen: 0x85,
    Scanned: 0x86,
    Unseen: 0x87,
    Returned: 0x88,
    Told: 0x89,
}
_READERS: dict[int, Callable[[int, bytes], Message]] = {
    0x01: _read_echo,
    0x02: partial(_read_bare, Stop),
    0x03: partial(_read_bare, Resume),
    0x04: partial(_read_bare, Abandon),
    0x05: read_scan,
    0x06: partial(_read_bare, CanScan),
    0x07: read_sound,
    0x08: read_overhear,
    0x81: _read_echoed,
    0x82: _read_missed,
    0x83: _read_declined,
    0x84: partial(_read_bare, Done),
    0x85: read_seen,
    0x86: read_scanned,
    0x87: _read_unseen,
    0x88: read_returned,
    0x89: read_told,
}
