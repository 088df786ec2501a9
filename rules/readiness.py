"""The IPv6 ladder: how far a host has climbed, and what holds it back."""

from __future__ import annotations

from dataclasses import dataclass

from rules.policy import Stage


@dataclass(frozen=True, slots=True)
class Readiness:
    """The stage a subject has surely reached; None when not even the ground is sure.

    *blockers* are the rules that fail at the next stage; *unknown* those of it that could not be judged.
    *exempt* marks a subject that is intentionally without IPv6.
    """

    subject: str
    stage: Stage | None
    blockers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    exempt: bool = False
