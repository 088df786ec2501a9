"""Grafana dashboards, built here and committed as JSON; `python -m exporters.dashboards NAME` prints one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from exporters.dashboards.grafana import Dashboard
from exporters.dashboards.rollout import ROLLOUT
from exporters.dashboards.situation import SITUATION

DASHBOARDS: Mapping[str, Dashboard] = {"situation": SITUATION, "rollout": ROLLOUT}


def render(name: str) -> str:
    """Return the JSON of the dashboard called *name*, as committed."""
    return json.dumps(DASHBOARDS[name].model(), ensure_ascii=False, indent=2) + "\n"
