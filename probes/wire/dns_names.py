"""Names inside many messages at once: where each ends, and whether it is one at all. Source: RFC 1035 4.1.4."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from probes.wire.dns_columns import Index, Octets

_STEPS = 64
"""Labels and pointers walked at most; a longer way is left to those who have time."""
_LONGEST = 255
_POINTER = 0xC0
_PLAIN = re.compile(rb"[A-Za-z0-9_-]+\Z")


def walk(data: Octets, lengths: Index, rows: Index, starts: Index) -> tuple[Index, NDArray[np.bool_]]:
    """Walk the name at *starts* in each of *rows* of *data*; return where it ends there, and whether it is sound.

    Pointers must lead back, each further than the one before, and no label may reach into what was walked already.
    """
    at, ends, sound = starts.copy(), starts.copy(), np.zeros(len(rows), bool)
    limit, jumped, size = lengths[rows], np.zeros(len(rows), bool), np.zeros(len(rows), np.intp)
    floor = starts.copy()
    live = np.arange(len(rows))
    for _ in range(_STEPS):
        live = live[at[live] < limit[live]]
        if not live.size:
            break
        octet = data[rows[live], at[live]].astype(np.intp)
        is_label, is_pointer = (octet > 0) & (octet < 64), octet >= _POINTER
        on = live[is_label]
        at[on] += octet[is_label] + 1
        size[on] += octet[is_label] + 1
        done = live[octet == 0]
        sound[done] = size[done] + 1 <= _LONGEST
        first = done[~jumped[done]]
        ends[first] = at[first] + 1
        here, high = live[is_pointer], octet[is_pointer]
        whole = at[here] + 1 < limit[here]
        here, high = here[whole], high[whole]
        target = ((high & 0x3F) << 8) | data[rows[here], at[here] + 1]
        back = target < floor[here]
        here, target = here[back], target[back]
        first = here[~jumped[here]]
        ends[first] = at[first] + 2
        # What lies before the place jumped from, or before the last target, may be walked; the rest was.
        limit[here], floor[here], at[here], jumped[here] = floor[here], target, target, True
        live = np.concatenate((on, here))
    return ends, sound


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
