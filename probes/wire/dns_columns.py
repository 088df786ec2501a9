"""Many questions as columns: names in wire form one a row, and the datagrams that ask for them.

Only names made of letters, digits, hyphens and underscores are put into columns; others are asked for one by one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.target import Family
from probes.wire.dns_codec import OPT, QUERY_FLAGS

Octets = NDArray[np.uint8]
Index = NDArray[np.intp]

HEADER = 12
TYPES = np.array([1, 28])
"""A and AAAA: question 2i asks for the A of name i, question 2i + 1 for its AAAA."""
FAMILIES = (Family.IPV4, Family.IPV6)
_PLAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}\Z")
_TAIL = np.frombuffer(struct.pack("!HH", 0, 1) + OPT, np.uint8)


def plain(name: str) -> bool:
    """Say whether *name*, lower-case and without trailing dot, can be put into columns."""
    return _PLAIN.match(name) is not None


@dataclass(frozen=True, slots=True)
class Names:
    """Plain names.

    *wire* has one in a row, padded with zeros; *lengths* counts the octets, the root's included. *left* says how many
    octets of the name remain where a label begins, and 0 elsewhere.
    """

    texts: Sequence[str]
    wire: Octets
    lengths: Index
    left: Octets

    @classmethod
    def of(cls, texts: Sequence[str]) -> Names:
        """Put *texts* into columns; every one must be `plain`."""
        blob = np.frombuffer("".join([f".{text}\0" for text in texts]).encode("ascii"), np.uint8).copy()
        lengths = np.fromiter(map(len, texts), np.intp, len(texts)) + 2
        marks = np.flatnonzero((blob == ord(".")) | (blob == 0))
        ahead = np.diff(marks, append=marks[-1:] + 1) - 1
        # The distance from a dot to the next mark is its label's length; the end of a name stays the root's zero.
        blob[marks] = np.where(blob[marks] == 0, 0, ahead)
        width = int(lengths.max(initial=0))
        inside = np.arange(width) < lengths[:, None]
        wire, left = np.zeros((len(texts), width), np.uint8), np.zeros((len(texts), width), np.uint8)
        wire[inside] = blob
        remaining = np.zeros(len(blob), np.uint8)
        ends = np.cumsum(lengths)
        remaining[marks] = ends[np.searchsorted(ends, marks, side="right")] - marks
        left[inside] = remaining
        return cls(texts, wire, lengths, left)

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Templates:
    """The datagrams that ask for *names*, but for ID and type."""

    names: Names
    rows: Octets

    @classmethod
    def of(cls, names: Names) -> Templates:
        """Write the datagrams: one question each, recursion desired, EDNS."""
        width = names.wire.shape[1]
        rows = np.zeros((len(names), HEADER + width + len(_TAIL)), np.uint8)
        rows[:, :HEADER] = np.frombuffer(struct.pack("!6H", 0, QUERY_FLAGS, 1, 0, 0, 1), np.uint8)
        rows[:, HEADER : HEADER + width] = names.wire
        ends = HEADER + names.lengths[:, None] + np.arange(len(_TAIL))
        np.put_along_axis(rows, ends, _TAIL[None, :], axis=1)
        return cls(names, rows)

    def fill(self, data: Octets, questions: Index, idents: NDArray[np.uint16]) -> Index:
        """Write the datagrams of *questions* into the first rows of *data*; return their lengths."""
        names, count = questions >> 1, len(questions)
        width = self.rows.shape[1]
        ends: Index = HEADER + self.names.lengths[names]
        data[:count, :width] = self.rows[names]
        data[:count, 0], data[:count, 1] = idents >> 8, idents & 0xFF
        data[np.arange(count), ends + 1] = TYPES[questions & 1]
        ends += len(_TAIL)
        return ends
