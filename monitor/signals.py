"""What an operator signals: each signal is an act, done beside everything else and never lost in silence."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping

from exporters.chore import Chore
from monitor.chores import Chores


class Signals:
    """Does *acts* when their signals come, until the event loop ends."""

    def __init__(self, chores: Chores, acts: Mapping[signal.Signals, Callable[[], Awaitable[object]]]) -> None:
        self._chores = chores
        self._doing: set[asyncio.Task[bool]] = set()
        for number, act in acts.items():
            asyncio.get_running_loop().add_signal_handler(number, self._begin, act)

    def _begin(self, act: Callable[[], Awaitable[object]]) -> None:
        """Do *act* as a task of its own; the reference keeps it from being collected before its end."""
        task = asyncio.create_task(self._chores.attempt(Chore.SIGNAL, act))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)
