"""The rollout, as plain documents for JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypedDict

from exporters.documents_csv import cell
from rules.rollout import Fix, Progress, Rollout, Step


class FixDocument(TypedDict):
    """One thing to be mended: the rule that does not hold, and the host or name servers it does not hold for."""

    rule: str
    thing: str


class RemedyDocument(TypedDict):
    """Fixes that together lift `hosts` by one stage; `perhaps` others, of which something is not known."""

    fixes: Sequence[FixDocument]
    hosts: Sequence[str]
    perhaps: Sequence[str]


class StepDocument(TypedDict):
    """What a host needs for its next stage; `stage` null: not even the first is sure."""

    host: str
    agency: str
    stage: str | None
    next: str | None
    fixes: Sequence[FixDocument]
    unknown: Sequence[str]


class ProgressDocument(TypedDict):
    """How a goal of the policy stands; `pace` and `needed` in hosts a week, `late` null where nobody can say."""

    by: str
    stage: str
    share: float
    hosts: int
    there: int
    unknown: int
    missing: int
    pace: float | None
    needed: float | None
    late: bool | None


class RolloutDocument(TypedDict):
    """The IPv6 rollout of an agency: `rollout --json`; `rollout --csv` lists the steps, a line for each fix."""

    goals: Sequence[ProgressDocument]
    remedies: Sequence[RemedyDocument]
    steps: Sequence[StepDocument]


ROLLOUT_DOCUMENTS = (RolloutDocument, ProgressDocument, RemedyDocument, StepDocument, FixDocument)
COLUMNS = ("host", "agency", "stage", "next", "rule", "thing", "outcome")


def rollout_document(rollout: Rollout) -> RolloutDocument:
    """Return *rollout*, whole."""
    return {
        "goals": [_progress(each) for each in rollout.progress],
        "remedies": [
            {"fixes": _fixes(each.fixes), "hosts": each.hosts, "perhaps": each.perhaps} for each in rollout.remedies
        ],
        "steps": [_step(step) for step in rollout.steps],
    }


def steps_csv(steps: Iterable[Step]) -> str:
    """Return what each host needs, a line for each rule that fails or is unknown; one without any has a line too."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for step in steps:
        begin = step.host, step.agency, step.stage or "", step.next or ""
        rows = [(fix.rule, fix.thing, "fail") for fix in sorted(step.fixes)]
        rows += [(rule, step.host, "unknown") for rule in step.unknown]
        writer.writerows([cell(each) for each in (*begin, *row)] for row in rows or [("", "", "")])
    return out.getvalue()


def _step(step: Step) -> StepDocument:
    return {
        "host": step.host,
        "agency": step.agency,
        "stage": step.stage.value if step.stage else None,
        "next": step.next.value if step.next else None,
        "fixes": _fixes(sorted(step.fixes)),
        "unknown": step.unknown,
    }


def _progress(each: Progress) -> ProgressDocument:
    return {
        "by": each.goal.by.isoformat(),
        "stage": each.goal.stage.value,
        "share": each.goal.share,
        "hosts": each.hosts,
        "there": each.there,
        "unknown": each.unknown,
        "missing": each.missing,
        "pace": each.pace,
        "needed": each.needed,
        "late": each.late,
    }


def _fixes(fixes: Iterable[Fix]) -> list[FixDocument]:
    return [{"rule": fix.rule, "thing": fix.thing} for fix in fixes]
