"""response.yaml: what an emergency changes unless told otherwise, and by when incidents are to be reported."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from monitor.settings.fields import Bilingual, Duration, ProfileName, Section, Words, spelled
from monitor.settings.mistakes import Refused
from rules.emergency import Terms
from rules.reporting import Basis, Duty, Grade
from rules.text import Text

_ID = spelled("[a-z][a-z0-9_]{0,31}", "用小写字母、数字和 _", "use lower-case letters, digits and _")


class EmergencyEntry(Section):
    """What an emergency changes, unless the order says otherwise."""

    revisit: float = Field(default=0.25, gt=0, le=1)
    confirmations: int = Field(default=1, ge=1, le=10)
    profile: ProfileName | None = None

    def noun(self) -> Terms:
        """Return the terms, for everyone."""
        return Terms(revisit=self.revisit, confirmations=self.confirmations, profile=self.profile or "")


class DutyEntry(Section):
    """One report owed of incidents of some grades."""

    id: Annotated[str, *_ID]
    title: Bilingual
    to: Bilingual
    within: Duration
    grades: list[Grade] = Field(min_length=1)
    basis: Basis
    source: Words | None = None

    def noun(self) -> Duty:
        """Return the duty."""
        return Duty(
            self.id,
            self.title.noun(),
            self.to.noun(),
            self.within,
            frozenset(self.grades),
            self.basis,
            self.source or "",
        )


class ResponseFile(Section):
    """How emergencies are answered."""

    emergency: EmergencyEntry = Field(default_factory=EmergencyEntry)
    reports: list[DutyEntry] = Field(default_factory=list, max_length=100)

    @field_validator("reports")
    @classmethod
    def _told_apart(cls, reports: list[DutyEntry]) -> list[DutyEntry]:
        ids = [duty.id for duty in reports]
        for index, id_ in enumerate(ids):
            if id_ in ids[:index]:
                raise Refused(Text(f"“{id_}”出现了两次", f'"{id_}" appears twice'), at=(index, "id"))
        return reports

    def duties(self) -> tuple[Duty, ...]:
        """Return the reports owed."""
        return tuple(entry.noun() for entry in self.reports)
