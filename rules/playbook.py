"""Playbooks: what is to be done in an emergency of a kind, step by step, and what each step must leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.text import Text


class Evidence(StrEnum):
    """What shows that a step was done: nothing but the word of whoever did it, a description, or a file."""

    NONE = "none"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, how it is done, and the *proof* asked for. *optional* ones may be left out."""

    id: str
    title: Text
    do: Text
    proof: Evidence = Evidence.TEXT
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Playbook:
    """What to do in one kind of emergency; *when* says how to know it."""

    id: str
    title: Text
    when: Text
    steps: tuple[Step, ...]

    def step(self, id_: str) -> Step | None:
        """Return the step of that id, None without one."""
        return next((step for step in self.steps if step.id == id_), None)
