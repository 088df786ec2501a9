"""Looking again at what somebody says was mended: by the daemon that runs, or else by the command itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from monitor.configuration import Known
from monitor.entrance import at_work_or_end, now
from monitor.refusal import both
from monitor.store import Store, StoreUnavailable, Trouble
from rules.finding import Key
from rules.text import Text


def readers(known: Known, keys: Collection[Key]) -> Mapping[str, frozenset[str]]:
    """Return, by target, the probes that the rules of *keys* read."""
    wanted: dict[str, frozenset[str]] = {}
    for key in keys:
        if key.rule in known.rules and key.target in known.config.watched:
            wanted[key.target] = wanted.get(key.target, frozenset()) | known.rules[key.rule].reads
    return wanted


def hasten(known: Known, store: Store, keys: Collection[Key]) -> None:
    """Have the targets of *keys* looked at now by whatever daemon runs."""
    store.hasten(readers(known, keys), now())


def look_again(directory: Path, known: Known, keys: Collection[Key]) -> bool:
    """Look at the targets of *keys* and judge them, unless a daemon runs, which does; say whether that was done."""
    from monitor.commands.round import run_round
    from monitor.watch import Unwatched

    targets = sorted(readers(known, keys))
    halted = known.halt_file(directory)
    if not targets or halted.read() is not None:
        return False
    with at_work_or_end():
        try:
            store = Store.open(known.config.daemon.store_url, zone=known.config.daemon.time_zone)
        except StoreUnavailable as trouble:
            if trouble.trouble is not Trouble.TAKEN:
                raise
            print(both(Text("守护进程随即复测", "the daemon looks at it now")))
            return False
        with store:
            asyncio.run(run_round(directory, known, store, targets, Unwatched(), halted))
    return True
