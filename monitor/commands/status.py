"""How the city stood when last judged."""

from __future__ import annotations

import datetime as dt

from exporters.posture import Posture
from monitor.configuration import Known
from monitor.judgement import Judge
from monitor.overview import lately, overview, remembered_health
from monitor.store import Store
from monitor.tower import SELF


def current(known: Known, store: Store, now: dt.datetime) -> Posture:
    """Return the posture of the whole city from *store*, nothing judged anew."""
    config = known.config
    hosts = Judge(config, known.rules, store).standing(config.targets)
    probes = {name: probe for name, probe in known.probes.items() if name != SELF}
    campaigns = lately(store, config, probes, now)
    return overview(config, known.rules, hosts.values(), campaigns, [remembered_health(store, config)], now)
