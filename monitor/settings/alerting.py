"""alerting.yaml: how alerts reach people, from which Alertmanager's configuration is made."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from exporters.alerting import Alerting, Inbox, Mail, WeCom
from monitor.settings.daemon import Listen
from monitor.settings.fields import Duration, FileName, Quiet, Section, Words, spelled
from monitor.settings.mistakes import Refused
from rules.agency import Role
from rules.alert import Rung, Severity, Whom
from rules.text import Text

_SERVER = spelled(
    r"[A-Za-z0-9.:\[\]-]{1,253}:\d{1,5}", "写法如 smtp.example.gov.cn:587", "write it like smtp.example.org:587"
)
_SENDER = spelled(r"[^@\s]{1,64}@[^@\s]+", "写法如 name@example.gov.cn", "write it like name@example.gov.cn")
_HOOK = spelled(r"https?://[!-~]{1,500}", "写 http:// 或 https:// 网址", "an http:// or https:// address")
Hook = Annotated[str, *_HOOK]


class MailEntry(Section):
    """The mail server alerts are sent through. `password_file` lies below this directory."""

    smarthost: Annotated[str, *_SERVER]
    sender: Annotated[str, *_SENDER]
    user: Words | None = None
    password_file: FileName | None = None
    tls: bool = True


class WeComEntry(Section):
    """A WeCom application; `secret_file` lies below this directory."""

    corporation: Words
    agent: Words
    secret_file: FileName
    party: Words = "@all"
    url: Hook | None = None


class InboxEntry(Section):
    """Where Alertmanager tells the tower of alerts; `token_file` lies below this directory."""

    listen: Listen
    token_file: FileName


class RungEntry(Section):
    """One step of the ladder that an alert goes up which nobody answers for."""

    after: Duration
    to: Whom
    role: Role = Role.LEAD
    severities: list[Severity] = Field(default_factory=lambda: [Severity.CRITICAL], min_length=1)

    def noun(self) -> Rung:
        """Return the step."""
        return Rung(self.after, self.to, self.role, frozenset(self.severities))


class AlertingFile(Section):
    """The ways out, each of which may be absent."""

    mail: MailEntry | None = None
    webhooks: list[Hook] = Field(default_factory=list)
    wecom: WeComEntry | None = None
    dingtalk: Hook | None = None
    repeat: Duration = 4 * 3600.0
    quiet: Quiet | None = None
    inbox: InboxEntry | None = None
    ladder: list[RungEntry] = Field(default_factory=list, max_length=10)

    @field_validator("ladder")
    @classmethod
    def _upwards(cls, ladder: list[RungEntry]) -> list[RungEntry]:
        for index, (lower, upper) in enumerate(itertools.pairwise(ladder)):
            if upper.after < lower.after:
                message = Text("后一级早于前一级", "a later step comes before an earlier one")
                raise Refused(message, Text("按时间先后写", "write them in order of time"), (index + 1, "after"))
        return ladder

    @model_validator(mode="after")
    def _hears(self) -> AlertingFile:
        if self.ladder and self.inbox is None:
            message = Text("没有 inbox，无从知道告警有没有人认领", "without inbox nobody knows who answered")
            raise Refused(message, Text("请写 inbox", "write inbox"), ("ladder",))
        return self

    def noun(self, directory: Path, zone: ZoneInfo) -> Alerting:
        """Return the ways out; files are below *directory*, quiet hours in *zone*."""
        return Alerting(
            mail=self._mail(directory),
            webhooks=tuple(self.webhooks),
            wecom=self._wecom(directory),
            dingtalk=self.dingtalk or "",
            repeat=self.repeat,
            quiet=(f"{self.quiet.start:%H:%M}", f"{self.quiet.end:%H:%M}") if self.quiet else None,
            zone=zone.key,
            inbox=self._inbox(directory),
            ladder=tuple(rung.noun() for rung in self.ladder),
        )

    def _mail(self, directory: Path) -> Mail | None:
        if (entry := self.mail) is None:
            return None
        file = str(directory.absolute() / entry.password_file) if entry.password_file else ""
        return Mail(entry.smarthost, entry.sender, entry.user or "", file, entry.tls)

    def _inbox(self, directory: Path) -> Inbox | None:
        if (entry := self.inbox) is None:
            return None
        return Inbox(entry.listen.address, entry.listen.port, str(directory.absolute() / entry.token_file))

    def _wecom(self, directory: Path) -> WeCom | None:
        if (entry := self.wecom) is None:
            return None
        file = str(directory.absolute() / entry.secret_file)
        return WeCom(entry.corporation, entry.agent, file, entry.party, entry.url or "")
