"""Where the samples of a metric come from: each host by itself, so that it can be kept, or the posture as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporters.exposition import Metric
from exporters.posture import HostPosture, Posture
from rules.text import Text

Samples = Iterable[tuple[tuple[str, ...], float]]
"""The values of a metric's labels, and the number."""


@dataclass(frozen=True, slots=True)
class HostMetric:
    """A metric every host may bear; *samples* leaves out the values of the first labels, host and agency.

    The day *samples* is handed is the city's, and decides what is overdue.
    """

    metric: Metric
    samples: Callable[[HostPosture, dt.date], Samples]

    def lines(self, hosts: Iterable[HostPosture], today: dt.date) -> str:
        """Return the samples of *hosts*."""
        line = self.metric.line
        return "".join(
            [
                line((host.target.host, host.target.agency, *values), number)
                for host in hosts
                for values, number in self.samples(host, today)
            ]
        )


@dataclass(frozen=True, slots=True)
class CityMetric:
    """A metric drawn from the posture as a whole."""

    metric: Metric
    samples: Callable[[Posture], Samples]

    def lines(self, posture: Posture) -> str:
        """Return the samples of *posture*."""
        return "".join([self.metric.line(values, number) for values, number in self.samples(posture)])


def of_host(name: str, zh: str, en: str, *labels: str) -> Metric:
    """Return a metric with the labels host, agency, and *labels*."""
    return Metric(f"diaolou_{name}", Text(zh, en), ("host", "agency", *labels))


def of_city(name: str, zh: str, en: str, *labels: str) -> Metric:
    """Return a metric with *labels* alone."""
    return Metric(f"diaolou_{name}", Text(zh, en), labels)


def moment(values: tuple[str, ...], at: dt.datetime | None) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield *at* in seconds since 1970, or nothing where it is not known."""
    if at is not None:
        yield values, at.timestamp()


def flag(values: tuple[str, ...], holds: bool | None) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield 1 for true and 0 for false, or nothing where it is not known."""
    if holds is not None:
        yield values, int(holds)
