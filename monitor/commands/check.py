"""Whether a configuration can be used, and what in it deserves a second look."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from monitor import packs
from monitor.outfit import equip
from monitor.settings import Mistakes, checkup
from probes import registry
from rules.text import Text


def check(directory: Path, today: dt.date) -> list[Text]:
    """Return what was understood of the configuration in *directory*, and notes on it.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: the configuration has mistakes.
        Unequipped: what it names cannot be read.
    """
    rules, probes = packs.load(directory / "packs"), registry.load()
    report = checkup.check(directory, rules, probes, today)
    if report.config is None:
        raise Mistakes(report.mistakes)
    equip(report.config, Path(report.config.daemon.packets_socket))
    known = Text(
        f"配置无误：{len(rules)} 条规则，{len(probes)} 个探测项",
        f"configuration is good: {len(rules)} rules, {len(probes)} probes",
    )
    return [known, *report.notes]
