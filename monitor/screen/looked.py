"""One host while it is looked at: what each probe met as it comes, then what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.configuration import Known
from monitor.screen.facts import Teller
from monitor.screen.terminal import OUTCOME_STYLES, plain
from probes.observation import Record
from rules.text import Language, Text
from rules.verdict import Outcome, Verdict


class Looking:
    """Shows a look as it goes on; *quiet* tells only that it does."""

    def __init__(self, console: Console, known: Known, language: Language, *, quiet: bool = False) -> None:
        self._console, self._known, self._language, self._quiet = console, known, language, quiet
        self._teller = Teller(known.probes, language, known.config.daemon.time_zone, passing=True)

    def seen(self, probe: str, records: tuple[Record, ...]) -> None:
        """Show what *probe* met."""
        doing = Text(*self._known.probes[probe].doing).into(self._language)
        self._console.print(Line(doing, style="bold").append(f"  {probe}", style="dim"))
        for record in () if self._quiet else sorted(records, key=lambda each: str(each.subject)):
            line = Line("  ").append(str(record.subject) or "·", style="cyan").append("  ")
            line.append_text(self._teller.outcome(record))
            self._console.print(line, soft_wrap=True)

    def judged(self, verdicts: Iterable[Verdict]) -> None:
        """Show what follows, the gravest first; what is kept or does not apply is only counted."""
        language, counted = self._language, Counter[Outcome]()
        self._console.print(Line(Text("据此", "what follows").into(language), style="bold"))
        for verdict in verdicts:
            counted[verdict.outcome] += 1
            if verdict.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
                title = self._known.rules[verdict.rule].title.into(language)
                line = Line("  ").append(word(verdict.outcome, language), style=OUTCOME_STYLES[verdict.outcome])
                self._console.print(line.append(f"  {title}  {verdict.subject}".rstrip()))
                if verdict.outcome is Outcome.FAIL:
                    for reason in verdict.reason.splitlines():
                        self._console.print(plain(f"      {reason}"), style="dim", soft_wrap=True)
        told = (f"{word(each, language)} {counted[each]}" for each in Outcome if counted[each])
        self._console.print(Line("  " + " · ".join(told), style="dim"))
        once = Text("（只看了一次，未记入存储）", "(one look, recorded nowhere)")
        self._console.print(Line("  " + once.into(language), style="dim"))
