"""Content codings undone piece by piece: each decoder gives no more than asked for, whatever it is fed.

Source: RFC 9110 8.4.1 (gzip, deflate), RFC 7932 (br), RFC 8878 and RFC 9659 (zstd).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import brotli
import zstandard

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached

ACCEPTED = "gzip, deflate, br, zstd"
"""What we can undo, as Accept-Encoding says it."""

ZSTD_WINDOW = 8 * 1024 * 1024
"""The largest window a zstd frame may ask for on the web. Source: RFC 9659 3."""

_GZIP, _ZLIB, _RAW = 31, 15, -15
_MEMBERS = 16
_BUFFER = 256 * 1024
"""Bytes of br asked for at once: its library doubles what it has until there is enough, and keeps all."""
_MORSEL = 256
"""Bytes of zstd undone at once: four of them may come to a block of 128 KiB, and its library knows no other cap."""


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes, most: int) -> bytes:
        """Return what comes out, about *most* bytes at the most; getting that many means that there may be more.

        Raises:
            Unreached: HTTP_BAD_ENCODING, the bytes are not what was promised.
        """

    def end(self) -> None:
        """Take note that all has come.

        Raises:
            Unreached: HTTP_TRUNCATED, more is missing.
        """


def decoder(codings: list[str]) -> Decoder | None:
    """Return what undoes *codings*, lower-case names in the order applied; None for none.

    Raises:
        Unreached: HTTP_BAD_ENCODING, for what we cannot undo.
    """
    if not codings:
        return None
    make = _DECODERS.get(codings[0]) if len(codings) == 1 else None
    if make is None:
        raise Unreached(Failure.HTTP_BAD_ENCODING, f"content-encoding {clean(', '.join(codings), 96)}")
    return make()


class _Inflate:
    """gzip (several members, as RFC 1952 allows) or deflate, in whichever of its two meanings the server uses."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip, self._members, self._over = gzip, 1, False
        self._inflate = zlib.decompressobj(_GZIP if gzip else _ZLIB)
        self._fed = False

    def feed(self, data: bytes, most: int) -> bytes:
        if data and not self._fed and not self._gzip and not _has_zlib_header(data):
            self._inflate = zlib.decompressobj(_RAW)
        self._fed = self._fed or bool(data)
        plain = bytearray()
        while data and not self._over and len(plain) < most:
            if self._inflate.eof:
                self._next_member()
                continue
            plain += self._inflated(data, most - len(plain))
            data = self._inflate.unused_data
        return bytes(plain)

    def end(self) -> None:
        if self._fed and not self._over and not self._inflate.eof:
            raise _cut_short()

    def _inflated(self, data: bytes, most: int) -> bytes:
        try:
            return self._inflate.decompress(data, most)
        except zlib.error as fault:
            if self._members > 1:
                # Behind a whole member stands no other but padding.
                self._over = True
                return b""
            raise _bad(fault) from fault

    def _next_member(self) -> None:
        if not self._gzip:
            self._over = True
            return
        self._members += 1
        if self._members > _MEMBERS:
            raise Unreached(Failure.HTTP_BAD_ENCODING, f"more than {_MEMBERS} gzip members")
        self._inflate = zlib.decompressobj(_GZIP)


class _Brotli:
    """br, whose window is 16 MiB at the most; what follows its end is dropped."""

    def __init__(self) -> None:
        self._undo = brotli.Decompressor()
        self._fed = False

    def feed(self, data: bytes, most: int) -> bytes:
        self._fed = self._fed or bool(data)
        plain = bytearray()
        while len(plain) < most and not self._undo.is_finished():
            try:
                plain += self._undo.process(data, output_buffer_limit=min(most - len(plain), _BUFFER))
            except brotli.error as fault:
                raise _bad(fault) from fault
            if self._undo.can_accept_more_data():
                break
            data = b""
        return bytes(plain)

    def end(self) -> None:
        if self._fed and not self._undo.is_finished():
            raise _cut_short()


class _Zstd:
    """zstd, several frames as its format allows; what follows a whole frame and is none is dropped."""

    def __init__(self) -> None:
        self._library = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._undo = self._library.decompressobj()
        self._frames, self._over, self._fed = 1, False, False

    def feed(self, data: bytes, most: int) -> bytes:
        self._fed = self._fed or bool(data)
        plain = bytearray()
        for start in range(0, len(data), _MORSEL):
            morsel = data[start : start + _MORSEL]
            while morsel and not self._over and len(plain) < most:
                if self._undo.eof:
                    self._next_frame()
                    continue
                plain += self._undone(morsel)
                morsel = self._undo.unused_data
        return bytes(plain)

    def end(self) -> None:
        if self._fed and not self._over and not self._undo.eof:
            raise _cut_short()

    def _undone(self, morsel: bytes) -> bytes:
        try:
            return self._undo.decompress(morsel)
        except zstandard.ZstdError as fault:
            if self._frames > 1:
                self._over = True
                return b""
            raise _bad(fault) from fault

    def _next_frame(self) -> None:
        self._frames += 1
        if self._frames > _MEMBERS:
            raise Unreached(Failure.HTTP_BAD_ENCODING, f"more than {_MEMBERS} zstd frames")
        self._undo = self._library.decompressobj()


_DECODERS: Final[Mapping[str, Callable[[], Decoder]]] = {
    "gzip": lambda: _Inflate(gzip=True),
    "x-gzip": lambda: _Inflate(gzip=True),
    "deflate": lambda: _Inflate(gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}


def _bad(fault: Exception) -> Unreached:
    return Unreached(Failure.HTTP_BAD_ENCODING, clean(str(fault), 96))


def _cut_short() -> Unreached:
    return Unreached(Failure.HTTP_TRUNCATED, "compressed body ends early")


def _has_zlib_header(data: bytes) -> bool:
    # Source: RFC 1950 2.2; one byte alone is judged by its method.
    if data[0] & 0x0F != 8:
        return False
    return len(data) < 2 or int.from_bytes(data[:2]) % 31 == 0
