"""The ledger, minute by minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.commands.ledger import totals
from monitor.screen.terminal import local, plain
from monitor.store import Sending
from rules.text import Language, Text

OURSELVES = Text("（监测点自身）", "(the tower itself)")


def show_ledger(console: Console, lines: Sequence[Sending], zone: dt.tzinfo, language: Language) -> None:
    """Print *lines* in their order, and what they come to."""
    if not lines:
        nothing = Text("这段时间里没有发出任何东西", "nothing was sent in that time")
        console.print(plain(nothing.into(language)))
        return
    for sending in lines:
        console.print(_line(sending, zone, language), soft_wrap=True)
    parts = [f"{word(what, language)} {packets:,}" for what, packets in totals(lines).items()]
    said = Text("合计：", "In all: ").into(language) + Text("，", ", ").into(language).join(parts or ["0"])
    console.print(plain(said), soft_wrap=True)


def _line(sending: Sending, zone: dt.tzinfo, language: Language) -> Line:
    line = sending.line
    at = f"{line.at:%Y-%m-%d} UTC      " if sending.whole_day else local(line.at, zone).removesuffix(":00")
    shown = Line(f"{at}  ", style="dim").append(line.target or OURSELVES.into(language), style="bold")
    where = f"{line.address} ({line.ports})" if line.ports else str(line.address)
    shown.append(f"  {word(line.what, language)} → {where}  ", style="not bold not dim")
    if line.refused is not None:
        refused = Text(f"拒发 {line.exchanges}：", f"refused {line.exchanges}: ").into(language)
        return shown.append(refused + word(line.refused, language), style="yellow not dim")
    octets = Text(
        f"（发出 {line.sent:,} 字节，收到 {line.received:,} 字节）",
        f" ({line.sent:,} octets sent, {line.received:,} received)",
    )
    return shown.append(f"×{line.packets:,}", style="cyan not dim").append(octets.into(language), style="not dim")
