"""What Alertmanager's notifications tell: alerts under names of the inventory, their words cleaned, nothing more.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Mapping
from typing import Any

from monitor.alarm import Heard
from probes.text import clean
from rules.alert import Severity, Signal

log = logging.getLogger(__name__)

MOST = 2000
"""Alerts of one notification."""

APART = frozenset({"inhibitor", "escalation"})
"""Classes of alerts nobody is to answer for: the one silences others, the other is our own voice."""

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


def understood(body: bytes, hosts: Collection[str], agencies: Collection[str]) -> list[Heard]:
    """Return what a notification tells of; what is not among *hosts* and *agencies* is about nobody.

    Raises:
        ValueError: it is none.
    """
    try:
        told = json.loads(body)
        if len(told["alerts"]) > MOST:
            raise ValueError("too many alerts")
        if told.get("truncatedAlerts"):
            log.warning("alerts were left out of a notification: %.20s", told["truncatedAlerts"])
        return [heard for each in told["alerts"] if (heard := _heard(each, hosts, agencies)) is not None]
    except (KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise ValueError(type(fault).__name__) from fault


def _heard(told: Mapping[str, Any], hosts: Collection[str], agencies: Collection[str]) -> Heard | None:
    """Return one alert; None where nobody is to answer for it. Whatever has another shape raises what that raises."""
    labels, notes = told["labels"], told.get("annotations") or {}
    name, id_, severity = str(labels["alertname"]), str(told["fingerprint"]), labels.get("severity")
    if labels.get("class") in APART or not _NAME.fullmatch(name) or not _ID.fullmatch(id_):
        return None
    signal = Signal(
        name,
        Severity(severity) if severity in list(Severity) else Severity.WARNING,
        labels["agency"] if labels.get("agency") in agencies else "",
        labels["host"] if labels.get("host") in hosts else "",
        " / ".join(clean(str(notes[key]), 300) for key in ("summary_zh", "summary_en") if notes.get(key)),
    )
    return Heard(id_, told["status"] == "firing", signal)
