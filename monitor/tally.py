"""Passing on to Prometheus what others count for themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import prometheus_client


class Tally:
    """Raises each counter by what its count, by label, has grown since it was last passed on."""

    def __init__(self, *counted: tuple[prometheus_client.Counter, Callable[[], Mapping[str, int]]]) -> None:
        self._counted = [(counter, count, Counter[str]()) for counter, count in counted]

    def pass_on(self) -> None:
        """Bring the counters up to date."""
        for counter, count, told in self._counted:
            for label, number in count().items():
                counter.labels(label).inc(number - told[label])
                told[label] = number
