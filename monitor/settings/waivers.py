"""waivers.yaml: agreed exceptions, each with an end and two names."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, model_validator

from monitor.settings.fields import AgencyCode, Day, RuleId, Section, TargetName, Words
from monitor.settings.mistakes import Refused
from rules.finding import Waiver
from rules.text import Text

LONGEST = dt.timedelta(days=366)


class WaiverEntry(Section):
    """One waiver: a rule not enforced on a target or an agency until a day, for a reason two people signed."""

    rule: RuleId
    target: TargetName | None = None
    agency: AgencyCode | None = None
    subject: Words | None = None
    reason: Words
    requested_by: Words
    approved_by: Words
    granted: Day
    until: Day
    evidence: Words | None = None
    value: Words | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> WaiverEntry:
        if self.target is None and self.agency is None:
            message = Text("没有写明豁免谁", "it does not say who is waived")
            raise Refused(message, Text("请写 target 或 agency", "write target or agency"))
        if self.approved_by.casefold() == self.requested_by.casefold():
            message = Text("申请人与批准人是同一人", "requested and approved by the same person")
            raise Refused(message, Text("请由另一人批准", "have it approved by someone else"), ("approved_by",))
        if self.until <= self.granted:
            raise Refused(Text("截止日不晚于批准日", "it ends before it begins"), at=("until",))
        if self.until - self.granted > LONGEST:
            message = Text("豁免期超过一年", "it lasts longer than a year")
            raise Refused(
                message, Text("最长一年，到期可再申请", "at most one year; ask again when it ends"), ("until",)
            )
        return self

    def noun(self) -> Waiver:
        """Return the waiver."""
        return Waiver(
            rule=self.rule,
            reason=self.reason,
            requested_by=self.requested_by,
            approved_by=self.approved_by,
            until=self.until,
            target=self.target or "",
            agency=self.agency or "",
            subject=self.subject or "",
            evidence=self.evidence or "",
            value=self.value or "",
        )


class WaiversFile(Section):
    """The waivers in force and those that have ended."""

    waivers: list[WaiverEntry] = Field(default_factory=list)
