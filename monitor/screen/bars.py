"""Progress while a round runs."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from monitor.watch import JUDGING
from probes.registry import Probe
from rules.text import Language, Text


class Bars:
    """Progress bars, one for each thing a round does; nothing where nobody watches."""

    def __init__(self, console: Console, probes: Mapping[str, Probe], language: Language) -> None:
        self._labels = {name: Text(*probe.doing).into(language) for name, probe in probes.items()}
        self._labels[JUDGING] = Text("评判", "judging").into(language)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, what: str, planned: int) -> None:
        """Show that *what* begins, over *planned* targets."""
        self._tasks[what] = self._progress.add_task(self._labels[what], total=planned)

    def step(self, what: str, done: int = 1) -> None:
        """Move the bar of *what* on."""
        self._progress.advance(self._tasks[what], done)
