"""What Diaolou says of the city, held against what is true of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from exporters.posture import HostPosture
from monitor.configuration import read
from monitor.entrance import now
from monitor.judgement import Judge
from monitor.store import Store
from tests.lab.blame import misjudged, misjudged_ports
from tests.lab.facts import mismeasured

Truth = Mapping[str, Any]


def disagreements(config: Path, truth: Truth, only: Collection[str] | None = None) -> list[str]:
    """Return, in words, everything the last round over *config* said that is not true; empty when all is.

    *only* names the hosts of a round that was not over all.
    """
    known = read(config)
    names = list(truth["hosts"]) if only is None else list(only)
    with Store.open_to_read(known.config.daemon.store_url) as store:
        hosts = Judge(known.config, known.rules, store).standing(names, now())
        records = [item.gap or item.record for item in store.state(names)]
        verdicts = [item.verdict for item in store.verdicts(names)]
    found: list[str] = []
    for name in names:
        told = truth["hosts"][name]
        mine = [verdict for verdict in verdicts if verdict.target == name]
        differences = [
            *_ladder(told, hosts[name]),
            *mismeasured(told, truth["zones"], [record for record in records if record.target == name]),
            *misjudged(told, mine),
            *misjudged_ports(told, mine, known.config.policy.dangerous_ports),
        ]
        found += [f"{name}: {difference}" for difference in differences]
    return found


def _ladder(told: Truth, host: HostPosture) -> Iterator[str]:
    stage = host.readiness.stage
    if stage != told["ladder"]:
        yield f"stage {stage}, true is {told['ladder']}"
