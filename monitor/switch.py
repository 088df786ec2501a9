"""The stop switch: silences whatever may send, looks begun under an older configuration included."""

from __future__ import annotations

from weakref import WeakSet

from probes.wire.guard import Guard


class Switch:
    """Governs guards for as long as anybody uses them."""

    def __init__(self) -> None:
        self.stopped = False
        self._guards: WeakSet[Guard] = WeakSet()

    def govern(self, guard: Guard) -> None:
        """Have *guard* obey from now on."""
        self._guards.add(guard)
        if self.stopped:
            guard.stop()

    def stop(self) -> None:
        """Let nothing out any more."""
        self.stopped = True
        for guard in self._guards:
            guard.stop()

    def resume(self) -> None:
        """Let go what scope and pace allow."""
        self.stopped = False
        for guard in self._guards:
            guard.resume()
