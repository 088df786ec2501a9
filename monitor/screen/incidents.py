"""Incidents, each with all it affects."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.terminal import local, plain
from rules.incident import Incident
from rules.text import Language, Text


def show_incidents(console: Console, known: Known, incidents: Sequence[Incident], language: Language) -> None:
    """Print *incidents* as they are ordered."""
    if not incidents:
        console.print(plain(Text("没有事件", "no incidents").into(language)))
    for incident in incidents:
        count = len(incident.targets)
        head = Line(f"{incident.id}  ", style="dim")
        head.append(f"{word(incident.cause.kind, language)} {incident.cause.name}", style="bold red")
        head.append(Text(f"  影响 {count} 个目标", f"  targets affected: {count}").into(language))
        head.append(f"  {local(incident.since, known.config.daemon.time_zone)}", style="dim")
        console.print(head, soft_wrap=True)
        for target, agency in incident.targets.items():
            owner = known.config.tree.agencies.get(agency)
            rules = {finding.key.rule for finding in incident.findings if finding.key.target == target}
            titles = [known.rules[rule].title.into(language) for rule in sorted(rules) if rule in known.rules]
            name = owner.name.into(language) if owner else agency
            said = Text("；", "; ").into(language).join(titles)
            console.print(plain(f"    {target}  {name}  {said}"), soft_wrap=True)
