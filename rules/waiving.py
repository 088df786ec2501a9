"""Which findings a waiver covers, and when it lapses by itself: at its end, and when what was observed changes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from rules.finding import Finding, State, Waiver
from rules.handling import Handling, excuses, handled


def excused(finding: Finding, waivers: Sequence[Waiver], handling: Handling, today: dt.date) -> Finding:
    """Return *finding* with the deadline it was granted, and as it is waived *today*.

    A waiver that names no value holds for the one it first met on an open finding; of several, the one granted last
    decides.
    """
    finding = handled(finding, handling)
    meant = [*(waiver for waiver in waivers if _covers(waiver, finding, today))]
    meant += [waiver for waiver in excuses(finding, handling) if today <= waiver.until]
    if not meant:
        return replace(finding, waived=False, excused="")
    if any(waiver.value and waiver.value == finding.value for waiver in meant):
        return replace(finding, waived=True)
    untied = [waiver for waiver in meant if not waiver.value]
    if not untied:
        return replace(finding, waived=False)
    grant = max((waiver.granted or dt.date.min) for waiver in untied).isoformat()
    before, _, value = finding.excused.partition(" ")
    if before == grant:
        return replace(finding, waived=value == finding.value)
    bound = f"{grant} {finding.value}" if finding.state is State.OPEN else ""
    return replace(finding, waived=True, excused=bound)


def _covers(waiver: Waiver, finding: Finding, today: dt.date) -> bool:
    return (
        today <= waiver.until
        and alike(waiver.rule, finding.key.rule)
        and alike(waiver.target, finding.key.target)
        and alike(waiver.agency, finding.agency)
        and alike(waiver.subject, finding.key.subject)
    )


def alike(pattern: str, text: str) -> bool:
    """Say whether *text* is what *pattern* means: any text if that is empty, and `*` any part of one."""
    if "*" not in pattern:
        return pattern in ("", text)
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Runs of stars are one star: two in a row would only make the search slower.
    parts = re.split(r"\*+", pattern)
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
