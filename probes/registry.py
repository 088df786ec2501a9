"""Finding the probes: every module here named layer_object registers the function that bears its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import probes
from probes.observation import Facts, Sighting
from probes.outlook import Sends
from probes.target import Kind, Target
from probes.wire import BatchWire, Wire

ProbeFunction = Callable[[Target, Wire], AsyncIterator[Sighting]]
Preparation = Callable[[Sequence[Target], BatchWire], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Probe:
    """A registered probe.

    *every* is the usual time between two looks at a target, in seconds. *kinds* limits it to targets of those
    kinds; empty means all but links. *deadline* bounds one look at one target, in seconds. *stage* orders those of a
    round: 0 looks at ourselves, 1 finds addresses, 2 uses them. *doing* is what a person watching is told meanwhile,
    in Chinese and English, and *words* are what the fields of its facts are called. *prepare* may spare the looks at
    a batch of targets some of their questions, and must not change what they find. A *steady* one looks at that pace
    whatever it finds, as it is the share over many looks that counts. *sends* says beforehand what a look would send.
    """

    name: str
    run: ProbeFunction
    facts: type[Facts]
    every: float
    deadline: float
    stage: int
    kinds: frozenset[Kind]
    prepare: Preparation | None = None
    doing: tuple[str, str] = ("", "")
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    steady: bool = False
    sends: Sends | None = None

    @property
    def question(self) -> str:
        """The first sentence of the probe's docstring."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]

    @property
    def source(self) -> str:
        """What the probe's docstring rests on: its paragraph `Source: ...`, in one line; empty without one."""
        return " ".join((self.run.__doc__ or "").partition("\n    Source: ")[2].split())

    def suits(self, target: Target) -> bool:
        """Say whether the question makes sense for *target*."""
        return target.kind in self.kinds if self.kinds else target.kind is not Kind.LINK


_registered: dict[str, Probe] = {}


def probe(
    *,
    facts: type[Facts],
    doing: tuple[str, str],
    words: Mapping[str, tuple[str, str]],
    every: float,
    deadline: float = 60.0,
    stage: int = 2,
    kinds: frozenset[Kind] = frozenset(),
    prepare: Preparation | None = None,
    sends: Sends | None = None,
    steady: bool = False,
) -> Callable[[ProbeFunction], ProbeFunction]:
    """Register the decorated function as the probe that bears its name."""

    def register(run: ProbeFunction) -> ProbeFunction:
        name = run.__name__
        given = kinds, prepare, doing, words, steady, sends
        _registered[name] = Probe(name, run, facts, every, deadline, stage, *given)
        return run

    return register


def load() -> Mapping[str, Probe]:
    """Import every probe module and return the probes by name, in stage order."""
    for module in pkgutil.iter_modules(probes.__path__):
        if "_" in module.name and not module.ispkg:
            importlib.import_module(f"probes.{module.name}")
    return dict(sorted(_registered.items(), key=lambda item: (item[1].stage, item[0])))
