"""A small fingerprint of a text by which two texts can be compared without keeping either."""

from __future__ import annotations

import hashlib
import re

SIZE = 64
"""Hashes kept."""

WIDTH = 5
"""Characters in a shingle: Chinese needs no word boundaries, and five characters still tell sentences apart."""

TEXT_LIMIT = 200_000
"""Characters of text considered."""

_CHANGING = re.compile(r"[\d\s]+")


def sketch(text: str) -> tuple[int, ...]:
    """Return the SIZE smallest shingle hashes of *text*, ascending; fewer for a short text, none for an empty one.

    Digits and white space are left out: clocks, counters and layout change without the page being another.

    Source: A. Broder, "On the resemblance and containment of documents" (1997), the bottom-k variant.
    """
    plain = _CHANGING.sub("", text[:TEXT_LIMIT])
    shingles = {plain[start : start + WIDTH] for start in range(max(1, len(plain) - WIDTH + 1))} if plain else set()
    hashes = sorted(_hash(shingle) for shingle in shingles)
    return tuple(hashes[:SIZE])


def _hash(shingle: str) -> int:
    # 53 bits survive every JSON reader.
    return int.from_bytes(hashlib.blake2b(shingle.encode("utf-8", "replace"), digest_size=8).digest()) >> 11
