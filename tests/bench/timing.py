"""Stop watches: wall and processor time of a piece of work, and how much memory this process has needed at most."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MB = 1_000_000


@dataclass(slots=True)
class Spent:
    """Seconds of wall and processor time; both are 0 until the work is done."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Spent]:
    """Time what is done inside; garbage of what came before is not counted against it."""
    gc.collect()
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu


def best_of(times: int, work: Callable[[], object]) -> Spent:
    """Do *work* several times and return the time of the quickest: the others were disturbed."""
    found: list[Spent] = []
    for _ in range(times):
        with timed() as spent:
            work()
        found.append(spent)
    return min(found, key=lambda each: each.wall)


def in_turn(times: int, *works: Callable[[], object]) -> list[Spent]:
    """Do the *works* in turn, several times over, and return the quickest time of each: the noise is shared."""
    found = [[best_of(1, work) for work in works] for _ in range(times)]
    return [min(each, key=lambda spent: spent.wall) for each in zip(*found, strict=True)]


def peak_mb() -> float:
    """Return the largest resident set this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
