"""One finding and what was done about it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.terminal import level, local, plain
from rules.deed import Deed, Move
from rules.finding import Finding
from rules.handling import Handling
from rules.text import Language, Text

STYLES = {Move.SENT_BACK: "bold red", Move.VERIFIED: "green", Move.CLAIMED_FIXED: "cyan"}


def show_handled(console: Console, known: Known, finding: Finding, handling: Handling, language: Language) -> None:
    """Print the finding as it stands, then every deed on it, the oldest first."""
    key, zone = finding.key, known.config.daemon.time_zone
    rule = known.rules.get(key.rule)
    head = Line(f"{key.id}  ", style="dim").append_text(level(finding.level, language))
    head.append(f"  {rule.title.into(language) if rule else key.rule}", style="bold")
    console.print(head)
    console.print(plain(f"{key.rule}@{key.target}" + (f"#{key.subject}" if key.subject else "")))
    state = word(finding.state, language) + (Text("（已豁免）", " (waived)").into(language) if finding.waived else "")
    facts = [
        (Text("状态", "state"), state),
        (Text("发现于", "first seen"), local(finding.first_seen, zone)),
        (Text("最近证实", "last confirmed"), local(finding.last_confirmed, zone)),
        (Text("期限", "deadline"), str(finding.deadline or "—")),
        (Text("负责人", "owner"), handling.owner or "—"),
    ]
    for name, value in facts:
        console.print(plain(f"  {name.into(language)}  {value}"))
    if finding.reason:
        console.print(plain(f"  {finding.reason}"), style="dim")
    for deed in handling.deeds:
        console.print(deed_line(deed, known, language), soft_wrap=True)


def deed_line(deed: Deed, known: Known, language: Language) -> Line:
    """Return what was done, when, by whom and why."""
    line = Line(local(deed.at, known.config.daemon.time_zone) + "  ", style="dim")
    line.append(word(deed.move, language), style=STYLES.get(deed.move, "bold"))
    line.append(f"  {deed.who}")
    for more in (deed.to and f"→ {deed.to}", deed.until and f"→ {deed.until}", deed.notice, deed.why):
        if more:
            line.append(f"  {more}")
    return line
