"""A bounded sample of many different things: the same whatever the order in which they come."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from typing import Generic, Protocol, Self, TypeVar

DISTINCT = 50_000
"""Different keys that are told apart; what comes beyond them is left out."""


class Merging(Protocol):
    """What is known of one thing, from several places."""

    def merge(self, other: Self) -> Self:
        """Return what both know, whichever of them came first."""


V = TypeVar("V", bound=Merging)


class Sample(Generic[V]):
    """Keeps *size* of the keys offered, those with the smallest digests, and counts how many different there were."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen: set[int] = set()
        self._heap: list[tuple[int, str]] = []
        self._kept: dict[str, V] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._seen

    def offer(self, key: str, value: V) -> None:
        """Take *key* into account; what is known of a key that is kept grows together."""
        if (known := self._kept.get(key)) is not None:
            self._kept[key] = known.merge(value)
            return
        digest = _digest(key)
        if digest in self._seen or len(self._seen) >= DISTINCT:
            return
        self._seen.add(digest)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, (-digest, key))
        elif not self._heap or -self._heap[0][0] < digest:
            return
        else:
            del self._kept[heapq.heapreplace(self._heap, (-digest, key))[1]]
        self._kept[key] = value

    def items(self) -> Iterator[tuple[str, V]]:
        """Yield what is kept, by key."""
        yield from sorted(self._kept.items(), key=lambda item: item[0])


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest())
