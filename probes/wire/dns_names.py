"""Many messages at once, each held against a question: numbers and names at places inside them.

Source: RFC 1035 4.1.4.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from probes.wire.dns_columns import HEADER, Index, Names, Octets

_STEPS = 64
"""Labels and pointers walked at most; a longer way is left to those who have time."""
_LONGEST = 255
_POINTER = 0xC0
_PLAIN = re.compile(rb"[A-Za-z0-9_-]+\Z")


class Messages:
    """Messages of *lengths*, one in a row of *data*; each repeats one of *names*, by *name*, as its question."""

    def __init__(self, data: Octets, lengths: Index, names: Names, name: Index) -> None:
        self.data, self.lengths = data, lengths
        self._flat, self._base = data.ravel(), np.arange(len(data)) * data.shape[1]
        self._left, self._sizes = names.left[name].ravel(), names.lengths[name]
        self._left_base = np.arange(len(data)) * names.left.shape[1]

    def octet(self, rows: Index, at: Index) -> Index:
        """Return the octets at *at* of *rows* as numbers."""
        found: Index = self._flat.take(self._base[rows] + at).astype(np.intp)
        return found

    def short(self, rows: Index, at: Index) -> Index:
        """Return the two octets at *at* of *rows* as numbers."""
        places = self._base[rows] + at
        found: Index = (self._flat.take(places).astype(np.intp) << 8) | self._flat.take(places + 1)
        return found

    def long(self, rows: Index, at: Index) -> Index:
        """Return the four octets at *at* of *rows* as numbers."""
        return (self.short(rows, at) << 16) | self.short(rows, at + 2)

    def walk(self, rows: Index, starts: Index) -> tuple[Index, NDArray[np.bool_]]:
        """Walk the name at *starts* in each of *rows*; return where it ends there, and whether it is sound.

        Pointers must lead back, each further than the one before, and no label may reach into what was walked
        already. A pointer into the question, which is sound, is not walked.
        """
        at, ends, sound = starts.copy(), starts.copy(), np.zeros(len(rows), bool)
        limit, jumped, size = self.lengths[rows], np.zeros(len(rows), bool), np.zeros(len(rows), np.intp)
        floor, live = starts.copy(), np.arange(len(rows))
        for _ in range(_STEPS):
            live = live[at[live] < limit[live]]
            if not live.size:
                break
            octet = self.octet(rows[live], at[live])
            labels, pointers = (octet > 0) & (octet < 64), octet >= _POINTER
            on, step = live[labels], octet[labels] + 1
            at[on] += step
            size[on] += step
            done = live[octet == 0]
            sound[done] = size[done] + 1 <= _LONGEST
            self._ended(ends, jumped, at, done, 1)
            here = live[pointers]
            here = here[at[here] + 1 < limit[here]]
            target = self.short(rows[here], at[here]) & 0x3FFF
            back = target < floor[here]
            here, target = here[back], target[back]
            self._ended(ends, jumped, at, here, 2)
            left = self._remaining(rows[here], target)
            sound[here[left > 0]] = (size[here] + left <= _LONGEST)[left > 0]
            here, target = here[left == 0], target[left == 0]
            # What lies before the place jumped from, or before the last target, may be walked; the rest was.
            limit[here], floor[here], at[here], jumped[here] = floor[here], target, target, True
            live = np.concatenate((on, here))
        return ends, sound

    @staticmethod
    def _ended(ends: Index, jumped: NDArray[np.bool_], at: Index, here: Index, octets: int) -> None:
        first = here[~jumped[here]]
        ends[first] = at[first] + octets

    def _remaining(self, rows: Index, target: Index) -> Index:
        """Return how many octets of the question's name remain at *target*, 0 where no label of it begins."""
        inside = (target >= HEADER) & (target < HEADER + self._sizes[rows])
        places = np.where(inside, self._left_base[rows] + target - HEADER, 0)
        remaining: Index = np.where(inside, self._left.take(places), 0).astype(np.intp)
        return remaining


def text(message: bytes, at: int) -> str | None:
    """Return the sound name at *at*, lower-case and without trailing dot; None if a label is not plain."""
    labels: list[bytes] = []
    while octet := message[at]:
        if octet >= _POINTER:
            at = ((octet & 0x3F) << 8) | message[at + 1]
            continue
        label = message[at + 1 : at + 1 + octet]
        if _PLAIN.match(label) is None:
            return None
        labels.append(label)
        at += octet + 1
    return b".".join(labels).decode("ascii").lower() or "."
