"""The weeks of steady probes, out of what the store has added up by day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping

from monitor.store import Store
from probes import registry
from rules.week import DAYS, Day, Week

LOOKS, WELL = "seconds", "came"
"""The measures that count looks, and those of them that went well."""

Weeks = Mapping[tuple[str, str], Week]
"""By probe and family."""


def weeks(store: Store, hosts: Collection[str], today: dt.date) -> Mapping[tuple[str, str], Weeks]:
    """Return the weeks before *today*, by target and vantage."""
    steady = [name for name, probe in registry.load().items() if probe.steady]
    looks: dict[tuple[str, ...], dict[dt.date, int]] = defaultdict(dict)
    well: dict[tuple[str, ...], dict[dt.date, int]] = defaultdict(dict)
    for item in store.samples(hosts, today - dt.timedelta(days=DAYS), today - dt.timedelta(days=1), steady):
        key = item.target, item.vantage, item.probe, item.family
        if item.measure == LOOKS:
            looks[key][item.day] = item.count
        elif item.measure == WELL:
            well[key][item.day] = round((item.mean or 0.0) * item.ok)
    found: dict[tuple[str, str], dict[tuple[str, str], Week]] = defaultdict(dict)
    for (target, vantage, probe, family), days in looks.items():
        known = well[target, vantage, probe, family]
        week = Week.of(Day(count, known.get(day, 0)) for day, count in days.items())
        found[target, vantage][probe, family] = week
    return found
