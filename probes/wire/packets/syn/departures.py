"""When packets left, and how long their answers took, in little memory however many there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from probes.wire.packets.syn.order import LatinOrder, Places

_CELLS, _CELLS_AGAIN = 1 << 16, 1 << 13
"""Moments kept for the first round and each after it. Where there are more packets, neighbours in turn share one."""


class Departures:
    """When each pair of *order* was asked, in each of so many *rounds*. Clock: any that never runs backwards."""

    def __init__(self, order: LatinOrder, rounds: int) -> None:
        self._order, self._begun = order, 0.0
        self._shares = np.array([-(-len(order) // cells) for cells in (_CELLS, *(rounds - 1) * [_CELLS_AGAIN])])
        sizes = -(-len(order) // self._shares)
        self._starts = np.cumsum(sizes) - sizes
        self._at = np.zeros(int(sizes.sum()), np.float32)

    def note(self, number: int, pairs: Places, at: float) -> None:
        """Note that *pairs* left at time *at* in round *number*."""
        self._begun = self._begun or at
        self._at[self._starts[number] + self._order.turns(pairs) // self._shares[number]] = at - self._begun

    def of(self, numbers: Places, pairs: Places) -> NDArray[np.float64]:
        """Return when each of *pairs* left in the round beside it."""
        cells = self._starts[numbers] + self._order.turns(pairs) // self._shares[numbers]
        times: NDArray[np.float64] = self._at[cells].astype(np.float64) + self._begun
        return times


class Delays:
    """The seconds that the answers of open ports have taken."""

    def __init__(self) -> None:
        self._pairs, self._seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]

    def add(self, pairs: Places, seconds: NDArray[np.float64]) -> None:
        """Keep the *seconds* of *pairs*, none of which is there."""
        if len(pairs):
            self._pairs.append(pairs)
            self._seconds.append(seconds.astype(np.float32))

    def gather(self) -> None:
        """Bring what was added into the order of pairs, which `between` reads."""
        pairs, seconds = np.concatenate(self._pairs), np.concatenate(self._seconds)
        order = np.argsort(pairs)
        self._pairs, self._seconds = [pairs[order]], [seconds[order]]

    def between(self, first: int, last: int) -> NDArray[np.float32]:
        """Return the seconds of the pairs from *first* to before *last*, in their order."""
        begin, end = np.searchsorted(self._pairs[0], (first, last))
        return self._seconds[0][begin:end]
