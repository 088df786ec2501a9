"""Cutting what an HTTP/2 server sends into frames, so that each is counted and weighed before anything reads it.

Source: RFC 9113 4.1, 3.4, 6.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached

FRAME_LIMIT = 20_000
"""Frames taken of one server; empty ones cost us more than it."""
LARGEST = 16_384
"""Octets in a frame unless we say that we take more, which we do not."""

_HEADER = 9


class Kind(IntEnum):
    """The frames that matter before h2 sees them."""

    DATA = 0
    SETTINGS = 4
    GOAWAY = 7


class Frames:
    """Frames out of a stream of bytes; all but the bodies' share *allowance* octets."""

    def __init__(self, allowance: int) -> None:
        self._left = allowance
        self._buffer = bytearray()
        self._count = 0

    def cut(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each frame that is whole now: its type, and the frame itself.

        Raises:
            Unreached: HTTP_OVERSIZED, or HTTP_MALFORMED where the server does not begin with its settings.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER:
            kind, length = self._buffer[3], int.from_bytes(self._buffer[:3])
            if not self._count and kind != Kind.SETTINGS:
                raise Unreached(Failure.HTTP_MALFORMED, f"no HTTP/2: {clean(bytes(self._buffer[:64]), 96)}")
            if length > LARGEST:
                raise Unreached(Failure.HTTP_OVERSIZED, f"frame of {length} bytes")
            if len(self._buffer) < _HEADER + length:
                return
            self._weigh(kind, length)
            frame = bytes(self._buffer[: _HEADER + length])
            del self._buffer[: _HEADER + length]
            yield kind, frame

    def _weigh(self, kind: int, length: int) -> None:
        self._count += 1
        self._left -= _HEADER + (0 if kind == Kind.DATA else length)
        if self._left < 0 or self._count > FRAME_LIMIT:
            raise Unreached(Failure.HTTP_OVERSIZED, "more frames than a page needs")


FAREWELL: Final = 0
"""The error code of a server that leaves in peace. Source: RFC 9113 7."""


def farewell(frame: bytes) -> tuple[int, int]:
    """Return the last stream that a GOAWAY *frame* lets come to its end, and why the server leaves.

    Raises:
        Unreached: HTTP_MALFORMED, the frame is too short.
    """
    said = frame[_HEADER:]
    if len(said) < 8:
        raise Unreached(Failure.HTTP_MALFORMED, "GOAWAY cut short")
    return int.from_bytes(said[:4]) & 0x7FFFFFFF, int.from_bytes(said[4:8])
