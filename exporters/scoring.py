"""Words for what the templates beside the risk score say."""

from __future__ import annotations

from rules.templates import Inspected
from rules.text import Text


def figure(value: float | None) -> str:
    """Return a score to be read; a dash where there is none."""
    return "—" if value is None else f"{value:.1f}"


def judged(inspected: Inspected) -> Text:
    """Return in a word how a website comes out of the inspection."""
    if inspected.vetoes:
        return Text("单项否决", "vetoed")
    if inspected.qualified is None:
        return Text("尚不能说", "cannot be told yet")
    if not inspected.qualified:
        return Text("不合格", "not qualified")
    return Text("合格，可加分", "qualified, bonus") if inspected.bonus else Text("合格", "qualified")
