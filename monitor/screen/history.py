"""What changed at one host, in the order in which it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.commands.history import Past
from monitor.configuration import Known
from monitor.screen.facts import Teller
from monitor.screen.terminal import local
from rules.finding import Act
from rules.text import Language, Text

ACTS = {Act.OPENED: "red", Act.REOPENED: "bold red", Act.CHANGED: "yellow", Act.CLOSED: "green"}


def show_history(console: Console, known: Known, past: Past, language: Language) -> None:
    """Print every value that began and every act on a finding, the oldest first."""
    for at, line in sorted(_lines(known, past, language), key=lambda each: each[0]):
        stamp = Line(local(at, known.config.daemon.time_zone) + "  ", style="dim")
        console.print(stamp.append_text(line), soft_wrap=True)


def _lines(known: Known, past: Past, language: Language) -> Iterator[tuple[dt.datetime, Line]]:
    zone = known.config.daemon.time_zone
    teller = Teller(known.probes, language, zone)
    for spell in past.spells:
        line = Line(f"{spell.record.probe} ").append(str(spell.record.subject) or "·", style="cyan").append("  ")
        line.append_text(teller.outcome(spell.record))
        if spell.until is not None:
            line.append(Text("  至 ", "  until ").into(language) + local(spell.until, zone), style="dim")
        yield spell.since, line
    for event in past.events:
        rule = known.rules.get(event.key.rule)
        title = rule.title.into(language) if rule else event.key.rule
        line = Line(word(event.act, language), style=ACTS[event.act])
        yield event.at, line.append(f"  {title}  {event.key.subject}".rstrip(), style="bold")
