"""Spreading work over time without chance: each name has its own share, and always the same."""

from __future__ import annotations

import hashlib


def fraction(*names: str) -> float:
    """Return a number in [0, 1) that depends on *names* alone, evenly spread over many of them."""
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
