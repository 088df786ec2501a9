"""SipHash-2-4 over columns: one keyed hash per row, of as many 64-bit words as there are columns.

Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (2012), section 2.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.uint64]

_INITIAL = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


@dataclass(frozen=True, slots=True)
class SipKey:
    """A secret key of 128 bits."""

    low: int
    high: int

    @classmethod
    def draw(cls) -> SipKey:
        """Return a new one that nobody can guess."""
        return cls(secrets.randbits(64), secrets.randbits(64))


def siphash(key: SipKey, *words: Column) -> Column:
    """Return the hash of each row of *words*, read as the little-endian bytes of the message; never without words."""
    rows = len(words[0])
    a, b, c, d = (
        np.full(rows, initial ^ half, np.uint64)
        for initial, half in zip(_INITIAL, (key.low, key.high) * 2, strict=True)
    )
    length = np.full(rows, (8 * len(words) & 0xFF) << 56, np.uint64)
    for word in (*words, length):
        d ^= word
        _rounds(2, a, b, c, d)
        a ^= word
    c ^= np.uint64(0xFF)
    _rounds(4, a, b, c, d)
    return a ^ b ^ c ^ d


def _rounds(count: int, a: Column, b: Column, c: Column, d: Column) -> None:
    for _ in range(count):
        a += b
        _turn(b, 13)
        b ^= a
        _turn(a, 32)
        c += d
        _turn(d, 16)
        d ^= c
        a += d
        _turn(d, 21)
        d ^= a
        c += b
        _turn(b, 17)
        b ^= c
        _turn(c, 32)


def _turn(column: Column, bits: int) -> None:
    """Rotate each word left by *bits*, in place."""
    carried = column >> np.uint64(64 - bits)
    column <<= np.uint64(bits)
    column |= carried
