"""How the city stands by what the store holds."""

from __future__ import annotations

import datetime as dt

from exporters.posture import Posture
from monitor.affairs import Affairs
from monitor.configuration import Known
from monitor.incidents import Incidents
from monitor.judgement import Judge
from monitor.overview import lately, overview, remembered_health
from monitor.records import Records
from monitor.store import Store
from monitor.tower import SELF


def current(known: Known, store: Store, now: dt.datetime) -> Posture:
    """Return the posture of the whole city by what *store* holds, as old as that is *now*."""
    config = known.config
    hosts = Judge(config, known.rules, store).standing(config.targets, now)
    probes = {name: probe for name, probe in known.probes.items() if name != SELF}
    campaigns = lately(store, config, probes, now)
    health = [remembered_health(store, config)]
    drawn = overview(config, known.rules, hosts.values(), campaigns, health, now)
    whole = Incidents(config, store).onto(Records(config, store).onto(drawn, now), now)
    return Affairs(config, store).onto(whole, now)
