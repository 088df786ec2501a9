"""Alerts, and who answers for each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.terminal import local, plain, table
from rules.alert import Alert
from rules.text import Language, Text

HEADINGS = (
    Text("编号", "id"),
    Text("告警", "alert"),
    Text("级别", "severity"),
    Text("单位", "agency"),
    Text("发生", "since"),
    Text("认领", "answered by"),
    Text("上报", "told"),
)


def show_alerts(console: Console, known: Known, alerts: Sequence[Alert], language: Language) -> None:
    """Print *alerts*, the gravest and oldest first."""
    order = sorted(alerts, key=lambda each: (each.signal.severity.rank, each.raised.at, each.id))
    shown = table(Text(f"告警 {len(order)} 条", f"{len(order)} alerts").into(language), HEADINGS, language)
    for alert in order:
        agency = known.config.tree.agencies.get(alert.signal.agency)
        shown.add_row(
            plain(alert.id[:8]),
            plain(f"{alert.signal.name} {alert.signal.host}".rstrip()),
            plain(word(alert.signal.severity, language)),
            plain(agency.name.into(language) if agency else alert.signal.agency or "—"),
            plain(local(alert.raised.at, known.config.daemon.time_zone)),
            plain(_answer(alert, language)),
            plain(" ".join(deed.value for deed in alert.told) or "—"),
        )
    console.print(shown)


def _answer(alert: Alert, language: Language) -> str:
    if alert.acknowledged is not None:
        return alert.acknowledged.who
    if alert.resolved is not None:
        return Text("已解除", "over").into(language)
    return Text("无人认领", "nobody").into(language)
