"""The terminal itself: how wide it is, and how levels and outcomes look on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from exporters.words import word
from rules.policy import Level
from rules.text import Language, Text
from rules.verdict import Outcome

LEVEL_STYLES: Mapping[Level, str] = {
    Level.CRITICAL: "bold white on red",
    Level.HIGH: "red",
    Level.MEDIUM: "yellow",
    Level.LOW: "cyan",
    Level.NOTICE: "dim",
}
OUTCOME_STYLES: Mapping[Outcome, str] = {
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "yellow",
    Outcome.PASS: "green",
    Outcome.NOT_APPLICABLE: "dim",
}

NARROW = 100
"""Columns below which what belongs together shares one."""
WIDE = 120
"""Columns of output that goes to no terminal."""


def terminal() -> Console:
    """Return the console that standard output is; what is piped elsewhere is not squeezed into 80 columns."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


def table(title: str, headings: Sequence[Text] = (), language: Language = Language.ZH) -> Table:
    """Return an empty table with columns named by *headings*; nothing in it is ever cut, only folded."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in headings:
        made.add_column(heading.into(language), overflow="fold")
    return made


def plain(text: object) -> Line:
    """Return *text* as it stands: it may hold a stranger's word, and is never markup."""
    return Line(str(text))


def level(of: Level, language: Language) -> Line:
    """Return the word of a level in its colour."""
    return Line(word(of, language), style=LEVEL_STYLES[of])


def local(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """Return *moment* as the clock on the wall shows it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
