"""The posture of a configuration's city at one moment, however its hosts came to be known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from exporters.posture import Campaign, HostPosture, Posture, VantageHealth
from monitor.settings import Config
from monitor.sight import health, stopped
from monitor.situation import posture
from monitor.store import Store
from probes.registry import Probe
from rules.rule import Rule


def overview(
    config: Config,
    rules: Mapping[str, Rule],
    hosts: Iterable[HostPosture],
    campaigns: Sequence[Campaign],
    vantages: Sequence[VantageHealth],
    at: dt.datetime,
    agency: str = "",
) -> Posture:
    """Return the posture of *agency* and all below it, by default of the whole city, by the clock on its wall."""
    root = agency or config.daemon.city
    titles = {rule.id: rule.title for rule in rules.values()}
    return posture(
        at.astimezone(config.daemon.time_zone), root, config.tree, config.policy, hosts, campaigns, vantages, titles
    )


def lately(
    store: Store,
    config: Config,
    probes: Mapping[str, Probe],
    at: dt.datetime,
    begun: dt.datetime | None = None,
) -> list[Campaign]:
    """Return what each of *probes* did within its usual time before *at*, and not before *begun*."""
    since: dict[str, dt.datetime] = {}
    for probe in probes.values():
        usual = at - dt.timedelta(seconds=config.schedule.cadence(probe.name).every or probe.every)
        since[probe.name] = max(usual, begun) if begun else usual
    return [campaign for campaign in store.campaigns(since) if campaign.probe in probes]


def remembered_health(store: Store, config: Config, as_of: dt.datetime | None = None) -> VantageHealth:
    """Return what the store knows of our own vantage, now or at a past moment."""
    stored = store.state([config.vantage.name], as_of)
    return health(
        config.vantage, [item.record if item.gap is None or stopped(item.gap) else item.gap for item in stored]
    )
