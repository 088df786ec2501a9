"""waivers.yaml: agreed exceptions, each with an end and two names."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, ValidationInfo, field_validator, model_validator

from monitor.settings.fields import AgencyCode, Day, FileName, RulePattern, Section, TargetPattern, Words
from monitor.settings.mistakes import Refused
from rules.finding import Waiver
from rules.text import Text

LONGEST = dt.timedelta(days=366)


class WaiverEntry(Section):
    """One waiver: a rule not enforced on a target or an agency until a day, for a reason two people signed.

    `*` in `rule`, `target` and `subject` stands for any text.
    """

    rule: RulePattern
    target: TargetPattern | None = None
    agency: AgencyCode | None = None
    subject: Words | None = None
    reason: Words
    requested_by: Words
    approved_by: Words
    granted: Day
    until: Day
    evidence: Words | None = None
    evidence_file: FileName | None = None
    value: Words | None = None

    @field_validator("approved_by")
    @classmethod
    def _by_someone_else(cls, approver: str, info: ValidationInfo) -> str:
        if approver.casefold() == str(info.data.get("requested_by", "")).casefold():
            message = Text("申请人与批准人是同一人", "requested and approved by the same person")
            raise Refused(message, Text("请由另一人批准", "have it approved by someone else"))
        return approver

    @field_validator("until")
    @classmethod
    def _within_a_year(cls, until: dt.date, info: ValidationInfo) -> dt.date:
        granted = info.data.get("granted")
        if granted is not None and until <= granted:
            raise Refused(Text("截止日不晚于批准日", "it ends before it begins"))
        if granted is not None and until - granted > LONGEST:
            message = Text("豁免期超过一年", "it lasts longer than a year")
            raise Refused(message, Text("最长一年，到期可再申请", "at most one year; ask again when it ends"))
        return until

    @model_validator(mode="after")
    def _is_for_someone(self) -> WaiverEntry:
        if self.target is None and self.agency is None:
            message = Text("没有写明豁免谁", "it does not say who is waived")
            raise Refused(message, Text("请写 target 或 agency", "write target or agency"))
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
            evidence=self.evidence or self.evidence_file or "",
            value=self.value or "",
            granted=self.granted,
        )


class WaiversFile(Section):
    """The waivers in force and those that have ended."""

    waivers: list[WaiverEntry] = Field(default_factory=list)
