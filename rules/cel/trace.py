"""What one evaluation looked at and why parts of it stayed open, kept only when someone asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rules.cel.errors import Message
from rules.cel.values import UNKNOWN, Frame, Run

MAX_STEPS = 500
"""Steps kept; an expression over thousands of elements is not told in full."""


class Step(NamedTuple):
    """A part of the expression, as written, and its value."""

    text: str
    value: object


@dataclass(slots=True)
class Trace:
    """The record of one evaluation while it runs."""

    steps: list[Step] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    reasons: list[Message] = field(default_factory=list)

    def step(self, text: str, value: object) -> None:
        """Note the value of a part."""
        if len(self.steps) < MAX_STEPS:
            self.steps.append(Step(text, value))

    def reason(self, text: str, why: Message) -> None:
        """Note why a part has no value."""
        if len(self.reasons) < MAX_STEPS:
            self.reasons.append(Message(f"{text}: {why.en}", f"{text}：{why.zh}"))


def blame(frame: Frame, text: str, why: Message) -> Any:
    """Return UNKNOWN, noting the reason if this evaluation is being traced."""
    if frame[1] is not None:
        frame[1].reason(text, why)
    return UNKNOWN


def watched(run: Run, text: str, read: str | None) -> Run:
    """Return *run* with its value, and the fact it reads, noted in the trace."""

    def watch(frame: Frame) -> Any:
        value = run(frame)
        trace: Trace = frame[1]
        trace.step(text, value)
        if read:
            trace.reads.add(read)
        return value

    return watch


def focused(predicate: Run, deciding: bool, name: str, slot: int) -> Run:
    """Return a macro's predicate that leaves only the elements which decide, or stay open, in the trace."""

    def look(frame: Frame) -> Any:
        steps: list[Step] = frame[1].steps
        mark = len(steps)
        value = predicate(frame)
        if value is (not deciding):
            del steps[mark:]
        elif mark < MAX_STEPS:
            steps.insert(mark, Step(name, frame[slot]))
        return value

    return look
