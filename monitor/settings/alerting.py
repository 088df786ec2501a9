"""alerting.yaml: how alerts reach people, from which Alertmanager's configuration is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from exporters.alerting import Alerting, Mail, WeCom
from monitor.settings.fields import Duration, FileName, Quiet, Section, Words, spelled

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


class AlertingFile(Section):
    """The ways out, each of which may be absent."""

    mail: MailEntry | None = None
    webhooks: list[Hook] = Field(default_factory=list)
    wecom: WeComEntry | None = None
    dingtalk: Hook | None = None
    repeat: Duration = 4 * 3600.0
    quiet: Quiet | None = None

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
        )

    def _mail(self, directory: Path) -> Mail | None:
        if (entry := self.mail) is None:
            return None
        file = str(directory.absolute() / entry.password_file) if entry.password_file else ""
        return Mail(entry.smarthost, entry.sender, entry.user or "", file, entry.tls)

    def _wecom(self, directory: Path) -> WeCom | None:
        if (entry := self.wecom) is None:
            return None
        file = str(directory.absolute() / entry.secret_file)
        return WeCom(entry.corporation, entry.agent, file, entry.party, entry.url or "")
