"""The response to one incident: a playbook begun, its steps and proofs, its grade and reports, as a timeline."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.deed import Deed, Move
from rules.playbook import Evidence, Playbook
from rules.reporting import Duty, Grade

ABOUT = "response/"
"""How the name of a response begins in the log of deeds."""


class ResponseObjection(StrEnum):
    """Why something cannot be done about a response."""

    CLOSED = "closed"
    NO_STEP = "no_step"
    STEP_DONE = "step_done"
    NO_PROOF = "no_proof"
    NO_FILE = "no_file"
    NO_WORDS = "no_words"
    STEPS_LEFT = "steps_left"
    NO_DUTY = "no_duty"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a response begins: by which *playbook*, about what, and *since* when that is known."""

    playbook: str
    agency: str
    about: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it stands. *steps* and *reports* are those done, by id; *grade* is None until somebody gives it.

    *deeds* are its timeline, oldest first.
    """

    number: str
    opening: Opening
    deeds: tuple[Deed, ...]
    steps: Mapping[str, Deed] = field(default_factory=dict)
    reports: Mapping[str, Deed] = field(default_factory=dict)
    grade: Grade | None = None
    closed: Deed | None = None

    def after(self, deed: Deed) -> Response:
        """Return the response once *deed* was done too."""
        then = replace(self, deeds=(*self.deeds, deed))
        match deed.move:
            case Move.RESPONSE_STEP:
                return replace(then, steps={**self.steps, deed.to: deed})
            case Move.RESPONSE_REPORTED:
                return replace(then, reports={**self.reports, deed.to: deed})
            case Move.RESPONSE_GRADED:
                return replace(then, grade=Grade(deed.to))
            case Move.RESPONSE_CLOSED:
                return replace(then, closed=deed)
        return then

    def left(self, playbook: Playbook) -> Sequence[str]:
        """Return the steps of *playbook* that must be done yet."""
        return [step.id for step in playbook.steps if not step.optional and step.id not in self.steps]


@dataclass(frozen=True, slots=True)
class Owed:
    """One report of one response: by when, and the deed by which it was made, None as long as it is owed."""

    response: str
    duty: Duty
    due: dt.datetime
    done: Deed | None

    def overdue(self, now: dt.datetime) -> bool:
        """Say whether it is owed, and late."""
        return self.done is None and now > self.due

    @property
    def late(self) -> bool:
        """Whether it was made, and too late."""
        return self.done is not None and self.done.at > self.due


def owed(response: Response, duties: Iterable[Duty]) -> Sequence[Owed]:
    """Return the reports that *response* calls for by its grade, the most urgent first; ungraded ones call for none."""
    found = [
        Owed(
            response.number,
            duty,
            response.opening.since + dt.timedelta(seconds=duty.within),
            response.reports.get(duty.id),
        )
        for duty in duties
        if response.grade in duty.grades
    ]
    return sorted(found, key=lambda each: (each.due, each.duty.id))


def begun(number: str, opening: Opening, deed: Deed) -> Deed:
    """Return *deed*, which says who begins it and why, as the beginning of response *number*."""
    said = {"playbook": opening.playbook, "about": opening.about, "since": opening.since.isoformat()}
    value = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return replace(deed, move=Move.RESPONSE_BEGUN, to=opening.agency, value=value, about=ABOUT + number)


def responses(deeds: Iterable[Deed], known: Mapping[str, Response] | None = None) -> Mapping[str, Response]:
    """Return, by number, the responses that *deeds* (oldest first) amount to, going on from *known*."""
    found: dict[str, Response] = dict(known or {})
    for deed in deeds:
        number = deed.about.removeprefix(ABOUT)
        if deed.move is Move.RESPONSE_BEGUN:
            said = json.loads(deed.value)
            since = dt.datetime.fromisoformat(said["since"])
            found[number] = Response(number, Opening(said["playbook"], deed.to, said["about"], since), (deed,))
        elif deed.about.startswith(ABOUT) and number in found:
            found[number] = found[number].after(deed)
    return found


def next_number(known: Iterable[str], year: int) -> str:
    """Return the number after those given out in *year*."""
    last = max((int(number[6:]) for number in known if number.startswith(f"R{year}-")), default=0)
    return f"R{year}-{last + 1:03d}"


def objection(
    deed: Deed, response: Response, playbook: Playbook | None, duties: Sequence[Duty]
) -> ResponseObjection | None:
    """Say why *deed* cannot be done about *response*, None if it can; *playbook* None: it is not there any more."""
    if response.closed is not None and deed.move is not Move.RESPONSE_REPORTED:
        return ResponseObjection.CLOSED
    match deed.move:
        case Move.RESPONSE_STEP:
            return _step(deed, response, playbook)
        case Move.RESPONSE_NOTED if not deed.why:
            return ResponseObjection.NO_WORDS
        case Move.RESPONSE_REPORTED:
            return _report(deed, response, duties)
        case Move.RESPONSE_CLOSED if playbook is not None and response.left(playbook):
            return ResponseObjection.STEPS_LEFT
    return None


def _step(deed: Deed, response: Response, playbook: Playbook | None) -> ResponseObjection | None:
    step = playbook.step(deed.to) if playbook else None
    if step is None:
        return ResponseObjection.NO_STEP
    if step.id in response.steps:
        return ResponseObjection.STEP_DONE
    if step.proof is Evidence.TEXT and not deed.why:
        return ResponseObjection.NO_PROOF
    return ResponseObjection.NO_FILE if step.proof is Evidence.FILE and not deed.value else None


def _report(deed: Deed, response: Response, duties: Sequence[Duty]) -> ResponseObjection | None:
    if deed.to not in {each.duty.id for each in owed(response, duties)}:
        return ResponseObjection.NO_DUTY
    if deed.to in response.reports:
        return ResponseObjection.REPORTED
    return None if deed.why else ResponseObjection.NO_PROOF
