"""How values look: colours, thresholds, and the words of the closed sets in place of their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from exporters.dashboards.grafana import Json, both
from exporters.words import EXEMPT, UNMEASURED, WORDS
from probes.observation import Failure, GapReason
from probes.target import Family
from rules.policy import Level, Stage
from rules.text import Text
from rules.verdict import Outcome

LEVEL_COLOURS = {
    Level.CRITICAL: "dark-red",
    Level.HIGH: "red",
    Level.MEDIUM: "orange",
    Level.LOW: "yellow",
    Level.NOTICE: "blue",
}
STAGE_COLOURS = {
    Stage.NONE: "dark-red",
    Stage.PUBLISHED: "orange",
    Stage.REACHABLE: "yellow",
    Stage.EQUAL: "light-green",
    Stage.DEEP: "green",
    Stage.IPV6_ONLY: "dark-green",
}
OUTCOME_COLOURS = {
    Outcome.PASS: "green",
    Outcome.FAIL: "red",
    Outcome.UNKNOWN: "#808080",
    Outcome.NOT_APPLICABLE: "#c0c0c0",
}
FAMILY_COLOURS = {Family.IPV4: "blue", Family.IPV6: "purple"}
GREY = "#808080"

RISK = (("green", None), ("yellow", 20.0), ("orange", 40.0), ("red", 60.0))
SHARE = (("red", None), ("orange", 0.5), ("yellow", 0.8), ("green", 0.95))
BAD = (("green", None), ("red", 1.0))
PLAIN: tuple[tuple[str, float | None], ...] = (("text", None),)

Steps = tuple[tuple[str, float | None], ...]
Member = TypeVar("Member", bound=StrEnum)


def thresholds(steps: Steps) -> Json:
    """Return *steps*, each a colour and the value it begins at, in Grafana's terms."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in steps]}


def words(*sets: type[StrEnum], further: Mapping[str, Text] | None = None) -> Json:
    """Return a value mapping that shows members of *sets* in both languages."""
    texts = {member.value: WORDS[each, member.value] for each in sets for member in each} | dict(further or {})
    return [{"type": "value", "options": {value: {"text": both(text)} for value, text in texts.items()}}]


def yes_no(yes: Text, no: Text) -> Json:
    """Return a value mapping for 1 and 0, good and bad."""
    return [
        {
            "type": "value",
            "options": {
                "1": {"text": both(yes), "color": "green", "index": 0},
                "0": {"text": both(no), "color": "red", "index": 1},
            },
        }
    ]


def named(colours: Mapping[Member, str]) -> tuple[Json, ...]:
    """Return overrides that call each series, named by a member's value, by its words, and colour it."""
    return tuple(series(member.value, WORDS[type(member), member.value], colour) for member, colour in colours.items())


def series(name: str, text: Text, colour: str = "") -> Json:
    """Return the override for one series."""
    properties: list[Json] = [{"id": "displayName", "value": both(text)}]
    if colour:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": colour}})
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def renamed(members: Iterable[StrEnum]) -> tuple[Json, ...]:
    """Return overrides that call each series, named by a member's value, by its words."""
    return tuple(series(member.value, WORDS[type(member), member.value]) for member in members)


STAGES = (*named(STAGE_COLOURS), series("unknown", UNMEASURED, GREY), series("exempt", EXEMPT, "light-blue"))
LEVELS = named(LEVEL_COLOURS)
OUTCOMES = named(OUTCOME_COLOURS)
FAMILIES = named(FAMILY_COLOURS)
REASONS = renamed(GapReason)
FAILURES = renamed(Failure)
