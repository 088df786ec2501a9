"""How the city stood when last judged."""

from __future__ import annotations

import datetime as dt

from exporters.posture import Posture
from monitor.configuration import Known
from monitor.judgement import Judge
from monitor.situation import posture
from monitor.store import Store


def current(known: Known, store: Store, now: dt.datetime) -> Posture:
    """Return the posture of the whole city from *store*, nothing judged anew."""
    config = known.config
    hosts = Judge(config, known.rules, store).standing(config.targets)
    since = {probe.name: now - dt.timedelta(seconds=probe.every) for probe in known.probes.values()}
    titles = {rule.id: rule.title for rule in known.rules.values()}
    return posture(
        now, config.daemon.city, config.tree, config.policy, hosts.values(), store.campaigns(since), [], titles
    )
